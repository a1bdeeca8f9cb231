//! Whatever servers, networks and callers do: every message once and in order, or a gap.
//!
//! The core has a larger test of the same promise; this one is of what is around it.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::sleep;

use super::MINUTE;
use super::caller::Caller;
use super::day::open;
use super::pace::assert_paced;
use super::server::Server;
use super::session::Journal;
use super::stage::in_simulation;
use crate::stream::machine::tests::model::runner;
use crate::stream::machine::{Gap, NoToken, Settings, State};

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Action {
    Wait(Duration),
    Write(u64),
    WriteSilently,
    WriteCrossed,
    Skip,
    Repeat(usize),
    Unnumbered,
    Malformed,
    Trim(usize),
    Roll,
    Cut,
    Freeze,
    Close(Option<&'static str>, u16),
    Refuse(usize, u16),
    NoTokenFor(Duration),
    Stall,
    Go,
    Rotate,
    Reconnect,
}

/// What the server can make good.
fn harmless() -> impl Strategy<Value = Action> {
    let wait = || {
        prop_oneof![
            4 => (0u64..2_000).prop_map(Duration::from_millis),
            1 => (2u64..90).prop_map(Duration::from_secs),
        ]
    };
    let notice = prop::option::of(prop::sample::select(vec!["Idled too long", "Auth expired", "Sorry"]));
    let code = prop::sample::select(vec![1000, 1001, 1011, 1012, 4000]);
    prop_oneof![
        12 => wait().prop_map(Action::Wait),
        10 => (1u64..20).prop_map(Action::Write),
        2 => Just(Action::WriteSilently),
        2 => Just(Action::WriteCrossed),
        2 => (1usize..8).prop_map(Action::Repeat),
        1 => Just(Action::Unnumbered),
        2 => Just(Action::Cut),
        1 => Just(Action::Freeze),
        2 => (notice, code).prop_map(|(notice, code)| Action::Close(notice, code)),
        1 => (1usize..4, prop::sample::select(vec![429, 503, 302])).prop_map(|(n, s)| Action::Refuse(n, s)),
        1 => wait().prop_map(Action::NoTokenFor),
        1 => Just(Action::Stall),
        2 => Just(Action::Go),
        1 => Just(Action::Rotate),
        1 => Just(Action::Reconnect),
    ]
}

fn anything() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => harmless(),
        1 => Just(Action::Skip),
        1 => Just(Action::Malformed),
        1 => (1usize..30).prop_map(Action::Trim),
        1 => Just(Action::Roll),
    ]
}

/// A stream in the middle of all that.
struct World {
    server: Server,
    caller: Caller,
    stalled: bool,
}

impl World {
    async fn pass(&mut self, time: Duration) {
        match self.stalled {
            true => sleep(time).await,
            false => drop(self.caller.take(time).await),
        }
    }

    async fn act(&mut self, action: Action) {
        let server = &self.server;
        match action {
            Action::Wait(time) => self.pass(time).await,
            Action::Write(messages) => server.write(messages),
            Action::WriteSilently => server.write_silently(),
            Action::WriteCrossed => server.write_crossed(),
            Action::Skip => server.skip(),
            Action::Repeat(messages) => server.repeat(messages),
            Action::Unnumbered => server.say(r#"{"payload":{"type":"news","data":"unnumbered"}}"#),
            Action::Malformed => server.say("{"),
            Action::Trim(messages) => server.trim(messages),
            Action::Roll => {
                // What is not known by then nobody can tell from what is new.
                self.settle().await;
                if self.caller.handle().state() == State::Live {
                    self.server.roll();
                    self.server.write(1);
                    self.pass(MINUTE).await;
                }
            }
            Action::Cut => server.cut(),
            Action::Freeze => server.freeze(),
            Action::Close(notice, code) => server.close(notice, code),
            Action::Refuse(dials, status) => server.refuse(dials, status),
            Action::NoTokenFor(time) => {
                server.tokens.set(|tokens| tokens.none = Some(NoToken::Unavailable(None)));
                self.pass(time).await;
                self.server.tokens.set(|tokens| tokens.none = None);
            }
            Action::Stall => self.stalled = true,
            Action::Go => self.stalled = false,
            Action::Rotate => self.caller.handle().rotate_now(),
            Action::Reconnect => self.caller.handle().reconnect_now(),
        }
    }

    /// Lets everything come to rest, as far as it does.
    async fn settle(&mut self) {
        for _ in 0..2 {
            self.server.write(1);
            self.pass(10 * MINUTE).await;
        }
    }
}

/// Plays them; what the caller got is given to the judge.
fn play(
    actions: &[Action],
    judge: impl FnOnce(&Caller, &Journal) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut verdict = Ok(());
    in_simulation(async || {
        let server = Server::new(20 * MINUTE);
        let settings = Settings {
            buffer_events: 24,
            hold_messages: 8,
            ..Settings::default()
        };
        let mut world = World { caller: open(&server, settings), server, stalled: false };
        for action in actions {
            world.act(*action).await;
        }
        world.stalled = false;
        world.settle().await;
        _ = world.caller.handle().wait_until_live(10 * MINUTE).await;
        world.caller.take(Duration::from_secs(1)).await;
        assert_paced(&world.server.dials());
        verdict = match world.caller.handle().state() {
            State::Live => judge(&world.caller, &world.server.said()),
            state => Err(TestCaseError::fail(format!("in the end it is {state:?}"))),
        };
        world.caller.leave().await;
    });
    verdict
}

#[test]
fn what_the_server_has_is_never_a_gap() {
    let (mut runner, seed) = runner(150);
    let outcome = runner.run(&vec(harmless(), 1..40), |actions| {
        play(&actions, |caller, said| {
            prop_assert!(caller.gaps.is_empty(), "{:?}", caller.gaps);
            prop_assert!(caller.delivered.iter().eq(said), "got {:?} of {:?}", caller.delivered, said);
            Ok(())
        })
    });
    outcome.unwrap_or_else(|failure| panic!("with the seed {seed}: {failure}"));
}

#[test]
fn once_in_order_or_a_gap() {
    let (mut runner, seed) = runner(150);
    let outcome = runner.run(&vec(anything(), 1..40), |actions| play(&actions, once_or_a_gap));
    outcome.unwrap_or_else(|failure| panic!("with the seed {seed}: {failure}"));
}

fn once_or_a_gap(caller: &Caller, said: &Journal) -> Result<(), TestCaseError> {
    prop_assert_eq!(caller.delivered.last(), said.last());
    for (at, pair) in caller.delivered.windows(2).enumerate() {
        let &[last, next] = pair else { continue };
        prop_assert!(last < next, "{:?} came after {:?}", next, last);
        prop_assert!(said.contains(&next), "{:?} was never said", next);
        let gaps = caller.gaps.iter().filter(|(before, _)| *before == at + 1).map(|(_, gap)| gap);
        let gaps: Vec<_> = gaps.collect();
        let covered = |number: u64| {
            let within = |gap: &&Gap| {
                gap.after.is_none_or(|after| number > after)
                    && gap.before.is_none_or(|before| number < before)
            };
            gaps.iter().copied().any(|gap| within(&gap))
        };
        if last.0 == next.0 {
            let missing = (last.1 + 1..next.1).find(|number| !covered(*number));
            prop_assert_eq!(missing, None, "between {:?} and {:?}: {:?}", last, next, &gaps);
        } else {
            let missing = said.range(last..next).skip(1).count();
            prop_assert!(missing == 0 || !gaps.is_empty(), "{} between {:?} and {:?}", missing, last, next);
        }
    }
    Ok(())
}
