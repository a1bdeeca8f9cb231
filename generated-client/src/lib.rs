//! Typed client for Clear Street's brokerage APIs.

#![warn(missing_docs)]
#![warn(clippy::arithmetic_side_effects)]

pub mod api;
mod call;
mod client;
mod error;
pub mod operation;
mod options;
mod page;
mod record;
mod response;
mod value;

pub use call::Sending;
pub use error::Error;
pub use options::RequestOptions;
pub use page::{Items, Pages};
pub use response::Response;
pub use value::{Json, JsonError, Patch, UnknownVariant, Unrecognized};
