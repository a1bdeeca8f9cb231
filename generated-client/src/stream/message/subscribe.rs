//! The message that subscribes.

use std::fmt;

use secrecy::zeroize::Zeroizing;

#[cfg(feature = "stream")]
use crate::Json;
use crate::error::{Error, ErrorKind, Result};
use crate::record::{self, Invalid, Value};
use crate::stream::{ChannelMessage, Layout, Place};

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
    record::check(view, layout.encoding).map_err(invalid)?;
    let properties = record::encode(view, layout.encoding).map_err(invalid)?;
    write(layout, M::CHANNEL.subscribe, token, &properties)
}

/// The message that subscribes to a channel that is not described. `kind` is its type, `payload` an
/// object with the other members of its payload.
///
/// # Errors
/// [`ErrorKind::Invalid`] if that is not an object.
#[cfg(feature = "stream")]
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

fn write(layout: &Layout, kind: &str, token: &str, properties: &[u8]) -> Result<SubscribeMessage> {
    // Never to grow: a text that is moved leaves its old place as it was, token included.
    let capacity = room(&[kind, token, layout.payload]).saturating_add(properties.len());
    let mut text = Zeroizing::new(Vec::with_capacity(capacity));
    text.push(b'{');
    for (place, value) in [(layout.token, token), (layout.kind, kind)] {
        if let Place::Message(name) = place {
            member(&mut text, name, value)?;
        }
    }
    name(&mut text, layout.payload)?;
    text.push(b'{');
    for (place, value) in [(layout.token, token), (layout.kind, kind)] {
        if let Place::Payload(name) = place {
            member(&mut text, name, value)?;
        }
    }
    // The members of an object, without its braces.
    if let Some(inner @ [_, ..]) = properties.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")) {
        separate(&mut text);
        text.extend_from_slice(inner);
    }
    text.extend_from_slice(b"}}");
    let text = String::from_utf8(std::mem::take(&mut *text)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        unwritable("it is no text")
    })?;
    Ok(SubscribeMessage(Zeroizing::new(text)))
}

/// Room for texts whose every character is written as an escape, which takes six, and for braces
/// and names of properties.
fn room(texts: &[&str]) -> usize {
    texts.iter().fold(512, |sum, text| sum.saturating_add(text.len().saturating_mul(6)))
}

fn member(text: &mut Vec<u8>, key: &str, value: &str) -> Result<()> {
    name(text, key)?;
    string(text, value)
}

fn name(text: &mut Vec<u8>, name: &str) -> Result<()> {
    separate(text);
    string(text, name)?;
    text.push(b':');
    Ok(())
}

fn separate(text: &mut Vec<u8>) {
    if text.last() != Some(&b'{') {
        text.push(b',');
    }
}

fn string(text: &mut Vec<u8>, value: &str) -> Result<()> {
    serde_json::to_writer(text, value).map_err(|_| unwritable("it cannot be written"))
}

fn unwritable(why: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("the subscription has no text: {why}"))
}

fn invalid(invalid: Invalid) -> Error {
    Error::new(ErrorKind::Invalid, invalid.message).at(invalid.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Encoding;

    const LAYOUT: Layout = Layout {
        payload: "payload",
        kind: Place::Payload("type"),
        data: Place::Payload("data"),
        sequence: Place::Message("sequence"),
        channel: Place::Message("channel"),
        timestamp: Place::Message("timestamp"),
        token: Place::Message("token"),
        success: Place::Payload("success"),
        details: Place::Payload("details"),
        encoding: &Encoding::TEXT,
    };

    #[test]
    fn the_text_is_never_moved_while_the_token_is_in_it() {
        for token in ["", "t", &"\u{1}".repeat(5_000), &"x".repeat(5_000)] {
            let message = write(&LAYOUT, "subscribe", token, br#"{"a":1}"#).unwrap();
            let capacity = room(&["subscribe", token, "payload"]).saturating_add(7);
            assert_eq!(message.0.capacity(), capacity);
            let value: serde_json::Value = serde_json::from_str(message.expose()).unwrap();
            assert_eq!(value["token"], token);
        }
    }
}
