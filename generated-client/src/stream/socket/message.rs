//! A message of any channel.

use std::fmt;

use jiff::Timestamp;

use crate::stream::message::Envelope;
use crate::stream::{ChannelMessage, Received, Undecodable, decode};

/// A message as it arrived on a [`Socket`](super::Socket), of whatever channel.
///
/// Its text may hold personal data, so `Debug` does not show it.
#[derive(Clone)]
pub struct SocketMessage {
    text: Box<str>,
    channel: Option<Box<str>>,
    kind: Option<Box<str>>,
    received: Timestamp,
}

impl SocketMessage {
    pub(super) fn new(envelope: &Envelope<'_>, received: Timestamp) -> Self {
        let owned = |text: Option<&str>| text.map(Into::into);
        Self {
            text: envelope.text().into(),
            channel: owned(envelope.channel()),
            kind: owned(envelope.kind()),
            received,
        }
    }

    /// The whole message, as it arrived.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of its channel, if the message says it. The channel `activity` does not.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// Its type on the wire.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// When its last bytes were read, by this machine's clock.
    #[must_use]
    pub fn receive_time(&self) -> Timestamp {
        self.received
    }

    /// Decodes the message if it belongs to the channel of `M`: if it names the channel, or names none
    /// and is of a type that the channel lists. Otherwise returns `None`.
    ///
    /// # Errors
    /// If the message is not what its type says.
    pub fn decode<M: ChannelMessage>(&self) -> Option<Result<Received<M>, Undecodable>> {
        let channel = M::CHANNEL;
        let belongs = match self.channel() {
            Some(name) => name == channel.name,
            None => self.kind().is_some_and(|kind| channel.message(kind).is_some()),
        };
        belongs.then(|| decode(&self.text))
    }
}

impl PartialEq for SocketMessage {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.received == other.received
    }
}

impl fmt::Debug for SocketMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketMessage")
            .field("channel", &self.channel)
            .field("kind", &self.kind)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
