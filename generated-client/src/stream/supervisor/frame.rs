//! Messages as they arrive, and what the machine sees of them.

use std::borrow::Cow;

use jiff::Timestamp;
use tokio_tungstenite::tungstenite::Message;

use crate::record::reader::hash_of;
use crate::stream::connection::Arrival;
use crate::stream::machine::{Cause, Envelope, Frame, Kind};
use crate::stream::message::hash::RAW;
use crate::stream::message::{Envelope as Read, Parts, Reply};
use crate::stream::{Channel, ChannelMessage, MessageKind, Received, Role, Undecodable, decode};

/// A message as it arrived. Its text is copied once it is clear that the message is wanted: a slice of
/// the buffer that was read into would keep all of that in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawMessage<T = Box<str>> {
    text: T,
    /// Where its content stands, if its type is known.
    parts: Option<Parts>,
    /// When its last bytes were read.
    pub(crate) received: Timestamp,
}

type Borrowed<'a> = RawMessage<Cow<'a, str>>;

impl From<Borrowed<'_>> for RawMessage {
    fn from(message: Borrowed<'_>) -> Self {
        Self { text: message.text.into(), parts: message.parts, received: message.received }
    }
}

impl RawMessage {
    pub(crate) fn decode<M: ChannelMessage>(&self) -> Result<Received<M>, Undecodable> {
        let read = self.parts.as_ref().and_then(|parts| parts.decode(&self.text));
        // What is wrong with it comes out when it is read as a whole.
        read.map_or_else(|| decode(&self.text), Ok)
    }
}

/// What the machine sees of an arrival. None: it was passed over; `passes` decides that by the number of a
/// message, and nothing else of it is read then.
pub(super) fn arrival<'a>(
    channel: &'static Channel,
    arrival: &'a Arrival,
    received: Timestamp,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Frame<Borrowed<'a>>> {
    match arrival {
        Some(Message::Text(text)) => frame(channel, text.as_str(), received, passes),
        // No server should send it; if one does, it means the same.
        Some(Message::Binary(bytes)) => match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => frame(channel, text, received, passes),
            text => Some(malformed(text, received)),
        },
        Some(_) => Some(Frame::Control),
        None => Some(Frame::Part),
    }
}

/// The same of a text.
pub(in crate::stream) fn frame<'a>(
    channel: &'static Channel,
    text: &'a str,
    received: Timestamp,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Frame<Borrowed<'a>>> {
    let (mut passes, mut passed) = (Some(passes), false);
    let read = Read::read_for_stream(channel.layout, text, &mut |read| {
        if let (Some(kind), Some(number)) = (read.kind(), read.members.sequence)
            && let Some(passes) = passes.take()
        {
            let is_data = channel.message(kind).is_none_or(|kind| kind.role == Role::Update);
            passed = is_data && passes(number);
        }
        passed
    });
    if passed {
        return None;
    }
    let Ok(read) = read else { return Some(malformed(text.into(), received)) };
    let index = read.kind().and_then(|kind| channel.index(kind));
    let kind = match kind(index.and_then(|index| channel.messages.get(index)), &read) {
        Some(kind) if kind != Kind::Data || !read.has_bad_sequence => kind,
        _ => return Some(malformed(text.into(), received)),
    };
    let hash = if kind == Kind::Heartbeat { 0 } else { read.hash() };
    let parts = index.and_then(|index| read.parts(channel, index));
    let envelope = Envelope { kind, number: read.members.sequence, hash, size: text.len() };
    Some(Frame::Message(envelope, RawMessage { text: text.into(), parts, received }))
}

fn malformed(text: Cow<'_, str>, received: Timestamp) -> Frame<Borrowed<'_>> {
    let (size, hash) = (text.len(), hash_of(RAW, text.as_bytes()));
    let envelope = Envelope { kind: Kind::Malformed, number: None, hash, size };
    Frame::Message(envelope, RawMessage { text, parts: None, received })
}

/// None: it answers a subscription, and cannot be read.
pub(in crate::stream) fn kind(listed: Option<&MessageKind>, read: &Read<'_>) -> Option<Kind> {
    let details = |reply: Reply| reply.details.unwrap_or_default();
    Some(match listed.map(|listed| listed.role) {
        Some(Role::Heartbeat) => Kind::Heartbeat,
        Some(Role::CaughtUp) => Kind::ReplayComplete,
        Some(Role::Notice) => {
            Kind::Notice(Cause::from_notice(&read.reply().map(details).unwrap_or_default()))
        }
        Some(Role::Acknowledgement) => match read.reply().ok()? {
            reply if reply.success == Some(false) => Kind::Refused(details(reply).into()),
            _ => Kind::Accepted,
        },
        Some(Role::Update) | None => Kind::Data,
    })
}

/// Takes the token out of the server's words: a server can repeat what it was sent.
pub(in crate::stream) fn redact(kind: &mut Kind, token: &str) {
    if let Kind::Refused(words) | Kind::Notice(Cause::Notice(words)) = kind
        && !token.is_empty()
    {
        *words = words.replace(token, "(token)").into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::activity::ActivityMessage;

    fn read(text: &str) -> Frame<Borrowed<'_>> {
        frame(ActivityMessage::CHANNEL, text, Timestamp::UNIX_EPOCH, |_| false).unwrap()
    }

    #[test]
    fn kinds_follow_from_types() {
        for (text, expected) in [
            (r#"{"payload":{"type":"heartbeat"}}"#, Kind::Heartbeat),
            (r#"{"payload":{"type":"replay-complete"}}"#, Kind::ReplayComplete),
            // Also with a number that is none.
            (
                r#"{"sequence":18446744073709551617,"payload":{"type":"replay-complete"}}"#,
                Kind::ReplayComplete,
            ),
            (
                r#"{"payload":{"type":"error-notice","details":"Auth expired; please reconnect"}}"#,
                Kind::Notice(Cause::AuthExpired),
            ),
            (r#"{"payload":{"type":"subscribe-activity-ack","success":true}}"#, Kind::Accepted),
            (
                r#"{"payload":{"type":"subscribe-activity-ack","success":false,"details":"no such account"}}"#,
                Kind::Refused("no such account".into()),
            ),
            (r#"{"sequence":1,"payload":{"type":"of tomorrow"}}"#, Kind::Data),
        ] {
            assert!(matches!(read(text), Frame::Message(envelope, _) if envelope.kind == expected), "{text}");
        }
        for text in [
            "",
            "[]",
            r#"{"payload":{"type":"subscribe-activity-ack","success":"who knows"}}"#,
            r#"{"sequence":18446744073709551617,"payload":{"type":"order-update"}}"#,
            r#"{"sequence":-3,"payload":{"type":"of tomorrow"}}"#,
        ] {
            assert!(matches!(read(text), Frame::Message(it, _) if it.kind == Kind::Malformed), "{text}");
        }
    }

    #[test]
    fn data_is_passed_over_by_its_number() {
        let passes = |text: &str| {
            let seven = |number: u64| number == 7;
            frame(ActivityMessage::CHANNEL, text, Timestamp::UNIX_EPOCH, seven).is_none()
        };
        for text in [
            r#"{"sequence":7,"payload":{"type":"order-update","data":"whatever"}}"#,
            r#"{"payload":{"data":{},"type":"of tomorrow"},"sequence":7}"#,
            r#"{"sequence":7,"payload":{"type":"order-update", what comes here is not read"#,
        ] {
            assert!(passes(text), "{text}");
        }
        for text in [
            r#"{"sequence":8,"payload":{"type":"order-update"}}"#,
            r#"{"payload":{"type":"order-update"}}"#,
            // The end of a replay is that, also with a number.
            r#"{"sequence":7,"payload":{"type":"replay-complete"}}"#,
            r#"{"sequence":7,"payload":{}}"#,
            r#"{"sequence":7, is not read"#,
        ] {
            assert!(!passes(text), "{text}");
        }
    }

    /// Whatever is found of a message before it is read, the result is the same.
    #[test]
    fn parts_that_were_found_make_no_difference() {
        for (text, is_found) in [
            (r#"{"timestamp":5,"sequence":7,"payload":{"type":"error-notice","details":"x"}}"#, true),
            (r#" { "payload" : { "type" : "heartbeat" } } "#, true),
            (r#"{"timestamp":"2025-01-02T03:04:05Z","payload":{"type":"replay-complete"}}"#, true),
            (r#"{"payload":{"\u0074ype":"error-notice","details":7},"sequence":7}"#, true),
            (r#"{"timestamp":true,"payload":{"type":"heartbeat"}}"#, false),
            (r#"{"sequence":7,"payload":{"type":"order-update"}}"#, true),
            (r#"{"sequence":7,"payload":{"type":"order-update","data":{"side":1}}}"#, true),
            (r#"{"sequence":7,"payload":{"type":"of tomorrow","data":{"side":1}}}"#, false),
        ] {
            let Frame::Message(_, seen) = read(text) else { panic!("{text}") };
            assert_eq!(seen.parts.is_some(), is_found, "{text}");
            assert_eq!(RawMessage::from(seen).decode(), decode::<ActivityMessage>(text), "{text}");
        }
    }

    #[test]
    fn words_of_the_server_do_not_show_the_token() {
        let mut refused = Kind::Refused("bad tok-1!".into());
        redact(&mut refused, "tok-1");
        assert_eq!(refused, Kind::Refused("bad (token)!".into()));
    }
}
