//! Messages as the spec lays them out.

use clear_street_spec::ir::{Layout, MessagePlace};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

/// A message that is being put together, in the order in which its parts are put.
pub(super) struct Draft<'a> {
    layout: &'a Layout,
    message: Vec<(&'a str, Part<'a>)>,
    payload: Parts<'a>,
}

/// Properties of one object.
struct Parts<'a>(Vec<(&'a str, Part<'a>)>);

/// A value in a message.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Part<'a> {
    Text(&'a str),
    Flag(bool),
    Time(i64),
    Number(u64),
    Json(&'a RawValue),
}

impl<'a> Draft<'a> {
    /// A message of this type, sent at this time: milliseconds since 1970.
    pub(super) fn new(layout: &'a Layout, time: i64, kind: &'a str) -> Self {
        Self { layout, message: Vec::new(), payload: Parts(Vec::new()) }
            .put(&layout.timestamp, Part::Time(time))
            .put(&layout.kind, Part::Text(kind))
    }

    pub(super) fn put(mut self, place: &'a MessagePlace, part: Part<'a>) -> Self {
        match place {
            MessagePlace::Message(name) => self.message.push((name, part)),
            MessagePlace::Payload(name) => self.payload.0.push((name, part)),
        }
        self
    }

    /// The text of the message.
    pub(super) fn text(&self) -> String {
        // Every part can be written, so that nothing can fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Draft<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, part) in &self.message {
            map.serialize_entry(name, part)?;
        }
        map.serialize_entry(&self.layout.payload, &self.payload)?;
        map.end()
    }
}

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, part)| (name, part)))
    }
}
