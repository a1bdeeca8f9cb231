//! The caller's buffer, and a caller that takes events more slowly than they arrive.

use std::time::Duration;

use super::settings::Settings;

/// How long the buffer may be full before the stream is parked.
pub(super) const FULL_FOR: Duration = Duration::from_secs(2);

/// What the machine knows about the caller's buffer.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    events: usize,
    bytes: usize,
    pub(super) flow: Flow,
    /// The caller was told that it lags, and not yet that it has recovered.
    pub(super) lagging: bool,
}

/// Whether messages flow into the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flow {
    #[default]
    Open,
    /// The buffer is full. Nothing is read.
    Full,
    /// There is no connection until the caller has drained the buffer.
    Parked,
}

impl Buffer {
    pub(super) fn put(&mut self, size: usize) {
        self.events = self.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
    }

    pub(super) fn taken(&mut self, events: usize, bytes: usize) {
        self.events = self.events.saturating_sub(events);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Events and bytes in the buffer.
    pub(super) fn len(&self) -> (usize, usize) {
        (self.events, self.bytes)
    }

    /// The flow that follows from what is in the buffer now.
    pub(super) fn next_flow(&self, settings: &Settings) -> Flow {
        let is_full = self.events >= settings.buffer_events || self.bytes >= settings.buffer_bytes;
        match self.flow {
            Flow::Open if is_full => Flow::Full,
            Flow::Full if self.is_below(settings, 3) => Flow::Open,
            Flow::Parked if self.is_below(settings, 1) => Flow::Open,
            flow => flow,
        }
    }

    /// Whether at most so many quarters of the buffer are taken.
    fn is_below(&self, settings: &Settings, quarters: usize) -> bool {
        let part = |whole: usize| whole.saturating_mul(quarters).checked_div(4).unwrap_or_default();
        self.events <= part(settings.buffer_events) && self.bytes <= part(settings.buffer_bytes)
    }
}
