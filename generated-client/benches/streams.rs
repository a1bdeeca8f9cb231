//! What streams cost over bare tokio-tungstenite with serde's derives: the same server, the same
//! frames, over loopback.
//!
//! `cargo bench -p clear-street --bench streams` takes turns, so that whatever else the machine does
//! falls on both alike, and prints ratios. What is kept in memory: `--bench stream_memory`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark of what does not work should stop, and says what it found"
)]

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use clear_street::stream::{Connection as Changed, Event};
use clear_street_test_support::frames::{Connection, FIRST, serve, text};
use clear_street_test_support::messages::TYPE_FIRST;
use tokio::runtime::{Builder, Runtime};

mod sides;

use sides::clients::{Bare, Ours};

/// Messages of one turn.
const MESSAGES: u64 = 200_000;
const TURNS: usize = 9;
/// Messages of a day that is replayed.
const DAY: u64 = 1_000_000;
/// Messages that are sent one by one, and turns of these.
const SINGLE: usize = 2_000;
const SINGLE_TURNS: usize = 15;

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Nanoseconds that this thread has been running; none where the system does not say.
fn processor_time() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Time on the clock, and of the processor in this thread, where it is known.
#[derive(Clone, Copy)]
struct Cost {
    clock: f64,
    processor: f64,
}

struct Begun(Instant, Option<u64>);

fn begin() -> Begun {
    Begun(Instant::now(), processor_time())
}

impl Begun {
    fn end(self) -> Cost {
        let clock = self.0.elapsed().as_secs_f64();
        let processor = match (self.1, processor_time()) {
            (Some(before), Some(after)) => Duration::from_nanos(after.saturating_sub(before)).as_secs_f64(),
            _ => clock,
        };
        Cost { clock, processor }
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn medians(costs: &[Cost]) -> Cost {
    Cost {
        clock: median(costs.iter().map(|cost| cost.clock).collect()),
        processor: median(costs.iter().map(|cost| cost.processor).collect()),
    }
}

fn rate(title: &str, count: u64, cost: Cost) {
    let (count, nanoseconds) = (count as f64, 1e9 / count as f64);
    println!(
        "  {title:<32} {:>9.0} messages/s, {:>6.0} ns each, {:>6.0} ns of the client's thread",
        count / cost.clock,
        cost.clock * nanoseconds,
        cost.processor * nanoseconds
    );
}

/// From the first message to the last, each into a typed event.
async fn ours(address: std::net::SocketAddr) -> Cost {
    let mut ours = Ours::connect(address);
    ours.update().await;
    let begun = begin();
    for _ in 1..MESSAGES {
        black_box(ours.update().await);
    }
    begun.end()
}

async fn bare(address: std::net::SocketAddr) -> Cost {
    let mut bare = Bare::connect(address).await;
    bare.update().await;
    let begun = begin();
    for _ in 1..MESSAGES {
        black_box(bare.update().await);
    }
    begun.end()
}

fn throughput() {
    let address = serve(|mut connection: Connection| {
        connection.replay(TYPE_FIRST, FIRST..FIRST + 1)?;
        connection.updates(TYPE_FIRST, FIRST + 1..FIRST + MESSAGES)?;
        connection.rest()
    });
    let (one, two) =
        (one_thread(), Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
    let (mut bares, mut oneses, mut twos) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        bares.push(one.block_on(bare(address)));
        oneses.push(one.block_on(ours(address)));
        twos.push(two.block_on(async { tokio::spawn(ours(address)).await.unwrap() }));
    }
    let (bare, one, two) = (medians(&bares), medians(&oneses), medians(&twos));
    println!("{MESSAGES} order updates of {} bytes into typed events", TYPE_FIRST.len());
    rate("bare loop", MESSAGES, bare);
    rate("stream, one thread", MESSAGES, one);
    rate("stream, two threads", MESSAGES, two);
    println!(
        "  a stream is as fast as {:.2} of the bare loop on one thread ({:.2} by the clock), {:.2} on two",
        bare.processor / one.processor,
        bare.clock / one.clock,
        bare.clock / two.clock
    );
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

/// All messages of one side: the first one, those to warm up, and the turns.
const ALL: usize = 1 + SINGLE + SINGLE * SINGLE_TURNS;

/// One message after the other, on both sides in turn: from before it is written to when the typed
/// message is there.
fn latency() {
    let (connected, connections) = mpsc::channel();
    let address = serve(move |connection| connected.send(connection).map_err(std::io::Error::other));
    let (received, came) = mpsc::channel();
    thread::spawn(move || {
        one_thread().block_on(async move {
            let other = received.clone();
            let mut bare = Bare::connect(address).await;
            tokio::spawn(async move {
                for _ in 0..ALL {
                    black_box(bare.update().await);
                    other.send(Instant::now()).unwrap();
                }
            });
            let mut ours = Ours::connect(address);
            for _ in 0..ALL {
                black_box(ours.update().await);
                received.send(Instant::now()).unwrap();
            }
        });
    });
    let mut sides = [connections.recv().unwrap(), connections.recv().unwrap()];
    for side in &mut sides {
        side.replay(TYPE_FIRST, FIRST..FIRST + 1).unwrap();
        came.recv().unwrap();
    }
    let mut number = FIRST + 1;
    let mut turn = |count: usize| {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..count {
            let text = text(&TYPE_FIRST.replace("48213", &number.to_string()));
            number += 1;
            for (side, times) in sides.iter_mut().zip(&mut times) {
                thread::sleep(Duration::from_micros(50));
                let sent = Instant::now();
                side.send(&text).unwrap();
                times.push(came.recv().unwrap().duration_since(sent).as_secs_f64() * 1e6);
            }
        }
        times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            [0.5, 0.99].map(|part| percentile(&times, part))
        })
    };
    turn(SINGLE);
    let turns: Vec<_> = (0..SINGLE_TURNS).map(|_| turn(SINGLE)).collect();
    let of = |value: &dyn Fn(&[[f64; 2]; 2]) -> f64| median(turns.iter().map(value).collect());
    println!("{SINGLE} messages one by one, {SINGLE_TURNS} times; medians of the turns, in microseconds");
    for (at, name) in ["median", "99th percentile"].into_iter().enumerate() {
        println!(
            "  {name:<16} bare {:>6.1}, stream {:>6.1}, added {:>6.1}",
            of(&|turn| turn[0][at]),
            of(&|turn| turn[1][at]),
            of(&|turn| turn[1][at] - turn[0][at])
        );
    }
}

/// A whole day as new, and again when all of it is known.
fn replay() {
    let address = serve(|mut connection: Connection| {
        connection.replay(TYPE_FIRST, FIRST..FIRST + DAY)?;
        connection.rest()
    });
    let (decoded, scanned) = one_thread().block_on(async {
        let mut ours = Ours::connect(address);
        let subscribed = |event: &Event<_>| matches!(event, Event::Connection(Changed::Subscribed));
        ours.until(subscribed).await;
        let begun = begin();
        for _ in 0..DAY {
            black_box(ours.update().await);
        }
        let decoded = begun.end();
        ours.until(|event| *event == Event::CaughtUp).await;
        ours.0.handle().reconnect_now();
        ours.until(subscribed).await;
        let begun = begin();
        ours.until(|event| *event == Event::CaughtUp).await;
        let scanned = begun.end();
        let statistics = ours.0.handle().statistics().await.unwrap();
        assert_eq!((statistics.delivered, statistics.duplicates, statistics.gaps), (DAY, DAY, 0));
        (decoded, scanned)
    });
    println!("a replay of {DAY} messages");
    rate("new, into typed events", DAY, decoded);
    rate("known, scanned", DAY, scanned);
    println!(
        "  known ones are scanned {:.1} times as fast as new ones are decoded ({:.1} by the clock)",
        decoded.processor / scanned.processor,
        decoded.clock / scanned.clock
    );
}

fn main() {
    throughput();
    latency();
    replay();
}
