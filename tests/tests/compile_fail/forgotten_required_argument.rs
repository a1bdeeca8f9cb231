use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;

fn read_an_order(client: &Client, account_id: AccountId) {
    let _ = client.orders().get_order_by_id(account_id);
}

fn main() {}
