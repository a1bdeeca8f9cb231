//! Typed client for Clear Street's brokerage APIs.
//!
//! There are two APIs, [`trading`] and [`studio`]. Each begins with a client of its own,
//! [`trading::Client`] and [`studio::Client`], which has a handle for each group of operations. A
//! handle makes requests, which are sent:
//!
//! ```no_run
//! use clear_street::trading::Client;
//! use clear_street::trading::orders::OrderStatus;
//!
//! # async fn run() -> clear_street::Result<()> {
//! // The API key comes from CLEAR_STREET_API_KEY.
//! let client = Client::from_env()?;
//!
//! let mut accounts = client.accounts().get_accounts().items();
//! while let Some(account) = accounts.next().await {
//!     let account = account?;
//!     let orders = client.orders().get_orders(account.id).status([OrderStatus::New]).send().await?;
//!     println!("{} has {} new orders", account.id, orders.data.len());
//! }
//! # Ok(()) }
//! ```
//!
//! It needs a Tokio runtime. Programs without one switch on the feature `blocking`, and wait instead
//! of awaiting: `client.calendar().get_clock().send().wait()?`.
//!
//! # Requests
//!
//! What an operation requires are arguments, everything else are setters. What can be known to be
//! wrong is refused before anything is sent, with an error that names the field. A request that is
//! a list can be sent for one page, or walked with `pages` and `items`: see [`Pages`] and [`Items`].
//! [`RequestOptions`] has settings of one request and what this crate does not know: headers,
//! query parameters, fields of the body. Whole endpoints that it does not know are reached with
//! [`trading::Client::request`].
//!
//! # Answers
//!
//! A [`Response`] has the result as `data`, with status, headers, request id, page tokens and the
//! body as it came. Prices and quantities are exact decimals; what does not fit is an error with
//! its place in the JSON, never rounded. Values of enums and variants of unions that are newer than
//! this crate are kept: [`Unrecognized`], [`UnknownVariant`].
//!
//! # Orders
//!
//! Every order and position instruction has a key, which is filled in if it is missing. Sending them
//! gives a [`Submission`] with the outcome of every row. A row whose answer is lost is looked up by its
//! key and never sent again unless you allow it; if it is not found, it is [`RowOutcome::Unknown`]. See
//! [`retry`] for the promises, and for what a client cannot know.
//!
//! # Streams
//!
//! [`studio::Client::stream`] gives what happens, as it happens: every numbered message once and in
//! order, and nothing missing without a word. See [`stream`], which also says what to do when.
//!
//! # Errors
//!
//! There is one type, [`Error`]. Its text always has what the server said and the request id.
//! [`Error::delivery`] tells whether a request that failed may have had its effect: an order whose
//! answer was lost may be in the market.
//!
//! Failed requests are sent again only where that is safe: see [`retry`] for the rules, the numbers and
//! how to change them.
//!
//! # Features
//!
//! `trading`, `studio` and `stream` are all on by default; a program that uses one of them alone
//! compiles faster with `default-features = false`. `stream` is for being connected to the channels of
//! the Studio API, and brings `studio`, which can read their messages. `blocking` is off by default.
//!
//! A client sends no more requests than the vendor's servers take: see [`rate_limit`].
//!
//! # Secrets
//!
//! API keys, credentials and tokens are kept out of everything that is printed or traced, sent only
//! to the host that they are for, and only over TLS (to this machine also without): see
//! [`authentication`]. Redirects are not followed. Certificates
//! are always checked.
//!
//! # Tracing
//!
//! Each call is a `tracing` span `clear_street` with operation, method, path template, status and
//! request id, and in it a span `attempt` for each time that it was sent; never bodies or
//! parameters.

#![warn(missing_docs)]
#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(
    not(all(feature = "trading", feature = "studio", feature = "stream")),
    allow(dead_code, unused_imports, reason = "one API alone does not use all of the runtime")
)]

// The servers of the tests name this crate as other programs do.
#[cfg(test)]
extern crate self as clear_street;

mod api;
pub mod authentication;
#[doc(hidden)]
pub mod benchmarks;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod call;
mod client;
mod error;
mod generated_prelude;
mod headers;
mod keyed;
pub mod operation;
mod options;
mod page;
pub mod rate_limit;
#[allow(unreachable_pub, reason = "sealed: what models implement is public, in a module that is not")]
mod record;
mod response;
pub mod retry;
// What comes through channels can be read without the feature that connects to them.
#[cfg(any(test, feature = "studio"))]
pub mod stream;
#[cfg(feature = "studio")]
pub mod studio;
#[cfg(test)]
mod tests;
#[cfg(feature = "trading")]
pub mod trading;
mod transport;
mod value;

pub use builder::ClientBuilder;
pub use call::{Sending, UndocumentedRequest};
pub use error::{
    ApiError, Delivery, Error, ErrorDetail, ErrorInfo, ErrorKind, ProblemDetails, Result, Violation,
};
pub use headers::Headers;
pub use keyed::{Row, RowOutcome, Submission, Submitting};
pub use options::RequestOptions;
pub use page::{Items, Pages};
pub use response::{Metadata, Response};
pub use transport::RootCertificates;
pub use value::{Json, JsonError, NotListed, Patch, UnknownVariant, Unrecognized};

/// The examples of the README are compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
