//! Whole streams between a server and a caller.

pub(in crate::stream) mod caller;
mod chance;
mod net;
mod rows;
pub(in crate::stream) mod server;
mod sim;

use std::time::Duration;

use clear_street_test_support::eavesdrop::Ears;
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep};

use self::caller::{Caller, assert_holds_no_token};
use self::server::Server;
use super::{Dial, EventStream, Shared, start};
use crate::stream::dial::DialLimit;
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

/// Prepares nothing.
fn by_default(_: &Server, _: &mut Settings) {}

/// Plays it in simulated time, over a pipe. There are no audits.
fn simulate(prepare: impl FnOnce(&Server, &mut Settings), play: impl AsyncFnOnce(&Server, &mut Caller)) {
    in_simulation(async |_| {
        let server = Server::default();
        let mut settings = Settings { audit_interval: 1_000 * DAY, ..Settings::default() };
        prepare(&server, &mut settings);
        let mut caller = call(&server, settings, &shared());
        play(&server, &mut caller).await;
        caller.end(&server).await;
    });
}

/// The same with a stream that is live after a replay of one message.
fn when_live(prepare: impl FnOnce(&Server, &mut Settings), play: impl AsyncFnOnce(&Server, &mut Caller)) {
    simulate(prepare, async |server, caller| {
        server.write(1);
        caller.saw(again("r1, ")).await;
        play(server, caller).await;
    });
}

/// Plays anything in time that does not pass by itself.
pub(in crate::stream) fn in_simulation(play: impl AsyncFnOnce(&Ears)) {
    run(Builder::new_current_thread().enable_time().start_paused(true), play);
}

/// Plays anything. Everything that is logged is searched for tokens, and no task may be left in the end.
fn run(runtime: &mut Builder, play: impl AsyncFnOnce(&Ears)) -> Vec<String> {
    let ears = Ears::open();
    let runtime = runtime.build().unwrap();
    runtime.block_on(async {
        play(&ears).await;
        let until = Instant::now() + MINUTE;
        while Handle::current().metrics().num_alive_tasks() > 0 {
            assert!(Instant::now() < until, "a task is left");
            sleep(millis(1)).await;
        }
    });
    drop(runtime);
    let lines = ears.take();
    lines.iter().for_each(|line| assert_holds_no_token(line));
    lines
}
