//! One connection, as the machine knows it.

use std::time::Duration;

use super::io::{ConnectionId, Notice};
use super::liveness::{HeartbeatPace, Liveness};
use super::replay::Replay;
use super::rotation::Token;
use super::settings::Settings;
use super::time::Moment;
use super::timers::{Timer, TimerTable};

/// A connection from its dial to its end.
#[derive(Debug)]
pub(super) struct Link<M> {
    pub(super) id: ConnectionId,
    pub(super) token: Token,
    /// When its token was fetched first.
    pub(super) obtained: Moment,
    pub(super) stage: LinkStage,
    pub(super) timers: TimerTable,
    pub(super) liveness: Liveness,
    pub(super) replay: Replay<M>,
    /// When its replay made progress last.
    pub(super) progress: Moment,
    /// When its replay reached the number at which an earlier one stopped.
    pub(super) reached: Option<Moment>,
    /// The highest number that was known of, and not delivered, when it was subscribed.
    pub(super) seen: Option<u64>,
    pub(super) notice: Option<Notice>,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkStage {
    Dialing,
    Subscribing,
    Replaying,
    /// Since when.
    Live(Moment),
}

impl<M> Link<M> {
    /// A connection that is dialled now.
    pub(super) fn new(
        id: ConnectionId,
        (token, obtained): (Token, Moment),
        now: Moment,
        settings: &Settings,
    ) -> Self {
        let mut timers = TimerTable::default();
        timers.set(Timer::Dial, now.after(settings.dial_timeout));
        Self {
            id,
            token,
            obtained,
            stage: LinkStage::Dialing,
            timers,
            liveness: Liveness::new(now),
            replay: Replay::new(None, true),
            progress: now,
            reached: None,
            seen: None,
            notice: None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.stage != LinkStage::Dialing
    }

    pub(super) fn is_subscribed(&self) -> bool {
        matches!(self.stage, LinkStage::Replaying | LinkStage::Live(_))
    }

    pub(super) fn enter(&mut self, stage: LinkStage, now: Moment, settings: &Settings, pace: &HeartbeatPace) {
        self.stage = stage;
        self.restart(now, settings, pace);
    }

    /// Starts the timers of its stage anew; nothing is known of the time until now.
    pub(super) fn restart(&mut self, now: Moment, settings: &Settings, pace: &HeartbeatPace) {
        self.timers = TimerTable::default();
        self.liveness = Liveness::new(now);
        self.progress = now;
        match self.stage {
            LinkStage::Dialing => self.timers.set(Timer::Dial, now.after(settings.dial_timeout)),
            LinkStage::Subscribing => {
                self.timers.set(Timer::Acknowledgement, now.after(settings.ack_timeout));
            }
            LinkStage::Replaying => self.timers.set(Timer::Replay, now.after(settings.replay_timeout)),
            LinkStage::Live(_) => {}
        }
        if self.is_open() {
            self.timers.set(Timer::Ping, now.after(settings.ping_after));
        }
        self.watch_heartbeats(pace.silence());
    }

    /// Watches the heartbeats, if their pace is known.
    pub(super) fn watch_heartbeats(&mut self, silence: Option<Duration>) {
        if self.is_subscribed()
            && let Some(silence) = silence
        {
            self.timers.start(Timer::Heartbeat, self.liveness.spoke.after(silence));
        }
    }

    /// A ping is sent now.
    pub(super) fn pinged(&mut self, now: Moment, settings: &Settings) {
        self.liveness.answered = false;
        self.timers.stop(Timer::Ping);
        self.timers.start(Timer::Pong, now.after(settings.pong_timeout));
    }
}
