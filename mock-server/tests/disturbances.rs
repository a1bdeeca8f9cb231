//! What goes wrong with the messages of streams, each once, over pipes and in simulated time.
#![allow(clippy::unwrap_used, reason = "a test fails where it fails")]

mod support;

use std::time::Duration;

use clear_street_mock::{Disturbance, During, MockServer, StreamFault};
use serde_json::json;
use tokio::time::Instant;

use support::{ACCOUNT, Heard, Pipe, activity, appended, server};

/// A server without heartbeats and with this fault.
async fn disturbed(fault: StreamFault) -> MockServer {
    let server = server(|builder| builder.heartbeat(Duration::from_secs(1_000_000))).await;
    server.stream_fault(fault).unwrap();
    server
}

/// The numbers of the next messages.
async fn numbers(pipe: &mut Pipe, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(pipe.message().await["sequence"].as_u64().unwrap());
    }
    numbers
}

/// The numbers that a new subscription is told of before it is live.
async fn replayed(server: &MockServer) -> Vec<u64> {
    let mut pipe = Pipe::open(server).await;
    pipe.send(&activity(&server.tokens().issue())).await;
    let mut numbers = Vec::new();
    loop {
        let message = pipe.message().await;
        match message.get("sequence") {
            Some(number) => numbers.push(number.as_u64().unwrap()),
            None if message["payload"]["type"] == "replay-complete" => return numbers,
            None => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_left_out_doubled_and_swapped() {
    for (disturbance, expected) in [
        (Disturbance::Gap, vec![1, 3, 4]),
        (Disturbance::Duplicate, vec![1, 2, 2, 3, 4]),
        (Disturbance::Reorder, vec![1, 3, 2, 4]),
    ] {
        let server = disturbed(StreamFault::new(disturbance).channel("activity").message(2)).await;
        let mut pipe = Pipe::subscribed(&server).await;
        appended(&server, 1..=4);
        assert_eq!(numbers(&mut pipe, expected.len()).await, expected, "{disturbance:?}");
        assert_eq!(replayed(&server).await, [1, 2, 3, 4], "{disturbance:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_come_late() {
    let delay = Duration::from_secs(20);
    let server = disturbed(StreamFault::new(Disturbance::Delay(delay)).message(1)).await;
    let mut pipe = Pipe::subscribed(&server).await;
    let begun = Instant::now();
    appended(&server, 1..=2);
    assert_eq!(numbers(&mut pipe, 2).await, [1, 2]);
    assert_eq!(begun.elapsed(), delay);
}

#[tokio::test(start_paused = true)]
async fn a_mute_connection_answers_pings_and_nothing_else() {
    let server = server(|builder| builder.token_lifetime(Duration::from_secs(60))).await;
    server.stream_fault(StreamFault::new(Disturbance::Mute).message(1)).unwrap();
    let mut pipe = Pipe::subscribed(&server).await;
    appended(&server, 1..=100);
    tokio::time::sleep(Duration::from_secs(600)).await;
    pipe.ping(b"p").await;
    assert_eq!(pipe.next().await, Heard::Pong(b"p".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_now_ends_every_connection_that_has_it() {
    let server = disturbed(StreamFault::new(Disturbance::ExpireNow).account(ACCOUNT).message(1)).await;
    let token = server.tokens().issue();
    let mut pipes = [Pipe::open(&server).await, Pipe::open(&server).await];
    for pipe in &mut pipes {
        pipe.send(&activity(&token)).await;
        pipe.skip(2).await;
    }
    appended(&server, 1..=1);
    let mut numbers = 0;
    for pipe in &mut pipes {
        let mut payload = pipe.payload().await;
        // The other one may have been told before.
        if payload["type"] == "order-update" {
            numbers += 1;
            payload = pipe.payload().await;
        }
        assert_eq!(payload, json!({ "type": "error-notice", "details": "Auth expired; please reconnect" }));
        assert_eq!(pipe.next().await, Heard::Closed(1000, String::new()));
    }
    assert!(numbers <= 1 && !server.tokens().accepts(&token));
}

#[tokio::test(start_paused = true)]
async fn connections_end_with_and_without_a_word() {
    for (disturbance, expected) in [
        (Disturbance::Close(1012), Heard::Closed(1012, String::new())),
        (Disturbance::Cut, Heard::Gone),
        (Disturbance::Reset, Heard::Gone),
    ] {
        let server = disturbed(StreamFault::new(disturbance).message(2)).await;
        let mut pipe = Pipe::subscribed(&server).await;
        appended(&server, 1..=2);
        assert_eq!(numbers(&mut pipe, 1).await, [1]);
        assert_eq!(pipe.next().await, expected);
        assert_eq!(replayed(&server).await, [1, 2], "{disturbance:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_disturbed_only_if_that_is_asked_for() {
    let server = disturbed(StreamFault::new(Disturbance::Cut).during(During::Replay).message(2)).await;
    appended(&server, 1..=3);
    let mut pipe = Pipe::open(&server).await;
    pipe.send(&activity(&server.tokens().issue())).await;
    pipe.skip(1).await;
    assert_eq!(numbers(&mut pipe, 1).await, [1]);
    assert_eq!(pipe.next().await, Heard::Gone);
    assert_eq!(replayed(&server).await, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_can_ask_for_what_befalls_only_itself() {
    let server = server(|builder| builder).await;
    let mut undisturbed = Pipe::subscribed(&server).await;
    let header = ("x-mock-stream-fault", r#"fault=gap, message=2, account="100000""#);
    let mut disturbed = Pipe::open_with(&server, &[header]).await;
    disturbed.send(&activity(&server.tokens().issue())).await;
    disturbed.skip(2).await;
    appended(&server, 1..=3);
    assert_eq!(numbers(&mut disturbed, 2).await, [1, 3]);
    assert_eq!(numbers(&mut undisturbed, 3).await, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_happens_by_chance_happens_the_same_way_again() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let server = disturbed(StreamFault::new(Disturbance::Gap).percent(20)).await;
        let mut pipe = Pipe::subscribed(&server).await;
        appended(&server, 1..=500);
        seen.push(numbers(&mut pipe, 300).await);
    }
    let lost = seen[0][299] - 300;
    assert!((25..125).contains(&lost), "{lost}");
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn what_there_is_not_cannot_go_wrong() {
    let server = MockServer::start().await.unwrap();
    let error = server.stream_fault(StreamFault::new(Disturbance::Gap).channel("activty")).unwrap_err();
    assert_eq!(error.to_string(), "the spec has no channel `activty`");
}
