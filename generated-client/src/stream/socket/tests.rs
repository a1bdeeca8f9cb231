//! Sockets over pipes, in simulated time.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::*;
use crate::stream::connection::Wire;
use crate::stream::connection::tests::frames::{frame, receive};
use crate::stream::dial_limit::DialLimit;
use crate::stream::machine::HandshakeFault;
use crate::stream::dial::tests::eavesdrop::{Ears, faces};
use crate::stream::{ChannelMessage, Received};
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};
use crate::studio::event_contracts::{EventContractsMessage, EventContractsSubscription};

const SECOND: Duration = Duration::from_secs(1);
const TOKEN_TEXT: &str = "planted-token-0123456789";

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Tokens with this life. Clones are the same.
#[derive(Clone, Default)]
struct Tokens {
    life: Option<Duration>,
    given: Arc<AtomicU64>,
    /// What was asked for.
    asked: Arc<Mutex<Vec<Option<u64>>>>,
    refused: bool,
}

impl TokenProvider for Tokens {
    async fn token(&self, newer_than: Option<u64>) -> std::result::Result<Bearer, NoToken> {
        self.asked.lock().unwrap().push(newer_than);
        if self.refused {
            return Err(NoToken::Refused("refused".into()));
        }
        let generation = match newer_than {
            Some(_) => self.given.fetch_add(1, Ordering::SeqCst) + 1,
            None => self.given.load(Ordering::SeqCst),
        };
        let text = format!("{TOKEN_TEXT}-{generation}").into();
        Ok(Bearer { text, generation, expires: self.life.map(|life| Instant::now() + life) })
    }
}

type Answer = std::result::Result<Wire, DialFailure>;

struct Network(UnboundedSender<oneshot::Sender<Answer>>);

impl Dial for Network {
    async fn dial(&self, _: DialLimits) -> Answer {
        let (answer, answered) = oneshot::channel();
        _ = self.0.send(answer);
        answered.await.unwrap_or(Err(DialFailure::TimedOut(None)))
    }
}

/// The end of a connection at which the server is.
struct Server(DuplexStream);

impl Server {
    async fn say(&mut self, text: &str) {
        self.0.write_all(&frame(0x81, text.as_bytes())).await.unwrap();
    }

    async fn accept(&mut self, success: bool) {
        let details = if success { "ok" } else { "not you" };
        self.say(&format!(
            r#"{{"payload":{{"type":"subscribe-activity-ack","success":{success},"details":"{details}"}}}}"#
        ))
        .await;
    }

    async fn notice(&mut self, details: &str) {
        self.say(&format!(r#"{{"payload":{{"type":"error-notice","details":"{details}"}}}}"#)).await;
    }

    /// The first byte and the text of the next frame of the client.
    async fn hear(&mut self) -> (u8, String) {
        let (first, payload) = timeout(seconds(100), receive(&mut self.0)).await.expect("a frame").unwrap();
        (first, String::from_utf8_lossy(&payload).into_owned())
    }

    /// The next subscription: the number of its token, and its payload.
    async fn subscription(&mut self) -> (u64, serde_json::Value) {
        let (first, text) = self.hear().await;
        assert_eq!(first, 0x81, "{text}");
        let message: serde_json::Value = serde_json::from_str(&text).unwrap();
        let token = message["authorization"].as_str().unwrap().strip_prefix(TOKEN_TEXT).unwrap();
        (token[1..].parse().unwrap(), message["payload"].clone())
    }
}

struct Stage {
    socket: Socket,
    dials: UnboundedReceiver<oneshot::Sender<Answer>>,
    tokens: Tokens,
    ears: Ears,
}

impl Stage {
    fn new(tokens: &Tokens) -> Self {
        let ears = Ears::open();
        let (sender, dials) = unbounded_channel();
        let shared = Shared { limit: DialLimit::new(), clock: Instant::now() };
        let protocol =
            Protocol { layout: ActivityMessage::CHANNEL.layout, channels: crate::studio::CHANNELS };
        let socket = Socket::new(Network(sender), tokens.clone(), &shared, protocol, Settings::default());
        Self { socket, dials, tokens: tokens.clone(), ears }
    }

    /// One with a subscription.
    fn subscribed(tokens: &Tokens) -> Self {
        let mut stage = Self::new(tokens);
        stage.socket.subscribe(activity("a")).unwrap();
        stage
    }

    /// Polls the socket while this goes on; what comes of it.
    async fn beside<T>(&mut self, other: impl Future<Output = T>) -> (T, Vec<String>) {
        let mut seen = Vec::new();
        let socket = &mut self.socket;
        let done = tokio::select! {
            biased;
            () = async {
                while let Some(event) = socket.next().await {
                    seen.push(shown(event));
                }
                std::future::pending().await
            } => unreachable!("it never ends"),
            done = other => done,
        };
        (done, seen)
    }

    /// What comes within this time.
    async fn within(&mut self, time: Duration) -> Vec<String> {
        self.beside(tokio::time::sleep(time)).await.1
    }

    async fn dial(&mut self, answer: std::result::Result<(), DialFailure>) -> (Option<Server>, Vec<String>) {
        let dials = &mut self.dials;
        let socket = &mut self.socket;
        let mut seen = Vec::new();
        let dial = loop {
            tokio::select! {
                biased;
                dial = dials.recv() => break dial.unwrap(),
                event = socket.next() => seen.push(shown(event.expect("it goes on"))),
            }
        };
        let (ours, theirs) = duplex(1 << 20);
        _ = dial.send(answer.map(|()| Wire::new(ours)));
        (Some(Server(theirs)), seen)
    }

    /// The next connection, and what was seen before it was dialled.
    async fn accept(&mut self) -> (Server, Vec<String>) {
        let (server, seen) = self.dial(Ok(())).await;
        (server.unwrap(), seen)
    }

    fn end(self) {
        assert!(!format!("{:?}", self.socket).contains(TOKEN_TEXT));
        drop(self.socket);
        for line in self.ears.take() {
            assert!(!faces(TOKEN_TEXT).iter().any(|face| line.contains(face)), "{line}");
        }
    }
}

/// An event in few words.
fn shown(event: Result<SocketEvent>) -> String {
    match event {
        Ok(SocketEvent::Connection(Connection::Retrying { cause, .. })) => format!("retrying {cause:?}"),
        Ok(SocketEvent::Connection(connection)) => format!("{connection:?}"),
        Ok(SocketEvent::Message(message)) => message.kind().unwrap_or("no type").to_owned(),
        Ok(SocketEvent::Undecodable(undecodable)) => format!("undecodable {}", undecodable.text()),
        Err(error) => error.to_string(),
    }
}

fn activity(account: &str) -> ActivitySubscription {
    ActivitySubscription::new(AccountId::new(account))
}

#[tokio::test(start_paused = true)]
async fn all_subscriptions_are_made_on_one_connection_and_again_on_the_next() {
    let mut stage = Stage::subscribed(&Tokens::default());
    stage.socket.subscribe(EventContractsSubscription::new(AccountId::new("b"))).unwrap();
    let payload = r#" {"account_id": "c", "depth": 7} "#.parse().unwrap();
    stage.socket.subscribe_unlisted("subscribe-of-tomorrow", payload).unwrap();
    for round in 0..3 {
        let (mut server, seen) = stage.accept().await;
        assert_eq!(seen.last().unwrap(), "Connecting", "{seen:?}");
        let subscriptions = async {
            for (kind, account) in [
                ("subscribe-activity", "a"),
                ("subscribe-event-contracts", "b"),
                ("subscribe-of-tomorrow", "c"),
            ] {
                let (token, payload) = server.subscription().await;
                assert_eq!(
                    (token, &payload["type"], &payload["account_id"]),
                    (0, &kind.into(), &account.into())
                );
            }
            if round > 0 {
                assert_eq!(server.subscription().await.1["account_id"], "d");
            }
        };
        let ((), seen) = stage.beside(subscriptions).await;
        assert_eq!(seen, ["Connected"]);
        if round == 0 {
            // One more, on the open connection.
            stage.socket.subscribe(activity("d")).unwrap();
            let (subscription, _) = stage.beside(server.subscription()).await;
            assert_eq!(subscription.1["account_id"], "d");
        }
        server.accept(true).await;
        server.say(r#"{"payload":{"type":"heartbeat"}}"#).await;
        server.say(r#"{"sequence":7,"payload":{"type":"order-update","data":7}}"#).await;
        assert_eq!(stage.within(seconds(6)).await, ["subscribe-activity-ack", "order-update"]);
    }
    assert_eq!(
        stage.within(SECOND).await,
        ["Disconnected(Closed(Eof))", "retrying Closed(Eof)", "Connecting"]
    );
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn a_message_is_typed_by_its_channel() {
    let mut stage = Stage::subscribed(&Tokens::default());
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
        let message = loop {
            if let SocketEvent::Message(message) = stage.socket.next().await.unwrap().unwrap() {
                break message;
            }
        };
        assert_eq!(message.text(), text);
        fn is_ok<M>(read: Option<std::result::Result<Received<M>, Undecodable>>) -> Option<bool> {
            read.map(|read| read.is_ok())
        }
        assert_eq!(is_ok(message.decode::<ActivityMessage>()), activity, "{text}");
        assert_eq!(is_ok(message.decode::<EventContractsMessage>()), contracts, "{text}");
        assert!(!format!("{message:?}").contains("payload"), "the text is not shown");
    }
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_ends_nothing() {
    let mut stage = Stage::subscribed(&Tokens::default());
    let (mut server, _) = stage.accept().await;
    assert_eq!(stage.within(SECOND).await, ["Connected"]);
    server.say("no JSON").await;
    server.0.write_all(&frame(0x82, b"\xff")).await.unwrap();
    server.0.write_all(&frame(0x82, br#"{"payload":{"type":"binary"}}"#)).await.unwrap();
    assert_eq!(stage.within(SECOND).await, ["undecodable no JSON", "undecodable \u{fffd}", "binary"]);
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn a_dead_connection_is_left_within_25_s() {
    let mut stage = Stage::subscribed(&Tokens::default());
    let (mut server, _) = stage.accept().await;
    // As long as bytes of a message come, or pongs, all is well.
    let slow = async {
        server.subscription().await;
        server.0.write_all(&[0x81, 126, 1, 0]).await.unwrap();
        for _ in 0..10 {
            tokio::time::sleep(seconds(14)).await;
            server.0.write_all(b"{").await.unwrap();
        }
        for _ in 0..3 {
            assert_eq!(server.hear().await.0, 0x89);
            server.0.write_all(&frame(0x8A, b"")).await.unwrap();
        }
    };
    let ((), seen) = stage.beside(slow).await;
    assert_eq!(seen, ["Connected"]);
    let from = Instant::now();
    while stage.socket.next().await.unwrap().unwrap()
        != SocketEvent::Connection(Connection::Disconnected(Cause::NoPong))
    {}
    assert_eq!(from.elapsed(), seconds(25));
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn three_refusals_in_a_row_are_final_and_renew_the_token_every_10_s_at_most() {
    let mut stage = Stage::subscribed(&Tokens::default());
    for _ in 0..3 {
        let (mut server, _) = stage.accept().await;
        server.accept(false).await;
        server.0.write_all(&frame(0x88, &1000_u16.to_be_bytes())).await.unwrap();
    }
    let seen = stage.within(SECOND).await;
    let last = "the stream has ended: the credentials or the account were refused: not you";
    assert_eq!(seen[1..], ["subscribe-activity-ack", "Disconnected(Refused(\"not you\"))", last]);
    assert!(stage.socket.next().await.is_none());
    assert_eq!(*stage.tokens.asked.lock().unwrap(), [None, Some(0), None]);
    stage.end();

    // The token endpoint refuses.
    let tokens = Tokens { refused: true, ..Tokens::default() };
    let mut stage = Stage::subscribed(&tokens);
    let last = "the stream has ended: the credentials or the account were refused: refused";
    assert_eq!(stage.within(seconds(60)).await.last().unwrap(), last);
    assert_eq!(tokens.asked.lock().unwrap().len(), 3);
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn refusals_of_one_subscription_or_after_acceptance_are_not_final() {
    let mut stage = Stage::subscribed(&Tokens::default());
    for round in 0..6 {
        let (mut server, _) = stage.accept().await;
        if round == 0 {
            server.accept(true).await;
        }
        server.accept(false).await;
        server.0.write_all(&frame(0x88, &1000_u16.to_be_bytes())).await.unwrap();
        let seen = stage.within(Duration::from_millis(1)).await;
        let cause = if round == 0 { "Closed(Code(Some(1000)))" } else { "Refused(\"not you\")" };
        assert!(seen.contains(&format!("retrying {cause}")), "{seen:?}");
    }
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn a_new_token_is_used_before_the_old_one_expires() {
    let mut stage = Stage::subscribed(&Tokens { life: Some(seconds(3_600)), ..Tokens::default() });
    let from = Instant::now();
    for round in 0..3 {
        let (mut server, seen) = stage.accept().await;
        if round > 0 {
            let expected =
                ["Disconnected(AuthExpired)", "retrying AuthExpired", "Connecting"].map(str::to_owned);
            assert_eq!(seen[seen.len() - 3..], expected);
        }
        assert_eq!(from.elapsed().as_secs(), round * 3_540);
        // Answers pings until the socket leaves it.
        tokio::spawn(async move {
            assert_eq!(server.subscription().await.0, round);
            while server.hear().await.0 == 0x89 {
                server.0.write_all(&frame(0x8A, b"")).await.unwrap();
            }
        });
    }
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn tokens_that_hardly_live_are_fetched_every_10_s_at_most() {
    let mut stage = Stage::subscribed(&Tokens { life: Some(SECOND), ..Tokens::default() });
    let (mut servers, from) = (Vec::new(), Instant::now());
    while from.elapsed() < seconds(100) {
        let (mut server, _) = stage.accept().await;
        // The notice of the server comes, too.
        server.notice("Auth expired; please reconnect").await;
        servers.push(server);
    }
    assert!((9..=12).contains(&servers.len()), "{} dials", servers.len());
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn a_notice_tells_what_ended_the_connection() {
    for (details, cause) in [
        ("Auth expired; please reconnect", Cause::AuthExpired),
        ("Idled too long; please reconnect", Cause::Idle),
        ("Subscribed elsewhere", Cause::Notice("Subscribed elsewhere".into())),
    ] {
        let mut stage = Stage::subscribed(&Tokens::default());
        let (mut server, _) = stage.accept().await;
        stage.within(seconds(20)).await;
        let now = Instant::now();
        server.notice(details).await;
        server.0.write_all(&frame(0x88, &1000_u16.to_be_bytes())).await.unwrap();
        let (mut server, seen) = stage.accept().await;
        assert!(seen.contains(&format!("Disconnected({cause:?})")), "{seen:?}");
        let (subscription, _) = stage.beside(server.subscription()).await;
        let expired = cause == Cause::AuthExpired;
        assert_eq!(subscription.0, u64::from(expired), "a new token only where the old one expired");
        assert_eq!(now.elapsed() == Duration::ZERO, expired, "{:?}", now.elapsed());
        // Something said long ago is not why a connection ends.
        server.notice(details).await;
        server.say(r#"{"payload":{"type":"of tomorrow"}}"#).await;
        drop(server);
        let seen = stage.within(SECOND).await;
        assert!(seen.contains(&"Disconnected(Closed(Eof))".to_owned()), "{seen:?}");
        stage.end();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_at_once_is_not_dialled_all_the_time() {
    let mut stage = Stage::subscribed(&Tokens::default());
    let (mut dials, from) = (0, Instant::now());
    while from.elapsed() < seconds(60) {
        let (server, _) = stage.accept().await;
        drop(server);
        dials += 1;
    }
    assert!((4..=14).contains(&dials), "{dials} dials in the first minute");
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn a_failed_dial_is_told_and_repeated() {
    let mut stage = Stage::subscribed(&Tokens::default());
    let failure = DialFailure::Handshake(HandshakeFault::Extension);
    stage.dial(Err(failure)).await;
    let (_server, seen) = stage.accept().await;
    assert_eq!(seen, [format!("retrying {:?}", Cause::Dial(failure)), "Connecting".to_owned()]);
    for _ in 0..2 {
        stage.dial(Err(DialFailure::Certificate)).await;
    }
    stage.end();
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_handshake() {
    let mut stage = Stage::subscribed(&Tokens::default());
    let (mut server, _) = stage.accept().await;
    stage.beside(server.subscription()).await;
    let Stage { socket, ears, .. } = stage;
    let from = Instant::now();
    let answer = async {
        assert_eq!(server.hear().await.0, 0x88);
        tokio::time::sleep(seconds(3)).await;
        server.0.write_all(&frame(0x88, &1000_u16.to_be_bytes())).await.unwrap();
    };
    tokio::join!(socket.close(), answer);
    assert_eq!(from.elapsed(), seconds(3));
    drop(ears);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_cannot_be_written_is_refused() {
    let mut stage = Stage::new(&Tokens::default());
    let error = stage.socket.subscribe_unlisted("subscribe-x", "[1]".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    stage.end();
}
