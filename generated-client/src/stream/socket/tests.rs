//! Sockets over pipes, in simulated time.

use clear_street_test_support::eavesdrop::Ears;
use clear_street_test_support::frames::frame;
use tokio::time::timeout_at;

use super::*;
use crate::ErrorKind;
use crate::stream::supervisor::tests::caller::{assert_holds_no_token, word};
use crate::stream::supervisor::tests::server::Answer::{Deny, EndInReplay, Fail, Live};
use crate::stream::supervisor::tests::server::{CLOSE, Order, Server, ack, notice};
use crate::stream::supervisor::tests::{HOUR, MINUTE, SECOND, in_simulation, millis, shared};
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};
use crate::studio::event_contracts::{EventContractsMessage, EventContractsSubscription};

/// What is seen of a connection.
const LIVE: &str = "connecting, connected, subscribe-activity-ack, replay-complete";

fn activity(account: &str) -> ActivitySubscription {
    ActivitySubscription::new(AccountId::new(account))
}

/// Plays it with a socket that has a subscription.
fn simulate(play: impl AsyncFnOnce(&Server, Socket, &Ears)) {
    in_simulation(async |ears| {
        let server = Server::default();
        let layout = ActivityMessage::CHANNEL.layout;
        let protocol = Protocol { layout, channels: crate::studio::CHANNELS };
        let (dial, tokens) = (server.clone(), server.clone());
        let mut socket = Socket::new(dial, tokens, &shared(), protocol, Settings::default());
        socket.subscribe(activity("a")).unwrap();
        play(&server, socket, ears).await;
    });
}

/// What comes within this time, or until the end, in words.
async fn take(socket: &mut Socket, time: Duration) -> String {
    let (mut words, until) = (Vec::new(), Instant::now() + time);
    while let Ok(Some(event)) = timeout_at(until, socket.next()).await {
        words.push(match event {
            Ok(SocketEvent::Connection(connection)) => word(connection),
            Ok(SocketEvent::Message(message)) => message.kind.as_deref().unwrap_or("no type").to_owned(),
            Ok(SocketEvent::Undecodable(undecodable)) => format!("?{}", undecodable.text()),
            Err(error) => error.to_string(),
        });
    }
    let words = words.join(", ");
    assert_holds_no_token(&words);
    words
}

#[test]
fn all_subscriptions_are_made_on_one_connection_and_again_on_the_next() {
    simulate(async |server, mut socket, _| {
        socket.subscribe(EventContractsSubscription::new(AccountId::new("b"))).unwrap();
        let payload = r#" {"account_id": "c", "depth": 7} "#.parse().unwrap();
        socket.subscribe_unlisted("subscribe-of-tomorrow", payload).unwrap();
        let error = socket.subscribe_unlisted("subscribe-x", "[1]".parse().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        for before in ["", "disconnected Eof, retrying Eof, ", "disconnected Eof, retrying Eof, "] {
            assert_eq!(take(&mut socket, 3 * SECOND).await, format!("{before}{LIVE}"));
            if before.is_empty() {
                // One more, on the open connection.
                socket.subscribe(activity("d")).unwrap();
            }
            server.say(r#"{"sequence":7,"payload":{"type":"order-update","data":7}}"#);
            // Heartbeats are not seen.
            assert_eq!(take(&mut socket, 6 * SECOND).await, "order-update");
            let subscriptions = std::mem::take(&mut server.state().subscriptions);
            assert_eq!(
                subscriptions.join(", "),
                "subscribe-activity a-1, subscribe-event-contracts b-1, subscribe-of-tomorrow c-1, \
                subscribe-activity d-1"
            );
            server.order(Order::End);
        }
    });
}

#[test]
fn a_message_is_typed_by_its_channel_and_one_that_cannot_be_read_ends_nothing() {
    simulate(async |server, mut socket, _| {
        take(&mut socket, SECOND).await;
        for (text, activity, contracts) in [
            (r#"{"payload":{"type":"replay-complete"}}"#, Some(true), Some(true)),
            (r#"{"channel":"event-contracts","payload":{"type":"replay-complete"}}"#, None, Some(true)),
            (r#"{"channel":"event-contracts","payload":{"type":"of tomorrow"}}"#, None, Some(true)),
            (r#"{"payload":{"type":"order-update","data":{"side":7}}}"#, Some(false), None),
            (r#"{"channel":"of tomorrow","payload":{"type":"order-update"}}"#, None, None),
            (r#"{"payload":{"type":"of tomorrow"}}"#, None, None),
        ] {
            server.say(text);
            let event = socket.next().await.unwrap().unwrap();
            let SocketEvent::Message(message) = event else { panic!("{event:?}") };
            assert_eq!(message.text, text);
            assert_eq!(message.decode::<ActivityMessage>().map(|read| read.is_ok()), activity, "{text}");
            let read = message.decode::<EventContractsMessage>().map(|read| read.is_ok());
            assert_eq!(read, contracts, "{text}");
            assert!(!format!("{message:?}").contains("payload"), "the text is not shown");
        }
        server.say("no JSON");
        server.order(Order::Bytes(frame(0x82, b"\"\xff\"")));
        server.order(Order::Bytes(frame(0x82, br#"{"payload":{"type":"binary"}}"#)));
        assert_eq!(take(&mut socket, SECOND).await, "?no JSON, ?\"\u{fffd}\", binary");
    });
}

#[test]
fn a_dead_connection_is_left_within_25_s() {
    simulate(async |server, mut socket, _| {
        assert_eq!(take(&mut socket, SECOND).await, LIVE);
        // As long as bytes of a message come, or pongs, all is well.
        server.order(Order::Mute);
        server.order(Order::Bytes(vec![0x81, 126, 1, 0]));
        for _ in 0..10 {
            assert_eq!(take(&mut socket, 14 * SECOND).await, "");
            server.order(Order::Bytes(b"{".to_vec()));
        }
        assert_eq!(take(&mut socket, millis(45_010)).await, "");
        server.order(Order::Freeze);
        assert_eq!(take(&mut socket, millis(24_900)).await, "");
        assert!(take(&mut socket, millis(100)).await.starts_with("disconnected NoPong"));
    });
}

#[test]
fn three_refusals_in_a_row_are_final_unless_a_subscription_was_accepted() {
    let ended = "the stream has ended: the credentials or the account were refused:";
    simulate(async |server, mut socket, ears| {
        // A server can repeat the token.
        server.answer([Deny("bad planted-token-of-a-stream-0123456789-1")]);
        server.state().usual = Deny("bad token");
        let tried = "connecting, connected, subscribe-activity-ack, disconnected ";
        let [echoed, refused] = ["(token)", "token"].map(|token| format!("Refused(\"bad {token}\")"));
        let seen = format!("{tried}{echoed}, retrying {echoed}, {tried}{refused}, retrying {refused}, ");
        assert_eq!(take(&mut socket, HOUR).await, format!("{seen}{tried}{refused}, {ended} bad token"));
        assert!(socket.next().await.is_none());
        // A new one every 10 s at most.
        assert_eq!(server.state().token_requests, [None, Some(1), None]);
        // The library shows what a server sends.
        ears.take();
    });
    // The token endpoint refuses.
    simulate(async |server, mut socket, _| {
        server.state().no_token = Some(NoToken::Refused("no".into()));
        assert!(take(&mut socket, MINUTE).await.ends_with(&format!("{ended} no")));
        assert_eq!(server.state().token_requests.len(), 3);
    });
    // A subscription was accepted.
    simulate(async |server, mut socket, _| {
        take(&mut socket, SECOND).await;
        server.state().usual = Deny("no");
        server.say(&ack(false, "no"));
        server.order(Order::Close(None, 1000));
        let seen = take(&mut socket, MINUTE).await;
        // It is not the token.
        assert!(seen.starts_with("subscribe-activity-ack, disconnected Code(Some(1000))"), "{seen}");
        let refusals = seen.matches("retrying Refused(\"no\")").count();
        assert!(refusals > 3 && !seen.contains("has ended"), "{seen}");
    });
}

#[test]
fn a_new_token_is_used_before_the_old_one_expires() {
    simulate(async |server, mut socket, _| {
        server.state().token_life = Some(HOUR);
        let again = format!(", disconnected AuthExpired, retrying AuthExpired, {LIVE}");
        assert_eq!(take(&mut socket, 2 * HOUR).await, format!("{LIVE}{again}{again}"));
        for dials in server.dials().windows(2) {
            assert_eq!((dials[1] - dials[0]).as_secs(), 3_540);
        }
        let subscriptions = server.state().subscriptions.join(", ");
        assert_eq!(subscriptions, "subscribe-activity a-1, subscribe-activity a-2, subscribe-activity a-3");
    });
}

#[test]
fn a_server_that_ends_all_connections_is_not_dialled_all_the_time() {
    // Tokens that hardly live; and no tokens that end: the waits are drawn by chance, and a million
    // simulated minutes had 8 to 19 dials.
    for (life, dials) in [(Some(SECOND), 5..=8), (None, 4..=20)] {
        simulate(async |server, mut socket, _| {
            server.state().token_life = life;
            if life.is_none() {
                server.state().usual = EndInReplay;
            }
            take(&mut socket, MINUTE).await;
            let dialled = server.dials().len();
            assert!(dials.contains(&dialled), "{dialled} dials in the first minute");
        });
    }
}

#[test]
fn a_notice_tells_what_ended_the_connection() {
    for (details, cause) in [
        ("Auth expired; please reconnect", "AuthExpired"),
        ("Idled too long; please reconnect", "Idle"),
        ("Subscribed elsewhere", "Notice(\"Subscribed elsewhere\")"),
    ] {
        simulate(async |server, mut socket, _| {
            take(&mut socket, 20 * SECOND).await;
            let from = Instant::now();
            server.order(Order::Close(Some(details), 1000));
            let seen = format!("error-notice, disconnected {cause}, retrying {cause}, {LIVE}");
            assert_eq!(take(&mut socket, SECOND).await, seen);
            let expired = cause == "AuthExpired";
            let requested = server.state().token_requests[1];
            assert_eq!(requested, expired.then_some(1), "a new token only where the old one expired");
            let waited = server.dials()[1] - from;
            assert_eq!(waited < millis(50), expired, "{waited:?}");
            // Something said long ago is not why a connection ends.
            server.say(&notice(details));
            server.say(r#"{"payload":{"type":"of tomorrow"}}"#);
            server.order(Order::End);
            let seen = take(&mut socket, SECOND).await;
            assert!(seen.starts_with("error-notice, of tomorrow, disconnected Eof"), "{seen}");
        });
    }
}

#[test]
fn closing_waits_for_the_handshake_of_an_open_connection() {
    let fails = Fail(DialFailure::Handshake("unasked `Sec-WebSocket-Extensions`"));
    for (usual, seen, order, time) in [
        (Live, LIVE, Order::Mute, CLOSE),
        (Live, LIVE, Order::Freeze, 5 * SECOND),
        // There is nothing to wait for.
        (fails, "connecting, retrying Handshake(", Order::Mute, Duration::ZERO),
    ] {
        simulate(async |server, mut socket, _| {
            server.state().usual = usual;
            assert!(take(&mut socket, SECOND).await.starts_with(seen));
            server.order(order);
            take(&mut socket, SECOND).await;
            let (from, dials) = (Instant::now(), server.dials().len());
            socket.close().await;
            assert!((time..time + millis(5)).contains(&from.elapsed()), "{:?}", from.elapsed());
            sleep(HOUR).await;
            assert_eq!(server.dials().len(), dials, "it dials after it was closed");
        });
    }
}
