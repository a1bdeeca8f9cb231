//! Whole streams over pipes, in time that does not pass by itself.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod caller;
mod chance;
mod connections;
mod day;
mod endings;
mod interface;
mod messages;
mod net;
mod pace;
mod replay;
mod rows;
mod server;
mod session;
mod slow;
mod stage;
mod subscription;
mod tokens;

use std::time::Duration;

use super::{Bearers, Dial, EventStream, Shared, start};
use crate::stream::machine::{ResumePoint, Settings};
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

type Activity = EventStream<ActivityMessage>;

/// A stream for the account of these tests.
fn begin(
    dial: impl Dial,
    bearers: impl Bearers,
    settings: Settings,
    shared: &Shared,
    from: ResumePoint,
) -> Activity {
    let subscription = ActivitySubscription::new(AccountId::new("100000"));
    start(subscription, dial, bearers, settings, shared, from).unwrap()
}

/// What is seen of another connection after one has ended, with these words for its replay.
fn again(replay: &str) -> String {
    format!("connecting, connected, subscribed, {replay}caught up")
}

/// What is seen of these messages in a replay.
fn replay(numbers: impl Iterator<Item = u64>) -> String {
    numbers.map(|number| format!("r{number}")).collect::<Vec<_>>().join(", ")
}
