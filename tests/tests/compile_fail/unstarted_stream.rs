#![deny(unused_must_use)]

use clear_street::studio::Client;
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::ActivitySubscription;

fn forgets_to_start(client: &Client) {
    client.stream(ActivitySubscription::new(AccountId::new("100000")));
}

async fn forgets_to_wait(client: &Client) -> clear_street::Result<()> {
    let stream = client.stream(ActivitySubscription::new(AccountId::new("100000"))).start()?;
    stream.handle().close();
    Ok(())
}

fn main() {}
