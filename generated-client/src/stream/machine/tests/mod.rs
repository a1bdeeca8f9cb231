//! The machine with a scripted clock and a scripted server. Nothing here waits, and chance depends on a
//! seed only.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod anything;
mod bench;
mod cases;
mod connections;
mod endings;
pub(in crate::stream) mod model;
mod sequences;
mod slow_caller;
mod subject;
mod tokens;
pub(in crate::stream) mod words;
