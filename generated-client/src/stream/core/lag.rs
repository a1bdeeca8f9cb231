//! A caller that takes events more slowly than they come.

use super::settings::{Settings, SlowCaller};
use super::time::Moment;

/// The caller's buffer as the core knows it, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct Lag {
    events: usize,
    bytes: usize,
    /// Since when the buffer is full. Nothing is read meanwhile.
    full: Option<Moment>,
    /// Nothing is put into the buffer until the caller has nearly emptied it.
    shedding: bool,
    /// The caller was told that it lags, and not yet that it has caught up.
    lagging: bool,
    recovered: Option<Moment>,
    /// Messages without a number that were let go.
    pub(super) lost: u64,
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Stop reading: the buffer is full.
    Full,
    /// Read again: there is room.
    Room,
    /// Read again, but let go of what is numbered. True: the caller lags as of now.
    Shed(bool),
    /// The caller has nearly emptied the buffer: what was let go can be fetched.
    Drained,
    /// The caller was too slow, and that is an error.
    Fail,
}

impl Lag {
    pub(super) fn put(&mut self, size: usize) {
        self.events = self.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
    }

    pub(super) fn taken(&mut self, events: usize, bytes: usize) {
        self.events = self.events.saturating_sub(events);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Events and bytes in the buffer.
    pub(super) fn buffered(&self) -> (usize, usize) {
        (self.events, self.bytes)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.full.is_some()
    }

    pub(super) fn is_shedding(&self) -> bool {
        self.shedding
    }

    pub(super) fn is_lagging(&self) -> bool {
        self.lagging
    }

    /// The caller has everything again. Returns what was lost, if it was lagging.
    pub(super) fn caught_up(&mut self) -> Option<u64> {
        std::mem::take(&mut self.lagging).then(|| std::mem::take(&mut self.lost))
    }

    /// When something changes if the caller does nothing.
    pub(super) fn due(&self, settings: &Settings) -> Option<Moment> {
        match self.full {
            Some(since) if settings.slow_caller != SlowCaller::Block => Some(since.after(settings.full_for)),
            Some(_) => None,
            None if self.shedding && self.is_below(settings, 1) => Some(self.next_recovery(settings)),
            None => None,
        }
    }

    pub(super) fn change(&mut self, now: Moment, settings: &Settings) -> Option<Change> {
        if let Some(since) = self.full {
            if self.is_below(settings, 3) {
                self.full = None;
                return Some(Change::Room);
            }
            if now < since.after(settings.full_for) {
                return None;
            }
            return match settings.slow_caller {
                SlowCaller::Block => None,
                SlowCaller::Fail => Some(Change::Fail),
                SlowCaller::Recover => {
                    self.full = None;
                    self.shedding = true;
                    Some(Change::Shed(!std::mem::replace(&mut self.lagging, true)))
                }
            };
        }
        if self.shedding {
            let drained = self.is_below(settings, 1) && now >= self.next_recovery(settings);
            if drained {
                self.shedding = false;
                self.recovered = Some(now);
            }
            return drained.then_some(Change::Drained);
        }
        let full = self.events >= settings.buffer_events || self.bytes >= settings.buffer_bytes;
        if full {
            self.full = Some(now);
        }
        full.then_some(Change::Full)
    }

    fn next_recovery(&self, settings: &Settings) -> Moment {
        self.recovered.map_or(Moment::default(), |last| last.after(settings.recovery_pace))
    }

    /// Whether at most so many quarters of the buffer are taken.
    fn is_below(&self, settings: &Settings, quarters: usize) -> bool {
        let part = |whole: usize| whole.saturating_mul(quarters).checked_div(4).unwrap_or_default();
        self.events <= part(settings.buffer_events) && self.bytes <= part(settings.buffer_bytes)
    }
}
