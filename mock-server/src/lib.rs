//! A Clear Street to run against: a server of its APIs, driven by the same spec as the client.
//!
//! Everything about requests comes from the spec when a server starts (the crate carries a copy inside):
//! paths, what is checked of a request, how errors look, and what an answer may be. By default a server has
//! an exchange: accounts, orders that fill, positions, streams. What the exchange does not know is made from
//! the spec, the same for the same seed.
//!
//! ```
//! use clear_street_mock::MockServer;
//! use clear_street_mock::http::StatusCode;
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::start().await?;
//! // What shall be answered otherwise, and what shall be called.
//! server.respond("get_clock")?.refuse(StatusCode::SERVICE_UNAVAILABLE, "back soon").once();
//! server.expect("get_watchlists")?.when(|call| call.parameters["page_size"] == json!(2)).once();
//!
//! let client = clear_street::trading::Client::builder()
//!     .api_key("any.key")
//!     .base_url(server.trading_url())
//!     .build()?;
//! // The client tries again by itself.
//! client.calendar().get_clock().send().await?;
//! client.watchlist().get_watchlists().page_size(2).send().await?;
//!
//! server.verify()?;
//! assert_eq!(server.received_for("get_clock").len(), 2);
//! let lists = server.received_for("get_watchlists");
//! assert_eq!(lists[0].parameter::<u32>("page_size")?, 2);
//! # Ok(()) }
//! ```
//!
//! Servers share nothing: tests start as many as they like, each on a port of its own. A server ends when
//! it is dropped; [`MockServer::stop`] also waits for what was begun.
#![warn(missing_docs)]

pub mod call;
mod chance;
pub mod clock;
mod encode;
mod exchange;
mod faults;
mod frame;
mod generate;
mod handlers;
mod hooks;
pub mod journal;
mod lock;
mod received;
mod request;
mod server;
mod spec;
mod stream;
#[cfg(test)]
mod testing;
mod tokens;
mod validate;

pub use self::faults::{Disturbance, During, InvalidFault, RequestFault, StreamFault};
pub use self::handlers::StatefulHandlers;
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
