//! What came, in the words of the core.

use crate::stream::connection::Arrival;
use crate::stream::core::{Class, Envelope, Frame, Notice, Refusal};
use crate::stream::{Channel, Envelope as Read, Reply, Role};

/// What came, in the words of the core.
pub(super) fn frame(channel: &'static Channel, arrival: Arrival<'_>) -> Frame<Box<str>> {
    match arrival {
        Arrival::Text(text) => message(channel, text),
        // No server should send it; if one does, it means the same.
        Arrival::Binary(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => message(channel, text),
            Err(_) => Frame::Malformed(bytes.len(), String::from_utf8_lossy(bytes).into()),
        },
        Arrival::Pong => Frame::Pong,
        Arrival::Other => Frame::Other,
    }
}

fn message(channel: &'static Channel, text: &str) -> Frame<Box<str>> {
    let Ok(read) = Read::read(channel.layout, text) else { return Frame::Malformed(text.len(), text.into()) };
    match class(channel, &read) {
        Some(class) => {
            let (sequence, fingerprint) = (read.sequence(), read.fingerprint());
            Frame::Message(Envelope { class, sequence, fingerprint, size: text.len() }, text.into())
        }
        None => Frame::Malformed(text.len(), text.into()),
    }
}

/// None if it answers a subscription, and nobody can say how.
fn class(channel: &'static Channel, read: &Read<'_>) -> Option<Class> {
    let details = |reply: Reply| reply.details.unwrap_or_default();
    let role = read.kind().and_then(|kind| channel.message(kind)).map(|kind| kind.role);
    Some(match role {
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

    fn read(text: &str) -> Frame<Box<str>> {
        frame(ActivityMessage::CHANNEL, Arrival::Text(text))
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
