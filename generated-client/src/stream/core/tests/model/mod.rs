//! Scripts of what servers, networks and callers do, run against the core; what the caller got is held
//! against what the server said.
//!
//! Without being told otherwise these are the same scripts in every run. `CLEAR_STREET_STREAM_SCRIPTS`
//! sets the number of scripts of each test, and lets chance decide which; 100,000 take some minutes in
//! a release build. The seed is printed, and `PROPTEST_RNG_SEED` takes it to run them again. A script
//! that fails is made as small as possible and printed.

mod day;
mod judge;
mod script;
mod server;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::judge::judge;
use self::script::{Script, benign, hostile, with_holes};
use self::world::World;
use crate::stream::core::Event;

fn run(scripts: impl Strategy<Value = Script>, check: impl Fn(&Script, &World) -> Result<(), TestCaseError>) {
    let cases = std::env::var("CLEAR_STREET_STREAM_SCRIPTS").ok().and_then(|number| number.parse().ok());
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| if cases.is_some() { fastrand::u64(..) } else { 0 });
    let config = Config {
        cases: cases.unwrap_or(1_000),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&scripts, |script| {
        let mut world = World::new(&script);
        world.play(&script).map_err(TestCaseError::fail)?;
        check(&script, &world)
    });
    if let Err(failure) = outcome {
        panic!("with the seed {seed}: {failure}");
    }
}

/// Promises 1, 2 and 4: whatever happens, every message comes once and in order or is reported, a
/// connection that says nothing is left in time, and memory is bounded.
#[test]
fn nothing_is_lost_twice_or_out_of_order_without_a_word() {
    run(hostile(), |_, world| judge(world).map_err(TestCaseError::fail));
}

/// As long as the server can still send what is missing, there is nothing to report: a caller cannot
/// tell the faults from a quiet day.
#[test]
fn what_can_be_replayed_is_never_a_gap() {
    run(benign(), |_, world| {
        judge(world).map_err(TestCaseError::fail)?;
        prop_assert_eq!(world.delivered(), world.server.said());
        let bad = world.taken.iter().find(|event| {
            matches!(event, Event::Gap(_) | Event::EpochChanged { .. } | Event::NumbersHaveHoles)
        });
        prop_assert!(bad.is_none(), "{:?}", bad);
        Ok(())
    });
}

/// Row 32 with everything else that can be replayed: numbers with holes by design cost at most three
/// gaps, and never a message.
#[test]
fn numbers_with_holes_cost_no_message() {
    run(with_holes(), |script, world| {
        // Another process begins to count anew.
        let processes = 1 + usize::from(script.restart_after.is_some());
        prop_assert_eq!(world.delivered(), world.server.said());
        let count = |wanted: fn(&Event<_>) -> bool| world.taken.iter().filter(|event| wanted(event)).count();
        prop_assert!(count(|event| matches!(event, Event::Gap(_))) <= 3 * processes, "{:#?}", world.taken);
        prop_assert!(count(|event| matches!(event, Event::NumbersHaveHoles)) <= 1);
        Ok(())
    });
}
