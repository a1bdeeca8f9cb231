//! What can happen, in the language of scripts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::script::{seconds, steps};
use super::super::world::World;
use super::{AUDIT, HOLD, REMEMBER};
use crate::stream::machine::{Settings, State};

/// A seed, and the steps.
pub(super) type Script = (u64, Vec<String>);

/// Plays a script, and lets everything come to rest after it. `in_full`: messages are read in full, also those
/// that can be passed over.
pub(super) fn play((seed, steps): &Script, in_full: bool) -> Result<World, String> {
    let mut world = World::new(
        *seed,
        Settings {
            hold_messages: HOLD,
            buffer_events: 40,
            remember: REMEMBER,
            audit_interval: AUDIT,
            ..Settings::default()
        },
    );
    world.in_full = in_full;
    steps.iter().try_for_each(|step| world.act(step))?;
    world.server.refusals.clear();
    world.server.behind.clear();
    (world.no_tokens, world.server.endless, world.server.partial) = (0, false, false);
    world.act("go")?;
    for _ in 0..3 {
        world.pass(seconds(400))?;
        world.server.append(world.now, true);
    }
    // A connection without heartbeats may be a frozen one; and then there is an audit.
    world.pass(AUDIT * 2)?;
    // Tokens that live a moment leave it hardly any time, and not all at the same moment.
    let mut not_live: Vec<_> = (0..world.clients.len()).collect();
    for _ in 0..120 {
        not_live
            .retain(|client| !matches!(world.clients[*client].machine.state, State::Live | State::Failed));
        if not_live.is_empty() {
            return Ok(world);
        }
        world.pass(seconds(1))?;
    }
    Err(format!("in the end the streams {not_live:?} are not live"))
}

/// What a stream makes good, or what is no fault at all.
fn harmless() -> impl Strategy<Value = String> {
    let faults = prop_oneof![
        2 => steps("cut"),
        2 => steps("close (none|1000|1001|1012|1014|4000)( Idled too long| Subscribed elsewhere| Account closed)?"),
        1 => steps("freeze"),
        1 => steps("refuse [1-4] (429|503|500|302|401|403)"),
        1 => steps("refuse [1-4] (Internal error, please retry|Account service is unavailable|)"),
        1 => steps("no-token [12]"),
        2 => steps("spell (compact|reversed|spaced|escaped|with-more)"),
        1 => steps("behind 1 [1-3]"),
        1 => steps("endless (on|off)"),
        1 => steps("permits 1?[0-9]"),
    ];
    let plain = prop_oneof![
        4 => steps("wait [1-5]?[0-9]ms"),
        4 => steps("wait 1?[1-9][0-9][0-9]ms"),
        2 => steps("wait [1-8]?[2-9]s"),
        10 => steps("append [1-5]"),
        2 => steps("duplicate [1-3]"),
        2 => steps("unnumbered 1?[1-9] 20ms"),
        1 => steps("malformed"),
        2 => steps("drop-live"),
        2 => steps("reorder"),
        1 => steps("garble"),
        1 => steps("stall"),
        2 => steps("go"),
        1 => steps("rotate"),
        1 => steps("reconnect"),
    ];
    prop_oneof![3 => plain, 1 => faults]
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => harmless(),
        2 => steps("lose"),
        1 => steps("trim [1-5]"),
        2 => steps("roll"),
        1 => steps("restart-server"),
        1 => steps("correct"),
        1 => steps("behind [12] [1-5]"),
        1 => steps("partial"),
    ]
}

fn script(
    strides: &'static str,
    beats: &'static str,
    step: impl Strategy<Value = String>,
) -> impl Strategy<Value = Script> {
    let one_of = |name: &'static str, values: &'static str| {
        select(values.split(' ').collect::<Vec<_>>()).prop_map(move |value| format!("{name} {value}"))
    };
    let head = vec![
        one_of("stride", strides),
        one_of("alike", "0 0 1 3 20"),
        one_of("period", "none 1 5 5 20 90"),
        one_of("beat", beats),
        one_of("life", "4s 40s 300s 86400s"),
    ];
    let modes = (prop::bool::weighted(0.15), prop::bool::weighted(0.1));
    let streams = prop_oneof![20 => Just(1), 2 => 2..4, 1 => Just(25)];
    let restart_after = prop::option::weighted(0.3, 0usize..40);
    (any::<u64>(), head, modes, streams, restart_after, vec(step, 1..60)).prop_map(
        |(seed, mut script, (single, exclusive), streams, restart_after, mut steps)| {
            if streams > 4 {
                // More often than the limit allows dials they cannot rotate.
                script.retain(|step| !step.starts_with("life"));
                script.push("life 300s".into());
                steps.truncate(8);
            }
            script.extend(single.then(|| "single".into()));
            script.extend(exclusive.then(|| "exclusive".into()));
            script.push(format!("streams {streams}"));
            if let Some(at) = restart_after.filter(|at| *at < steps.len()) {
                steps.insert(at + 1, "restart".into());
            }
            script.append(&mut steps);
            (seed, script)
        },
    )
}

/// Everything.
pub(super) fn hostile() -> impl Strategy<Value = Script> {
    script("1 1 1 3 10", "plain plain plain last own", anything())
}

/// Only what a stream makes good.
pub(super) fn benign() -> impl Strategy<Value = Script> {
    script("1", "plain last", harmless())
}
