//! Both sides of the benchmarks of streams.

#![allow(dead_code, reason = "each program needs some of it")]

pub(crate) mod clients;
pub(crate) mod memory;
