//! From what arrives to what the machine sees of it.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::came::Seen;
use crate::stream::connection::Arrival;
use crate::stream::machine::{Envelope, Frame, Kind, Notice};
use crate::stream::message::hash;
use crate::stream::{Channel, Envelope as Read, Reply, Role, Scan};

/// What the machine sees of an arrival. None: it was passed over; `passes` decides that by the number of a
/// message, and nothing else of it is read then.
pub(super) fn arrival<'a>(
    channel: &'static Channel,
    arrival: &'a Arrival,
    at: Timestamp,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Frame<Seen<'a>>> {
    match arrival {
        Arrival::Text(text) => frame(channel, text.as_str(), at, passes),
        // No server should send it; if one does, it means the same.
        Arrival::Binary(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => frame(channel, text, at, passes),
            Err(_) => Some(malformed(String::from_utf8_lossy(bytes), at)),
        },
        Arrival::Ping | Arrival::Pong => Some(Frame::Control),
        Arrival::Part => Some(Frame::Part),
    }
}

/// The same of a text.
pub(in crate::stream) fn frame<'a>(
    channel: &'static Channel,
    text: &'a str,
    at: Timestamp,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Frame<Seen<'a>>> {
    let (mut passes, mut passed) = (Some(passes), false);
    let read = Scan::new(channel.layout, text).for_stream(&mut |read| {
        if let (Some(kind), Some(number)) = (read.kind(), read.sequence())
            && let Some(passes) = passes.take()
        {
            passed = is_data(channel, kind) && passes(number);
        }
        passed
    });
    if passed {
        return None;
    }
    let Ok(read) = read else { return Some(malformed(text.into(), at)) };
    let index = read.kind().and_then(|kind| channel.index(kind));
    let kind = match kind(channel, index, &read) {
        Some(kind) if kind != Kind::Data || !read.has_bad_sequence => kind,
        _ => return Some(malformed(text.into(), at)),
    };
    let hash = if kind == Kind::Heartbeat { 0 } else { read.hash() };
    let parts = index.and_then(|index| read.parts(channel, index));
    let envelope = Envelope { kind, number: read.sequence(), hash, size: text.len() };
    Some(Frame::Message(envelope, Seen { text: text.into(), parts, at }))
}

fn malformed(text: Cow<'_, str>, at: Timestamp) -> Frame<Seen<'_>> {
    let (size, hash) = (text.len(), hash::of(hash::RAW, text.as_bytes()));
    Frame::Malformed { size, hash, message: Seen { text, parts: None, at } }
}

fn is_data(channel: &'static Channel, kind: &str) -> bool {
    channel.message(kind).is_none_or(|kind| kind.role == Role::Update)
}

/// None: it answers a subscription, and cannot be read.
fn kind(channel: &'static Channel, index: Option<usize>, read: &Read<'_>) -> Option<Kind> {
    let details = |reply: Reply| reply.details.unwrap_or_default();
    Some(match index.and_then(|index| channel.messages.get(index)).map(|kind| kind.role) {
        Some(Role::Heartbeat) => Kind::Heartbeat,
        Some(Role::CaughtUp) => Kind::ReplayComplete,
        Some(Role::Notice) => {
            Kind::Notice(Notice::from_details(&read.reply().map(details).unwrap_or_default()))
        }
        Some(Role::Acknowledgement) => match read.reply().ok()? {
            reply if reply.success == Some(false) => Kind::Refused(details(reply).into()),
            _ => Kind::Accepted,
        },
        Some(Role::Update) | None => Kind::Data,
    })
}

/// Takes the token out of the server's words: a server can repeat what it was sent.
pub(super) fn redact(frame: &mut Frame<Seen<'_>>, token: &str) {
    let Frame::Message(Envelope { kind: Kind::Refused(words) | Kind::Notice(Notice::Other(words)), .. }, _) = frame
    else {
        return;
    };
    if !token.is_empty() && words.contains(token) {
        *words = Arc::from(words.replace(token, "(token)"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::supervisor::Came;
    use crate::stream::{ChannelMessage, decode};
    use crate::studio::activity::ActivityMessage;

    fn read(text: &str) -> Frame<Seen<'_>> {
        frame(ActivityMessage::CHANNEL, text, Timestamp::UNIX_EPOCH, |_| false).unwrap()
    }

    fn hash(text: &str) -> u64 {
        match read(text) {
            Frame::Message(envelope, _) => envelope.hash,
            frame => panic!("{frame:?}"),
        }
    }

    #[test]
    fn kinds_follow_from_types() {
        for (text, expected) in [
            (r#"{"payload":{"type":"heartbeat"}}"#, Kind::Heartbeat),
            (r#"{"payload":{"type":"replay-complete"}}"#, Kind::ReplayComplete),
            // Also with a number that is none.
            (r#"{"sequence":18446744073709551617,"payload":{"type":"replay-complete"}}"#, Kind::ReplayComplete),
            (
                r#"{"payload":{"type":"error-notice","details":"Auth expired; please reconnect"}}"#,
                Kind::Notice(Notice::AuthExpired),
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
            assert!(matches!(read(text), Frame::Malformed { .. }), "{text}");
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
            assert_eq!(Came::from(seen).decode(), decode::<ActivityMessage>(text), "{text}");
        }
    }

    #[test]
    fn the_hash_is_of_type_and_data() {
        let at = |time: u64, data: &str| {
            hash(&format!(r#"{{"timestamp":{time},"sequence":7,"payload":{{"type":"new","data":"{data}"}}}}"#))
        };
        assert_eq!(at(1, "the same"), at(2, "the same"));
        assert_ne!(at(1, "one thing"), at(1, "another"));
        let with_more = r#"{"sequence":7,"payload":{"x":1,"data":"the same","type":"new"}}"#;
        assert_eq!(hash(with_more), at(1, "the same"));
        // Malformed data is hashed as it is written; without data, the payload counts.
        assert_ne!(hash(r#"{"payload":{"type":"new","data":{"a" 1}}}"#), hash(r#"{"payload":{"type":"new","data":{"a" 2}}}"#));
        assert_ne!(hash(r#"{"payload":{"type":"new","a":1}}"#), hash(r#"{"payload":{"type":"new","a":2}}"#));
    }

    #[test]
    fn words_of_the_server_do_not_show_the_token() {
        let mut refused = read(r#"{"payload":{"type":"subscribe-activity-ack","success":false,"details":"bad tok-1!"}}"#);
        redact(&mut refused, "tok-1");
        let Frame::Message(envelope, _) = refused else { panic!("no message") };
        assert_eq!(envelope.kind, Kind::Refused("bad (token)!".into()));
    }
}
