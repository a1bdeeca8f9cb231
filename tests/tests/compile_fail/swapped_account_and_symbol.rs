use clear_street::studio::Client;
use clear_street::studio::accounts::AccountNumber;

fn read_a_position(client: &Client, account: AccountNumber) {
    let _ = client.positions().get_position("AAPL", account);
}

fn main() {}
