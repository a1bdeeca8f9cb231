//! Numbers that are missing, days that end, and replays that do not.

use std::time::Duration;

use tokio::time::Instant;

use super::again;
use super::stage::simulate;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn row_29_a_lost_message_that_a_replay_has_is_only_a_counter() {
    simulate(async |stage| {
        let mut old = stage.begin([1, 2]).await;
        old.say([4, 5]).await;
        let from = Instant::now();
        let mut new = stage.accept().await;
        assert!((249..300).contains(&from.elapsed().as_millis()), "{:?}", from.elapsed());
        new.accept().await;
        old.say([6]).await;
        new.say(1..=6).await;
        new.caught_up().await;
        new.say([7]).await;
        stage.caller.saw("r3, 4, 5, 6, 7").await;
        let statistics = stage.caller.statistics().await;
        assert_eq!((statistics.recoveries, statistics.gaps, statistics.disconnects), (1, 0, 0));
    });
}

#[test]
fn row_30_a_lost_message_that_no_replay_has_is_one_gap() {
    simulate(async |stage| {
        let mut old = stage.begin([1, 2]).await;
        old.say([4, 5]).await;
        let mut new = stage.accept().await;
        new.live([1, 2, 4, 5]).await;
        new.say([6]).await;
        stage.caller.saw("gap 2..4, r4, r5, 6").await;
        // It is not said again, whoever connects.
        new.end().await;
        stage.caller.saw("disconnected Eof, retrying Eof").await;
        stage.live([1, 2, 4, 5, 6, 7], &again("r7, ")).await;
        assert_eq!(stage.caller.statistics().await.gaps, 1);
    });
}

#[test]
fn row_34_other_content_under_a_known_number() {
    simulate(async |stage| {
        let mut old = stage.begin([1, 2, 3]).await;
        old.garble(2).await;
        old.say([4]).await;
        let mut new = stage.accept().await;
        new.live(1..=4).await;
        new.say([5]).await;
        stage.caller.saw("4, 5").await;
    });
}

#[test]
fn row_35_the_day_rolls_while_connected() {
    simulate(async |stage| {
        let mut session = stage.begin([1, 2, 3]).await;
        session.day = 1;
        session.say([1, 2]).await;
        stage.caller.saw("epoch, 1', 2'").await;
        assert_eq!(stage.caller.statistics().await.dials, 1);
    });
}

#[test]
fn row_35_the_day_rolls_while_away() {
    simulate(async |stage| {
        let session = stage.begin([1, 2, 3]).await;
        session.end().await;
        stage.caller.saw("disconnected Eof, retrying Eof").await;
        let mut session = stage.accept().await;
        session.day = 1;
        session.live([1]).await;
        // The replay is read again, from its start.
        let told = "connecting, connected, subscribed, lossy epoch, gap 3..?, ";
        stage.caller.saw(format!("{told}disconnected NumbersBeganAnew, retrying NumbersBeganAnew")).await;
        session.gone();
        let mut session = stage.accept().await;
        session.day = 1;
        session.live([1]).await;
        session.say([2]).await;
        stage.caller.saw(again("r1', ") + ", 2'").await;
    });
}

/// One that is behind.
#[test]
fn row_37_a_replay_without_the_last_message_is_asked_for_again() {
    simulate(async |stage| {
        stage.begin(1..=5).await.end().await;
        stage.caller.saw("disconnected Eof, retrying Eof").await;
        let mut session = stage.accept().await;
        session.live(1..=3).await;
        let told = "connecting, connected, subscribed, disconnected ReplayBehind, retrying ReplayBehind";
        stage.caller.saw(told).await;
        session.gone();
        let from = Instant::now();
        let mut session = stage.accept().await;
        assert_eq!(from.elapsed().as_secs(), 2);
        session.live(1..=6).await;
        stage.caller.saw(again("r6, ")).await;
    });
}

#[test]
fn row_37_a_replay_that_stands_still() {
    simulate(async |stage| {
        let mut session = stage.accept().await;
        session.accept().await;
        // Slow is no fault.
        for number in 1..=10 {
            session.stay(seconds(14)).await;
            session.say([number]).await;
        }
        stage.caller.saw("connecting, connected, subscribed, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10").await;
        let still = Instant::now();
        session.beside(stage.caller.saw("disconnected ReplayStalled, retrying ReplayStalled")).await;
        assert_eq!(still.elapsed().as_secs(), 15);
        stage.live(1..=11, &again("r11, ")).await;
    });
}

#[test]
fn row_38_disconnected_in_every_replay() {
    simulate(async |stage| {
        let mut waits = Vec::new();
        for round in 0..40 {
            let from = Instant::now();
            let mut session = stage.accept().await;
            waits.push(from.elapsed());
            session.accept().await;
            session.say(1..=3).await;
            session.end().await;
            let replay = if round == 0 { "r1, r2, r3, " } else { "" };
            stage
                .caller
                .saw(format!("connecting, connected, subscribed, {replay}disconnected Eof, retrying Eof"))
                .await;
        }
        let mean = |waits: &[Duration]| waits.iter().sum::<Duration>() / u32::try_from(waits.len()).unwrap();
        assert!(mean(&waits[..4]) < seconds(2), "{waits:?}");
        assert!(mean(&waits[20..]) > seconds(8), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= seconds(40)), "{waits:?}");
        stage.live(1..=4, &again("r4, ")).await;
    });
}
