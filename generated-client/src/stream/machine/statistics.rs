//! Counters of a stream.

/// What a stream has done so far, and what waits in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Dials.
    pub dials: u64,
    /// Connections that ended unasked.
    pub disconnects: u64,
    /// Times that a second connection took over because a token was about to expire.
    pub rotations: u64,
    /// Times that a second connection took over to fetch missing messages.
    pub recoveries: u64,
    /// Times that a second connection took over to look for missing messages.
    pub audits: u64,
    /// Messages received, heartbeats included.
    pub received: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Messages that were delivered before, and dropped.
    pub duplicates: u64,
    /// Messages delivered late.
    pub late: u64,
    /// Messages that were held because numbers before them were missing.
    pub early: u64,
    /// Gaps reported.
    pub gaps: u64,
    /// Times that the server numbered anew.
    pub epochs: u64,
    /// Messages without a readable envelope.
    pub malformed: u64,
    /// Pings sent.
    pub pings: u64,
    /// Events that wait for the caller.
    pub buffered_events: usize,
    /// Bytes of these.
    pub buffered_bytes: usize,
    /// Messages that wait for others before them.
    pub held_messages: usize,
    /// Bytes of these.
    pub held_bytes: usize,
}

/// Adds one to a counter.
pub(super) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
