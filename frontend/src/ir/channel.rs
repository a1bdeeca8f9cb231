//! Stream channels and their messages.

use super::Type;
use crate::language::{Replay, Role, Sequence};

/// Where the parts of a channel's message stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The property that holds what is particular to a type of message.
    pub payload: String,
    pub kind: MessagePlace,
    pub data: MessagePlace,
    pub sequence: MessagePlace,
    pub channel: MessagePlace,
    pub timestamp: MessagePlace,
    pub token: MessagePlace,
    pub success: MessagePlace,
    pub details: MessagePlace,
}

/// A property of a message, or of its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessagePlace {
    Message(String),
    Payload(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// On the wire: `activity`.
    pub name: String,
    /// The enum of its messages: `ActivityMessage`.
    pub rust: String,
    pub doc: String,
    /// Type of the message that subscribes.
    pub subscribe: String,
    /// The model with the other properties of that.
    pub subscription: Type,
    pub replay: Replay,
    /// Its own messages, then those that every channel has.
    pub messages: Vec<Message>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub wire: String,
    pub rust: String,
    pub doc: String,
    pub role: Role,
    pub sequence: Sequence,
    pub content: Content,
}

/// What a message tells, with a box around what is large.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Nothing,
    Payload(Type),
    Data(Type),
}

impl Content {
    /// What the message holds; nothing if its type says all.
    pub fn ty(&self) -> Option<&Type> {
        match self {
            Self::Nothing => None,
            Self::Payload(ty) | Self::Data(ty) => Some(ty),
        }
    }
}
