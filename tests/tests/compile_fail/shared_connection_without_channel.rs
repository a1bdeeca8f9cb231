//! A channel whose messages do not say that they are of it needs a connection of its own.

use clear_street::studio::Client;
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::ActivitySubscription;

fn share(client: &Client) -> clear_street::Result<()> {
    let connection = client.shared_connection()?;
    connection.stream(ActivitySubscription::new(AccountId::new("100000"))).start()?;
    Ok(())
}

fn main() {}
