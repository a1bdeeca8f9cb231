//! From text to what the machine sees of it.

use crate::stream::machine::{Envelope, Frame, Kind, Notice};
use crate::stream::message::{Parts, text_hash};
use crate::stream::{Channel, Envelope as Read, Reply, Role, Scan};

/// What the machine sees of a text, and where its parts stand. None: it was passed over; `passes`
/// decides that by the number of a message, and nothing else of it is read then.
pub(crate) fn frame(
    channel: &'static Channel,
    text: &str,
    passes: impl FnOnce(u64) -> bool,
) -> Option<(Frame<()>, Option<Parts>)> {
    let malformed = || Frame::Malformed { size: text.len(), hash: text_hash(text), message: () };
    let mut scan = Scan::for_stream(channel.layout, text);
    match scan.head() {
        Ok((Some(kind), Some(number))) if is_data(channel, kind) && passes(number) => return None,
        Ok(_) => {}
        Err(_) => return Some((malformed(), None)),
    }
    let Ok(read) = scan.finish() else { return Some((malformed(), None)) };
    let index = read.kind().and_then(|kind| channel.index(kind));
    let kind = match kind(channel, index, &read) {
        Some(Kind::Data) if read.has_bad_sequence() => return Some((malformed(), None)),
        Some(kind) => kind,
        None => return Some((malformed(), None)),
    };
    let hash = if kind == Kind::Heartbeat { 0 } else { read.hash() };
    let parts = index.and_then(|index| Parts::of(&read, channel, index));
    let envelope = Envelope { kind, number: read.sequence(), hash, size: text.len() };
    Some((Frame::Message(envelope, ()), parts))
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
