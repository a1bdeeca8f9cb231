//! Messages: reading them in two passes, and the one that subscribes.

mod envelope;
pub(crate) mod hash;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;

pub(crate) use self::envelope::{Envelope, Parts, Reply, fault};
use super::{ChannelMessage, Layout, Place};
use crate::Json;
use crate::error::{Error, ErrorKind, Result};
use crate::record::{self, DecodeError, Invalid, Value};

/// A message and what stood around it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Received<M> {
    /// What it tells.
    pub message: M,
    /// Its number in the order of sequenced messages, if it has one.
    pub sequence: Option<u64>,
    /// When the server sent it, if it says so.
    pub timestamp: Option<Timestamp>,
}

/// Reads a message of a channel from its text.
///
/// Nothing is lost: a message of a type that is not listed is kept whole, as [`UnknownVariant`](crate::UnknownVariant), and
/// so is one that cannot be read, as [`Undecodable`].
///
/// ```
/// use clear_street::stream::{Undecodable, decode};
/// use clear_street::studio::activity::ActivityMessage;
///
/// fn describe(text: &str) -> Result<String, Undecodable> {
///     let received = decode::<ActivityMessage>(text)?;
///     Ok(match received.message {
///         ActivityMessage::OrderUpdate(order) => format!("{} of {}", order.filled_quantity, order.quantity),
///         ActivityMessage::ReplayComplete => "up to date".to_owned(),
///         ActivityMessage::Unknown(unknown) => format!("something new: {}", unknown.json()),
///         other => format!("{other:?}"),
///     })
/// }
///
/// let text = r#"{"timestamp":1711073665833,"payload":{"type":"replay-complete"}}"#;
/// assert_eq!(describe(text)?, "up to date");
/// # Ok::<(), Undecodable>(())
/// ```
///
/// # Errors
/// If it is not what it should be. The error keeps the whole text. A type that is not listed is no
/// error: it becomes the variant `Unknown`.
pub fn decode<M: ChannelMessage>(text: &str) -> Result<Received<M>, Undecodable> {
    let mut message: Option<M> = None;
    let envelope = Envelope::watched(M::CHANNEL.layout, text, false, &mut |envelope, data| {
        let Some(json) = data else { return false };
        message = envelope.decode_data(json);
        message.is_some()
    })?;
    Ok(Received {
        timestamp: envelope.timestamp()?,
        sequence: envelope.members.sequence,
        message: message.map_or_else(|| envelope.decode(), Ok)?,
    })
}

/// A message that cannot be read, kept as it came, and why.
///
/// Its text may hold personal data, so neither `Display` nor `Debug` show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Undecodable {
    kind: Option<Box<str>>,
    sequence: Option<u64>,
    path: String,
    message: String,
    text: Box<str>,
}

impl Undecodable {
    #[cold]
    pub(crate) fn new(text: &str, kind: Option<&str>, sequence: Option<u64>, error: DecodeError) -> Self {
        let DecodeError { path, message } = error;
        Self { kind: kind.map(Into::into), sequence, path, message, text: text.into() }
    }

    /// Its type on the wire, if that could be read.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Its sequence number, if it has one that could be read.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// Where the fault is: `$.payload.data.price`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was expected and what was found.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The whole message, as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its type may be as long as the server likes.
        write!(f, "{:.64}", self.kind().unwrap_or("message"))?;
        if let Some(sequence) = self.sequence() {
            write!(f, " {sequence}")?;
        }
        write!(f, " cannot be read: {} at {}", self.message(), self.path())
    }
}

impl fmt::Debug for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Undecodable({self})")
    }
}

impl std::error::Error for Undecodable {}

/// The message that subscribes to a channel. It holds the access token, so it is never printed and
/// is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct SubscribeMessage(Zeroizing<String>);

impl SubscribeMessage {
    /// Its text, token included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SubscribeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The message that subscribes to a channel.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the subscription breaks one of its rules.
pub fn subscribe<M: ChannelMessage>(subscription: &M::Subscription, token: &str) -> Result<SubscribeMessage> {
    let layout = M::CHANNEL.layout;
    let view = subscription.view();
    let invalid = |invalid: Invalid| Error::new(ErrorKind::Invalid, invalid.message).at(invalid.path);
    record::check(view, layout.encoding).map_err(invalid)?;
    let object = record::encode(view, layout.encoding).map_err(invalid)?;
    write(layout, M::CHANNEL.subscribe, token, &object)
}

/// The message that subscribes to a channel that is not described. `kind` is its type, `payload` an
/// object with the other members of its payload.
///
/// # Errors
/// [`ErrorKind::Invalid`] if that is not an object.
pub(crate) fn subscribe_unlisted(
    layout: &Layout,
    kind: &str,
    token: &str,
    payload: &Json,
) -> Result<SubscribeMessage> {
    let object = payload.text().trim();
    match object.starts_with('{') {
        true => write(layout, kind, token, object.as_bytes()),
        false => Err(Error::new(ErrorKind::Invalid, "the payload of the subscription is not an object")),
    }
}

/// The text, with the members of `object` in its payload.
fn write(layout: &Layout, kind: &str, token: &str, object: &[u8]) -> Result<SubscribeMessage> {
    // Room for braces and names, and for texts whose every character is an escape, which takes six. Never
    // to grow: a text that is moved leaves its old place as it was, token included.
    let texts = [kind, token, layout.payload].map(|text| text.len() * 6);
    let room = object.len() + 512 + texts.into_iter().sum::<usize>();
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    text.push(b'{');
    for in_payload in [false, true] {
        if in_payload {
            name(&mut text, layout.payload);
            text.push(b'{');
        }
        for (place, value) in [(layout.token, token), (layout.kind, kind)] {
            if let (Place::Message(key), false) | (Place::Payload(key), true) = (place, in_payload) {
                name(&mut text, key);
                string(&mut text, value);
            }
        }
    }
    let members = object.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
    if let Some(members @ [_, ..]) = members.map(<[u8]>::trim_ascii) {
        separate(&mut text);
        text.extend_from_slice(members);
    }
    text.extend_from_slice(b"}}");
    debug_assert_eq!(text.capacity(), room, "the token was moved");
    match String::from_utf8(std::mem::take(&mut *text)) {
        Ok(text) => Ok(SubscribeMessage(Zeroizing::new(text))),
        Err(_) => Err(Error::new(ErrorKind::Invalid, "the subscription is no text")),
    }
}

fn name(text: &mut Vec<u8>, name: &str) {
    separate(text);
    string(text, name);
    text.push(b':');
}

fn separate(text: &mut Vec<u8>) {
    if text.last() != Some(&b'{') {
        text.push(b',');
    }
}

fn string(text: &mut Vec<u8>, value: &str) {
    let written = serde_json::to_writer(text, value);
    debug_assert!(written.is_ok(), "a text can be written to memory");
}
