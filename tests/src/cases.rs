//! One call per operation, one entry per type and one text per message, made from the spec by the
//! build script.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use clear_street::stream::{ChannelMessage, Undecodable, decode};
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

/// A message of a channel.
#[derive(Debug)]
pub struct MessageCase {
    /// Name of the channel.
    pub channel: &'static str,
    /// Its type on the wire.
    pub kind: &'static str,
    /// Its name in Rust.
    pub variant: &'static str,
    /// Its sequence number, if it may have one.
    pub sequence: Option<u64>,
    /// JSON of a full message.
    pub text: &'static str,
    /// Reads a message of its channel.
    pub read: fn(&str) -> Read,
}

/// Sequence number and message in `Debug` form.
pub type Read = Result<(Option<u64>, String), Undecodable>;

fn read<M: ChannelMessage + Debug>(text: &str) -> Read {
    let received = decode::<M>(text)?;
    Ok((received.sequence, format!("{:?}", received.message)))
}

/// Cases of the Studio API.
#[allow(missing_docs, deprecated, reason = "made by the build script from the spec")]
#[allow(clippy::all, clippy::unwrap_used, reason = "made to be compiled, of samples that are valid")]
pub mod studio {
    use super::{MessageCase, OperationCase, TypeCase, read, recode};

    include!(concat!(env!("OUT_DIR"), "/studio.rs"));
    include!(concat!(env!("OUT_DIR"), "/studio_messages.rs"));
}

/// Cases of the Trading API.
#[allow(missing_docs, deprecated, reason = "made by the build script from the spec")]
#[allow(clippy::all, clippy::unwrap_used, reason = "made to be compiled, of samples that are valid")]
pub mod trading {
    use super::{OperationCase, TypeCase, recode};

    include!(concat!(env!("OUT_DIR"), "/trading.rs"));
}
