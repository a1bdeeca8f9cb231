//! Whole streams between a server and a caller.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod caller;
mod chance;
mod net;
mod rows;
mod server;
mod sim;

use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep};

use self::caller::{Caller, assert_holds_no_token};
use self::server::{Order, Server, numbered};
use super::{Dial, EventStream, Shared, TokenProvider, start};
use crate::stream::connection::tests::frames::frame;
use crate::stream::dial::DialLimit;
use crate::stream::dial::tests::eavesdrop::Ears;
use crate::stream::machine::{ResumePoint, Settings};
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

type Activity = EventStream<ActivityMessage>;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn shared() -> Shared {
    Shared { limit: DialLimit::new(), clock: Instant::now() }
}

/// A stream for the account of these tests.
fn open(
    dial: impl Dial,
    tokens: impl TokenProvider,
    settings: Settings,
    shared: &Shared,
    from: ResumePoint,
) -> Activity {
    let subscription = ActivitySubscription::new(AccountId::new("100000"));
    start(subscription, dial, tokens, settings, shared, from).unwrap()
}

/// A caller whose stream is in simulated time.
fn call(server: &Server, settings: Settings, shared: &Shared, from: ResumePoint) -> Caller {
    Caller::new(open(server.clone(), server.tokens.clone(), settings, shared, from), DAY)
}

/// What is seen of another connection, with these words for its replay.
fn again(replay: &str) -> String {
    format!("connecting, connected, subscribed, {replay}caught up")
}

/// What is seen of these messages in a replay.
fn replay(numbers: impl Iterator<Item = u64>) -> String {
    numbers.map(|number| format!("r{number}, ")).collect()
}

/// The stream is live after a replay of so many messages.
async fn begin(server: &Server, caller: &mut Caller, messages: u64) {
    server.write(messages);
    caller.saw(again(&replay(1..=messages))).await;
}

/// What ends a connection by all that the server writes, and what the caller sees.
fn ends() -> Vec<(Order, &'static str)> {
    let protocol = "disconnected Protocol, retrying Protocol";
    let large = "disconnected TooLarge, retrying TooLarge";
    let part = [b' '; 600];
    let bytes = |bytes: &[u8]| Order::Bytes(bytes.to_vec());
    vec![
        (Order::End, "disconnected Eof, retrying Eof"),
        // Text that is none, a frame that is masked, reserved bits, an opcode that does not exist, the end
        // of nothing, half of a code. What comes behind is not read any more.
        (bytes(b"\x81\x02\xff\xfe\x81\x02{}"), protocol),
        (bytes(b"\x81\x84\x01\x02\x03\x04mask\x81\x02{}"), protocol),
        (bytes(b"\xc1\x01x"), protocol),
        (bytes(b"\x83\x01x"), protocol),
        (bytes(b"\x80\x01x"), protocol),
        (bytes(b"\x88\x01x"), protocol),
        // One frame, frames without an end, and one that says to be larger than all memory.
        (Order::Bytes(frame(0x81, &[b' '; 1_025])), large),
        (Order::Close(None, 1011), "disconnected Code(Some(1011)), retrying Code(Some(1011))"),
        (Order::Bytes([frame(0x01, &part), frame(0x00, &part)].concat()), large),
        // The library rejects this code.
        (
            Order::Bytes(frame(0x88, b"\x03\xf6why")),
            "disconnected Code(Some(1014)), retrying Code(Some(1014))",
        ),
        (bytes(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), large),
        (Order::Freeze, "disconnected NoPong, retrying NoPong"),
    ]
}

/// After each of these orders the caller sees these words, then another connection, and loses nothing.
async fn end_by_each(
    server: &Server,
    caller: &mut Caller,
    live_for: Duration,
    orders: impl IntoIterator<Item = (Order, &str)>,
) {
    begin(server, caller, 5).await;
    for (round, (order, seen)) in (1..).zip(orders) {
        sleep(live_for).await;
        server.write(1);
        caller.saw((4 + 2 * round).to_string()).await;
        server.order(order);
        server.write_silently();
        caller.saw(format!("{seen}, {}", again(&format!("r{}, ", 5 + 2 * round)))).await;
    }
}

/// A large message in a hundred parts, with pauses, is delivered, although nothing else arrives.
async fn take_a_slow_message(server: &Server, caller: &mut Caller, pause: Duration) {
    begin(server, caller, 1).await;
    // No ping would be answered, and no heartbeat comes between.
    server.order(Order::Deafen);
    server.order(Order::Mute);
    server.write_silently();
    let text = numbered(0, 2).replacen('{', &format!("{{{}", " ".repeat(50_000)), 1);
    for (at, piece) in text.as_bytes().chunks(500).enumerate() {
        server.order(Order::Bytes(frame(if at == 0 { 0x01 } else { 0x00 }, piece)));
        sleep(pause).await;
    }
    server.order(Order::Bytes(frame(0x80, b"")));
    caller.saw("2").await;
    assert_eq!(server.dials().len(), 1);
    server.order(Order::End);
    caller.saw(format!("disconnected Eof, retrying Eof, {}", again(""))).await;
}

/// Nobody reads the pongs; what is said between the pings comes all the same.
async fn end_by_a_stuck_write(server: &Server, caller: &mut Caller) {
    begin(server, caller, 1).await;
    server.order(Order::Deafen);
    for number in 2.. {
        server.order(Order::Bytes(frame(0x89, &[b'x'; 125]).repeat(1_000)));
        server.write(1);
        let mut words = Vec::new();
        while words.is_empty() {
            words = caller.take(millis(100)).await;
        }
        let saw = |words: &[String], wanted: &str| words.iter().any(|word| word == wanted);
        if saw(&words, "disconnected WriteTimeout") {
            while !saw(&words, "caught up") {
                words.extend(caller.take(millis(100)).await);
            }
            return;
        }
        assert_eq!(words, [number.to_string()]);
    }
}

/// Plays it in simulated time, over a pipe. There are no audits.
fn simulate(play: impl AsyncFnOnce(&Server, &mut Caller)) {
    simulate_with(|_| {}, play);
}

fn simulate_with(change: impl FnOnce(&mut Settings), play: impl AsyncFnOnce(&Server, &mut Caller)) {
    let mut settings = Settings { audit_interval: 1_000 * DAY, ..Settings::default() };
    change(&mut settings);
    in_simulation(async || {
        let server = Server::default();
        let mut caller = call(&server, settings, &shared(), ResumePoint::default());
        play(&server, &mut caller).await;
        caller.end(&server).await;
    });
}

/// Plays anything in time that does not pass by itself. Everything that is logged is searched for
/// tokens, and no task may be left in the end.
fn in_simulation(play: impl AsyncFnOnce()) {
    let ears = Ears::open();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        play().await;
        sleep(MINUTE).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "a task is left");
    });
    drop(runtime);
    ears.take().iter().for_each(|line| assert_holds_no_token(line));
}
