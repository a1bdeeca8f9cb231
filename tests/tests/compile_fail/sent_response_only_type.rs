use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::Order;

fn send_an_order_again(client: &Client, account_id: AccountId, order: Order) {
    let _ = client.orders().submit_orders(account_id, [order]);
}

fn main() {}
