//! Stream channels: what is subscribed to, and the messages that come then.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Map, Text, TypeText};
use crate::source::Spanned;

/// What holds for all channels of an API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Where the parts of a message stand.
    pub places: Places,
    /// Messages that every channel has, by their type on the wire.
    #[serde(default)]
    pub messages: Map<Message>,
}

/// Where the parts of a message stand: a property of the message, `sequence`, or of its payload,
/// `payload.type`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// The object with what is particular to a type of message.
    pub payload: Text,
    /// Which type of message it is.
    #[serde(rename = "type")]
    pub kind: Text,
    /// The value that a message tells, if it tells one.
    pub data: Text,
    /// The number in the order of sequenced messages.
    pub sequence: Text,
    /// Name of the channel.
    pub channel: Text,
    /// When the server sent it.
    pub timestamp: Text,
    /// In a subscription: the access token.
    pub token: Text,
    /// In an acknowledgement: whether the server agrees.
    pub success: Text,
    /// In an acknowledgement or a notice: what the server says.
    pub details: Text,
}

impl Places {
    /// Every place but the payload itself, in the order in which they are documented.
    pub fn parts(&self) -> [&Text; 8] {
        let Self { payload: _, kind, data, sequence, channel, timestamp, token, success, details } = self;
        [kind, data, sequence, channel, timestamp, token, success, details]
    }
}

/// A channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What it tells.
    pub doc: Text,
    /// What comes first after a subscription.
    pub replay: Spanned<Replay>,
    /// The message that subscribes to it.
    pub subscribe: Subscribe,
    /// What the server sends, by its type on the wire.
    #[serde(default)]
    pub messages: Map<Message>,
}

/// What comes first after a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// All sequenced messages of the day.
    Journal,
    /// The present state.
    Snapshot,
}

/// The message that subscribes to a channel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// Its type on the wire.
    #[serde(rename = "type")]
    pub kind: Text,
    /// The model with the other properties of its payload.
    pub payload: Text,
}

/// A type of message that the server sends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What it tells.
    pub doc: Text,
    /// What it is for, `update` unless said.
    pub role: Option<Spanned<Role>>,
    /// Type of the value that it tells.
    pub data: Option<TypeText>,
    /// The model with the properties of its payload.
    pub payload: Option<Text>,
    /// Whether it has a sequence number, `never` unless said.
    pub sequence: Option<Spanned<Sequence>>,
    /// Rust name, where it differs by more than case.
    pub rust: Option<Text>,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It tells something new.
    #[default]
    Update,
    /// It says that the session is alive.
    Heartbeat,
    /// It says what went wrong.
    Notice,
    /// It answers a subscription.
    Acknowledgement,
    /// It ends the replay.
    CaughtUp,
}

/// Whether messages of a type have a sequence number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sequence {
    /// None has.
    #[default]
    Never,
    /// It is not known, or some have.
    Maybe,
    /// All have.
    Always,
}
