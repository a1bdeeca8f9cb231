//! Messages of types that this version of the crate does not know.

use crate::Json;

/// A message of a type that this version of the crate does not know, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMessage {
    kind: Box<str>,
    json: Json,
}

impl UnknownMessage {
    pub(crate) fn new(kind: &str, json: Json) -> Self {
        Self { kind: kind.into(), json }
    }

    /// Its type on the wire.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The whole message.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }
}
