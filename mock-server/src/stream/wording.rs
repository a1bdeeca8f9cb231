//! Messages as the spec lays them out.

use std::collections::BTreeMap;

use clear_street_spec::ir::{Layout, MessagePlace};
use serde::Serialize;
use serde_json::value::RawValue;

/// A message that is being put together.
pub(super) struct Draft<'a> {
    layout: &'a Layout,
    message: BTreeMap<&'a str, Part<'a>>,
    payload: BTreeMap<&'a str, Part<'a>>,
}

/// A value in a message.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Part<'a> {
    Text(&'a str),
    Flag(bool),
    Time(i64),
    Number(u64),
    Json(&'a RawValue),
    Object(BTreeMap<&'a str, Part<'a>>),
}

impl<'a> Draft<'a> {
    /// A message of this type, sent at this time: milliseconds since 1970.
    pub(super) fn new(layout: &'a Layout, time: i64, kind: &'a str) -> Self {
        Self { layout, message: BTreeMap::new(), payload: BTreeMap::new() }
            .put(&layout.timestamp, Part::Time(time))
            .put(&layout.kind, Part::Text(kind))
    }

    pub(super) fn put(mut self, place: &'a MessagePlace, part: Part<'a>) -> Self {
        match place {
            MessagePlace::Message(name) => self.message.insert(name, part),
            MessagePlace::Payload(name) => self.payload.insert(name, part),
        };
        self
    }

    /// The text of the message.
    pub(super) fn text(mut self) -> String {
        self.message.insert(&self.layout.payload, Part::Object(self.payload));
        // Every part can be written, so that nothing can fail.
        serde_json::to_string(&self.message).unwrap_or_default()
    }
}
