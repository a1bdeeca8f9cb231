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
use crate::stream::DialFailure;
use crate::stream::machine::tests::model::runner;
use crate::stream::machine::{NoToken, Settings, State};

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Wait(Duration),
    Write(u64),
    WriteSilently,
    WriteCrossed,
    Skip,
    Repeat(usize),
    Say(&'static str),
    Trim(usize),
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
    ]
}

/// A stream in the middle of all that.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) caller: Caller,
    pub(super) words: Vec<String>,
    stalled: bool,
}

impl World {
    pub(super) fn new(token_life: Duration, settings: Settings) -> Self {
        let server = Server::default();
        server.state().token_life = Some(token_life);
        let caller = call(&server, settings, &shared());
        Self { server, caller, words: Vec::new(), stalled: false }
    }

    pub(super) async fn pass(&mut self, time: Duration) {
        match self.stalled {
            true => sleep(time).await,
            false => self.words.extend(self.caller.take(time).await),
        }
    }

    pub(super) async fn act(&mut self, action: &Action) {
        let server = &self.server;
        match action {
            Action::Wait(time) => self.pass(*time).await,
            Action::Write(messages) => server.write(*messages),
            Action::WriteSilently => server.write_silently(),
            Action::WriteCrossed => server.write_crossed(),
            Action::Skip => server.state().last += 1,
            Action::Repeat(messages) => server.repeat(*messages),
            Action::Say(text) => server.say(text),
            Action::Trim(messages) => server.trim(*messages),
            Action::Order(order) => server.order(order.clone()),
            Action::Refuse(dials, status) => {
                let refused = Answer::Fail(DialFailure::Status { status: *status, retry_after: None });
                server.answer(std::iter::repeat_n(refused, *dials));
            }
            Action::NoTokenFor(time) => {
                server.state().no_token = Some(NoToken::Unavailable(None));
                self.pass(*time).await;
                self.server.state().no_token = None;
            }
            Action::Stall(stalled) => self.stalled = *stalled,
            Action::Rotate => self.caller.handle.rotate_now(),
            Action::Reconnect => self.caller.handle.reconnect_now(),
        }
    }
}

/// Plays such actions; in the end the stream is live, and the caller has everything or knows of it.
fn play(actions: impl Strategy<Value = Action>, may_lose: bool) {
    let (mut runner, seed) = runner(150);
    let outcome = runner.run(&vec(actions, 1..40), |actions| {
        let mut verdict = Ok(());
        in_simulation(async |_| {
            let settings = Settings { buffer_events: 24, hold_messages: 8, ..Settings::default() };
            let mut world = World::new(20 * MINUTE, settings);
            for action in &actions {
                world.act(action).await;
            }
            world.stalled = false;
            for _ in 0..2 {
                world.server.write(1);
                world.pass(10 * MINUTE).await;
            }
            _ = world.caller.handle.wait_until_live(10 * MINUTE).await;
            world.pass(SECOND).await;
            assert_paced(&world.server.dials());
            verdict = match world.caller.handle.state() {
                State::Live => judge(&world.caller, &world.server, may_lose),
                state => Err(TestCaseError::fail(format!("in the end it is {state:?}"))),
            };
            world.caller.leave().await;
        });
        verdict
    });
    outcome.unwrap_or_else(|failure| panic!("with the seed {seed}: {failure}"));
}

#[test]
fn what_the_server_has_is_never_a_gap() {
    play(harmless(), false);
}

#[test]
fn once_in_order_or_a_gap() {
    play(anything(), true);
}

fn judge(caller: &Caller, server: &Server, may_lose: bool) -> Result<(), TestCaseError> {
    let (said, delivered, gaps) = (&server.state().said, &caller.delivered, &caller.gaps);
    prop_assert!(may_lose || gaps.is_empty(), "{:?}", gaps);
    prop_assert!(delivered.is_sorted_by(|one, next| one < next), "not in order: {:?}", delivered);
    prop_assert!(delivered.iter().all(|message| said.contains(message)), "{:?} of {:?}", delivered, said);
    prop_assert_eq!(delivered.last(), said.last());
    for missing in said.iter().filter(|message| !delivered.contains(message)) {
        let place = delivered.partition_point(|message| message < missing);
        let covered = gaps.iter().any(|(at, gap)| {
            *at == place
                && gap.after.is_none_or(|after| missing.1 > after)
                && gap.before.is_none_or(|before| missing.1 < before)
        });
        // What the first replay has forgotten was never promised.
        prop_assert!(covered || may_lose && place == 0, "{:?} of {:?}: {:?}", missing, delivered, gaps);
    }
    Ok(())
}
