//! What the workspace's `benches/` and `fuzz/` need beside the interface: JSON of single values, and what a
//! stream is made of.
//!
//! Not part of the interface: it can change in any release.

use crate::record::{self, Encoding, Value};
#[cfg(feature = "studio")]
use crate::stream::{ChannelMessage, message};

/// Reads a value the way an answer is read.
///
/// # Errors
/// Why it cannot be read, with the JSON path.
pub fn decode<T: Value>(json: &[u8]) -> Result<T, String> {
    let mut value = T::blank();
    match record::decode(json, value.slot()) {
        Ok(()) => Ok(value),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes a value the way the body of a request is written.
///
/// # Errors
/// Why it cannot be written, with the JSON path.
pub fn encode<T: Value>(value: &T) -> Result<Vec<u8>, String> {
    record::encode(value.view(), &Encoding::TEXT)
        .map_err(|invalid| format!("{}: {}", invalid.path, invalid.message))
}

/// The number of a message and the hash of its content: all that a stream reads of a message that it drops.
#[cfg(feature = "studio")]
pub fn identify<M: ChannelMessage>(text: &str) -> Option<(u64, u64)> {
    let envelope = message::Envelope::read_for_stream(M::CHANNEL.layout, text, &mut |_| false).ok()?;
    Some((envelope.members.sequence?, envelope.hash()))
}

/// The machine of a stream, which `fuzz/` drives.
#[cfg(all(feature = "stream", fuzzing))]
pub use crate::stream::machine::*;
