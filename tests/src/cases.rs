//! One call per operation and one entry per type, made from the spec by the build script.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a call gives: the status, and the answer in `Debug` form.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<(u16, String), clear_street::Error>> + Send + 'a>>;

/// A call of an operation with all of its parameters, and what must be seen of it.
#[derive(Debug)]
pub struct OperationCase<C> {
    /// The vendor's name.
    pub operation: &'static str,
    /// The group that it belongs to.
    pub group: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path with the parameters in it, not percent-encoded.
    pub path: &'static str,
    /// Query parameters, not percent-encoded.
    pub query: &'static [(&'static str, &'static str)],
    /// JSON of the body.
    pub body: Option<&'static str>,
    /// Status of success.
    pub status: u16,
    /// A full answer of success.
    pub answer: &'static str,
    /// Makes the call.
    pub send: fn(&C) -> Answer<'_>,
}

/// A type of the generated crate.
#[derive(Debug)]
pub struct TypeCase {
    /// Its name in the spec and in Rust.
    pub name: &'static str,
    /// Decodes a JSON text and encodes the value again.
    pub recode: fn(&str) -> Result<String, serde_json::Error>,
}

fn recode<T: Serialize + DeserializeOwned>(json: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&serde_json::from_str::<T>(json)?)
}

/// Cases of the Studio API.
#[allow(missing_docs, deprecated, reason = "made by the build script from the spec")]
#[allow(clippy::all, clippy::unwrap_used, reason = "made to be compiled, of samples that are valid")]
pub mod studio {
    use super::{OperationCase, TypeCase, recode};

    include!(concat!(env!("OUT_DIR"), "/studio.rs"));
}

/// Cases of the Trading API.
#[allow(missing_docs, deprecated, reason = "made by the build script from the spec")]
#[allow(clippy::all, clippy::unwrap_used, reason = "made to be compiled, of samples that are valid")]
pub mod trading {
    use super::{OperationCase, TypeCase, recode};

    include!(concat!(env!("OUT_DIR"), "/trading.rs"));
}
