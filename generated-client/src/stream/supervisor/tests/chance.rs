//! Whatever servers, networks and callers do: every message once and in order, or a gap.
//!
//! The machine has a larger test of the same promise; this one is of what is around it.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::sleep;

use super::caller::Caller;
use super::server::{Answer, Order, Server};
use super::sim::assert_paced;
use super::{MINUTE, SECOND, call, in_simulation, shared};
use crate::stream::machine::tests::model::runner;
use crate::stream::machine::{NoToken, ResumePoint, Settings, State};
use crate::stream::{DialFailure, Origin};

/// Something that happens.
#[derive(Clone, Debug)]
enum Action {
    Wait(Duration),
    Write(u64),
    WriteSilently,
    WriteCrossed,
    Skip,
    Repeat(usize),
    Say(&'static str),
    Trim(usize),
    Roll,
    Order(Order),
    Refuse(usize, u16),
    NoTokenFor(Duration),
    Stall(bool),
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
        1 => Just(Action::Say(r#"{"payload":{"type":"news","data":"unnumbered"}}"#)),
        2 => Just(Action::Order(Order::End)),
        1 => Just(Action::Order(Order::Freeze)),
        2 => (notice, code).prop_map(|(notice, code)| Action::Order(Order::Close(notice, code))),
        1 => (1usize..4, prop::sample::select(vec![429, 503, 302])).prop_map(|(n, s)| Action::Refuse(n, s)),
        1 => wait().prop_map(Action::NoTokenFor),
        3 => prop::sample::select(vec![true, false, false]).prop_map(Action::Stall),
        1 => Just(Action::Rotate),
        1 => Just(Action::Reconnect),
    ]
}

fn anything() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => harmless(),
        1 => Just(Action::Skip),
        1 => Just(Action::Say("{")),
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

    async fn act(&mut self, action: &Action) {
        let server = &self.server;
        match action {
            Action::Wait(time) => self.pass(*time).await,
            Action::Write(messages) => server.write(*messages),
            Action::WriteSilently => server.write_silently(),
            Action::WriteCrossed => server.write_crossed(),
            Action::Skip => server.skip(),
            Action::Repeat(messages) => server.repeat(*messages),
            Action::Say(text) => server.say(text),
            Action::Trim(messages) => server.trim(*messages),
            Action::Roll => {
                // What is not known by then nobody can tell from what is new.
                self.settle().await;
                if self.caller.handle.state() == State::Live {
                    self.server.roll();
                    self.server.write(1);
                    self.pass(MINUTE).await;
                }
            }
            Action::Order(order) => server.order(order.clone()),
            Action::Refuse(dials, status) => {
                let refused = Answer::Fail(DialFailure::Status { status: *status, retry_after: None });
                server.answer(std::iter::repeat_n(refused, *dials));
            }
            Action::NoTokenFor(time) => {
                server.tokens.set().none = Some(NoToken::Unavailable(None));
                self.pass(*time).await;
                self.server.tokens.set().none = None;
            }
            Action::Stall(stalled) => self.stalled = *stalled,
            Action::Rotate => self.caller.handle.rotate_now(),
            Action::Reconnect => self.caller.handle.reconnect_now(),
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

/// Plays them; the judge is given what the caller got.
fn play(
    actions: &[Action],
    judge: impl FnOnce(&Caller, &Server) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut verdict = Ok(());
    in_simulation(async || {
        let server = Server::default();
        server.tokens.set().life = Some(20 * MINUTE);
        let settings = Settings { buffer_events: 24, hold_messages: 8, ..Settings::default() };
        let caller = call(&server, settings, &shared(), ResumePoint::default());
        let mut world = World { caller, server, stalled: false };
        for action in actions {
            world.act(action).await;
        }
        world.stalled = false;
        world.settle().await;
        _ = world.caller.handle.wait_until_live(10 * MINUTE).await;
        world.caller.take(SECOND).await;
        assert_paced(&world.server.dials());
        verdict = match world.caller.handle.state() {
            State::Live => judge(&world.caller, &world.server),
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
        play(&actions, |caller, server| {
            let said = server.said();
            prop_assert!(caller.gaps.is_empty(), "{:?}", caller.gaps);
            prop_assert!(caller.delivered.iter().eq(&said), "got {:?} of {:?}", caller.delivered, said);
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

fn once_or_a_gap(caller: &Caller, server: &Server) -> Result<(), TestCaseError> {
    let said = server.said();
    prop_assert_eq!(caller.delivered.last(), said.last());
    for (at, pair) in caller.delivered.windows(2).enumerate() {
        let &[last, next] = pair else { continue };
        prop_assert!(last < next, "{:?} came after {:?}", next, last);
        prop_assert!(said.contains(&next), "{:?} was never said", next);
        let gaps: Vec<_> =
            caller.gaps.iter().filter(|(before, _)| *before == at + 1).map(|(_, gap)| gap).collect();
        if last.0 == next.0 {
            let covered = |number: u64| {
                gaps.iter().any(|gap| {
                    gap.after.is_none_or(|after| number > after)
                        && gap.before.is_none_or(|before| number < before)
                })
            };
            // What the first replay lacks was never promised: the one that was asked for when nothing had
            // been delivered. Later days begin live.
            let was_promised = caller.first == Some(Origin::Live) || last.0 > 0;
            let first_replay = server.state().first_replay.filter(|_| !was_promised);
            let promised = first_replay.map_or(last.1, |first| last.1.max(first));
            let missing = (promised + 1..next.1).find(|number| !covered(*number));
            prop_assert_eq!(missing, None, "between {:?} and {:?}: {:?}", last, next, &gaps);
        } else {
            let missing = said.range(last..next).skip(1).count();
            prop_assert!(missing == 0 || !gaps.is_empty(), "{} between {:?} and {:?}", missing, last, next);
        }
    }
    Ok(())
}
