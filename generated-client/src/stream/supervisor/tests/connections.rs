//! Connections that die, each in its way.

use std::time::Duration;

use tokio::time::Instant;

use super::again;
use super::stage::simulate;
use crate::stream::machine::{DialFailure, Stage};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn row_03_a_half_open_connection_is_left_within_25_s() {
    // The pace of the heartbeats before, and how long silence is borne, in seconds.
    for (pace, borne) in [(3, 25), (5, 25), (10, 25), (50, 25)] {
        simulate(async |stage| {
            let mut session = stage.begin(1..=2).await;
            session.answer_pings(seconds(6 * pace), Some(seconds(pace))).await;
            session.say([3]).await;
            let silent = Instant::now();
            // From here on nothing goes through, in either direction, and nobody says so.
            stage.caller.saw("3, disconnected NoPong, retrying NoPong").await;
            assert_eq!(silent.elapsed().as_secs(), borne, "every {pace} s");
            stage.live(1..=4, &again("r4, ")).await;
        });
    }
}

#[test]
fn row_04_a_write_that_is_stuck_stops_neither_reading_nor_time() {
    simulate(async |stage| {
        let mut session = stage.dial().await.accept_with(128);
        session.live([1]).await;
        stage.caller.saw("connecting, connected, subscribed, r1, caught up").await;
        // Pongs fill the pipe to the server, who reads nothing. What he says still comes.
        let (start, mut number) = (Instant::now(), 1);
        while start.elapsed() < seconds(4) {
            number += 1;
            session.frame(0x89, &[b'x'; 60]).await;
            session.say([number]).await;
            stage.caller.saw(number.to_string()).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        stage.caller.saw("disconnected WriteTimeout, retrying WriteTimeout").await;
        assert!(start.elapsed() <= seconds(7), "{:?}", start.elapsed());
        stage.live(1..=number + 1, &again(&format!("r{}, ", number + 1))).await;
    });
}

#[test]
fn row_05_pongs_without_heartbeats_are_no_life() {
    // The pace of the heartbeats in seconds, and how long silence is borne.
    for (pace, borne) in [(1, 16), (5, 20), (20, 80), (50, 200)] {
        simulate(async |stage| {
            let mut session = stage.begin([1]).await;
            let pace = seconds(pace);
            session.answer_pings(pace * 6, Some(pace)).await;
            stage.caller.saw_nothing(Duration::ZERO).await;
            let silent = Instant::now();
            tokio::select! {
                () = session.answer_pings(seconds(300), None) => panic!("nobody minds"),
                () = stage.caller.saw("disconnected Mute, retrying Mute") => {}
            }
            assert_eq!(silent.elapsed().as_secs(), borne, "{pace:?}");
            stage.live([1, 2], &again("r2, ")).await;
        });
    }
    // Without heartbeats there is no such limit.
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        session.answer_pings(seconds(1_000), None).await;
        session.say([2]).await;
        stage.caller.saw("2").await;
    });
}

#[test]
fn row_06_a_name_that_does_not_resolve_is_tried_for_ever() {
    simulate(async |stage| {
        let unknown = DialFailure::Failed(Stage::Resolve);
        for _ in 0..100 {
            stage.refuse(unknown).await;
            stage.caller.saw("connecting, retrying Failed(Resolve)").await;
        }
        stage.begin([1]).await;
    });
}

#[test]
fn row_18_idled_too_long() {
    simulate(async |stage| {
        let mut session = stage.accept().await;
        session.subscription().await;
        session.notice("Idled too long; please reconnect").await;
        session.close(1000).await;
        let words = "connecting, connected, notice Idled too long; please reconnect, disconnected Idle, retrying Idle";
        stage.caller.saw(words).await;
        let mut session = stage.begin([1]).await;
        // The same on a connection that was live.
        session.notice("Idled too long; please reconnect").await;
        session.close(1000).await;
        stage.caller.saw("notice Idled too long; please reconnect, disconnected Idle, retrying Idle").await;
        stage.live([1, 2], &again("r2, ")).await;
    });
}

#[test]
fn row_43_a_flood_of_pings() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        for _ in 0..100 {
            let flood = [0x89, 4, b'p', b'i', b'n', b'g'].repeat(1_000);
            session.bytes(&flood).await.unwrap();
        }
        session.say([2]).await;
        stage.caller.saw("2").await;
        // Nobody took the answers, of which only the last ones are kept.
        session.frame(0x89, b"last").await;
        let mut answers = 0;
        while session.read().await.expect("an answer").1 != b"last" {
            answers += 1;
        }
        assert!(answers < 10_000, "{answers} answers to 100,000 pings");
    });
}
