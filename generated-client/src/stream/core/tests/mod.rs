//! The core with a scripted clock and a scripted server: nothing here waits, and nothing is random but
//! by a seed.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod anything;
mod bench;
mod connections;
mod endings;
pub(in crate::stream) mod model;
mod sequences;
mod slow_caller;
mod tokens;
pub(in crate::stream) mod words;
