//! Values that this version of the crate does not know.

use std::fmt;

use super::Json;
use crate::record::RawVariant;

/// The text of an enum value that this version of the crate does not know.
///
/// It can be read and sent back, but not constructed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unrecognized(Box<str>);

impl Unrecognized {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A variant of a union, or a message of a channel, that this version of the crate does not know.
///
/// It can be read, and a variant can be sent back, but neither can be constructed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariant {
    tag: Box<str>,
    json: Json,
}

impl UnknownVariant {
    pub(crate) fn new(tag: &str, json: Json) -> Self {
        Self { tag: tag.into(), json }
    }

    /// What identifies the variant: the tag, the name of the only property, or the kind of JSON value. For
    /// a message, its type.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The whole value or message, tag included.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }
}

impl From<RawVariant<'_>> for UnknownVariant {
    fn from(variant: RawVariant<'_>) -> Self {
        Self::new(variant.name, Json::from_raw(variant.json))
    }
}
