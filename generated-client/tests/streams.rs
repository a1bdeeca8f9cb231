//! Streams as a program sees them, against the mock server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it panics")]

use std::error::Error as _;
use std::time::Duration;

use clear_street::stream::{
    Event, EventStream, Failure, Gap, GapReason, Handle, Message, Messages, Origin, ResumePoint, State,
    States, StreamBuilder, Undecodable,
};
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::studio::{Client, ClientBuilder};
use clear_street::{ErrorKind, Result};
use clear_street_mock::MockServer;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);
const ACCOUNT: &str = "100000";

fn builder(server: &MockServer) -> ClientBuilder {
    let token_url = server.token_url().unwrap();
    Client::builder().credentials("id", "secret").base_url(server.studio_url()).token_url(token_url)
}

fn subscription() -> ActivitySubscription {
    ActivitySubscription::new(AccountId::new(ACCOUNT))
}

fn stream(server: &MockServer) -> StreamBuilder<ActivityMessage> {
    builder(server).build().unwrap().stream(subscription())
}

fn order(version: u32) -> Value {
    json!({"created_at": 1, "updated_at": 2, "order_id": "o", "version": version, "account_id": ACCOUNT,
        "account_number": "n", "state": "open", "status": "new", "symbol": "AAPL", "order_type": "limit",
        "side": "buy", "quantity": "100", "price": "150.25", "time_in_force": "day", "filled_quantity": "0",
        "running_position": "0"})
}

/// The server tells something of an order.
fn tell(server: &MockServer, data: &Value) {
    server.journal("activity").unwrap().append(ACCOUNT, "order-update", data, true);
}

fn lose(server: &MockServer) {
    server.journal("activity").unwrap().lose(ACCOUNT);
}

async fn event(stream: &mut EventStream<ActivityMessage>) -> Event<ActivityMessage> {
    timeout(LIMIT, stream.next()).await.expect("something comes").expect("it goes on").unwrap()
}

/// The next event that is none about the connection.
async fn news(stream: &mut EventStream<ActivityMessage>) -> Event<ActivityMessage> {
    loop {
        match event(stream).await {
            Event::Connection(_) => {}
            event => return event,
        }
    }
}

async fn message(messages: &mut Messages<ActivityMessage>) -> Option<Result<Message<ActivityMessage>>> {
    timeout(LIMIT, messages.next()).await.expect("something comes")
}

async fn number(messages: &mut Messages<ActivityMessage>) -> Option<u64> {
    message(messages).await.expect("it goes on").unwrap().sequence
}

#[test]
fn whoever_waits_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    fn is_sync<T: Send + Sync + Clone>() {}
    fn is_stream<T: futures_core::Stream<Item = Result<I>> + Send + Unpin, I>() {}
    fn waits(mut stream: EventStream<ActivityMessage>, handle: Handle, mut states: States) {
        is_send(&stream.next());
        is_send(&handle.wait_until_live(LIMIT));
        is_send(&handle.statistics());
        is_send(&handle.resume_point());
        is_send(&handle.close());
        is_send(&states.next());
        is_send(&stream.close());
    }
    is_sync::<Handle>();
    is_stream::<EventStream<ActivityMessage>, Event<ActivityMessage>>();
    is_stream::<Messages<ActivityMessage>, Message<ActivityMessage>>();
    let _: fn(_, _, _) = waits;
}

#[tokio::test]
async fn a_message_says_what_is_known_of_it() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let began = Timestamp::now();
    tell(&server, &order(1));
    let mut stream = stream(&server).start().unwrap();
    let Event::Message(first) = news(&mut stream).await else { panic!("a message") };
    assert_eq!(news(&mut stream).await, Event::CaughtUp);
    tell(&server, &order(2));
    let Event::Message(second) = news(&mut stream).await else { panic!("a message") };
    for (message, sequence, origin) in [(&first, 1, Origin::Replay), (&second, 2, Origin::Live)] {
        assert_eq!((message.sequence, message.origin), (Some(sequence), origin));
        let ActivityMessage::OrderUpdate(order) = &message.message else { panic!("{message:?}") };
        assert_eq!(order.version, i64::try_from(sequence).unwrap());
        assert!((began..=Timestamp::now()).contains(&message.receive_time), "{message:?}");
        // The server's clock is that of this machine; it tells milliseconds.
        assert!(message.server_time.unwrap() <= message.receive_time, "{message:?}");
    }
    assert!(first.receive_time <= second.receive_time);
    timeout(LIMIT, stream.close()).await.expect("the server answers the goodbye");
}

#[tokio::test]
async fn messages_alone_are_all_or_an_error() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    tell(&server, &order(1));
    let mut messages = stream(&server).start().unwrap().messages();
    assert_eq!(number(&mut messages).await, Some(1));
    messages.handle().wait_until_live(LIMIT).await.unwrap();
    lose(&server);
    tell(&server, &order(3));
    let error = message(&mut messages).await.unwrap().unwrap_err();
    let gap = Gap { after: Some(1), before: Some(3), reason: GapReason::NotInReplay };
    assert_eq!((error.kind(), error.source().unwrap().downcast_ref()), (ErrorKind::Gap, Some(&gap)));
    assert!(error.to_string().starts_with("messages are missing after 1 before 3"), "{error}");
    assert!(message(&mut messages).await.is_none());

    // The stream itself goes on.
    let mut events = messages.into_events();
    let Event::Message(next) = news(&mut events).await else { panic!("a message") };
    assert_eq!(next.sequence, Some(3));
}

#[tokio::test]
async fn messages_alone_pass_over_what_is_allowed() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    tell(&server, &order(1));
    lose(&server);
    tell(&server, &json!({"price": "what"}));
    tell(&server, &order(4));
    let mut messages = stream(&server).start().unwrap().messages().allow_gaps();
    assert_eq!(number(&mut messages).await, Some(1));
    let error = message(&mut messages).await.unwrap().unwrap_err();
    let undecodable: &Undecodable = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!((error.kind(), undecodable.sequence()), (ErrorKind::Response, Some(3)));
    assert!(undecodable.text().contains("what") && error.to_string().contains("$.payload.data.price"));

    let mut events = messages.into_events();
    assert!(matches!(events.next().await, Some(Ok(Event::Message(message))) if message.sequence == Some(4)));
}

#[tokio::test]
async fn another_process_goes_on_where_one_stopped() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    (1..=3).for_each(|version| tell(&server, &order(version)));
    let mut messages = stream(&server).start().unwrap().messages();
    assert_eq!((number(&mut messages).await, number(&mut messages).await), (Some(1), Some(2)));
    let handle = messages.handle().clone();
    timeout(LIMIT, handle.close()).await.expect("the server answers the goodbye");
    let saved = serde_json::to_string(&handle.resume_point().await.unwrap()).unwrap();

    let from: ResumePoint = serde_json::from_str(&saved).unwrap();
    assert_eq!(from.sequence(), Some(2));
    let mut messages = stream(&server).resume(from).start().unwrap().messages();
    assert_eq!(number(&mut messages).await, Some(3));
}

#[tokio::test]
async fn what_was_not_begun_cannot_go_on() {
    let server = MockServer::builder().stateless().client("other", "secret").start().await.unwrap();
    let mut refused = stream(&server).start().unwrap();
    let error = loop {
        match timeout(LIMIT, refused.next()).await.unwrap().unwrap() {
            Ok(Event::Connection(_)) => {}
            Ok(event) => panic!("{event:?}"),
            Err(error) => break error,
        }
    };
    let Some(Failure::Unauthorized(words)) = error.source().unwrap().downcast_ref() else {
        panic!("{error}")
    };
    assert_eq!((error.kind(), words.is_empty()), (ErrorKind::Stream, false));
    assert!(refused.next().await.is_none());
    // Whoever waits is told the same.
    let error = refused.handle().wait_until_live(LIMIT).await.unwrap_err();
    assert!(matches!(error.source().unwrap().downcast_ref(), Some(Failure::Unauthorized(_))), "{error}");
    let handle = refused.handle().clone();
    drop(refused);
    assert!(handle.statistics().await.is_none() && handle.resume_point().await.is_none());
    timeout(LIMIT, handle.close()).await.expect("nothing is left to be closed");
}

#[tokio::test]
async fn the_state_can_be_watched() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let stream = stream(&server).start().unwrap();
    let mut states = stream.handle().states();
    assert_eq!(states.next().await, Some(State::Connecting));
    while states.next().await != Some(State::Live) {}
    assert_eq!(stream.handle().state(), State::Live);
    stream.handle().wait_until_live(Duration::ZERO).await.unwrap();
    timeout(LIMIT, stream.handle().close()).await.expect("the server answers the goodbye");
    assert_eq!((states.next().await, states.next().await), (Some(State::Closed), None));
    let error = stream.handle().wait_until_live(LIMIT).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Stream, "the stream was closed".to_owned()));
}

#[tokio::test]
async fn waiting_has_an_end() {
    // It is listened on, but nobody answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let client = Client::builder().access_token("token").base_url(url).build().unwrap();
    let stream = client.stream(subscription()).start().unwrap();
    let error = stream.handle().wait_until_live(Duration::from_millis(10)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "the stream is not live after 10ms: connecting");
}

#[tokio::test]
async fn what_cannot_be_begun_is_refused() {
    let client = Client::builder().access_token("token").base_url("http://127.0.0.1:9").build().unwrap();
    let refused = |builder: StreamBuilder<ActivityMessage>| builder.start().unwrap_err();
    let error = refused(client.stream(ActivitySubscription::new(AccountId::new(""))));
    assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("$.account_id")));
    for (builder, message) in [
        (client.stream(subscription()).settings(|it| it.ping_after = Duration::ZERO), "`ping_after`"),
        (client.stream(subscription()).settings(|it| it.buffer_events = 0), "`buffer_events`"),
        (client.stream(subscription()).settings(|it| it.hold_messages = 0), "`hold_messages`"),
    ] {
        let error = refused(builder);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(message), "{error}");
    }
    let builder = client.stream(subscription());
    let error = std::thread::spawn(move || refused(builder)).join().unwrap();
    assert_eq!(error.to_string(), "a stream needs a Tokio runtime to run on");
}
