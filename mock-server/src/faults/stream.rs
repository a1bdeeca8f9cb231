//! What goes wrong with the messages of a stream.

use std::time::Duration;

use super::turn::Turn;

/// Something that goes wrong with the messages of streams.
///
/// ```
/// use clear_street_mock::{Disturbance, StreamFault};
///
/// // The third message of a channel does not arrive, although it has a number.
/// let lost = StreamFault::new(Disturbance::Gap).channel("activity").message(3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFault {
    pub(super) channel: Option<String>,
    pub(super) account: Option<String>,
    pub(super) during: During,
    pub(super) turn: Turn,
    pub(super) disturbance: Disturbance,
}

/// In which part of a stream something goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum During {
    /// While what was before is replayed.
    Replay,
    /// After that.
    #[default]
    Live,
}

/// What goes wrong when a message is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disturbance {
    /// It is left out; the next replay has it.
    Gap,
    /// It is sent twice.
    Duplicate,
    /// It is sent after the one that follows it.
    Reorder,
    /// It, and all that follows it on this channel, comes so much later.
    Delay(Duration),
    /// From here on the connection says nothing any more, but answers pings.
    Mute,
    /// The token of the subscription expires, for requests, too.
    ExpireNow,
    /// The connection is closed without a word (FIN).
    Cut,
    /// The connection is reset (RST).
    Reset,
    /// The connection is closed with this code.
    Close(u16),
}

impl StreamFault {
    /// With every live message of every stream.
    #[must_use]
    pub fn new(disturbance: Disturbance) -> Self {
        Self { channel: None, account: None, during: During::Live, turn: Turn::default(), disturbance }
    }

    /// Only on this channel.
    #[must_use]
    pub fn channel(mut self, name: impl Into<String>) -> Self {
        self.channel = Some(name.into());
        self
    }

    /// Only for this account.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// In this part of the stream; live unless said.
    #[must_use]
    pub fn during(mut self, during: During) -> Self {
        self.during = during;
        self
    }

    /// Only with the nth of these messages, from 1, counted over all connections from when the fault
    /// is added.
    #[must_use]
    pub fn message(mut self, nth: u64) -> Self {
        self.turn.nth = Some(nth);
        self
    }

    /// Only with so many of a hundred of these messages, by chance; the seed of the file decides which.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        self.turn.percent = Some(percent);
        self
    }

    pub(super) fn concerns(&self, channel: &str, account: &str, during: During) -> bool {
        self.channel.as_ref().is_none_or(|only| only == channel)
            && self.account.as_ref().is_none_or(|only| only == account)
            && self.during == during
    }
}
