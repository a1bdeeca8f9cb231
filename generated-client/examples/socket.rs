//! Two channels and two accounts on one connection, and a channel that this crate does not describe.
//!
//! ```text
//! cargo run --example socket
//! ```
//!
//! It runs against a mock server in this program, which cuts the connection once.

#![allow(clippy::print_stdout, reason = "this is what the example is for")]

use std::error::Error;

use clear_street::stream::{Socket, SocketEvent, SocketMessage};
use clear_street::studio::Client;
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::studio::event_contracts::{EventContractsMessage, EventContractsSubscription};
use clear_street_mock::{Disturbance, MockServer, StreamFault};
use serde_json::json;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let server = MockServer::start().await?;
    let token_url = server.token_url().ok_or("the mock gives no tokens")?;
    let client = Client::builder()
        .credentials("anybody", "anything")
        .base_url(server.studio_url())
        .token_url(token_url)
        .build()?;
    let accounts = client.accounts().list_accounts().send().await?.data;
    let [first, second, ..] = &accounts[..] else { return Err("there are fewer than two accounts".into()) };

    let mut socket = client.socket().start()?;
    for account in [first, second] {
        socket.subscribe(ActivitySubscription::new(account.account_id.clone()))?;
        socket.subscribe(EventContractsSubscription::new(account.account_id.clone()))?;
    }
    // The mock knows no such channel and says so.
    socket.subscribe_unlisted("subscribe-of-tomorrow", r#"{"account_id":"100000"}"#.parse()?)?;

    // After a cut everything is subscribed to again, and the server replays its day.
    show_until(&mut socket, &server, "first", 2).await?;
    server.stream_fault(StreamFault::new(Disturbance::Cut).message(1))?;
    tell(&server, &first.account_id, "lost");
    show_until(&mut socket, &server, "second", 2).await?;
    socket.close().await;
    Ok(())
}

/// Both channels tell something of an account.
fn tell(server: &MockServer, account: &AccountId, what: &str) {
    for channel in ["activity", "event-contracts"] {
        if let Some(journal) = server.journal(channel) {
            journal.append(account.as_str(), "news", &json!({ "what": what }), true);
        }
    }
}

/// Shows what arrives, until so many updates say this.
async fn show_until(socket: &mut Socket, server: &MockServer, what: &str, updates: usize) -> Result<()> {
    let mut seen = 0;
    while seen < updates {
        match socket.next().await.ok_or("the socket has ended")?? {
            SocketEvent::Message(message) => {
                show(&message)?;
                // The updates are sent when the last subscription was answered.
                if message.kind.as_deref() == Some("error-notice") {
                    tell(server, &AccountId::new("100000"), what);
                }
                seen += usize::from(message.text.contains(what));
            }
            other => println!("{other:?}"),
        }
    }
    Ok(())
}

fn show(message: &SocketMessage) -> Result<()> {
    if let Some(activity) = message.decode::<ActivityMessage>() {
        println!("activity: {:?}", activity?.message);
    } else if let Some(contracts) = message.decode::<EventContractsMessage>() {
        println!("event contracts: {:?}", contracts?.message);
    } else {
        println!("of another channel: {}", message.text);
    }
    Ok(())
}
