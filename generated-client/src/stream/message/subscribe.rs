//! The message that subscribes.

use std::fmt;

use secrecy::zeroize::Zeroizing;

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
    let texts = [kind, token, layout.payload].map(|text| text.len().saturating_mul(6));
    let room = texts.into_iter().fold(object.len().saturating_add(512), usize::saturating_add);
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
