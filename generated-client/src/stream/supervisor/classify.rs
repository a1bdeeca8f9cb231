//! What came, in the words of the core.

use std::borrow::Cow;

use crate::stream::connection::Arrival;
use crate::stream::core::{Class, Envelope, Frame, Notice, Refusal};
use crate::stream::{Channel, Envelope as Read, Reply, Role, Scan};

/// What came, in the words of the core; none if it was passed over. `passes`: whether data with this
/// number is. Then nothing else of it is read.
pub(super) fn frame<'a>(
    channel: &'static Channel,
    arrival: Arrival<'a>,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Frame<Cow<'a, str>>> {
    match arrival {
        Arrival::Text(text) => message(channel, text, passes),
        // No server should send it; if one does, it means the same.
        Arrival::Binary(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => message(channel, text, passes),
            Err(_) => Some(Frame::Malformed(bytes.len(), String::from_utf8_lossy(bytes))),
        },
        Arrival::Pong => Some(Frame::Pong),
        Arrival::Other => Some(Frame::Other),
    }
}

fn message<'a>(
    channel: &'static Channel,
    text: &'a str,
    passes: impl FnOnce(u64) -> bool,
) -> Option<Frame<Cow<'a, str>>> {
    let mut scan = Scan::new(channel.layout, text);
    match scan.head() {
        Ok((Some(kind), Some(sequence))) if is_data(role(channel, kind)) && passes(sequence) => return None,
        Ok(_) => {}
        Err(_) => return Some(malformed(text)),
    }
    let read = scan.finish().ok().and_then(|read| Some((class(channel, &read)?, read)));
    let Some((class, read)) = read else { return Some(malformed(text)) };
    let (sequence, fingerprint) = (read.sequence(), read.fingerprint());
    Some(Frame::Message(Envelope { class, sequence, fingerprint, size: text.len() }, text.into()))
}

fn malformed(text: &str) -> Frame<Cow<'_, str>> {
    Frame::Malformed(text.len(), text.into())
}

/// What a type of message is for, if it is known.
fn role(channel: &'static Channel, kind: &str) -> Option<Role> {
    channel.message(kind).map(|kind| kind.role)
}

fn is_data(role: Option<Role>) -> bool {
    matches!(role, Some(Role::Update) | None)
}

/// None if it answers a subscription, and nobody can say how.
fn class(channel: &'static Channel, read: &Read<'_>) -> Option<Class> {
    let details = |reply: Reply| reply.details.unwrap_or_default();
    Some(match read.kind().and_then(|kind| role(channel, kind)) {
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
    use crate::stream::ChannelMessage;
    use crate::studio::activity::ActivityMessage;

    fn read(text: &str) -> Frame<Cow<'_, str>> {
        frame(ActivityMessage::CHANNEL, Arrival::Text(text), |_| false).unwrap()
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
            frame(ActivityMessage::CHANNEL, Arrival::Text(text), seven).is_none()
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
