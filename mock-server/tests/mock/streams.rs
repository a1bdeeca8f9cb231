//! The client's streams through everything that can go wrong, over loopback: each message of the
//! journal once and in order.

use std::time::Duration;

use clear_street::stream::{Connection, Event, EventStream, Gap};
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street_mock::journal::Journal;
use clear_street_mock::{Disturbance, During, MockServer, RequestFault, StreamFault};
use http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::studio;

const ACCOUNT: &str = "100001";

/// A server and a stream of it.
struct Setting {
    server: MockServer,
    stream: EventStream<ActivityMessage>,
    /// Numbers of the messages that it has delivered.
    numbers: Vec<u64>,
    /// A slow machine may take a connection for mute that is not.
    disconnected: usize,
    gaps: Vec<Gap>,
}

impl Setting {
    /// A stream of a server that has told ten messages.
    async fn new(prepare: impl FnOnce(&MockServer)) -> Self {
        let server = MockServer::builder().heartbeat(Duration::from_millis(50)).start().await.unwrap();
        prepare(&server);
        tell(&server, 10);
        let subscription = ActivitySubscription::new(AccountId::new(ACCOUNT));
        let stream = studio(&server).stream(subscription).start().unwrap();
        Self { server, stream, numbers: Vec::new(), disconnected: 0, gaps: Vec::new() }
    }

    /// Waits until the interval of the heartbeats is known: before, nothing tells that they stop.
    async fn hear_heartbeats(&self) {
        let handle = self.stream.handle();
        while handle.statistics().await.unwrap().received < 20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Takes events until everything of the journal was delivered.
    async fn take_all(&mut self) {
        let told: Vec<_> =
            journal(&self.server).entries(ACCOUNT).iter().filter_map(|it| it.sequence).collect();
        while self.numbers.len() < told.len() {
            match self.stream.next().await.unwrap().unwrap() {
                Event::Message(message) => self.numbers.extend(message.sequence),
                Event::Connection(Connection::Disconnected(_)) => self.disconnected += 1,
                Event::Gap(gap) => self.gaps.push(gap),
                _ => {}
            }
        }
        assert_eq!(self.numbers, told);
    }
}

fn journal(server: &MockServer) -> &Journal {
    server.journal("activity").unwrap()
}

fn tell(server: &MockServer, messages: u64) {
    (0..messages).for_each(|_| _ = journal(server).append(ACCOUNT, "news", &json!({}), true));
}

#[tokio::test]
async fn every_message_comes_once_and_in_order_whatever_befalls_one() {
    let mut cases = JoinSet::new();
    for (disturbance, disconnected) in [
        (Disturbance::Gap, 0),
        (Disturbance::Duplicate, 0),
        (Disturbance::Reorder, 0),
        (Disturbance::Delay(Duration::from_millis(100)), 0),
        (Disturbance::Mute, 1),
        (Disturbance::ExpireNow, 1),
        (Disturbance::Cut, 1),
        (Disturbance::Reset, 1),
        (Disturbance::Close(1012), 1),
    ] {
        cases.spawn(async move {
            let mut setting = Setting::new(|_| {}).await;
            setting.take_all().await;
            setting.hear_heartbeats().await;
            setting.server.stream_fault(StreamFault::new(disturbance).message(3)).unwrap();
            tell(&setting.server, 10);
            setting.take_all().await;
            assert!(setting.disconnected >= disconnected && setting.gaps.is_empty(), "{disturbance:?}");
        });
    }
    while let Some(case) = cases.join_next().await {
        case.unwrap();
    }
}

#[tokio::test]
async fn a_replay_that_is_cut_is_begun_again() {
    let cut = StreamFault::new(Disturbance::Cut).during(During::Replay).message(5);
    let mut setting = Setting::new(|server| server.stream_fault(cut).unwrap()).await;
    setting.take_all().await;
    assert!(setting.disconnected >= 1 && setting.gaps.is_empty());
}

#[tokio::test]
async fn a_connection_is_cut_in_the_middle_of_a_frame() {
    for fault in [RequestFault::new().cut_after(700), RequestFault::new().reset_after(700)] {
        let fault = fault.operation("stream").call(1);
        let mut setting = Setting::new(|server| server.fault(fault).unwrap()).await;
        setting.take_all().await;
        assert!(setting.disconnected >= 1 && setting.gaps.is_empty());
    }
}

#[tokio::test]
async fn a_server_that_takes_no_streams_for_a_while_is_dialled_again() {
    let busy = RequestFault::new().operation("stream").call(1).status(StatusCode::SERVICE_UNAVAILABLE);
    let mut setting = Setting::new(|server| server.fault(busy).unwrap()).await;
    setting.take_all().await;
    assert!(setting.gaps.is_empty());
}

#[tokio::test]
async fn a_number_that_no_replay_has_is_one_gap() {
    let mut setting = Setting::new(|_| {}).await;
    setting.take_all().await;
    journal(&setting.server).lose(ACCOUNT);
    tell(&setting.server, 1);
    setting.take_all().await;
    let between: Vec<_> = setting.gaps.iter().map(|gap| (gap.after, gap.before)).collect();
    assert_eq!(between, [(Some(10), Some(12))]);
}
