//! However often connections end, whoever wants them: there are sixty dials a minute at most, and twenty at once.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::stage::{simulate, simulate_with};
use super::{MINUTE, again};
use crate::stream::machine::{ResumePoint, Settings, State};

/// There are never more than 80 of them within a minute.
pub(super) fn assert_paced(dials: &[Instant]) {
    for dials in dials.windows(81) {
        assert!(dials[80] - dials[0] >= MINUTE, "{:?}", dials[80] - dials[0]);
    }
}

#[test]
fn row_45_a_server_that_accepts_and_closes_a_thousand_times() {
    // Also if the waits between attempts allow for more.
    let change = |settings: &mut Settings| settings.max_backoff = Duration::from_millis(100);
    simulate_with(change, async |stage| {
        let mut dials = Vec::new();
        for round in 0..1_000 {
            let mut session = stage.accept().await;
            dials.push(Instant::now());
            session.live([1]).await;
            session.close(1000).await;
            let replay = if round == 0 { "r1, " } else { "" };
            stage
                .caller
                .saw(again(replay) + ", disconnected Code(Some(1000)), retrying Code(Some(1000))")
                .await;
        }
        assert_paced(&dials);
        assert!(dials[999] - dials[0] < 18 * MINUTE, "it does not give up");
        stage.live([1, 2], &again("r2, ")).await;
    });
}

#[test]
fn row_45_one_stream_dials_ten_times_in_the_first_minute_and_four_times_a_minute_later() {
    simulate(async |stage| {
        let begun = Instant::now();
        let mut dials = Vec::new();
        while begun.elapsed() < 31 * MINUTE {
            let mut session = stage.accept().await;
            dials.push(begun.elapsed());
            session.live([1]).await;
            session.close(1000).await;
        }
        let first = dials.iter().filter(|at| **at < MINUTE).count();
        let later = dials.iter().filter(|at| **at >= MINUTE).count();
        assert!((7..=14).contains(&first), "{first} in the first minute");
        assert!((90..=150).contains(&later), "{later} in half an hour");
        stage.caller.take(Duration::ZERO).await;
        stage.live([1, 2], &again("r2, ")).await;
    });
}

#[test]
fn row_51_a_hundred_accounts_that_lose_their_connections_together() {
    simulate(async |stage| {
        let mut callers: Vec<_> =
            (0..99).map(|_| stage.another(Settings::default(), ResumePoint::default())).collect();
        let mut dials = Vec::new();
        for round in 0..2 {
            let from = Instant::now();
            let (end, over) = watch::channel(());
            for _ in 0..100 {
                let mut session = stage.accept().await;
                dials.push(Instant::now());
                session.live(1..=round + 1).await;
                let mut over = over.clone();
                tokio::spawn(async move {
                    _ = session.beside(over.changed()).await;
                    session.gone();
                });
            }
            assert!(from.elapsed() <= Duration::from_secs(100), "{:?}", from.elapsed());
            sleep(Duration::from_secs(1)).await;
            for caller in callers.iter().chain([&stage.caller]) {
                assert_eq!(caller.handle().state(), State::Live);
            }
            // All of them end at once.
            drop(end);
        }
        assert_paced(&dials);
        for caller in callers.iter_mut() {
            caller.take(Duration::ZERO).await;
            caller.assert_got(&stage.common.said());
            caller.leave().await;
        }
        stage.caller.take(Duration::ZERO).await;
    });
}
