//! A Clear Street to run against: a server of its APIs, driven by the same spec as the client.
#![warn(missing_docs)]

pub mod book;
pub mod call;
pub mod clock;
pub mod desk;
mod faults;
mod frame;
mod generate;
mod hooks;
pub mod journal;
mod received;
mod request;
mod server;
mod stream;
#[cfg(test)]
mod testing;
mod tokens;
mod validate;

pub use self::faults::{Disturbance, During, InvalidFault, RequestFault, StreamFault};
pub use self::hooks::{Expect, NoSuchOperation, Respond, Unmet};
pub use self::received::Received;
pub use self::server::{Builder, MockServer, StartError};
pub use self::tokens::Tokens;
pub use self::validate::{Violation, ViolationKind};
/// Statuses and headers of [`Respond`] and [`call`].
pub use http;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
