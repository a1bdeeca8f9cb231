//! One connection, as the core knows it.

use super::held::Item;
use super::input::{ConnectionId, Notice};
use super::liveness::{Due, Liveness};
use super::replay::{Differs, Replay};
use super::rotation::Token;
use super::settings::Settings;
use super::time::Moment;

/// A connection from its dial to its end.
#[derive(Debug)]
pub(super) struct Link<M> {
    pub(super) id: ConnectionId,
    pub(super) token: Token,
    /// When its token came first.
    pub(super) obtained: Moment,
    /// When to begin with its replacement.
    pub(super) rotate: Option<Moment>,
    pub(super) stage: Stage,
    pub(super) liveness: Liveness,
    /// Its numbered messages are let go: the replay of a later connection will bring them.
    pub(super) sheds: bool,
    pub(super) replay: Replay<M>,
    /// The highest number that had been seen, and not delivered, when it was subscribed.
    pub(super) seen: Option<u64>,
    pub(super) barrier: Option<Barrier<M>>,
    pub(super) notice: Option<Notice>,
    /// Messages in a row that could not be read.
    pub(super) malformed: u32,
}

/// How far a connection is, with the moment at which the stage has taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Dialing(Moment),
    Subscribing(Moment),
    Replaying(Moment),
    /// Since when.
    Live(Moment),
}

/// A replay is over in which nothing is known, while the old connection is still live. That one is
/// asked to answer a ping first: if it does, what the server sent on it before the replay has come,
/// and nothing of the old numbers is missed. It may as well be dead, and nobody has noticed yet.
#[derive(Debug)]
pub(super) struct Barrier<M> {
    pub(super) replay: Vec<Item<M>>,
    /// What came after the replay.
    pub(super) after: Vec<Item<M>>,
    pub(super) bytes: usize,
    /// The messages were too many to be kept.
    pub(super) forgotten: bool,
}

impl<M> Barrier<M> {
    pub(super) fn new(differs: Differs<M>) -> Self {
        let bytes = differs.waiting.iter().map(|item| item.size).fold(0, usize::saturating_add);
        Self { replay: differs.waiting, after: Vec::new(), bytes, forgotten: differs.forgotten }
    }

    pub(super) fn wait<R: Into<M>>(&mut self, item: Item<R>, settings: &Settings) {
        let messages = self.replay.len().saturating_add(self.after.len());
        let bytes = self.bytes.saturating_add(item.size);
        if messages >= settings.hold_messages || bytes > settings.hold_bytes {
            self.forgotten = true;
            self.replay.clear();
            self.after.clear();
        }
        if !self.forgotten {
            self.bytes = bytes;
            self.after.push(item.keep());
        }
    }
}

impl<M> Link<M> {
    pub(super) fn is_subscribed(&self) -> bool {
        matches!(self.stage, Stage::Replaying(_) | Stage::Live(_))
    }

    /// When its stage has taken too long.
    pub(super) fn stage_due(&self) -> Option<Moment> {
        match self.stage {
            Stage::Replaying(_) if self.barrier.is_some() => None,
            Stage::Dialing(until) | Stage::Subscribing(until) | Stage::Replaying(until) => Some(until),
            Stage::Live(_) => None,
        }
    }

    /// When and what is to be done to see whether the server is there.
    pub(super) fn liveness_due(&self, settings: &Settings) -> Option<(Moment, Due)> {
        (!matches!(self.stage, Stage::Dialing(_))).then(|| self.liveness.due(settings))
    }

    /// Nothing could be seen until now.
    pub(super) fn restart(&mut self, now: Moment, settings: &Settings) {
        self.liveness.restart(now);
        match &mut self.stage {
            Stage::Dialing(_) | Stage::Live(_) => {}
            Stage::Subscribing(until) => *until = now.after(settings.ack_timeout),
            Stage::Replaying(until) => *until = now.after(settings.replay_progress),
        }
    }
}
