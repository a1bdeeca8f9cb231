//! Two streams of the client over one connection, on loopback.
#![allow(clippy::unwrap_used, reason = "a test fails where it fails")]

use std::time::Duration;

use clear_street::stream::{ChannelMessage, Connection, Event, EventStream, Settings};
use clear_street::studio::Client;
use clear_street::studio::accounts::AccountId;
use clear_street::studio::digital_assets::DigitalAssetsSubscription;
use clear_street::studio::event_contracts::EventContractsSubscription;
use clear_street_mock::{Disturbance, MockServer, StreamFault};
use serde_json::json;

const ACCOUNT: &str = "100001";
const ASSETS: &str = "digital-assets";
const EVENTS: &str = "event-contracts";

/// A stream, and what came of it.
struct Caller<M: ChannelMessage> {
    stream: EventStream<M>,
    numbers: Vec<u64>,
    disconnected: usize,
    rotated: usize,
}

impl<M: ChannelMessage> Caller<M> {
    fn new(stream: EventStream<M>) -> Self {
        Self { stream, numbers: Vec::new(), disconnected: 0, rotated: 0 }
    }

    async fn one(&mut self) {
        match self.stream.next().await.unwrap().unwrap() {
            Event::Message(message) => self.numbers.extend(message.sequence),
            Event::Connection(Connection::Disconnected(_)) => self.disconnected += 1,
            Event::Connection(Connection::Rotated) => self.rotated += 1,
            _ => {}
        }
    }

    /// Takes events until so many messages have come, each once and in order.
    async fn take(&mut self, messages: u64) {
        while self.numbers.len() < usize::try_from(messages).unwrap() {
            self.one().await;
        }
        assert_eq!(self.numbers, (1..=messages).collect::<Vec<_>>());
    }

    async fn disconnected(&mut self) {
        while self.disconnected == 0 {
            self.one().await;
        }
    }

    async fn rotate(&mut self) {
        self.stream.handle().wait_until_live(Duration::from_secs(10)).await.unwrap();
        self.stream.handle().rotate_now();
        while self.rotated == 0 {
            self.one().await;
        }
    }
}

fn tell(server: &MockServer, messages: u64) {
    for channel in [ASSETS, EVENTS] {
        let journal = server.journal(channel).unwrap();
        (0..messages).for_each(|_| _ = journal.append(ACCOUNT, "news", &json!({ "of": channel }), true));
    }
}

fn impatient(settings: &mut Settings) {
    settings.token_pace = Duration::from_millis(10);
}

#[tokio::test]
async fn two_channels_share_a_connection() {
    let server = MockServer::builder().heartbeat(Duration::from_millis(50)).start().await.unwrap();
    tell(&server, 10);
    let client = Client::builder().credentials("id", "secret").base_url(server.studio_url());
    let client = client.token_url(server.token_url().unwrap()).build().unwrap();
    let connection = client.shared_connection().unwrap();
    let assets = DigitalAssetsSubscription::new(AccountId::new(ACCOUNT));
    let events = EventContractsSubscription::new(AccountId::new(ACCOUNT));
    let mut assets = Caller::new(connection.stream(assets).settings(impatient).start().unwrap());
    let mut events = Caller::new(connection.stream(events).settings(impatient).start().unwrap());
    tokio::join!(assets.take(10), events.take(10));
    assert_eq!((connection.statistics().dials, connection.statistics().open), (1, 1));

    // What ends the connection ends it for both.
    server.stream_fault(StreamFault::new(Disturbance::Cut).channel(EVENTS).message(3)).unwrap();
    tell(&server, 10);
    tokio::join!(assets.disconnected(), events.disconnected());
    tokio::join!(assets.take(20), events.take(20));
    assert_eq!(connection.statistics().dials, 2);

    // One after the other they move to a new one, and nobody is disconnected.
    assets.rotate().await;
    tell(&server, 10);
    events.rotate().await;
    tokio::join!(assets.take(30), events.take(30));
    assert_eq!((assets.disconnected, events.disconnected), (1, 1));
    assert_eq!(connection.statistics().dials, 3);

    assets.stream.handle().close().await;
    tell(&server, 10);
    events.take(40).await;
    assert_eq!((events.disconnected, connection.statistics().open), (1, 1));
    events.stream.handle().close().await;
}
