//! Several subscriptions of the client on one connection, on loopback.

use std::collections::BTreeMap;
use std::time::Duration;

use clear_street::stream::{Cause, Closed, Connection, Socket, SocketEvent, SocketMessage};
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::studio::event_contracts::{EventContractsMessage, EventContractsSubscription};
use clear_street_mock::{Disturbance, MockServer, StreamFault};
use serde_json::json;
use tokio::time::timeout;

use crate::support::studio;

const ACCOUNTS: [&str; 2] = ["100000", "100001"];
const CHANNELS: [&str; 2] = ["activity", "event-contracts"];
const LIMIT: Duration = Duration::from_secs(30);

/// Something happens in each account on each channel.
fn tell(server: &MockServer, what: &str) {
    for (channel, account) in
        CHANNELS.into_iter().flat_map(|channel| ACCOUNTS.map(|account| (channel, account)))
    {
        let data = json!({ "what": what, "of": account });
        server.journal(channel).unwrap().append(account, "news", &data, true);
    }
}

async fn event(socket: &mut Socket) -> SocketEvent {
    timeout(LIMIT, socket.next()).await.unwrap().unwrap().unwrap()
}

/// The next message that is not an answer to a subscription.
async fn message(socket: &mut Socket) -> SocketMessage {
    loop {
        if let SocketEvent::Message(message) = event(socket).await {
            return message;
        }
    }
}

/// Takes messages until this has come of every account on every channel; how often each came.
async fn take(socket: &mut Socket, what: &str) -> BTreeMap<(bool, &'static str), usize> {
    let mut seen = BTreeMap::new();
    while seen.len() < 4 {
        let message = message(socket).await;
        if !message.text.contains(&format!("\"{what}\"")) {
            continue;
        }
        let account = ACCOUNTS.into_iter().find(|account| message.text.contains(account)).unwrap();
        let is_activity = message.decode::<ActivityMessage>().is_some();
        // The one channel names itself in every message, the other in none.
        assert_eq!(
            message.channel.as_deref(),
            (!is_activity && message.channel.as_deref().is_some()).then_some("event-contracts")
        );
        let is_contracts = message.decode::<EventContractsMessage>().is_some();
        assert!(!(is_activity && is_contracts));
        *seen.entry((is_contracts, account)).or_default() += 1;
    }
    seen
}

async fn subscribed(server: &MockServer) -> Socket {
    let mut socket = studio(server).socket().start().unwrap();
    for account in ACCOUNTS {
        socket.subscribe(ActivitySubscription::new(AccountId::new(account))).unwrap();
        socket.subscribe(EventContractsSubscription::new(AccountId::new(account))).unwrap();
    }
    socket
}

#[tokio::test]
async fn two_channels_of_two_accounts_share_a_connection_and_come_again_after_a_cut() {
    let server = MockServer::builder().heartbeat(Duration::from_millis(50)).start().await.unwrap();
    tell(&server, "before");
    let mut socket = subscribed(&server).await;
    let seen = take(&mut socket, "before").await;
    assert_eq!(seen.values().sum::<usize>(), 4);
    tell(&server, "live");
    take(&mut socket, "live").await;

    server.stream_fault(StreamFault::new(Disturbance::Cut).channel("event-contracts").message(1)).unwrap();
    tell(&server, "cut");
    let cut = SocketEvent::Connection(Connection::Disconnected(Cause::Closed(Closed::Eof)));
    while event(&mut socket).await != cut {}
    tell(&server, "away");
    // The replay of each subscription brings what was missed.
    take(&mut socket, "away").await;
    tell(&server, "again");
    take(&mut socket, "again").await;
    socket.close().await;
}

#[tokio::test]
async fn an_expired_token_is_replaced() {
    let server = MockServer::builder().token_lifetime(Duration::from_secs(2)).start().await.unwrap();
    let mut socket = studio(&server).socket().start().unwrap();
    socket.subscribe(ActivitySubscription::new(AccountId::new(ACCOUNTS[0]))).unwrap();
    let mut accepted = 0;
    // Tokens are fetched at most every 10 s.
    while accepted < 2 {
        let message = message(&mut socket).await;
        accepted += usize::from(message.kind.as_deref() == Some("subscribe-activity-ack"));
        assert!(!message.text.contains("\"success\":false"), "{}", message.text);
    }
}
