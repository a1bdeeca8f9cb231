//! Making a connection: wait, token, permission to dial, dial, subscription.

use super::Core;
use super::cause::{Cause, DialFailure, Failure};
use super::event::Connection;
use super::input::{ConnectionId, NoToken, Refusal};
use super::link::{Link, Stage};
use super::liveness::Liveness;
use super::output::Output;
use super::replay::Replay;
use super::rotation::{self, Token};
use super::sequencer::count;
use super::time::Moment;

/// A connection that is being made.
#[derive(Debug)]
pub(super) struct Attempt<M> {
    pub(super) purpose: Purpose,
    pub(super) step: Step<M>,
}

/// What for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// There is no other one.
    Connect,
    /// To take over before a token ends.
    Rotate,
    /// To fetch what is missing.
    Recover,
}

#[derive(Debug)]
pub(super) enum Step<M> {
    /// Until then.
    Wait(Moment),
    /// For a token, newer than this one.
    Token(Option<u64>),
    /// For the limit of dials.
    Permit(Moment),
    Link(Box<Link<M>>),
}

impl<M> Attempt<M> {
    pub(super) fn connect(at: Moment) -> Self {
        Self { purpose: Purpose::Connect, step: Step::Wait(at) }
    }

    pub(super) fn is_recovery(&self) -> bool {
        self.purpose == Purpose::Recover
    }

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

impl<M> Core<M> {
    /// A second connection is to take over; or the only one has to make room for it first.
    pub(super) fn replace(&mut self, purpose: Purpose) {
        let Some(current) = self.current.as_ref().map(|current| current.id) else { return };
        if purpose == Purpose::Rotate {
            self.say(Connection::Rotating);
        }
        if self.single {
            self.trouble.force |= purpose == Purpose::Rotate;
            self.end_connection(current, Cause::Replaced);
        } else {
            self.next = Some(Attempt { purpose, step: Step::Wait(self.now) });
        }
    }

    /// The wait of an attempt is over.
    pub(super) fn fetch_token(&mut self) {
        let Some(attempt) = &mut self.next else { return };
        let not = match (&self.token, attempt.purpose, &self.current) {
            (Some((token, _)), ..) if self.trouble.force => Some(token.generation),
            (_, Purpose::Rotate, Some(current)) => Some(current.token.generation),
            _ => None,
        };
        // However short the tokens live: never one after the other without a pause.
        let earliest = self.trouble.token_at.map(|last| last.after(self.settings.token_pace));
        match earliest.filter(|earliest| not.is_some() && *earliest > self.now) {
            Some(earliest) => attempt.step = Step::Wait(earliest),
            None => {
                attempt.step = Step::Token(not);
                self.out.push(Output::FetchToken { newer_than: not });
            }
        }
    }

    pub(super) fn token_came(&mut self, token: Result<Token, NoToken>) {
        let Some(Attempt { step: Step::Token(not), .. }) = &self.next else { return };
        let not = *not;
        match token {
            Ok(token) if not.is_none_or(|not| token.generation > not) => {
                if self.token.is_none_or(|(known, _)| known.generation != token.generation) {
                    self.token = Some((token, self.now));
                }
                if not.is_some() || self.trouble.token_at.is_none() {
                    self.trouble.token_at = Some(self.now);
                }
                let at = self.limit.take(self.now);
                if let Some(attempt) = &mut self.next {
                    attempt.step = Step::Permit(at);
                }
            }
            // An old one instead of a new one is none.
            Ok(_) => self.attempt_failed(Cause::NoToken, Some(self.settings.token_pace)),
            Err(NoToken::Refused) if self.current.is_none() => self.fail(Failure::Unauthorized),
            Err(NoToken::Refused) => self.attempt_failed(Cause::NoToken, Some(self.settings.token_pace)),
            Err(NoToken::Unavailable(wait)) => self.attempt_failed(Cause::NoToken, wait),
        }
    }

    pub(super) fn dial(&mut self) {
        self.connections = self.connections.saturating_add(1);
        let id = ConnectionId(self.connections);
        let Some((token, obtained)) = self.token else { return };
        let rotate = self.rotation(token, obtained);
        let Some(attempt) = &mut self.next else { return };
        attempt.step = Step::Link(Box::new(Link {
            id,
            token,
            obtained,
            rotate,
            stage: Stage::Dialing(self.now.after(self.settings.dial_timeout)),
            liveness: Liveness::new(self.now),
            sheds: false,
            replay: Replay::new(&self.sequencer.epoch),
            seen: None,
            barrier: None,
            notice: None,
            malformed: 0,
        }));
        count(&mut self.statistics.dials);
        self.say_if_only(Connection::Connecting);
        self.out.push(Output::Dial { connection: id });
    }

    /// When to replace a connection with this token.
    pub(super) fn rotation(&mut self, token: Token, obtained: Moment) -> Option<Moment> {
        let expires = token.expires?;
        Some(rotation::begin(&self.settings, obtained, expires, self.single, &mut self.rng))
    }

    pub(super) fn dialled(&mut self, id: ConnectionId, result: Result<(), DialFailure>) {
        let (now, paused) = (self.now, self.lag.is_paused());
        let until = now.after(self.settings.ack_timeout);
        let shed = self.shed.map(|(_, high)| high);
        let held = self.sequencer.held().range().map(|(_, highest)| highest);
        let replay = Replay::new(&self.sequencer.epoch);
        let Some(link) = self.link(id).filter(|link| matches!(link.stage, Stage::Dialing(_))) else { return };
        match result {
            Ok(()) => {
                link.stage = Stage::Subscribing(until);
                link.liveness = Liveness::new(now);
                // What has been seen by now is in a replay that is asked for now.
                link.seen = shed.max(held);
                link.replay = replay;
                let generation = link.token.generation;
                self.say_if_only(Connection::Connected);
                self.out.push(Output::Subscribe { connection: id, generation });
                if paused {
                    self.out.push(Output::Read { connection: id, on: false });
                }
            }
            Err(failure) => {
                // With a connection that is live it says that a second one is not wanted; and so it may
                // where the server has not seen yet that the other one has ended.
                let may_be_second = self.current.is_some() || self.single;
                let cause = match failure {
                    DialFailure::Status { status: 401, .. } => Cause::TokenRejected,
                    DialFailure::Status { status: 403, .. } if !may_be_second => Cause::TokenRejected,
                    failure => Cause::Dial(failure),
                };
                self.connection_lost(id, cause);
            }
        }
    }

    pub(super) fn subscribed(&mut self, id: ConnectionId) {
        let sheds = self.lag.is_shedding();
        let until = self.now.after(self.settings.replay_progress);
        let Some(link) = self.next.as_mut().and_then(Attempt::link_mut) else { return };
        if link.id != id || !matches!(link.stage, Stage::Subscribing(_)) {
            return;
        }
        link.stage = Stage::Replaying(until);
        link.sheds = sheds;
        self.trouble.accepted();
        if self.sequencer.epoch.watermark.is_none() {
            // The replay says what the numbers are, and whether what waits is of them.
            self.sequencer.drop_held();
            if let Some(current) = &mut self.current {
                current.sheds = true;
            }
        }
        self.say_if_only(Connection::Subscribed);
    }

    pub(super) fn refused(&mut self, id: ConnectionId, refusal: Refusal) {
        self.end_connection(
            id,
            match refusal {
                Refusal::Token => Cause::TokenRejected,
                Refusal::Account => Cause::AccountRefused,
            },
        );
    }

    /// What happens to a second connection is not told: the caller has one that is live.
    pub(super) fn say_if_only(&mut self, event: Connection) {
        if self.current.is_none() {
            self.say(event);
        }
    }
}
