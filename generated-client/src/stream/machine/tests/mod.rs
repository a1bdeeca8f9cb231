//! The machine with a scripted clock and a scripted server. Nothing here waits, and chance depends on a
//! seed only.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod cases;
pub(in crate::stream) mod model;
mod subject;
pub(in crate::stream) mod words;
