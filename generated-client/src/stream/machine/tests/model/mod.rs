//! Scripts of what servers, networks and callers do, run against the machine; what the callers got is
//! compared with what the server said.
//!
//! By default these are the same scripts in every run. `CLEAR_STREET_STREAM_SCRIPTS` sets the number of
//! scripts of each test, and lets chance decide which; 100,000 take some minutes in a release build. The
//! seed is printed, and `PROPTEST_RNG_SEED` takes it to run them again. A script that fails is made as
//! small as possible and printed.

mod judge;
mod script;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::judge::judge;
use self::script::{Script, benign, hostile, play};
use super::world::World;
use crate::stream::machine::{Event, State};

/// Small, so that scripts reach the limits.
const HOLD: usize = 8;
const REMEMBER: usize = 6;
const AUDIT: Duration = Duration::from_secs(100);

/// Runs as many cases as are wanted, and the seed that decides which.
pub(in crate::stream) fn runner(cases: u32) -> (TestRunner, u64) {
    let wanted = std::env::var("CLEAR_STREET_STREAM_SCRIPTS").ok().and_then(|number| number.parse().ok());
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| if wanted.is_some() { fastrand::u64(..) } else { 0 });
    let config = Config {
        cases: wanted.unwrap_or(cases),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    (TestRunner::new(config), seed)
}

fn run(
    cases: u32,
    scripts: impl Strategy<Value = Script>,
    check: impl Fn(&Script, &World) -> Result<(), TestCaseError>,
) {
    let (mut runner, seed) = runner(cases);
    let outcome = runner.run(&scripts, |script| {
        let world = play(&script, false).map_err(TestCaseError::fail)?;
        check(&script, &world)
    });
    if let Err(failure) = outcome {
        panic!("with the seed {seed}: {failure}");
    }
}

/// Promises 1, 2 and 4: whatever happens, every message comes once and in order or is reported, a
/// connection that says nothing is left in time, and memory is bounded.
#[test]
fn whatever_happens_nothing_is_lost_or_doubled_without_a_word() {
    let scripts = RefCell::new((0u32, BTreeMap::<String, u32>::new()));
    run(2_000, hostile(), |_, world| {
        let mut scripts = scripts.borrow_mut();
        scripts.0 += 1;
        for what in &world.server.seen {
            *scripts.1.entry(what.clone()).or_default() += 1;
        }
        judge(world).map_err(TestCaseError::fail)
    });
    let (scripts, seen) = scripts.into_inner();
    for what in ABILITIES.split(',').map(str::trim) {
        let times = seen.get(what).copied().unwrap_or_default();
        assert!(times * 100 >= scripts, "{what}: in {times} of {scripts} scripts");
    }
}

/// What has to occur in at least one of a hundred scripts: steps, and what follows from them.
const ABILITIES: &str = "
    a copy that stays behind, a correction, a loss among sparse numbers, a refused subscription, a refused upgrade,
    a replay that is behind, a replay that is written differently, a replay that lacks a message,
    a replay that never ends, a subscription that ends another, days that begin alike,
    drop-live, life 4s, lose, malformed, period none, roll, streams 25, trim, unnumbered";

/// Messages that are passed over are those that would have changed nothing.
#[test]
fn passing_over_old_messages_makes_no_difference() {
    run(1_000, hostile(), |script, world| {
        let in_full = play(script, true).map_err(TestCaseError::fail)?;
        for (client, in_full) in world.clients.iter().zip(&in_full.clients) {
            prop_assert_eq!(&client.taken, &in_full.taken);
        }
        Ok(())
    });
}

/// As long as the server can still send what is missing, there is nothing to report: a caller cannot
/// tell the faults from a quiet day.
#[test]
fn what_can_be_replayed_is_never_a_gap() {
    run(1_000, benign(), |_, world| {
        judge(world).map_err(TestCaseError::fail)?;
        let is_excused = ["a replay that never ends", "a replay that is behind"]
            .iter()
            .any(|it| world.server.seen.contains(*it));
        if is_excused {
            // What is live then is taken for a part of the replay; and what a copy lacks is missing at first.
            return Ok(());
        }
        for client in world.clients.iter().filter(|client| client.machine.state != State::Failed) {
            let bad = client.taken.iter().find(|event| {
                matches!(event, Event::Gap(_) | Event::EpochChanged { .. } | Event::NumbersHaveHoles)
            });
            prop_assert!(bad.is_none(), "a gap: {:?}", bad);
        }
        Ok(())
    });
}
