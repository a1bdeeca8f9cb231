//! A Clear Street to run against: a server of its APIs, driven by the same spec as the client.
#![warn(missing_docs)]

pub mod book;
pub mod call;
pub mod clock;
pub mod desk;
mod faults;
pub mod journal;
mod server;
mod stream;

pub use self::server::{Builder, MockServer, StartError};
