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

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::judge::judge;
use self::script::{Action, Script, benign, hostile, with_holes};
use self::world::World;
use crate::stream::core::{Event, Gap};

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

fn run(scripts: impl Strategy<Value = Script>, check: impl Fn(&Script, &World) -> Result<(), TestCaseError>) {
    let (mut runner, seed) = runner(1_000);
    let outcome = runner.run(&scripts, |script| {
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

/// Messages that are passed over are those that would have changed nothing.
#[test]
fn passing_over_what_is_known_makes_no_difference() {
    run(hostile(), |script, world| {
        let mut in_full = World::new(script);
        in_full.in_full = true;
        in_full.play(script).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&world.taken, &in_full.taken);
        prop_assert_eq!(world.core.statistics(), in_full.core.statistics());
        Ok(())
    });
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
/// gaps an hour, none once that was said, and never a message.
#[test]
fn numbers_with_holes_cost_no_message() {
    run(with_holes(), |_, world| holes_cost_no_message(world).map_err(TestCaseError::fail));
}

fn holes_cost_no_message(world: &World) -> Result<(), String> {
    if world.delivered() != world.server.said() {
        return Err(format!("{:?} instead of {:?}", world.delivered(), world.server.said()));
    }
    let mut after = world.taken.iter().skip_while(|event| !matches!(event, Event::NumbersHaveHoles)).skip(1);
    let again = after.find(|event| matches!(event, Event::Gap(_) | Event::NumbersHaveHoles));
    again.map_or(Ok(()), |event| Err(format!("{event:?} after it was said that numbers have holes")))
}

/// A second connection subscribed right before the first message of the day: its empty replay proves
/// nothing of the messages that came on the first one meanwhile.
#[test]
fn an_empty_replay_from_before_the_first_message_is_no_gap() {
    let script = Script {
        seed: 13_693_874_164_863_819_150,
        single: false,
        stride: 4,
        token_life: 300,
        restart_after: None,
        actions: vec![
            Action::Wait(Duration::from_secs(11)),
            Action::Rotate,
            Action::Wait(Duration::from_millis(70)),
            Action::Append(10),
        ],
    };
    let mut world = World::new(&script);
    world.play(&script).unwrap();
    holes_cost_no_message(&world).unwrap();
    let endless = |event: &Event<_>| matches!(event, Event::Gap(Gap { before: None, .. }));
    assert!(!world.taken.iter().any(endless), "{:#?}", world.taken);
}

/// A replay is under way, and more comes on the other connection than is remembered: it is still a
/// replay of the same numbers.
#[test]
fn a_replay_agrees_with_what_was_remembered_when_it_was_asked_for() {
    let script = Script {
        seed: 15_845_089_830_703_364_754,
        single: false,
        stride: 1,
        token_life: 300,
        restart_after: None,
        actions: vec![
            Action::Lose,
            Action::Append(3),
            Action::Wait(Duration::from_millis(70)),
            Action::Trim(1),
            Action::Wait(Duration::from_secs(10)),
            Action::Rotate,
            Action::Wait(Duration::from_millis(70)),
            Action::Append(4),
            Action::Append(2),
        ],
    };
    let mut world = World::new(&script);
    world.play(&script).unwrap();
    judge(&world).unwrap();
    assert!(!world.taken.iter().any(|event| matches!(event, Event::EpochChanged { .. })));
}

/// What nobody can tell: the first message that ever comes is one of new numbers, and then a replay that
/// was under way brings the only one of the old numbers, which was lost before. It looks like numbers
/// that go on after a hole, and is told as that: both come, with a gap between them. What is new under
/// the old number comes as well, later.
#[test]
fn old_numbers_after_the_first_new_one_are_told_as_a_gap() {
    let script = Script {
        seed: 11_757_317_917_511_325_747,
        single: false,
        stride: 1,
        token_life: 40,
        restart_after: None,
        actions: vec![
            Action::Trim(1),
            Action::NoToken(1),
            Action::Roll { anew: false },
            Action::Duplicate(1),
            Action::Append(3),
            Action::Trim(3),
            Action::Wait(Duration::from_millis(1_121)),
            Action::Wait(Duration::from_secs(88)),
            Action::Wait(Duration::from_secs(11)),
            Action::DropLive,
            Action::Roll { anew: true },
            Action::Append(1),
            Action::Wait(Duration::ZERO),
        ],
    };
    let mut world = World::new(&script);
    world.play(&script).unwrap();
    let told: Vec<_> = world
        .taken
        .iter()
        .filter_map(|event| match event {
            Event::Message { sequence, .. } => Some(*sequence),
            Event::Gap(gap) => Some(gap.missing()),
            _ => None,
        })
        .collect();
    assert_eq!(told, [Some(1), Some(2), Some(4), Some(4)], "{:#?}", world.taken);
}
