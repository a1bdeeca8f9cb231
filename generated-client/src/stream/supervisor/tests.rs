//! Whole streams between a server and a caller.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

pub(in crate::stream) mod caller;
mod chance;
mod net;
mod rows;
pub(in crate::stream) mod server;
mod sim;

use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep};

use self::caller::{Caller, assert_holds_no_token};
use self::server::Server;
use super::{Dial, EventStream, Shared, start};
use crate::stream::dial::tests::eavesdrop::Ears;
use crate::stream::dial_limit::DialLimit;
use crate::stream::machine::{ResumePoint, Settings};
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

pub(in crate::stream) const DAY: Duration = Duration::from_secs(86_400);
pub(in crate::stream) const HOUR: Duration = Duration::from_secs(3_600);
pub(in crate::stream) const MINUTE: Duration = Duration::from_secs(60);
pub(in crate::stream) const SECOND: Duration = Duration::from_secs(1);

type Activity = EventStream<ActivityMessage>;

pub(in crate::stream) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(in crate::stream) fn shared() -> Shared {
    Shared { limit: DialLimit::new(), clock: Instant::now() }
}

/// A stream for the account of these tests.
fn open(dial: impl Dial, server: &Server, settings: Settings, shared: &Shared) -> Activity {
    let subscription = ActivitySubscription::new(AccountId::new("100000"));
    start(subscription, dial, server.clone(), settings, shared, ResumePoint::default()).unwrap()
}

/// A caller whose stream is in simulated time.
fn call(server: &Server, settings: Settings, shared: &Shared) -> Caller {
    Caller::new(open(server.clone(), server, settings, shared), DAY)
}

/// What is seen of another connection, with these words for its replay.
fn again(replay: &str) -> String {
    format!("connecting, connected, subscribed, {replay}caught up")
}

/// The stream is live after a replay of so many messages.
async fn begin(server: &Server, caller: &mut Caller, messages: u64) {
    server.write(messages);
    let replay: String = (1..=messages).map(|number| format!("r{number}, ")).collect();
    caller.saw(again(&replay)).await;
}

/// Plays it in simulated time, over a pipe. There are no audits.
fn simulate(play: impl AsyncFnOnce(&Server, &mut Caller)) {
    simulate_with(|_| {}, play);
}

fn simulate_with(change: impl FnOnce(&mut Settings), play: impl AsyncFnOnce(&Server, &mut Caller)) {
    let mut settings = Settings { audit_interval: 1_000 * DAY, ..Settings::default() };
    change(&mut settings);
    in_simulation(async |_| {
        let server = Server::default();
        let mut caller = call(&server, settings, &shared());
        play(&server, &mut caller).await;
        caller.end(&server).await;
    });
}

/// Plays anything in time that does not pass by itself. Everything that is logged is searched for
/// tokens, and no task may be left in the end.
pub(in crate::stream) fn in_simulation(play: impl AsyncFnOnce(&Ears)) {
    let ears = Ears::open();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        play(&ears).await;
        sleep(MINUTE).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "a task is left");
    });
    drop(runtime);
    ears.take().iter().for_each(|line| assert_holds_no_token(line));
}
