//! What is measured.

#![allow(clippy::expect_used, reason = "a benchmark of what does not work should stop")]

pub(crate) mod bodies;
mod calls;
mod generator;
mod json;
mod messages;

/// One round of a job.
pub(crate) type Work = Box<dyn FnMut()>;

pub(crate) struct Job {
    pub(crate) name: &'static str,
    /// Rounds before those that count.
    pub(crate) warm_up: u32,
    pub(crate) rounds: u32,
    /// Prepares the work; the argument is the server's address.
    pub(crate) ours: fn(&str) -> Work,
    pub(crate) yardstick: Option<fn(&str) -> Work>,
}

/// A job next to its yardstick.
const fn pair(name: &'static str, rounds: u32, ours: fn(&str) -> Work, yardstick: fn(&str) -> Work) -> Job {
    Job { name, warm_up: 10, rounds, ours, yardstick: Some(yardstick) }
}

/// A part of a program that runs once, cold.
const fn once(name: &'static str, ours: fn(&str) -> Work) -> Job {
    Job { name, warm_up: 0, rounds: 1, ours, yardstick: None }
}

pub(crate) const JOBS: &[Job] = &[
    pair("decode 100 orders", 20, json::orders, json::derived_orders),
    pair("decode 100 orders, keys sorted", 20, json::sorted_orders, json::derived_sorted_orders),
    pair("decode 20 balance sheets", 20, json::sheets, json::derived_sheets),
    pair("decode 100 orders by `Deserialize`", 20, json::deserialized_orders, json::derived_orders),
    pair("encode 100 orders", 20, json::encoded_orders, json::derived_encoded_orders),
    pair("small call", 200, calls::clock, calls::bare_clock),
    pair("call for 100 orders", 40, calls::orders, calls::bare_orders),
    pair("stream message, type first", 1_000, messages::type_first, messages::tagged_type_first),
    pair("stream message, type last", 1_000, messages::type_last, messages::tagged_type_last),
    once("load", generator::load),
    once("decode", generator::decode),
    once("check", generator::check),
    once("lower", generator::lower),
    once("emit", generator::emit),
    once("format", generator::format),
    once("compare", generator::compare),
];
