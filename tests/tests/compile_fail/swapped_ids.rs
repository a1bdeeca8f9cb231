use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::OrderId;

fn read_an_order(client: &Client, account_id: AccountId, order_id: OrderId) {
    let _ = client.orders().get_order_by_id(order_id, account_id);
}

fn main() {}
