//! What a stream has done, in numbers.

/// What a stream has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Connections that were dialled.
    pub dials: u64,
    /// Connections that ended unasked.
    pub disconnects: u64,
    /// Times that a second connection took over because a token ended.
    pub rotations: u64,
    /// Times that a second connection took over to fetch what was missing.
    pub recoveries: u64,
    /// Messages that came, heartbeats and the like included.
    pub received: u64,
    /// Messages that were delivered.
    pub delivered: u64,
    /// Numbered messages that had been delivered before.
    pub duplicates: u64,
    /// Numbered messages that were let go, to be sent by the server again.
    pub shed: u64,
    /// Messages without a number that were let go because the caller was too slow.
    pub lost: u64,
    /// Messages that came before their turn.
    pub early: u64,
    /// Gaps that were reported.
    pub gaps: u64,
    /// Times that the numbers began anew.
    pub epochs: u64,
    /// Messages that could not be read.
    pub malformed: u64,
    /// Pings that were sent.
    pub pings: u64,
    /// Events that wait for the caller.
    pub buffered_events: usize,
    /// Bytes of these.
    pub buffered_bytes: usize,
    /// Messages that wait for others which come before them.
    pub held_messages: usize,
    /// Bytes of these.
    pub held_bytes: usize,
}
