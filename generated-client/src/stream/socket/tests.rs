//! Sockets over pipes, in simulated time.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::ErrorKind;
use crate::stream::connection::tests::frames::{frame, receive};
use crate::stream::dial::DialLimit;
use crate::stream::dial::tests::eavesdrop::{Ears, faces};
use crate::stream::machine::Closed;
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};
use crate::studio::event_contracts::{EventContractsMessage, EventContractsSubscription};

const TOKEN_TEXT: &str = "planted-token-0123456789";

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What is around a socket: tokens, and a network. Clones are the same.
#[derive(Clone)]
struct World {
    state: Arc<Mutex<State>>,
    servers: UnboundedSender<Server>,
}

#[derive(Default)]
struct State {
    /// How long tokens live, and whether they are refused.
    life: Option<Duration>,
    refuses: bool,
    given: u64,
    /// What was asked for.
    asked: Vec<Option<u64>>,
    /// What becomes of the next dials.
    failures: VecDeque<DialFailure>,
}

impl TokenProvider for World {
    async fn token(&self, newer_than: Option<u64>) -> std::result::Result<Bearer, NoToken> {
        let mut state = self.state.lock().unwrap();
        state.asked.push(newer_than);
        if state.refuses {
            return Err(NoToken::Refused("refused".into()));
        }
        state.given += u64::from(newer_than.is_some());
        let text = format!("{TOKEN_TEXT}-{}", state.given).into();
        let expires = state.life.map(|life| Instant::now() + life);
        Ok(Bearer { text, generation: state.given, expires })
    }
}

impl Dial for World {
    async fn dial(&self, settings: &Settings) -> std::result::Result<Open, DialFailure> {
        let failure = self.state.lock().unwrap().failures.pop_front();
        if let Some(failure) = failure {
            return Err(failure);
        }
        let (ours, theirs) = duplex(1 << 20);
        _ = self.servers.send(Server(theirs));
        Ok(Open::new(Box::new(ours), &[], settings).await)
    }
}

/// The end of a connection at which the server is.
struct Server(DuplexStream);

impl Server {
    async fn write(&mut self, first: u8, payload: &[u8]) {
        self.0.write_all(&frame(first, payload)).await.unwrap();
    }

    async fn say(&mut self, text: &str) {
        self.write(0x81, text.as_bytes()).await;
    }

    async fn reply(&mut self, success: bool, details: &str) {
        let reply = format!(r#""success":{success},"details":"{details}""#);
        self.say(&format!(r#"{{"payload":{{"type":"subscribe-activity-ack",{reply}}}}}"#)).await;
    }

    async fn notice(&mut self, details: &str) {
        self.say(&format!(r#"{{"payload":{{"type":"error-notice","details":"{details}"}}}}"#)).await;
    }

    async fn close(&mut self) {
        self.write(0x88, &1000_u16.to_be_bytes()).await;
    }

    /// The first byte and the text of the next frame of the client.
    async fn hear(&mut self) -> (u8, String) {
        let (first, payload) = timeout(seconds(100), receive(&mut self.0)).await.expect("a frame").unwrap();
        (first, String::from_utf8_lossy(&payload).into_owned())
    }

    /// The next subscription: the number of its token, its type and its account.
    async fn subscription(&mut self) -> (u64, String, String) {
        let (first, text) = self.hear().await;
        assert_eq!(first, 0x81, "{text}");
        let message: serde_json::Value = serde_json::from_str(&text).unwrap();
        let token = message["authorization"].as_str().unwrap().strip_prefix(TOKEN_TEXT).unwrap();
        let member = |name: &str| message["payload"][name].as_str().unwrap().to_owned();
        (token[1..].parse().unwrap(), member("type"), member("account_id"))
    }
}

struct Stage {
    socket: Socket,
    servers: UnboundedReceiver<Server>,
    state: Arc<Mutex<State>>,
    logs: Logs,
}

impl Stage {
    /// A socket with a subscription.
    fn new(state: State) -> Self {
        let (logs, state) = (Logs(Ears::open()), Arc::new(Mutex::new(state)));
        let (sender, servers) = mpsc::unbounded_channel();
        let shared = Shared { limit: DialLimit::new(), clock: Instant::now() };
        let layout = ActivityMessage::CHANNEL.layout;
        let protocol = Protocol { layout, channels: crate::studio::CHANNELS };
        let world = World { state: Arc::clone(&state), servers: sender };
        let mut socket = Socket::new(world.clone(), world, &shared, protocol, Settings::default());
        socket.subscribe(activity("a")).unwrap();
        Self { socket, servers, state, logs }
    }

    /// What comes within this time.
    async fn within(&mut self, time: Duration) -> Vec<String> {
        beside(&mut self.socket, sleep(time)).await.1
    }

    /// The next connection, and what was seen before it was subscribed on.
    async fn accept(&mut self) -> (Server, Vec<String>) {
        let (server, seen) = beside(&mut self.socket, self.servers.recv()).await;
        (server.unwrap(), seen)
    }
}

/// Nothing that anything logs may show the token.
struct Logs(Ears);

impl Drop for Logs {
    fn drop(&mut self) {
        for line in self.0.take() {
            assert!(!faces(TOKEN_TEXT).iter().any(|face| line.contains(face)), "{line}");
        }
    }
}

/// Polls the socket while this goes on; what comes of it.
async fn beside<T>(socket: &mut Socket, other: impl Future<Output = T>) -> (T, Vec<String>) {
    let mut seen = Vec::new();
    let watch = async {
        while let Some(event) = socket.next().await {
            seen.push(shown(event));
        }
        pending().await
    };
    let done = tokio::select! {
        biased;
        () = watch => unreachable!("it never ends"),
        done = other => done,
    };
    (done, seen)
}

/// An event in few words.
fn shown(event: Result<SocketEvent>) -> String {
    let shown = match event {
        Ok(SocketEvent::Connection(Connection::Retrying { cause, .. })) => format!("retrying {cause:?}"),
        Ok(SocketEvent::Connection(connection)) => format!("{connection:?}"),
        Ok(SocketEvent::Message(message)) => message.kind.as_deref().unwrap_or("no type").to_owned(),
        Ok(SocketEvent::Undecodable(undecodable)) => format!("undecodable {}", undecodable.text()),
        Err(error) => error.to_string(),
    };
    assert!(!shown.contains(TOKEN_TEXT), "{shown}");
    shown
}

fn activity(account: &str) -> ActivitySubscription {
    ActivitySubscription::new(AccountId::new(account))
}

#[tokio::test(start_paused = true)]
async fn all_subscriptions_are_made_on_one_connection_and_again_on_the_next() {
    let mut stage = Stage::new(State::default());
    stage.socket.subscribe(EventContractsSubscription::new(AccountId::new("b"))).unwrap();
    let payload = r#" {"account_id": "c", "depth": 7} "#.parse().unwrap();
    stage.socket.subscribe_unlisted("subscribe-of-tomorrow", payload).unwrap();
    let error = stage.socket.subscribe_unlisted("subscribe-x", "[1]".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    for round in 0..3 {
        let (mut server, seen) = stage.accept().await;
        assert!(seen.join(", ").ends_with("Connecting, Connected"), "{seen:?}");
        if round == 0 {
            // One more, on the open connection.
            stage.socket.subscribe(activity("d")).unwrap();
        }
        for (kind, account) in [
            ("subscribe-activity", "a"),
            ("subscribe-event-contracts", "b"),
            ("subscribe-of-tomorrow", "c"),
            ("subscribe-activity", "d"),
        ] {
            let (subscription, seen) = beside(&mut stage.socket, server.subscription()).await;
            assert_eq!((subscription, seen), ((0, kind.to_owned(), account.to_owned()), vec![]));
        }
        server.reply(true, "ok").await;
        server.say(r#"{"payload":{"type":"heartbeat"}}"#).await;
        server.say(r#"{"sequence":7,"payload":{"type":"order-update","data":7}}"#).await;
        assert_eq!(stage.within(seconds(6)).await, ["subscribe-activity-ack", "order-update"]);
    }
    let seen = stage.within(seconds(1)).await;
    assert_eq!(seen[..3], ["Disconnected(Closed(Eof))", "retrying Closed(Eof)", "Connecting"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_typed_by_its_channel_and_one_that_cannot_be_read_ends_nothing() {
    fn is_ok<M>(read: Option<std::result::Result<Received<M>, Undecodable>>) -> Option<bool> {
        read.map(|read| read.is_ok())
    }
    let mut stage = Stage::new(State::default());
    let (mut server, _) = stage.accept().await;
    for (text, activity, contracts) in [
        (r#"{"payload":{"type":"replay-complete"}}"#, Some(true), Some(true)),
        (r#"{"channel":"event-contracts","payload":{"type":"replay-complete"}}"#, None, Some(true)),
        (r#"{"channel":"event-contracts","payload":{"type":"of tomorrow"}}"#, None, Some(true)),
        (r#"{"payload":{"type":"order-update","data":{"side":7}}}"#, Some(false), None),
        (r#"{"channel":"of tomorrow","payload":{"type":"order-update"}}"#, None, None),
        (r#"{"payload":{"type":"of tomorrow"}}"#, None, None),
    ] {
        server.say(text).await;
        let event = stage.socket.next().await.unwrap().unwrap();
        let SocketEvent::Message(message) = event else { panic!("{event:?}") };
        assert_eq!(message.text, text);
        assert_eq!(is_ok(message.decode::<ActivityMessage>()), activity, "{text}");
        assert_eq!(is_ok(message.decode::<EventContractsMessage>()), contracts, "{text}");
        assert!(!format!("{message:?}").contains("payload"), "the text is not shown");
    }
    server.say("no JSON").await;
    server.write(0x82, b"\"\xff\"").await;
    server.write(0x82, br#"{"payload":{"type":"binary"}}"#).await;
    let seen = stage.within(seconds(1)).await;
    assert_eq!(seen, ["undecodable no JSON", "undecodable \"\u{fffd}\"", "binary"]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_connection_is_left_within_25_s() {
    let mut stage = Stage::new(State::default());
    let (mut server, _) = stage.accept().await;
    // As long as bytes of a message come, or pongs, all is well.
    let slow = async {
        server.subscription().await;
        server.0.write_all(&[0x81, 126, 1, 0]).await.unwrap();
        for _ in 0..10 {
            sleep(seconds(14)).await;
            server.0.write_all(b"{").await.unwrap();
        }
        for _ in 0..3 {
            assert_eq!(server.hear().await.0, 0x89);
            server.write(0x8A, b"").await;
        }
    };
    assert_eq!(beside(&mut stage.socket, slow).await.1, [""; 0]);
    let from = Instant::now();
    let event = stage.socket.next().await.unwrap().unwrap();
    assert_eq!(event, SocketEvent::Connection(Connection::Disconnected(Cause::NoPong)));
    assert_eq!(from.elapsed(), seconds(25));
}

#[tokio::test(start_paused = true)]
async fn three_refusals_in_a_row_are_final_unless_a_subscription_was_accepted() {
    let ended = "the stream has ended: the credentials or the account were refused:";
    for accepts in [false, true] {
        let mut stage = Stage::new(State::default());
        for round in 0..if accepts { 6 } else { 3 } {
            let (mut server, _) = stage.accept().await;
            if accepts && round == 0 {
                server.reply(true, "ok").await;
            }
            // A server can repeat the token.
            let echo = if round == 0 { &format!("{TOKEN_TEXT}-0") } else { "token" };
            server.reply(false, &format!("bad {echo}")).await;
            server.close().await;
            let seen = stage.within(Duration::from_millis(1)).await;
            let cause = match (accepts, round) {
                // It is not the token.
                (true, 0) => "retrying Closed(Code(Some(1000)))",
                (false, 0) => "retrying Refused(\"bad (token)\")",
                (false, 2) => &format!("{ended} bad token"),
                _ => "retrying Refused(\"bad token\")",
            };
            assert_eq!(seen.last().unwrap(), cause, "{seen:?}");
            // The library shows what a server sends.
            stage.logs.0.take();
        }
        if !accepts {
            assert!(stage.socket.next().await.is_none());
            // A new one every 10 s at most.
            assert_eq!(stage.state.lock().unwrap().asked, [None, Some(0), None]);
        }
    }
    // The token endpoint refuses.
    let mut stage = Stage::new(State { refuses: true, ..State::default() });
    assert_eq!(*stage.within(seconds(60)).await.last().unwrap(), format!("{ended} refused"));
    assert_eq!(stage.state.lock().unwrap().asked.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_new_token_is_used_before_the_old_one_expires() {
    let mut stage = Stage::new(State { life: Some(seconds(3_600)), ..State::default() });
    let from = Instant::now();
    for round in 0..3 {
        let (mut server, seen) = stage.accept().await;
        let again = "Disconnected(AuthExpired), retrying AuthExpired, Connecting, Connected";
        assert!(round == 0 || seen.join(", ") == again, "{seen:?}");
        assert_eq!(from.elapsed().as_secs(), round * 3_540);
        // Answers pings until the socket leaves it.
        tokio::spawn(async move {
            assert_eq!(server.subscription().await.0, round);
            while server.hear().await.0 == 0x89 {
                server.write(0x8A, b"").await;
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_all_connections_is_not_dialled_all_the_time() {
    // Tokens that hardly live, with the notice of the server; and no tokens that end: the waits are drawn
    // by chance, and a million simulated minutes had 8 to 19 dials.
    for (life, dials) in [(Some(seconds(1)), 5..=8), (None, 4..=20)] {
        let mut stage = Stage::new(State { life, ..State::default() });
        let (mut servers, from) = (Vec::new(), Instant::now());
        while from.elapsed() < seconds(60) {
            let (mut server, _) = stage.accept().await;
            match life {
                Some(_) => server.notice("Auth expired; please reconnect").await,
                None => server.0.shutdown().await.unwrap(),
            }
            servers.push(server);
        }
        assert!(dials.contains(&servers.len()), "{} dials in the first minute", servers.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_notice_tells_what_ended_the_connection() {
    for (details, cause) in [
        ("Auth expired; please reconnect", Cause::AuthExpired),
        ("Idled too long; please reconnect", Cause::Idle),
        ("Subscribed elsewhere", Cause::Notice("Subscribed elsewhere".into())),
    ] {
        let mut stage = Stage::new(State::default());
        let (mut server, _) = stage.accept().await;
        stage.within(seconds(20)).await;
        let now = Instant::now();
        server.notice(details).await;
        server.close().await;
        let (mut server, seen) = stage.accept().await;
        assert!(seen.contains(&format!("Disconnected({cause:?})")), "{seen:?}");
        let expired = cause == Cause::AuthExpired;
        let subscription = server.subscription().await;
        assert_eq!(subscription.0, u64::from(expired), "a new token only where the old one expired");
        assert_eq!(now.elapsed() == Duration::ZERO, expired, "{:?}", now.elapsed());
        // Something said long ago is not why a connection ends.
        server.notice(details).await;
        server.say(r#"{"payload":{"type":"of tomorrow"}}"#).await;
        drop(server);
        let seen = stage.within(seconds(1)).await;
        assert_eq!(seen[2], format!("Disconnected({:?})", Cause::Closed(Closed::Eof)));
    }
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_handshake_of_an_open_connection() {
    for (answers, waits) in [(Some(3), 3), (None, 5)] {
        let mut stage = Stage::new(State::default());
        let (mut server, _) = stage.accept().await;
        server.subscription().await;
        let from = Instant::now();
        let answer = async {
            assert_eq!(server.hear().await.0, 0x88);
            if let Some(after) = answers {
                sleep(seconds(after)).await;
                server.close().await;
            }
        };
        tokio::join!(stage.socket.close(), answer);
        assert_eq!(from.elapsed(), seconds(waits));
    }
    // Without one, there is nothing to wait for, and nothing is dialled any more.
    let failure = DialFailure::Handshake("unasked `Sec-WebSocket-Extensions`");
    let mut stage = Stage::new(State { failures: VecDeque::from([failure; 9]), ..State::default() });
    let (seen, retrying) = (stage.within(seconds(1)).await, format!("retrying {:?}", Cause::Dial(failure)));
    assert_eq!(seen[..3], ["Connecting", &retrying, "Connecting"]);
    let from = Instant::now();
    stage.socket.close().await;
    assert!(from.elapsed().is_zero() && stage.servers.recv().await.is_none());
}
