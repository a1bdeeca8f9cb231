//! JSON of single values without a request, for the workspace's `benches/`.
//!
//! Not part of the interface: it can change in any release.

use crate::record::{self, Encoding, Value};

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
