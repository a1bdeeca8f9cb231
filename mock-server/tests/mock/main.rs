//! The mock as its users see it: over its sockets, through the client, and as a program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it panics")]

#[cfg(all(unix, feature = "command"))]
mod command;
mod disturbances;
mod fault_files;
mod faults;
mod hooks;
mod http;
mod lifetime;
mod protocol;
mod replay;
mod requests;
mod socket;
mod streams;
mod support;
mod trading;
