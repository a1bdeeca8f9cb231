//! Callers who are too slow get what fast ones get.

use std::time::Duration;

use super::stage::{Stage, simulate_with};
use super::{MINUTE, replay};
use crate::stream::machine::{Settings, SlowCaller, State};

fn small(settings: &mut Settings) {
    settings.buffer_events = 64;
}

/// What is seen of these messages as they happen.
fn words(numbers: impl Iterator<Item = u64>) -> String {
    replay(numbers).replace('r', "")
}

/// The server says a thousand messages and goes on; what the caller gets of it.
async fn thousand(stage: &mut Stage, slow: bool) -> Vec<(usize, u64)> {
    let mut session = stage.begin([1]).await;
    for number in 2..=1_000 {
        session.say([number]).await;
        if !slow {
            stage.caller.saw(number.to_string()).await;
        }
        if number % 100 == 0 {
            session.stay(Duration::from_secs(3)).await;
        }
    }
    if slow {
        // It has left the server.
        session.gone();
        assert_eq!(stage.caller.handle().state(), State::Recovering);
        let mut seen = stage.caller.take_until("lagging").await;
        seen.retain(|word| word.parse::<u64>().is_err());
        assert_eq!(seen, ["lagging"]);
        session = stage.accept().await;
        session.live(1..=1_000).await;
        let mut seen = session.beside(stage.caller.take_until("recovered")).await;
        seen.retain(|word| !word.starts_with('r') || word.starts_with("rec"));
        assert_eq!(seen, ["connecting", "connected", "subscribed", "caught up", "recovered"]);
    }
    session.say([1_001]).await;
    stage.caller.saw("1001").await;
    assert_eq!(stage.caller.handle().state(), State::Live);
    stage.caller.delivered.clone()
}

#[test]
fn row_44_a_slow_caller_gets_what_a_fast_one_gets() {
    let mut got = Vec::new();
    for slow in [false, true] {
        simulate_with(small, async |stage| got.push(thousand(stage, slow).await));
    }
    assert_eq!(got[0], got[1]);
    assert!(got[0].iter().map(|(_, number)| *number).eq(1..=1_001));
}

/// Six hours in which the caller takes everything, or nothing; every hour a hundred messages come.
async fn hours(stage: &mut Stage, stalls: bool) -> Vec<(usize, u64)> {
    let mut session = stage.begin([1]).await;
    for hour in 1..=6 {
        let numbers = hour * 100 - 98..=hour * 100 + 1;
        if stalls && hour > 1 {
            // It has no connection.
            stage.no_dial(60 * MINUTE).await;
            continue;
        }
        session.stay(30 * MINUTE).await;
        session.say(numbers.clone()).await;
        if !stalls {
            stage.caller.saw(words(numbers)).await;
        }
        session.stay(30 * MINUTE).await;
    }
    if stalls {
        session.gone();
        let statistics = stage.caller.statistics().await;
        assert!(statistics.delivered <= 1 + 128, "{statistics:?}");
        let mut seen = stage.caller.take_until("lagging").await;
        seen.retain(|word| word.parse::<u64>().is_err());
        assert_eq!(seen, ["lagging"]);
        session = stage.accept().await;
        session.live(1..=601).await;
        session.beside(stage.caller.take_until("recovered")).await;
    }
    assert_eq!(stage.caller.handle().state(), State::Live);
    stage.caller.delivered.clone()
}

#[test]
fn row_44_a_caller_who_stops_for_hours_gets_what_a_fast_one_gets() {
    let mut got = Vec::new();
    for stalls in [false, true] {
        simulate_with(small, async |stage| got.push(hours(stage, stalls).await));
    }
    assert_eq!(got[0], got[1]);
    assert!(got[0].iter().map(|(_, number)| *number).eq(1..=601));
}

#[test]
fn a_caller_for_whom_the_server_has_to_wait_gets_it_too() {
    let change = |settings: &mut Settings| {
        small(settings);
        settings.slow_caller = SlowCaller::Block;
    };
    simulate_with(change, async |stage| {
        let mut session = stage.begin([1]).await;
        session.say(2..=500).await;
        session.beside(tokio::time::sleep(10 * MINUTE)).await;
        session.beside(stage.caller.saw(words(2..=500))).await;
    });
}
