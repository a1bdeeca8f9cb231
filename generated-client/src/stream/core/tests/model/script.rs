//! What can happen.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

/// A script, and what is set for all of it.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) seed: u64,
    pub(super) single: bool,
    /// How far the numbers of two messages are apart at most.
    pub(super) stride: u64,
    /// Life of the tokens in seconds.
    pub(super) token_life: u64,
    /// Where the process is restarted from its resume point, in actions.
    pub(super) restart_after: Option<usize>,
    pub(super) actions: Vec<Action>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Wait(Duration),
    /// New messages, live and in the replay.
    Append(u8),
    /// A new message that is only in the replay.
    DropLive,
    /// A number that no message ever has.
    Lose,
    /// The last messages come again on all connections.
    Duplicate(u8),
    /// The last two messages under way change places on all connections.
    Reorder,
    /// Something else comes under the number of the last message.
    Garble,
    /// A message without a number.
    Unnumbered,
    /// What is no message.
    Malformed,
    /// The replay forgets its oldest messages.
    Trim(u8),
    /// The day ends: the replay is empty, the numbers begin anew or go on.
    Roll {
        anew: bool,
    },
    /// The server is restarted: all connections are reset, the numbers begin anew.
    Restart,
    /// All connections are reset.
    Cut,
    /// All connections are closed with this code, after this notice.
    Close(Option<u16>, Option<bool>),
    /// The tokens of all connections end.
    Expire,
    /// Nothing comes on the connections of now any more, and nobody says so.
    Freeze,
    /// The next dials are answered with this status.
    Refuse(u8, u16),
    /// No token can be had for the next attempts.
    NoToken(u8),
    /// The caller stops taking events.
    Stall,
    /// The caller takes events again.
    Go,
    Rotate,
    Reconnect,
}

fn waits() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0u64..60).prop_map(Duration::from_millis),
        4 => (60u64..2_000).prop_map(Duration::from_millis),
        2 => (2u64..90).prop_map(Duration::from_secs),
    ]
    .prop_map(Action::Wait)
}

/// What the server can make good, or what is no fault at all.
fn harmless() -> impl Strategy<Value = Action> {
    prop_oneof![
        36 => plain(),
        2 => Just(Action::DropLive),
        2 => Just(Action::Reorder),
        1 => Just(Action::Garble),
        1 => Just(Action::Stall),
    ]
}

/// The part of it that shows also where numbers have holes.
fn plain() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => waits(),
        10 => (1u8..6).prop_map(Action::Append),
        2 => (1u8..4).prop_map(Action::Duplicate),
        1 => Just(Action::Unnumbered),
        2 => Just(Action::Cut),
        2 => (
            prop::sample::select(vec![None, Some(1000), Some(1001), Some(1012), Some(4000)]),
            prop::option::of(any::<bool>()),
        )
            .prop_map(|(code, idle)| Action::Close(code, idle)),
        1 => Just(Action::Expire),
        1 => Just(Action::Freeze),
        1 => (1u8..4, prop::sample::select(vec![429, 503, 500, 302])).prop_map(|(n, s)| Action::Refuse(n, s)),
        1 => (1u8..3).prop_map(Action::NoToken),
        2 => Just(Action::Go),
        1 => Just(Action::Rotate),
        1 => Just(Action::Reconnect),
    ]
}

fn anything() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => harmless(),
        1 => Just(Action::Lose),
        1 => Just(Action::Malformed),
        1 => (1u8..6).prop_map(Action::Trim),
        1 => any::<bool>().prop_map(|anew| Action::Roll { anew }),
        1 => Just(Action::Restart),
        1 => Just(Action::Refuse(1, 401)),
    ]
}

fn script(actions: impl Strategy<Value = Action>, stride: u64) -> impl Strategy<Value = Script> {
    let life = prop::sample::select(vec![40u64, 300, 86_400]);
    (
        any::<u64>(),
        prop::bool::weighted(0.2),
        life,
        prop::option::weighted(0.3, 0usize..40),
        vec(actions, 1..60),
    )
        .prop_map(move |(seed, single, token_life, restart_after, actions)| Script {
            seed,
            single,
            stride,
            token_life,
            restart_after,
            actions,
        })
}

/// Everything.
pub(super) fn hostile() -> impl Strategy<Value = Script> {
    script(anything(), 1)
}

/// Only what the server can make good.
pub(super) fn benign() -> impl Strategy<Value = Script> {
    script(harmless(), 1)
}

/// The same with numbers that have holes. What cannot be seen then is left out.
pub(super) fn with_holes() -> impl Strategy<Value = Script> {
    script(plain(), 4)
}
