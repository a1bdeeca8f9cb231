//! What came, in the words of the core.

use std::borrow::Cow;

use jiff::Timestamp;

use super::came::Seen;
use crate::stream::connection::Arrival;
use crate::stream::core::{Class, Envelope, Frame, Notice, Refusal};
use crate::stream::message::Parts;
use crate::stream::{Channel, Envelope as Read, Reply, Role, Scan};

/// What came at this time, in the words of the core; none if it was passed over. `passes`: whether
/// data with this number is. Then nothing else of it is read.
pub(in crate::stream) fn frame<'a>(
    channel: &'static Channel,
    arrival: &'a Arrival,
    at: Timestamp,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Frame<Seen<'a>>> {
    let text = match arrival {
        Arrival::Text(text) => Cow::Borrowed(text.as_str()),
        // No server should send it; if one does, it means the same.
        Arrival::Binary(bytes) => String::from_utf8_lossy(bytes),
        Arrival::Pong => return Some(Frame::Pong),
        Arrival::Ping | Arrival::Part => return Some(Frame::Other),
    };
    let size = text.len();
    Some(match text {
        Cow::Borrowed(text) => match message(channel, text, passes)? {
            Ok((envelope, parts)) => Frame::Message(envelope, Seen { text: text.into(), parts, at }),
            Err(Unreadable) => Frame::Malformed(size, Seen { text: text.into(), parts: None, at }),
        },
        text => Frame::Malformed(size, Seen { text, parts: None, at }),
    })
}

struct Unreadable;

/// None if it was passed over.
fn message(
    channel: &'static Channel,
    text: &str,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Result<(Envelope, Option<Parts>), Unreadable>> {
    let mut scan = Scan::new(channel.layout, text);
    match scan.head() {
        Ok((Some(kind), Some(sequence))) if is_data(role(channel, kind)) && passes(sequence) => return None,
        Ok(_) => {}
        Err(_) => return Some(Err(Unreadable)),
    }
    let Ok(read) = scan.finish() else { return Some(Err(Unreadable)) };
    let kind = read.kind().and_then(|kind| channel.index(kind));
    let Some(class) = class(channel, kind, &read) else { return Some(Err(Unreadable)) };
    let (sequence, fingerprint) = (read.sequence(), read.fingerprint());
    let parts = kind.and_then(|kind| Parts::of(&read, channel, kind));
    Some(Ok((Envelope { class, sequence, fingerprint, size: text.len() }, parts)))
}

/// What a type of message is for, if it is known.
fn role(channel: &'static Channel, kind: &str) -> Option<Role> {
    channel.message(kind).map(|kind| kind.role)
}

fn is_data(role: Option<Role>) -> bool {
    matches!(role, Some(Role::Update) | None)
}

/// None if it answers a subscription, and nobody can say how.
fn class(channel: &'static Channel, kind: Option<usize>, read: &Read<'_>) -> Option<Class> {
    let details = |reply: Reply| reply.details.unwrap_or_default();
    Some(match kind.and_then(|kind| channel.messages.get(kind)).map(|kind| kind.role) {
        Some(Role::Heartbeat) => Class::Heartbeat,
        Some(Role::CaughtUp) => Class::ReplayComplete,
        Some(Role::Notice) => {
            Class::Notice(Notice::from_details(&read.reply().map(details).unwrap_or_default()))
        }
        Some(Role::Acknowledgement) => match read.reply().ok()? {
            reply if reply.success == Some(false) => Class::Refused(Refusal::from_details(&details(reply))),
            _ => Class::Accepted,
        },
        Some(Role::Update) | None => Class::Data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::supervisor::Came;
    use crate::stream::{ChannelMessage, decode};
    use crate::studio::activity::ActivityMessage;

    /// A message that stays.
    fn arrival(text: &str) -> &'static Arrival {
        Box::leak(Box::new(Arrival::Text(text.into())))
    }

    fn read(text: &str) -> Frame<Seen<'static>> {
        let at = Timestamp::UNIX_EPOCH;
        frame(ActivityMessage::CHANNEL, arrival(text), at, |_| false).unwrap()
    }

    fn fingerprint(text: &str) -> u64 {
        match read(text) {
            Frame::Message(envelope, _) => envelope.fingerprint,
            frame => panic!("{frame:?}"),
        }
    }

    #[test]
    fn roles_are_told_from_what_the_server_says() {
        for (text, expected) in [
            (r#"{"payload":{"type":"heartbeat"}}"#, Class::Heartbeat),
            (r#"{"payload":{"type":"replay-complete"}}"#, Class::ReplayComplete),
            (
                r#"{"payload":{"type":"error-notice","details":"Auth expired; please reconnect"}}"#,
                Class::Notice(Notice::AuthExpired),
            ),
            (r#"{"payload":{"type":"subscribe-activity-ack","success":true}}"#, Class::Accepted),
            (
                r#"{"payload":{"type":"subscribe-activity-ack","success":false,"details":"no such account"}}"#,
                Class::Refused(Refusal::Account),
            ),
            (r#"{"sequence":1,"payload":{"type":"of tomorrow"}}"#, Class::Data),
        ] {
            assert!(
                matches!(read(text), Frame::Message(envelope, _) if envelope.class == expected),
                "{text}"
            );
        }
        for text in ["", "[]", r#"{"payload":{"type":"subscribe-activity-ack","success":"who knows"}}"#] {
            assert!(matches!(read(text), Frame::Malformed(..)), "{text}");
        }
    }

    #[test]
    fn data_is_passed_over_by_its_number() {
        let passes = |text: &str| {
            let seven = |sequence: u64| sequence == 7;
            let at = Timestamp::UNIX_EPOCH;
            frame(ActivityMessage::CHANNEL, arrival(text), at, seven).is_none()
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

    /// Whatever is found of a message before it is read, what comes of it is the same.
    #[test]
    fn what_was_found_makes_no_difference() {
        for (text, is_found) in [
            (r#"{"timestamp":5,"sequence":7,"payload":{"type":"error-notice","details":"x"}}"#, true),
            (r#" { "payload" : { "type" : "heartbeat" } } "#, true),
            (r#"{"timestamp":"2025-01-02T03:04:05Z","payload":{"type":"replay-complete"}}"#, true),
            (r#"{"payload":{"\u0074ype":"error-notice","details":7},"sequence":7}"#, true),
            (r#"{"timestamp":true,"payload":{"type":"heartbeat"}}"#, true),
            (r#"{"sequence":7,"payload":{"type":"order-update"}}"#, false),
            (r#"{"sequence":7,"payload":{"type":"order-update","data":{"side":1}}}"#, true),
            (r#"{"sequence":7,"payload":{"type":"of tomorrow","data":{"side":1}}}"#, false),
        ] {
            let Frame::Message(_, seen) = read(text) else { panic!("{text}") };
            assert_eq!(seen.parts.is_some(), is_found, "{text}");
            assert_eq!(Came::from(seen).decode(), decode::<ActivityMessage>(text), "{text}");
        }
    }

    #[test]
    fn the_fingerprint_is_of_what_is_told_and_not_of_when() {
        let at = |time: u64, data: &str| {
            fingerprint(&format!(
                r#"{{"timestamp":{time},"sequence":7,"payload":{{"type":"new","data":"{data}"}}}}"#
            ))
        };
        assert_eq!(at(1, "the same"), at(2, "the same"));
        assert_ne!(at(1, "one thing"), at(1, "another"));
        assert_ne!(at(1, "a"), at(1, "b"));
    }
}
