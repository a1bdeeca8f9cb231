//! Typed client for Clear Street's brokerage APIs.

#![warn(missing_docs)]
#![warn(clippy::arithmetic_side_effects)]

mod api;
mod authentication;
mod call;
mod client;
mod error;
mod headers;
pub mod operation;
mod options;
mod page;
#[allow(unreachable_pub, reason = "sealed: what models implement is public, in a module that is not")]
mod record;
mod response;
#[cfg(test)]
mod tests;
pub mod trading;
mod transport;
mod value;

pub use call::{Sending, UndocumentedRequest};
pub use error::{ApiError, Delivery, Error, ErrorKind, Result};
pub use headers::Headers;
pub use options::RequestOptions;
pub use page::{Items, Pages};
pub use response::{Metadata, Response};
pub use value::{Json, JsonError, Patch, UnknownVariant, Unrecognized};
