//! What can happen.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::server::{Beat, Manner, Refusal, Spelling};
use super::super::world::{Action, World};
use super::{AUDIT, HOLD, REMEMBER};
use crate::stream::machine::{Settings, State};

/// A script, and what is set for all of it.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) seed: u64,
    pub(super) manner: Manner,
    /// How many streams begin together.
    pub(super) streams: usize,
    /// Life of the tokens in seconds.
    pub(super) token_life: u64,
    /// After which action the processes are restarted from their resume points.
    pub(super) restart_after: Option<usize>,
    pub(super) actions: Vec<Action>,
}

impl Script {
    /// The world in which it is played.
    pub(super) fn world(&self) -> World {
        let settings = Settings {
            hold_messages: HOLD,
            buffer_events: 40,
            remember: REMEMBER,
            audit_interval: AUDIT,
            ..Settings::default()
        };
        let mut world = World::new(self.manner.clone(), self.seed, settings);
        world.token_life = Duration::from_secs(self.token_life);
        (0..self.streams).for_each(|_| world.begin());
        if self.streams > 20 {
            world.server.seen.insert("more streams than may dial at once");
        }
        if self.manner.period.is_none() {
            world.server.seen.insert("no heartbeats");
        }
        if self.token_life < 5 {
            world.server.seen.insert("tokens that live a moment");
        }
        world
    }

    /// Plays it, and lets everything come to rest after it.
    pub(super) fn play(&self, world: &mut World) -> Result<(), String> {
        for (at, action) in self.actions.iter().enumerate() {
            world.act(action)?;
            if self.restart_after == Some(at) {
                world.restart_processes();
            }
        }
        world.server.refusals.clear();
        world.server.behind.clear();
        (world.no_tokens, world.server.endless, world.server.partial) = (0, false, false);
        world.act(&Action::Go)?;
        for _ in 0..3 {
            world.pass(Duration::from_secs(400))?;
            world.server.append(world.now, true);
        }
        // A connection without heartbeats may be a frozen one; and then there is an audit.
        world.pass(AUDIT * 2)?;
        // Tokens that live a moment leave it hardly any time, and not all at the same moment.
        let mut not_live: Vec<_> = (0..world.clients.len()).collect();
        for _ in 0..120 {
            not_live.retain(|client| {
                let client = &world.clients[*client];
                client.failed.is_none() && client.machine.state() != State::Live
            });
            if not_live.is_empty() {
                return Ok(());
            }
            world.pass(Duration::from_secs(1))?;
        }
        Err(format!("in the end the streams {not_live:?} are not live"))
    }
}

fn waits() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0u64..60).prop_map(Duration::from_millis),
        4 => (60u64..2_000).prop_map(Duration::from_millis),
        2 => (2u64..90).prop_map(Duration::from_secs),
    ]
    .prop_map(Action::Wait)
}

/// What a stream makes good, or what is no fault at all.
fn harmless() -> impl Strategy<Value = Action> {
    let codes = prop::sample::select(vec![None, Some(1000), Some(1001), Some(1012), Some(1014), Some(4000)]);
    let notices = prop::option::of(prop::sample::select(vec![
        "Idled too long",
        "Subscribed elsewhere",
        "Account closed",
    ]));
    let statuses = prop::sample::select(vec![429, 503, 500, 302, 401, 403]);
    let words =
        prop::sample::select(vec!["Internal error, please retry", "Account service is unavailable", ""]);
    let spellings =
        vec![Spelling::Compact, Spelling::Reversed, Spelling::Spaced, Spelling::Escaped, Spelling::WithMore];
    let faults = prop_oneof![
        2 => Just(Action::Cut),
        2 => (codes, notices).prop_map(|(code, notice)| Action::Close(code, notice)),
        1 => Just(Action::Freeze),
        1 => (1u8..5, statuses).prop_map(|(n, status)| Action::Refuse(n, Refusal::Status(status))),
        1 => (1u8..5, words).prop_map(|(n, words)| Action::Refuse(n, Refusal::Ack(words))),
        1 => (1u8..3).prop_map(Action::NoToken),
        2 => prop::sample::select(spellings).prop_map(Action::Spell),
        1 => (1u8..4).prop_map(|lacks| Action::Behind(1, lacks)),
        1 => prop::bool::weighted(0.7).prop_map(Action::Endless),
        1 => (1u8..40).prop_map(Action::UseLimit),
    ];
    let plain = prop_oneof![
        10 => waits(),
        10 => (1u8..6).prop_map(Action::Append),
        2 => (1u8..4).prop_map(Action::Duplicate),
        2 => (1u8..20).prop_map(Action::Unnumbered),
        1 => Just(Action::Malformed),
        2 => Just(Action::DropLive),
        2 => Just(Action::Reorder),
        1 => Just(Action::Garble),
        1 => Just(Action::Stall),
        2 => Just(Action::Go),
        1 => Just(Action::Rotate),
        1 => Just(Action::Reconnect),
    ];
    prop_oneof![3 => plain, 1 => faults]
}

fn anything() -> impl Strategy<Value = Action> {
    prop_oneof![
        20 => harmless(),
        2 => Just(Action::Lose),
        1 => (1u8..6).prop_map(Action::Trim),
        2 => Just(Action::Roll),
        1 => Just(Action::Restart),
        1 => Just(Action::Correct),
        1 => (1u8..3, 1u8..6).prop_map(|(times, lacks)| Action::Behind(times, lacks)),
        1 => Just(Action::Partial),
    ]
}

fn manner(strides: Vec<u64>, beats: Vec<Beat>) -> impl Strategy<Value = Manner> {
    let stride = prop::sample::select(strides);
    let alike = prop::sample::select(vec![0u64, 0, 1, 3, 20]);
    let period = prop::sample::select(vec![None, Some(1u64), Some(5), Some(5), Some(20), Some(90)]);
    let beat = prop::sample::select(beats);
    (prop::bool::weighted(0.15), prop::bool::weighted(0.1), stride, alike, period, beat).prop_map(
        |(single, exclusive, stride, alike, period, beat)| Manner {
            single,
            exclusive,
            stride,
            alike,
            period,
            beat,
        },
    )
}

fn script(
    manner: impl Strategy<Value = Manner>,
    actions: impl Strategy<Value = Action>,
) -> impl Strategy<Value = Script> {
    let life = prop::sample::select(vec![4u64, 40, 300, 86_400]);
    let streams = prop_oneof![20 => Just(1usize), 2 => 2usize..4, 1 => Just(25usize)];
    (any::<u64>(), manner, streams, life, prop::option::weighted(0.3, 0usize..40), vec(actions, 1..60))
        .prop_map(|(seed, manner, streams, mut token_life, restart_after, mut actions)| {
            if streams > 4 {
                // More often than the limit allows dials they cannot rotate.
                token_life = token_life.max(300);
                actions.truncate(8);
            }
            Script { seed, manner, streams, token_life, restart_after, actions }
        })
}

/// Everything.
pub(super) fn hostile() -> impl Strategy<Value = Script> {
    let beats = vec![Beat::Plain, Beat::Plain, Beat::Plain, Beat::Last, Beat::Own];
    script(manner(vec![1, 1, 1, 3, 10], beats), anything())
}

/// Only what a stream makes good.
pub(super) fn benign() -> impl Strategy<Value = Script> {
    script(manner(vec![1], vec![Beat::Plain, Beat::Last]), harmless())
}
