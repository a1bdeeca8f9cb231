//! Typed client for Clear Street's brokerage APIs.
//!
//! There are two APIs, [`trading`] and [`studio`], each with its own client: [`trading::Client`] and
//! [`studio::Client`]. A client has a handle for each group of operations, and a handle creates requests:
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
//! The crate needs a Tokio runtime. Programs without one enable the feature `blocking` and wait instead of
//! awaiting: `client.calendar().get_clock().send().wait()?`.
//!
//! # Requests
//!
//! Required inputs are arguments; everything else is a setter. A mistake that can be detected before
//! sending is an error that names the field. A list request can be sent for one page, or walked with
//! `pages` and `items`: see [`Pages`] and [`Items`]. [`RequestOptions`] holds settings of one request, and
//! anything that this crate does not know: headers, query parameters, body fields. Unknown endpoints are
//! reached with [`trading::Client::request`].
//!
//! # Answers
//!
//! A [`Response`] has the result as `data`, and the status, headers, request id, page tokens and raw body.
//! Prices and quantities are exact decimals; a value that does not fit is an error with its JSON path, and
//! is never rounded. Enum values and union variants that are newer than this crate are kept:
//! [`Unrecognized`], [`UnknownVariant`].
//!
//! # Orders
//!
//! Every order and position instruction has a key; the client generates missing ones. Sending them returns
//! a [`Submission`] with the outcome of every row. A row whose response is lost is looked up by its key,
//! and is never sent again unless you allow it. If it is not found, it is [`RowOutcome::Unknown`]. See
//! [`retry`] for the guarantees, and for what a client cannot know.
//!
//! # Streams
//!
//! [`studio::Client::stream`] delivers events as they happen: every numbered message once and in order,
//! with a report of anything that is missing. See [`stream`] for the guarantees and for what to do when.
//!
//! # Errors
//!
//! There is one type, [`Error`]. Its text includes the server's message and the request id.
//! [`Error::delivery`] tells whether a failed request may have had its effect: an order whose response was
//! lost may be in the market.
//!
//! Failed requests are retried only where that is safe: see [`retry`] for the rules and defaults, and for
//! how to change them.
//!
//! # Features
//!
//! `trading`, `studio` and `stream` are all on by default; a program that uses only one of them compiles
//! faster with `default-features = false`. `stream` connects to the channels of the Studio API; it includes
//! `studio`, which can decode their messages. `blocking` is off by default.
//!
//! A client keeps to the vendor's rate limits: see [`rate_limit`].
//!
//! # Secrets
//!
//! API keys, credentials and tokens are never printed or traced. They are sent only to the host they belong
//! to, and only over TLS (except to this machine): see [`authentication`]. Redirects are not followed.
//! Certificates are always checked.
//!
//! # Tracing
//!
//! Each call is a `tracing` span `clear_street` with operation, method, path template, status and request
//! id. It contains a span `attempt` for each attempt. Bodies and parameters are never recorded.

#![warn(missing_docs)]
#![cfg_attr(
    not(all(feature = "trading", feature = "studio", feature = "stream")),
    allow(dead_code, unused_imports, reason = "one API alone does not use all of the runtime")
)]

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
mod models;
pub mod operation;
mod options;
mod page;
pub mod rate_limit;
#[allow(unreachable_pub, reason = "sealed: what models implement is public, in a module that is not")]
mod record;
mod request;
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
pub use call::{ResponseFuture, UndocumentedRequest};
pub use error::{
    ApiError, Delivery, Error, ErrorDetail, ErrorInfo, ErrorKind, ProblemDetails, Result, Violation,
};
pub use headers::Headers;
pub use keyed::{Row, RowOutcome, Submission, SubmissionFuture};
pub use options::RequestOptions;
pub use page::{Items, Pages};
pub use response::{Metadata, Response};
pub use transport::RootCertificates;
pub use value::{Json, JsonError, NotListed, Patch, UnknownVariant, Unrecognized};

/// The examples of the README are compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
