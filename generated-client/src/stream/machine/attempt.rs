//! Making a connection: wait, permit, token, dial, subscription.

use std::sync::Arc;
use std::time::Duration;

use super::cause::{Cause, DialFailure};
use super::event::Connection;
use super::io::{ConnectionId, NoToken, Output};
use super::link::{Link, LinkStage};
use super::replay::Replay;
use super::retry::asked_for;
use super::rotation::{self, TOKEN_PACE, Token};
use super::statistics::count;
use super::timers::{Timer, TimerTable};
use super::{Flow, HeartbeatNumbers, StreamMachine};

/// A connection that is being made.
#[derive(Debug)]
pub(super) struct Attempt<M> {
    pub(super) purpose: Purpose,
    pub(super) step: Step<M>,
}

/// What a connection is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// There is no other one.
    Connect,
    /// To take over before a token expires.
    Rotate,
    /// To fetch missing messages.
    Recover,
    /// To look for messages that were lost without a trace.
    Audit,
}

/// What an attempt waits for.
#[derive(Debug)]
pub(super) enum Step<M> {
    /// [`Timer::Redial`].
    Wait,
    /// The dial limit. It comes before the token, which could expire meanwhile.
    Permit,
    Token {
        newer_than: Option<u64>,
        /// Without a newer token there is no use in dialling.
        required: bool,
    },
    Link(Box<Link<M>>),
}

/// Whether the next attempt needs a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    No,
    /// The server refused the last one, perhaps for another reason.
    IfPaced,
    /// The last one has expired.
    Required,
}

impl<M> Attempt<M> {
    pub(super) fn link(&self) -> Option<&Link<M>> {
        match &self.step {
            Step::Link(link) => Some(link),
            _ => None,
        }
    }

    pub(super) fn link_mut(&mut self) -> Option<&mut Link<M>> {
        match &mut self.step {
            Step::Link(link) => Some(link),
            _ => None,
        }
    }
}

impl<M> StreamMachine<M> {
    /// Begins an attempt after a wait.
    pub(super) fn attempt(&mut self, purpose: Purpose, wait: Duration) {
        self.next = Some(Attempt { purpose, step: Step::Wait });
        self.timers.set(Timer::Redial, self.now.after(wait));
    }

    /// Makes a second connection if one is wanted, or makes room for it if the server allows only one.
    pub(super) fn replace_if_wanted(&mut self) {
        let Some(current) = self.current.as_ref().filter(|_| self.next.is_none()).map(|current| current.id) else {
            return;
        };
        if self.buffer.flow != Flow::Open {
            return;
        }
        let is_single = self.history.is_single();
        let purpose = if std::mem::take(&mut self.wants.replay) {
            Purpose::Recover
        } else if std::mem::take(&mut self.wants.rotation) {
            self.say(Connection::Rotating);
            Purpose::Rotate
        } else if std::mem::take(&mut self.wants.audit) && !is_single {
            Purpose::Audit
        } else {
            return;
        };
        if is_single {
            if purpose == Purpose::Rotate {
                self.renewal = Renewal::Required;
            }
            self.end_connection(current, Cause::Replaced);
        } else {
            self.attempt(purpose, Duration::ZERO);
        }
        self.fire_timers();
    }

    /// The wait of an attempt is over.
    pub(super) fn redial(&mut self) {
        let required = self.requires_new_token();
        let Some(attempt) = self.next.as_mut().filter(|attempt| matches!(attempt.step, Step::Wait)) else {
            return;
        };
        // However short the tokens live: never one after the other without a pause.
        match self.renewed.map(|(last, _)| last.after(TOKEN_PACE)).filter(|at| required && *at > self.now) {
            Some(at) => self.timers.set(Timer::Redial, at),
            None => {
                attempt.step = Step::Permit;
                self.out.push_back(Output::AwaitPermit);
            }
        }
    }

    fn requires_new_token(&self) -> bool {
        let rotates = self.next.as_ref().is_some_and(|attempt| attempt.purpose == Purpose::Rotate);
        rotates || self.renewal == Renewal::Required
    }

    pub(super) fn permitted(&mut self) {
        let required = self.requires_new_token();
        // The first one may have been fetched long ago.
        let is_paced = self.renewed.is_none_or(|(last, forced)| !forced || self.now.since(last) >= TOKEN_PACE);
        let renews = required || self.renewal == Renewal::IfPaced && is_paced;
        let Some(attempt) = self.next.as_mut().filter(|attempt| matches!(attempt.step, Step::Permit)) else {
            return;
        };
        let newer_than = self.token.filter(|_| renews).map(|(token, _)| token.generation);
        attempt.step = Step::Token { newer_than, required };
        self.out.push_back(Output::FetchToken { newer_than });
    }

    pub(super) fn token_fetched(&mut self, token: Result<Token, NoToken>) {
        let Some(Attempt { step: Step::Token { newer_than, required }, .. }) = self.next else { return };
        match token {
            Ok(token) if !required || newer_than.is_none_or(|old| token.generation > old) => {
                if newer_than.is_some() || self.renewed.is_none() {
                    self.renewed = Some((self.now, newer_than.is_some()));
                }
                if self.token.is_none_or(|(known, _)| known.generation != token.generation) {
                    self.token = Some((token, self.now));
                }
                self.dial();
            }
            Ok(_) => self.retry(Cause::NoToken, TOKEN_PACE),
            // The token that the server refused may be good in spite of that.
            Err(NoToken::Refused(_)) if !required && newer_than.is_some() => self.dial(),
            Err(NoToken::Refused(words)) => self.retry(Cause::CredentialsRefused(words), Duration::ZERO),
            Err(NoToken::Unavailable(retry_after)) => self.retry(Cause::NoToken, asked_for(retry_after)),
        }
    }

    fn dial(&mut self) {
        let (Some(token), Some(attempt)) = (self.token, &mut self.next) else { return };
        self.connections = self.connections.saturating_add(1);
        let connection = ConnectionId(self.connections);
        attempt.step = Step::Link(Box::new(Link::new(connection, token, self.now, &self.settings)));
        count(&mut self.statistics.dials);
        self.say_if_only(Connection::Connecting);
        self.out.push_back(Output::Dial { connection });
    }

    pub(super) fn dialled(&mut self, id: ConnectionId, result: Result<(), DialFailure>) {
        let claimed = match self.heartbeat_numbers {
            HeartbeatNumbers::Claimed(number) => Some(number),
            HeartbeatNumbers::Believed | HeartbeatNumbers::Ignored => None,
        };
        // A replay that is asked for now contains all of these, if it ever will.
        let seen = self.held.highest().max(self.dropped).max(claimed);
        let replay = Replay::new(self.numbering.last(), self.current.is_none());
        let is_full = self.buffer.flow == Flow::Full;
        let (now, settings, pace) = (self.now, &self.settings, &self.pace);
        let link = self.next.as_mut().and_then(Attempt::link_mut).filter(|link| link.id == id && !link.is_open());
        let Some(link) = link else { return };
        match result {
            Ok(()) => {
                link.enter(LinkStage::Subscribing, now, settings, pace);
                (link.replay, link.seen) = (replay, seen);
                if is_full {
                    link.timers = TimerTable::default();
                }
                let generation = link.token.generation;
                self.release_leaving();
                self.say_if_only(Connection::Connected);
                self.out.push_back(Output::Subscribe { connection: id, generation });
                if is_full {
                    self.out.push_back(Output::Read { connection: id, on: false });
                }
            }
            Err(failure) => self.connection_lost(id, Cause::Dial(failure)),
        }
    }

    /// The server accepts the subscription, or sends what only a subscription brings.
    pub(super) fn subscribed(&mut self, id: ConnectionId) {
        let is_second = self.current.is_some();
        let (now, settings, pace) = (self.now, &self.settings, &self.pace);
        let Some(link) = self.next.as_mut().and_then(Attempt::link_mut) else { return };
        if link.id != id || link.stage != LinkStage::Subscribing {
            return;
        }
        link.enter(LinkStage::Replaying, now, settings, pace);
        self.history.accepted(is_second);
        self.renewal = Renewal::No;
        self.note_progress(id);
        self.say_if_only(Connection::Subscribed);
    }

    pub(super) fn refused(&mut self, id: ConnectionId, words: Arc<str>) {
        let now = self.now;
        let has_expired = |link: &mut Link<M>| link.token.expires.is_some_and(|expires| expires <= now);
        let cause = if self.link(id).is_some_and(has_expired) { Cause::AuthExpired } else { Cause::Refused(words) };
        self.end_connection(id, cause);
    }

    /// When to replace a connection with this token.
    pub(super) fn schedule_rotation(&mut self) {
        self.timers.stop(Timer::Rotation);
        if let Some(current) = &self.current
            && let Some(expires) = current.token.expires
        {
            let at = rotation::begin(current.obtained, expires, self.history.is_single(), &mut self.rng);
            self.timers.set(Timer::Rotation, at);
        }
    }

    /// The replay of a connection has made progress.
    pub(super) fn note_progress(&mut self, id: ConnectionId) {
        let (now, given_up_at) = (self.now, self.given_up_at);
        let Some(link) = self.next.as_mut().and_then(Attempt::link_mut).filter(|link| link.id == id) else {
            return;
        };
        link.progress = now;
        if let (Some(stopped), None) = (given_up_at, link.reached) {
            let known = link.replay.last.map_or(0, |last| last.number);
            if link.replay.top.unwrap_or(0) >= stopped.max(known) {
                link.reached = Some(now);
                link.timers.set(Timer::Replay, now.after(self.settings.replay_timeout));
            }
        }
    }
}

impl Renewal {
    /// What follows for the next attempt.
    pub(super) fn after(self, cause: &Cause) -> Self {
        match cause {
            Cause::AuthExpired => Self::Required,
            Cause::Refused(_) | Cause::Dial(DialFailure::Status { status: 400..500, .. }) if self == Self::No => {
                Self::IfPaced
            }
            _ => self,
        }
    }
}
