//! The protocol of Studio's WebSocket, over pipes and in simulated time.

use std::time::Duration;

use clear_street_mock::MockServer;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{ACCOUNT, Heard, Pipe, activity, appended, server, subscribe};

/// A server without heartbeats, which would stand between what is looked for.
async fn quiet() -> MockServer {
    server(|builder| builder.heartbeat(Duration::from_secs(1_000_000))).await
}

fn ack(kind: &str, success: bool, details: &str) -> Value {
    json!({ "type": kind, "account_id": ACCOUNT, "success": success, "details": details })
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_acknowledged_replayed_and_goes_on_live() {
    let server = quiet().await;
    appended(&server, 1..=3);
    let mut pipe = Pipe::open(&server).await;
    pipe.send(&activity(&server.tokens().issue())).await;
    let heard = pipe.payload().await;
    assert_eq!(heard, ack("subscribe-activity-ack", true, "Successfully subscribed"));
    for number in 1..=3 {
        let message = pipe.message().await;
        assert_eq!(message["sequence"], json!(number));
        assert_eq!(message["payload"], json!({ "type": "order-update", "data": { "n": number } }));
        assert!(message["timestamp"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "{message}");
        assert!(message.get("channel").is_none(), "{message}");
    }
    assert_eq!(pipe.payload().await, json!({ "type": "replay-complete" }));
    appended(&server, 4..=4);
    server.journal("activity").unwrap().append(ACCOUNT, "buying-power-update", &json!({}), false);
    assert_eq!(pipe.message().await["sequence"], json!(4));
    let passing = pipe.message().await;
    assert_eq!((&passing["payload"]["type"], passing.get("sequence")), (&json!("buying-power-update"), None));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_subscribe_is_sent_away_after_the_idle_timeout() {
    let server = quiet().await;
    let begun = Instant::now();
    let mut pipe = Pipe::open(&server).await;
    let notice = json!({ "type": "error-notice", "details": "Idled too long; please reconnect" });
    assert_eq!(pipe.payload().await, notice);
    assert_eq!(pipe.next().await, Heard::Closed(1000, String::new()));
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_failed_acknowledgement_does_not_stop_the_idle_timeout() {
    let server = server(|builder| builder.idle_timeout(Duration::from_secs(7))).await;
    let begun = Instant::now();
    let mut pipe = Pipe::open(&server).await;
    pipe.send(&activity("made-up")).await;
    assert_eq!(pipe.payload().await, ack("subscribe-activity-ack", false, "Invalid access token"));
    assert_eq!(pipe.payload().await["type"], "heartbeat");
    assert_eq!(pipe.payload().await["type"], "error-notice");
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_in_their_period_and_say_nothing_else() {
    let server = server(|builder| builder.heartbeat(Duration::from_secs(3))).await;
    let begun = Instant::now();
    let mut pipe = Pipe::open(&server).await;
    pipe.send(&subscribe("event-contracts", &server.tokens().issue())).await;
    pipe.skip(2).await;
    for beat in 1..=3 {
        let message = pipe.message().await;
        assert_eq!(message["payload"], json!({ "type": "heartbeat" }));
        assert!(message.get("channel").is_none() && message["timestamp"].is_i64(), "{message}");
        assert_eq!(begun.elapsed(), Duration::from_secs(3 * beat));
    }
}

#[tokio::test(start_paused = true)]
async fn the_connection_ends_with_the_token() {
    let server = quiet().await;
    let begun = Instant::now();
    let mut pipe = Pipe::subscribed(&server).await;
    let notice = json!({ "type": "error-notice", "details": "Auth expired; please reconnect" });
    assert_eq!(pipe.payload().await, notice);
    assert_eq!(pipe.next().await, Heard::Closed(1000, String::new()));
    assert_eq!(begun.elapsed(), Duration::from_secs(24 * 60 * 60));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_comes_again_renews_the_token() {
    let server = quiet().await;
    server.tokens().set_lifetime(Duration::from_secs(60));
    let begun = Instant::now();
    let mut pipe = Pipe::subscribed(&server).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    pipe.send(&activity(&server.tokens().issue())).await;
    assert_eq!(pipe.payload().await["success"], json!(true));
    assert_eq!(pipe.payload().await["type"], "replay-complete");
    appended(&server, 1..=1);
    assert_eq!(pipe.message().await["sequence"], json!(1));
    assert_eq!(pipe.payload().await["type"], "error-notice");
    assert_eq!(begun.elapsed(), Duration::from_secs(110));
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_subscribes_to_nothing_and_ends_nothing() {
    let server = quiet().await;
    let token = server.tokens().issue();
    let mut before = Pipe::open(&server).await;
    before.send(&activity(&token)).await;
    before.skip(2).await;
    server.tokens().revoke(&token);
    let mut after = Pipe::open(&server).await;
    after.send(&activity(&token)).await;
    assert_eq!(after.payload().await, ack("subscribe-activity-ack", false, "Invalid access token"));
    appended(&server, 1..=1);
    assert_eq!(before.message().await["sequence"], json!(1));
}

#[tokio::test(start_paused = true)]
async fn there_are_as_many_accounts_as_the_exchange_has_and_all_without_one() {
    for (builder, success, details) in [
        (MockServer::builder(), false, "No access to this account"),
        (MockServer::builder().stateless(), true, "Successfully subscribed"),
    ] {
        let server = builder.start().await.unwrap();
        let mut pipe = Pipe::open(&server).await;
        pipe.send(&activity(&server.tokens().issue()).replace(ACCOUNT, "999")).await;
        let payload = pipe.payload().await;
        assert_eq!((&payload["success"], &payload["details"]), (&json!(success), &json!(details)));
    }
    let server = MockServer::builder().stateless().start().await.unwrap();
    let mut pipe = Pipe::open(&server).await;
    pipe.send(&activity("made-up")).await;
    assert_eq!(pipe.payload().await["success"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_understood_is_answered_with_a_notice() {
    let server = quiet().await;
    let mut pipe = Pipe::open(&server).await;
    let token = server.tokens().issue();
    let no_token = json!({ "payload": { "type": "subscribe-activity", "account_id": ACCOUNT } });
    let no_account = json!({ "authorization": token, "payload": { "type": "subscribe-activity" } });
    let number =
        json!({ "authorization": token, "payload": { "type": "subscribe-activity", "account_id": 5 } });
    let unknown = json!({ "authorization": token, "payload": { "type": "subscribe-nothing" } });
    for (text, says) in [
        ("{".to_owned(), "no JSON"),
        ("[]".to_owned(), "no type"),
        (no_token.to_string(), "no access token"),
        (no_account.to_string(), "whose messages"),
        (number.to_string(), "whose messages"),
        (unknown.to_string(), "`subscribe-nothing`"),
    ] {
        pipe.send(&text).await;
        let payload = pipe.payload().await;
        assert_eq!(payload["type"], "error-notice");
        assert!(payload["details"].as_str().unwrap().contains(says), "{text}: {payload}");
        assert!(!payload.to_string().contains(&token), "{payload}");
    }
    pipe.send_binary(b"x").await;
    assert_eq!(pipe.payload().await["details"], "Malformed request: it is no text");
    pipe.send(&activity(&token)).await;
    assert_eq!(pipe.payload().await["success"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn several_subscriptions_share_a_connection() {
    let server = quiet().await;
    let token = server.tokens().issue();
    let contracts = server.journal("event-contracts").unwrap();
    contracts.append(ACCOUNT, "contract-order", &json!({ "state": 1 }), true);
    let mut pipe = Pipe::open(&server).await;
    for channel in ["activity", "event-contracts", "digital-assets"] {
        pipe.send(&subscribe(channel, &token)).await;
        let ack = pipe.message().await;
        assert_eq!(ack["payload"]["type"], json!(format!("subscribe-{channel}-ack")));
        let named = (channel != "activity").then(|| json!(channel));
        assert_eq!(ack.get("channel"), named.as_ref());
        if channel == "event-contracts" {
            let state = pipe.message().await;
            assert_eq!(
                (&state["payload"]["type"], &state["channel"]),
                (&json!("contract-order"), &json!(channel))
            );
        }
        let caught_up = pipe.message().await;
        assert_eq!(caught_up["payload"], json!({ "type": "replay-complete" }));
        assert_eq!(caught_up.get("channel"), named.as_ref());
    }
    pipe.send(&activity(&token).replace(ACCOUNT, "another")).await;
    assert_eq!(pipe.payload().await["account_id"], "another");
    assert_eq!(pipe.payload().await["type"], "replay-complete");
    server.journal("activity").unwrap().append("another", "order-update", &json!("theirs"), true);
    assert_eq!(pipe.payload().await["data"], "theirs");
    appended(&server, 1..=1);
    assert_eq!(pipe.payload().await["data"], json!({ "n": 1 }));
    contracts.append(ACCOUNT, "contract-trade", &json!({}), false);
    assert_eq!(pipe.message().await["channel"], "event-contracts");
}

#[tokio::test(start_paused = true)]
async fn a_new_day_begins_anew_for_who_is_connected_and_who_comes() {
    let server = quiet().await;
    appended(&server, 1..=2);
    let mut pipe = Pipe::subscribed(&server).await;
    server.journal("activity").unwrap().new_day();
    appended(&server, 7..=7);
    assert_eq!(pipe.message().await["sequence"], json!(1));
    let mut late = Pipe::open(&server).await;
    late.send(&activity(&server.tokens().issue())).await;
    late.message().await;
    assert_eq!(late.payload().await["data"], json!({ "n": 7 }));
    assert_eq!(late.payload().await["type"], "replay-complete");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_misses_nothing() {
    let server = quiet().await;
    let mut pipe = Pipe::subscribed(&server).await;
    appended(&server, 1..=20_000);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    for number in 1..=20_000 {
        assert_eq!(pipe.message().await["sequence"], json!(number));
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_a_goodbye_is_returned() {
    let server = quiet().await;
    let mut pipe = Pipe::subscribed(&server).await;
    pipe.ping(b"are you there").await;
    assert_eq!(pipe.next().await, Heard::Pong(b"are you there".to_vec()));
    pipe.close(1000).await;
    assert_eq!(pipe.next().await, Heard::Closed(1000, String::new()));
    assert_eq!(pipe.next().await, Heard::Gone);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_ends_its_connections() {
    let server = quiet().await;
    let mut pipe = Pipe::subscribed(&server).await;
    server.stop().await;
    assert_eq!(pipe.next().await, Heard::Gone);
}
