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
mod tokens;

pub use self::faults::{Disturbance, During, InvalidFault, RequestFault, StreamFault};
pub use self::server::{Builder, MockServer, StartError};
pub use self::tokens::Tokens;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
