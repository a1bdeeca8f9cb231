//! Row 54 of the fault table: a whole day.

use std::time::Duration;

use super::script::{Action, Script};
use super::world::World;
use crate::stream::core::{Event, Settings, State};

const HOUR: u64 = 3_600;

/// A message every two seconds for 24 hours; tokens that live seven hours; three times the network is
/// cut, once without anybody saying so; the server restarts once, refuses for a while, and sends
/// some messages twice, late, or not at all; the caller stalls for ten minutes, and is a slow one for
/// an hour.
#[test]
fn row_54_a_day_comes_whole_and_in_order() {
    let script = Script {
        seed: 54,
        single: false,
        stride: 1,
        token_life: 7 * HOUR,
        restart_after: None,
        actions: Vec::new(),
    };
    let settings = Settings { buffer_events: 256, ..Settings::default() };
    let mut world = World::with_settings(&script, settings);
    for second in (0..24 * HOUR).step_by(2) {
        let actions: &[Action] = match second {
            3_600 | 40_000 => &[Action::Cut],
            60_000 => &[Action::Freeze],
            20_000 => &[Action::Close(Some(1012), None), Action::Refuse(4, 503)],
            30_000 => &[Action::Stall],
            30_600 => &[Action::Go],
            50_000 | 70_000 => &[Action::DropLive],
            51_000 => &[Action::Duplicate(5)],
            52_000 => &[Action::Reorder],
            53_000 => &[Action::NoToken(2), Action::Cut],
            _ if second % 60 < 30 && (65_000..68_600).contains(&second) => &[Action::Stall],
            _ if (65_000..68_602).contains(&second) => &[Action::Go],
            _ => &[],
        };
        for action in actions.iter().chain([&Action::Append(1)]) {
            world.act(action).unwrap();
        }
        world.pass(Duration::from_secs(2)).unwrap();
    }
    world.pass(Duration::from_secs(60)).unwrap();

    assert_eq!(world.core.state(), State::Live);
    assert_eq!(world.delivered(), world.server.said());
    assert!(!world.taken.iter().any(|event| matches!(event, Event::Gap(_) | Event::EpochChanged { .. })));
    let count = |wanted: fn(&Event<_>) -> bool| world.taken.iter().filter(|event| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Lagging)), 1);
    assert_eq!(count(|event| matches!(event, Event::Recovered { lost: 0 })), 1);
    let statistics = world.core.statistics();
    assert_eq!((statistics.disconnects, statistics.gaps), (5, 0));
    assert!(statistics.rotations >= 2 && statistics.recoveries >= 3, "{statistics:?}");
}
