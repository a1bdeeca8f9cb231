use clear_street::studio::Client;
use clear_street::studio::accounts::AccountId;

fn an_account_is_no_subscription(client: &Client) {
    drop(client.stream(AccountId::new("100000")).start());
}

fn main() {}
