//! What follows when a connection ends, and the end of the stream.

use std::time::Duration;

use super::attempt::{Attempt, Purpose, Step};
use super::cause::{Cause, Closed, DialFailure, Failure};
use super::event::{Connection, Event};
use super::input::{Command, ConnectionId, Notice};
use super::link::Stage;
use super::output::Output;
use super::sequencer::{Delivery, count};
use super::settings::Settings;
use super::time::Moment;
use super::{Core, backoff};

/// What went wrong since the stream was live for some time.
#[derive(Debug)]
pub(super) struct Trouble {
    /// Failed attempts in a row.
    pub(super) failures: u32,
    /// Since when there is no live connection.
    pub(super) since: Option<Moment>,
    /// When the last token came that had to be a new one.
    pub(super) token_at: Option<Moment>,
    /// The next token has to be a new one.
    pub(super) force: bool,
    rejected: bool,
    certificates: u32,
    too_large: u32,
    second_refused: u32,
    began_anew: u32,
}

impl Trouble {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            failures: 0,
            since: Some(now),
            token_at: None,
            force: false,
            rejected: false,
            certificates: 0,
            too_large: 0,
            second_refused: 0,
            began_anew: 0,
        }
    }

    /// The server has accepted a subscription, and its token with it.
    pub(super) fn accepted(&mut self) {
        (self.rejected, self.force, self.certificates) = (false, false, 0);
    }

    /// A connection is live.
    pub(super) fn live(&mut self) {
        (self.since, self.second_refused) = (None, 0);
    }

    /// Whether a replay in which the numbers begin anew is worth another try. A server that always says
    /// so does not mean it.
    pub(super) fn may_begin_anew(&self) -> bool {
        self.began_anew < 2
    }

    /// Whether there is anything to forget.
    pub(super) fn has_any(&self) -> bool {
        self.failures > 0 || self.too_large > 0
    }

    /// A connection was live for long enough.
    pub(super) fn forget(&mut self) {
        (self.failures, self.too_large) = (0, 0);
    }

    /// Counts what happened. `alone`: there is no other connection. Tells if this is the end.
    fn judge(&mut self, cause: Cause, alone: bool, settings: &Settings) -> Option<Failure> {
        if !matches!(cause, Cause::AuthExpired | Cause::Replaced | Cause::Asked) {
            self.failures = self.failures.saturating_add(1);
        }
        self.certificates = in_a_row(self.certificates, cause == Cause::Dial(DialFailure::Certificate));
        self.too_large = in_a_row(self.too_large, cause == Cause::Closed(Closed::TooLarge));
        self.began_anew = in_a_row(self.began_anew, cause == Cause::NumbersBeganAnew);
        // A server in trouble does not say that it wants one connection only.
        let refused = matches!(
            cause,
            Cause::AccountRefused | Cause::Dial(DialFailure::Status { status: 400..500, .. })
        );
        self.second_refused = in_a_row(self.second_refused, !alone && refused);
        let rejected = match cause {
            Cause::TokenRejected => std::mem::replace(&mut self.rejected, true),
            _ => false,
        };
        self.force |= matches!(cause, Cause::TokenRejected | Cause::AuthExpired);
        match cause {
            _ if !alone => None,
            _ if rejected => Some(Failure::Unauthorized),
            Cause::AccountRefused => Some(Failure::AccountRefused),
            _ if self.certificates >= settings.certificate_in_a_row => Some(Failure::Certificate),
            _ if self.too_large >= settings.too_large_in_a_row => Some(Failure::TooLarge),
            _ if settings.max_attempts.is_some_and(|most| self.failures >= most) => Some(Failure::GaveUp),
            _ => None,
        }
    }
}

fn in_a_row(so_far: u32, again: bool) -> u32 {
    if again { so_far.saturating_add(1) } else { 0 }
}

/// Whether and how the stream has ended.
#[derive(Debug)]
pub(super) enum Ended {
    Not,
    Closed(Ending),
    Failed(Ending),
}

/// The connections that are being closed, and when that has to be done.
#[derive(Debug)]
pub(super) struct Ending {
    until: Moment,
    open: Vec<ConnectionId>,
    finished: bool,
}

impl Ended {
    pub(super) fn is_running(&self) -> bool {
        matches!(self, Self::Not)
    }

    fn ending(&mut self) -> Option<&mut Ending> {
        match self {
            Self::Not => None,
            Self::Closed(ending) | Self::Failed(ending) => Some(ending),
        }
    }

    /// When the connections that are still closing are no longer waited for.
    pub(super) fn due(&self) -> Option<Moment> {
        match self {
            Self::Not => None,
            Self::Closed(ending) | Self::Failed(ending) => (!ending.finished).then_some(ending.until),
        }
    }

    /// True once, when nothing is open any more.
    pub(super) fn finishes(&mut self, now: Moment) -> bool {
        self.ending().is_some_and(|ending| {
            let finishes = !ending.finished && (ending.open.is_empty() || now >= ending.until);
            ending.finished |= finishes;
            finishes
        })
    }
}

impl<M> Core<M> {
    pub(super) fn command(&mut self, command: Command) {
        let current = self.current.as_ref().map(|current| current.id);
        match command {
            Command::Close => self.end(Event::Closed, Ended::Closed),
            Command::ReconnectNow => match (current, &mut self.next) {
                (Some(current), _) => self.end_connection(current, Cause::Asked),
                (None, Some(Attempt { step: Step::Wait(until), .. })) => *until = self.now,
                (None, _) => {}
            },
            Command::RotateNow if self.next.is_none() => self.replace(Purpose::Rotate),
            Command::RotateNow => {}
        }
    }

    /// A connection ended by itself.
    pub(super) fn closed(&mut self, id: ConnectionId, how: Closed) {
        if let Some(ending) = self.ended.ending() {
            ending.open.retain(|open| *open != id);
            return;
        }
        let Some(link) = self.link(id) else { return };
        // The code says little: the server closes with 1000 for all its reasons.
        let cause = match (link.notice, how) {
            (_, Closed::TooLarge | Closed::WriteTimeout | Closed::Protocol) => Cause::Closed(how),
            (Some(Notice::AuthExpired), _) => Cause::AuthExpired,
            (Some(Notice::Idle), _) => Cause::Idle,
            (Some(Notice::Other), _) => Cause::Notice,
            (None, _) => Cause::Closed(how),
        };
        self.connection_lost(id, cause);
    }

    /// A connection is of no more use.
    pub(super) fn end_connection(&mut self, id: ConnectionId, cause: Cause) {
        if self.link(id).is_some() {
            self.out.push(Output::Close { connection: id });
            self.connection_lost(id, cause);
        }
    }

    /// A connection is gone.
    pub(super) fn connection_lost(&mut self, id: ConnectionId, cause: Cause) {
        if self.is_current(id) {
            self.current = None;
            self.trouble.since = Some(self.now);
            count(&mut self.statistics.disconnects);
            self.say(Connection::Disconnected(cause));
            match self.next.is_some() {
                true => self.next_is_only(),
                false => self.retry(cause, Duration::ZERO),
            }
        } else if let Some(link) = self.next_link().filter(|link| link.id == id) {
            let was_connected = !matches!(link.stage, Stage::Dialing(_));
            if self.current.is_none() && was_connected {
                count(&mut self.statistics.disconnects);
                self.say(Connection::Disconnected(cause));
            }
            self.retry(cause, Duration::ZERO);
        }
    }

    /// An attempt came to nothing before it was dialled.
    pub(super) fn attempt_failed(&mut self, cause: Cause, least: Option<Duration>) {
        let least = least.unwrap_or_default().min(self.settings.max_retry_after);
        self.retry(cause, least);
    }

    /// The current connection is gone while the next one is being made.
    fn next_is_only(&mut self) {
        let Some(attempt) = &mut self.next else { return };
        attempt.purpose = Purpose::Connect;
        let (connected, subscribed) = match attempt.link() {
            Some(link) => (!matches!(link.stage, Stage::Dialing(_)), link.is_subscribed()),
            None => (false, false),
        };
        if connected {
            self.say(Connection::Connected);
        }
        if subscribed {
            self.say(Connection::Subscribed);
        }
        self.pass_barrier();
    }

    fn retry(&mut self, cause: Cause, least: Duration) {
        let alone = self.current.is_none();
        let purpose = match &self.next {
            Some(attempt) if !alone => attempt.purpose,
            _ => Purpose::Connect,
        };
        if let Some(failure) = self.trouble.judge(cause, alone, &self.settings) {
            return self.fail(failure);
        }
        if self.trouble.second_refused >= self.settings.second_refused.max(1) {
            return self.one_at_a_time();
        }
        let delay = self.delay(cause).max(least);
        self.next = Some(Attempt { purpose, step: Step::Wait(self.now.after(delay)) });
        if alone {
            self.say(Connection::Retrying { delay, cause });
        }
    }

    fn delay(&mut self, cause: Cause) -> Duration {
        let settings = &self.settings;
        let least = match cause {
            Cause::AuthExpired | Cause::Replaced | Cause::Asked => return Duration::ZERO,
            Cause::Dial(DialFailure::Status { status: 429 | 503, retry_after }) => {
                retry_after.unwrap_or(settings.busy_least).min(settings.max_retry_after)
            }
            Cause::Closed(Closed::Code(Some(1012 | 1013))) => settings.busy_least,
            Cause::Dial(DialFailure::Certificate) => settings.certificate_least,
            _ => Duration::ZERO,
        };
        backoff::wait(settings, self.trouble.failures, &mut self.rng).max(least)
    }

    /// The server does not want a second connection: from now on the old one is closed first.
    fn one_at_a_time(&mut self) {
        self.single = true;
        self.next = None;
        let Some((token, obtained)) = self.current.as_ref().map(|link| (link.token, link.obtained)) else {
            return;
        };
        let rotate = self.rotation(token, obtained);
        if let Some(current) = &mut self.current {
            current.rotate = rotate;
        }
    }

    /// The stream ends with an error.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.end(Event::Failed(failure), Ended::Failed);
    }

    fn end(&mut self, event: Event<M>, ended: fn(Ending) -> Ended) {
        if !self.ended.is_running() {
            return;
        }
        let links = self.current.take().map(|link| link.id);
        let next = self.next.take().and_then(|attempt| attempt.link().map(|link| link.id));
        let open: Vec<_> = links.into_iter().chain(next).collect();
        for connection in &open {
            self.out.push(Output::Close { connection: *connection });
        }
        self.deliver(Delivery::of(event));
        self.ended =
            ended(Ending { until: self.now.after(self.settings.close_timeout), open, finished: false });
    }
}
