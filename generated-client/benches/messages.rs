//! Reading order updates: ours against serde's internally tagged enum and against parsing twice.
//!
//! `cargo bench -p clear-street --bench messages` takes turns, so that whatever else the machine
//! does falls on all alike, and prints nanoseconds per message (the median of all turns) and what
//! part of each rival's time ours is. What is allocated: `tests/message_allocations.rs`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops if nothing works"
)]

use std::hint::black_box;
use std::time::Instant;

use clear_street::stream::{ChannelMessage, Envelope, Scan, decode};
use clear_street::studio::activity::ActivityMessage;

#[path = "messages/rivals.rs"]
mod rivals;

use rivals::{Kind, OrderUpdate, TYPE_FIRST, Tagged, type_last};

const TURNS: usize = 400;
const MESSAGES: u32 = 500;

/// A way to read a message.
struct Contender {
    name: &'static str,
    read: fn(&str),
    nanoseconds: Vec<f64>,
}

impl Contender {
    fn new(name: &'static str, read: fn(&str)) -> Self {
        Self { name, read, nanoseconds: Vec::with_capacity(TURNS) }
    }

    fn turn(&mut self, text: &str) {
        let start = Instant::now();
        for _ in 0..MESSAGES {
            (self.read)(black_box(text));
        }
        self.nanoseconds.push(start.elapsed().as_nanos() as f64 / f64::from(MESSAGES));
    }

    fn median(&mut self) -> f64 {
        self.nanoseconds.sort_by(f64::total_cmp);
        self.nanoseconds.get(TURNS / 2).copied().unwrap_or(f64::NAN)
    }
}

fn ours(text: &str) {
    black_box(decode::<ActivityMessage>(text).expect("an order update"));
}

fn tagged(text: &str) {
    black_box(serde_json::from_str::<Tagged>(text).expect("an order update"));
}

/// As many clients do it: a tree first, to look at the type, then the typed message.
fn tree_then_typed(text: &str) {
    let tree: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let kind = tree.get("payload").and_then(|payload| payload.get("type"));
    assert_eq!(kind.and_then(serde_json::Value::as_str), Some("order-update"));
    black_box(serde_json::from_str::<OrderUpdate>(text).expect("an order update"));
}

/// The leanest way to parse twice: the first time everything but the type is skipped.
fn type_then_typed(text: &str) {
    let kind: Kind<'_> = serde_json::from_str(text).expect("a type");
    assert_eq!(kind.payload.kind, "order-update");
    black_box(serde_json::from_str::<OrderUpdate>(text).expect("an order update"));
}

fn envelope(text: &str) {
    black_box(Envelope::read(ActivityMessage::CHANNEL.layout, text).expect("an envelope"));
}

fn sequence(text: &str) {
    black_box(Scan::new(ActivityMessage::CHANNEL.layout, text).sequence().expect("a number"));
}

fn compare(title: &str, text: &str) {
    let mut contenders = [
        Contender::new("ours", ours),
        Contender::new("internally tagged enum", tagged),
        Contender::new("tree, then typed", tree_then_typed),
        Contender::new("type, then typed", type_then_typed),
        Contender::new("our envelope only", envelope),
        Contender::new("our sequence only", sequence),
    ];
    for _ in 0..TURNS {
        contenders.iter_mut().for_each(|contender| contender.turn(text));
    }
    println!("{title}, {} bytes", text.len());
    let mut ours = None;
    for contender in &mut contenders {
        let median = contender.median();
        let ours = *ours.get_or_insert(median);
        println!("  {:<24} {median:>8.0} ns   ours is {:>6.2} of it", contender.name, ours / median);
    }
}

fn main() {
    compare("type first", TYPE_FIRST);
    compare("type last", &type_last());
}
