//! The caller's buffer, and a caller that takes events more slowly than they arrive.

use std::collections::VecDeque;

use super::Settings;
use super::numbering::{Change, Numbering};

/// What the machine knows about the caller's buffer.
#[derive(Debug)]
pub(super) struct Buffer {
    /// The numbering after the last event that the caller took.
    pub(super) taken: Numbering,
    /// What each event in the buffer changes in it.
    pub(super) changes: VecDeque<Change>,
    pub(super) bytes: usize,
    pub(super) flow: Flow,
    /// The caller was told that it lags, and not yet that it has recovered.
    pub(super) lagging: bool,
}

/// Whether messages flow into the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Open,
    /// The buffer is full. Nothing is read.
    Full,
    /// There is no connection until the caller has drained the buffer.
    Parked,
}

impl Buffer {
    pub(super) fn new(taken: Numbering) -> Self {
        Self { taken, changes: VecDeque::new(), bytes: 0, flow: Flow::Open, lagging: false }
    }

    /// The caller took events out of the buffer.
    pub(super) fn take(&mut self, events: usize, bytes: usize, remember: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        for change in self.changes.drain(..events.min(self.changes.len())) {
            self.taken.apply(change, remember);
        }
    }

    /// The flow that follows from what is in the buffer now.
    pub(super) fn next_flow(&self, settings: &Settings) -> Flow {
        let is_full = self.changes.len() >= settings.buffer_events || self.bytes >= settings.buffer_bytes;
        match self.flow {
            Flow::Open if is_full => Flow::Full,
            Flow::Full if self.is_below(settings, 3) => Flow::Open,
            Flow::Parked if self.is_below(settings, 1) => Flow::Open,
            flow => flow,
        }
    }

    /// Whether at most so many quarters of the buffer are taken.
    fn is_below(&self, settings: &Settings, quarters: usize) -> bool {
        let part = |whole: usize| (whole / 4).saturating_mul(quarters);
        self.changes.len() <= part(settings.buffer_events) && self.bytes <= part(settings.buffer_bytes)
    }
}
