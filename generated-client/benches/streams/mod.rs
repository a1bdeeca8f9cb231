//! Both sides of the benchmarks of streams, and the server of both.

#![allow(dead_code, reason = "each program needs some of it")]

pub(crate) mod clients;
pub(crate) mod memory;
pub(crate) mod rivals;
pub(crate) mod server;
