//! Both APIs as a whole: every operation, type and message, each held against the spec.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it panics")]

mod messages;
mod mock;
mod operations;
mod orders;
mod replay;
mod smoke;
mod studio;
mod types;
