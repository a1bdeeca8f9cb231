//! Streams that share connections, over pipes and in time that does not pass by itself; one over
//! loopback.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod server;

use std::fmt;
use std::time::Duration;

use tokio::runtime;
use tokio::time::{Instant, sleep, timeout_at};

use self::server::{ASSETS, EVENTS, Server};
use super::{Hub, Place, SharedStatistics, Stream};
use crate::stream::connection::{Arrival, Limits};
use crate::stream::core::DialLimit;
use crate::stream::dial::{Dial, DialLimits};
use crate::stream::supervisor::Shared;
use crate::stream::{
    Attributed, Attribution, Cause, Channel, ChannelMessage, Closed, Connection, Envelope, Event,
    EventStream, Message, ResumePoint, Settings, SlowCaller, State,
};
use crate::studio::accounts::AccountId;
use crate::studio::activity::ActivityMessage;
use crate::studio::digital_assets::{DigitalAssetsMessage, DigitalAssetsSubscription};
use crate::studio::event_contracts::{EventContractsMessage, EventContractsSubscription};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

fn hub(server: &Server) -> Hub<Server> {
    let shared = Shared { limit: DialLimit::default(), clock: Instant::now() };
    Hub::new(server.clone(), shared)
}

/// A stream, and what its caller saw.
struct Caller<M: ChannelMessage> {
    stream: EventStream<M>,
    numbers: Vec<u64>,
    unnumbered: usize,
    undecodable: usize,
    others: Vec<Event<M>>,
}

impl<M: Attributed + fmt::Debug> Caller<M> {
    fn new(hub: &Hub<Server>, server: &Server, settings: Settings, subscription: M::Subscription) -> Self {
        let stream = hub.start(subscription, server.clone(), settings, ResumePoint::default()).unwrap();
        Self { stream, numbers: Vec::new(), unnumbered: 0, undecodable: 0, others: Vec::new() }
    }

    async fn one(&mut self) {
        match self.stream.next().await.expect("the stream goes on").expect("it is well") {
            Event::Message(Message { message, sequence: Some(sequence), .. }) => {
                assert!(format!("{message:?}").contains(M::CHANNEL.name), "{message:?}");
                self.numbers.push(sequence);
            }
            Event::Message(_) => self.unnumbered += 1,
            Event::Undecodable(_) => self.undecodable += 1,
            event => self.others.push(event),
        }
    }

    /// Takes what comes within this time.
    async fn take(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while timeout_at(end, self.one()).await.is_ok() {}
    }

    async fn live(&self) {
        self.stream.handle().wait_until_live(MINUTE).await.unwrap();
    }

    fn count(&self, is: impl Fn(&Event<M>) -> bool) -> usize {
        self.others.iter().filter(|event| is(event)).count()
    }

    fn disconnects(&self) -> usize {
        self.count(|event| matches!(event, Event::Connection(Connection::Disconnected(_))))
    }

    fn assert_all(&self, to: u64) {
        assert_eq!(self.numbers, (1..=to).collect::<Vec<_>>(), "{:?}", self.others);
        assert_eq!(self.count(|event| matches!(event, Event::Gap(_))), 0, "{:?}", self.others);
    }
}

fn assets_with(hub: &Hub<Server>, server: &Server, settings: Settings) -> Caller<DigitalAssetsMessage> {
    Caller::new(hub, server, settings, DigitalAssetsSubscription::new(AccountId::new("a")))
}

fn assets(hub: &Hub<Server>, server: &Server) -> Caller<DigitalAssetsMessage> {
    assets_with(hub, server, Settings::default())
}

fn events(hub: &Hub<Server>, server: &Server) -> Caller<EventContractsMessage> {
    let subscription = EventContractsSubscription::new(AccountId::new("a"));
    Caller::new(hub, server, Settings::default(), subscription)
}

/// Two streams, live on the same connection.
async fn pair(
    hub: &Hub<Server>,
    server: &Server,
) -> (Caller<DigitalAssetsMessage>, Caller<EventContractsMessage>) {
    let (one, other) = (assets(hub, server), events(hub, server));
    one.live().await;
    other.live().await;
    (one, other)
}

/// Lets both take what comes within this time.
async fn take<M: Attributed + fmt::Debug, N: Attributed + fmt::Debug>(
    one: &mut Caller<M>,
    other: &mut Caller<N>,
    time: Duration,
) {
    tokio::join!(one.take(time), other.take(time));
}

/// Six hours in which something happens every minute.
async fn six_hours(
    server: &Server,
    one: &mut Caller<DigitalAssetsMessage>,
    other: &mut Caller<EventContractsMessage>,
) {
    for _ in 0..6 * 60 {
        server.write(ASSETS, 1);
        server.write(EVENTS, 2);
        take(one, other, MINUTE).await;
    }
    one.assert_all(360);
    other.assert_all(720);
}

#[tokio::test(start_paused = true)]
async fn each_has_its_own_messages_on_one_connection() {
    let server = Server::new(DAY, 0);
    server.write(ASSETS, 30);
    server.write(EVENTS, 10);
    let hub = hub(&server);
    let (mut one, mut other) = pair(&hub, &server).await;
    for _ in 0..30 {
        server.write(ASSETS, 1);
        server.write(EVENTS, 3);
        take(&mut one, &mut other, MINUTE).await;
    }
    one.assert_all(60);
    other.assert_all(100);
    assert_eq!((one.disconnects(), other.disconnects()), (0, 0));
    assert_eq!((server.dials(), server.most()), (1, 1));
    // Heartbeats are signs of life for both.
    assert_eq!(server.pings(), 0);
    assert_eq!(hub.statistics(), SharedStatistics { dials: 1, open: 1, ..SharedStatistics::default() });
}

#[tokio::test(start_paused = true)]
async fn one_is_closed_and_the_other_goes_on() {
    let server = Server::new(DAY, 0);
    let hub = hub(&server);
    let (one, mut other) = pair(&hub, &server).await;
    server.write(EVENTS, 10);
    one.stream.handle().close().await;
    other.take(MINUTE).await;
    assert_eq!(one.stream.handle().state(), State::Closed);
    server.write(ASSETS, 5);
    server.write(EVENTS, 10);
    other.take(MINUTE).await;
    other.assert_all(20);
    assert_eq!((other.disconnects(), server.dials(), server.open()), (0, 1, 1));
    assert_eq!(hub.statistics().unclaimed, 5);

    // What is left of the one and the replay of another could not be told apart.
    let mut again = assets(&hub, &server);
    again.take(MINUTE).await;
    again.assert_all(5);
    assert_eq!((server.dials(), server.open()), (2, 2));
    other.stream.handle().close().await;
    sleep(MINUTE).await;
    assert_eq!(server.open(), 1);
    again.stream.handle().close().await;
    sleep(MINUTE).await;
    assert_eq!((server.open(), hub.statistics().open), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn both_recover_when_the_connection_is_cut() {
    let server = Server::new(DAY, 0);
    let hub = hub(&server);
    let (mut one, mut other) = pair(&hub, &server).await;
    for _ in 0..5 {
        server.write(ASSETS, 10);
        server.write(EVENTS, 20);
        take(&mut one, &mut other, MINUTE).await;
        server.cut();
        server.write(ASSETS, 10);
        server.write(EVENTS, 20);
        take(&mut one, &mut other, MINUTE).await;
    }
    one.assert_all(100);
    other.assert_all(200);
    assert_eq!((one.disconnects(), other.disconnects()), (5, 5));
    assert_eq!((server.dials(), server.most()), (6, 1));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_token_is_not_seen() {
    let server = Server::new(Duration::from_secs(3_600), 0);
    let hub = hub(&server);
    let (mut one, mut other) = pair(&hub, &server).await;
    six_hours(&server, &mut one, &mut other).await;
    assert_eq!((one.disconnects(), other.disconnects()), (0, 0), "{:?} {:?}", one.others, other.others);
    for statistics in [one.stream.handle().statistics().await, other.stream.handle().statistics().await] {
        let statistics = statistics.unwrap();
        assert!(statistics.rotations >= 6, "{statistics:?}");
        assert_eq!(statistics.dials, statistics.rotations + 1);
        // Two streams, but one connection for each token.
        assert_eq!(server.dials() as u64, statistics.dials);
    }
    assert_eq!((server.most(), server.open()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_wants_one_connection_ends_no_stream() {
    let server = Server::single(Duration::from_secs(3_600));
    let hub = hub(&server);
    let (mut one, mut other) = pair(&hub, &server).await;
    six_hours(&server, &mut one, &mut other).await;
    assert!(one.disconnects() >= 6 && other.disconnects() >= 6, "{:?}", one.others);
    assert_eq!((server.most(), server.open()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_has_no_place_waits_for_it_where_the_server_wants_one_connection() {
    let server = Server::single(Duration::from_secs(3_600));
    let hub = hub(&server);
    let mut one = assets(&hub, &server);
    one.live().await;
    server.renew();
    // His token is another one, and the connection that there is lives as long as that of the other.
    let mut other = events(&hub, &server);
    server.write(ASSETS, 10);
    server.write(EVENTS, 10);
    take(&mut one, &mut other, 60 * MINUTE).await;
    one.assert_all(10);
    other.assert_all(10);
    assert_eq!((server.most(), server.open()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_reads_nothing_stops_nobody() {
    let server = Server::new(DAY, 20_000);
    let hub = hub(&server);
    let settings = Settings { buffer_events: 16, slow_caller: SlowCaller::Block, ..Settings::default() };
    let mut slow = assets_with(&hub, &server, settings);
    let mut other = events(&hub, &server);
    slow.live().await;
    other.live().await;
    let begun = Instant::now();
    server.write(ASSETS, 2_000);
    server.write(EVENTS, 2_000);
    while other.numbers.len() < 2_000 {
        other.one().await;
    }
    other.assert_all(2_000);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!((other.disconnects(), hub.statistics().lost_places), (0, 1));

    // Once he takes them, all come, over another connection.
    let handle = slow.stream.handle().clone();
    while handle.state() != State::Live || slow.numbers.len() < 2_000 {
        slow.take(MINUTE).await;
    }
    slow.assert_all(2_000);
    let lost = Connection::Disconnected(Cause::Closed(Closed::LostPlace));
    let is_lost = |event: &Event<_>| matches!(event, Event::Connection(event) if *event == lost);
    assert!(slow.count(is_lost) > 0, "{:?}", slow.others);
    assert_eq!(other.disconnects(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_replay_is_read_as_fast_as_it_can_be() {
    let server = Server::new(DAY, 0);
    server.write(ASSETS, 20_000);
    let hub = hub(&server);
    let (mut one, mut other) = (assets(&hub, &server), events(&hub, &server));
    server.write(EVENTS, 10);
    take(&mut one, &mut other, MINUTE).await;
    one.assert_all(20_000);
    other.assert_all(10);
    assert_eq!((one.disconnects(), other.disconnects()), (0, 0), "{:?}", one.others);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_attribute_comes_to_all() {
    let server = Server::new(DAY, 0);
    let hub = hub(&server);
    let (mut one, mut other) = pair(&hub, &server).await;
    server.say("no JSON at all");
    server.say(r#"{"payload":{"type":"of tomorrow"}}"#);
    server.say(r#"{"channel":"event-contracts","payload":{"type":"error-notice","details":"beware"}}"#);
    server.say(r#"{"channel":"event-contracts","payload":{"type":"unnumbered"}}"#);
    server.say(r#"{"channel":"of tomorrow","payload":{"type":"unnumbered"}}"#);
    take(&mut one, &mut other, MINUTE).await;
    assert_eq!((one.undecodable, other.undecodable), (1, 1));
    assert_eq!((one.unnumbered, other.unnumbered), (2, 3));
    assert_eq!(hub.statistics().unclaimed, 1);
}

#[tokio::test(start_paused = true)]
async fn accounts_of_one_channel_do_not_share() {
    let server = Server::new(DAY, 0);
    let hub = hub(&server);
    let mut callers: Vec<_> = (0..100).map(|_| assets(&hub, &server)).collect();
    let other = events(&hub, &server);
    other.live().await;
    // Only dials are limited, not joining.
    assert_eq!(server.dials(), 3);
    sleep(10 * MINUTE).await;
    server.write(ASSETS, 3);
    for caller in &mut callers {
        caller.take(Duration::from_secs(1)).await;
        caller.assert_all(3);
    }
    assert_eq!((server.dials(), server.open()), (100, 100));
    drop((callers, other));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((server.open(), hub.statistics().open), (0, 0));
    assert_eq!(runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_streams_that_are_dropped() {
    for before in [Duration::ZERO, Duration::from_millis(1), MINUTE] {
        let server = Server::new(DAY, 0);
        let hub = hub(&server);
        let (one, other) = (assets(&hub, &server), events(&hub, &server));
        sleep(before).await;
        drop(one);
        sleep(before).await;
        assert_eq!(other.stream.handle().state() == State::Live, !before.is_zero());
        drop((other, hub));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(runtime::Handle::current().metrics().num_alive_tasks(), 0, "{before:?}");
        assert_eq!(server.open(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn each_gets_the_pong_that_was_asked_for_after_he_asked() {
    let (server, settings) = (Server::new(DAY, 0), Settings::default());
    let hub = hub(&server);
    let open = async |channel| {
        let place =
            Place { hub: hub.clone(), channel, stream: Stream::default(), settings: settings.clone() };
        let wire = place.dial(DialLimits::from(&settings), 1).await.unwrap();
        let (reader, _, outbox) = wire.open(Limits::from(&settings));
        (reader, outbox)
    };
    let (mut one, asks) = open(DigitalAssetsMessage::CHANNEL).await;
    let (mut other, asks_later) = open(EventContractsMessage::CHANNEL).await;
    // The second one comes too late for the first pong.
    assert!(asks.ping() && asks_later.ping());
    for reader in [&mut one, &mut other] {
        while reader.next().await.unwrap() != Arrival::Pong {}
    }
    assert_eq!((server.dials(), server.pings()), (1, 2));
}

#[test]
fn messages_are_told_apart_by_their_channel() {
    let concerns = |text: &str| {
        let channels: [&Channel; 3] =
            [DigitalAssetsMessage::CHANNEL, EventContractsMessage::CHANNEL, ActivityMessage::CHANNEL];
        let envelope = Envelope::read(ActivityMessage::CHANNEL.layout, text).unwrap();
        channels.map(|channel| super::line::concerns(&envelope, channel))
    };
    assert_eq!(ActivityMessage::CHANNEL.attributed_by, None);
    assert_eq!(DigitalAssetsMessage::CHANNEL.attributed_by, Some(Attribution::Channel));
    for (text, expected) in [
        (r#"{"channel":"digital-assets","payload":{"type":"new"}}"#, [true, false, true]),
        (r#"{"payload":{"type":"new"},"channel":"event-contracts"}"#, [false, true, true]),
        (r#"{"channel":"digital-assets","payload":{"type":"replay-complete"}}"#, [true, false, true]),
        (r#"{"channel":"activity","payload":{"type":"new"}}"#, [false, false, true]),
        (r#"{"channel":null,"payload":{"type":"new"}}"#, [true; 3]),
        (r#"{"payload":{"type":"heartbeat"}}"#, [true; 3]),
        (r#"{"channel":"digital-assets","payload":{"type":"heartbeat"}}"#, [true; 3]),
        (r#"{"channel":"digital-assets","payload":{"type":"error-notice","details":"x"}}"#, [true; 3]),
        ("{}", [true; 3]),
    ] {
        assert_eq!(concerns(text), expected, "{text}");
    }
}
