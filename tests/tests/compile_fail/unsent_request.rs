#![deny(unused_must_use)]

use clear_street::trading::Client;

fn forgets_to_send(client: &Client) {
    client.calendar().get_clock();
}

fn main() {}
