//! All decisions of a stream, without any input or output.
//!
//! [`Core::handle_into`] is told what happened and when, and answers what is to be done;
//! [`Core::next_deadline`] names the moment at which it wants to be called if nothing happens. It
//! reads no clock, opens no socket and spawns no task: the same inputs give the same outputs, in a
//! test, in a replay of what went wrong, and in trading. It knows nothing of the messages but their
//! [`Envelope`].
//!
//! # What it guarantees
//!
//! - **Every numbered message once and in order.** Across lost connections, replays and ends of
//!   tokens. What the server does not send again is an [`Event::Gap`], in its place among the
//!   messages: nothing is missing without a word. If the server says something else now under a
//!   number that was delivered before, that comes as an [`Origin::Correction`].
//! - **A connection that died is noticed**: within 25 s if nothing comes at all, within 15 s to
//!   120 s, depending on the pace of the server's heartbeats, if the server answers but says
//!   nothing.
//! - **The end of a token is no interruption.** A new connection takes over before, and the old one
//!   is closed after that.
//! - **Memory is bounded.** If the caller is too slow, numbered messages are let go and fetched
//!   again from the server's replay once he has caught up; messages without a number that are lost
//!   meanwhile are counted.
//!
//! # How
//!
//! There are at most two connections: the current one, which is live, and the next one, which is being
//! made. The next one is made when there is no current one, when the current one's token ends, when
//! a number is missing, and when the caller has caught up; in all cases in the same way: it is
//! dialled, subscribed, it replays, and then it takes the place of the current one.

mod arrivals;
mod attempt;
mod backoff;
mod cause;
mod conclusion;
mod dial_limit;
mod endings;
mod epoch;
mod event;
mod held;
mod holes;
mod input;
mod lag;
mod link;
mod liveness;
mod output;
mod replay;
mod resume;
mod rotation;
mod sequencer;
mod settings;
mod statistics;
#[cfg(test)]
pub(super) mod tests;
mod time;
mod timers;

pub use cause::{Cause, Closed, DialFailure, Failure, HandshakeFault, Stage};
pub use dial_limit::DialLimit;
pub use event::{Connection, Event, Gap, GapReason, Origin, State};
pub use input::{Class, Command, ConnectionId, Envelope, Frame, Input, NoToken, Notice, Refusal};
pub use output::Output;
pub use resume::ResumePoint;
pub use rotation::Token;
pub use settings::{Settings, SlowCaller};
pub use statistics::Statistics;
pub use time::Moment;

use attempt::{Attempt, Step};
use endings::{Ended, Trouble};
use epoch::Mark;
use holes::Holes;
use lag::Lag;
use link::Link;
use resume::Follower;
use sequencer::{Delivery, Sequencer, count};

/// The decisions of one stream. See the [module](self).
#[derive(Debug)]
pub struct Core<M> {
    settings: Settings,
    limit: DialLimit,
    rng: fastrand::Rng,
    now: Moment,
    /// The moment that was named last.
    deadline: Option<Moment>,
    state: State,
    /// The connection that is live.
    current: Option<Link<M>>,
    /// The connection that is being made.
    next: Option<Attempt<M>>,
    connections: u64,
    /// The last token, and when it came first.
    token: Option<(Token, Moment)>,
    /// The server allows one connection at a time.
    single: bool,
    sequencer: Sequencer<M>,
    /// Lowest and highest number that were let go since the last replay that was delivered.
    shed: Option<(u64, u64)>,
    /// The message after which they were let go, because its number was an old one.
    dubious: Option<Mark>,
    /// The watermark that a message is missing after, and when to look for it.
    hole: Option<(Option<u64>, Moment)>,
    lag: Lag,
    follower: Follower,
    trouble: Trouble,
    ended: Ended,
    statistics: Statistics,
    out: Vec<Output<M>>,
}

impl<M> Core<M> {
    /// A stream that begins now.
    #[cfg(any(test, fuzzing))]
    pub fn new(settings: Settings, limit: DialLimit, seed: u64, now: Moment) -> Self {
        Self::resume(settings, limit, seed, now, ResumePoint::default())
    }

    /// A stream that goes on where another one stopped. `limit` is shared with other streams of the
    /// client; `seed` decides what is left to chance, so that the same seed and inputs give the same
    /// outputs.
    pub fn resume(settings: Settings, limit: DialLimit, seed: u64, now: Moment, from: ResumePoint) -> Self {
        Self {
            settings,
            limit,
            rng: fastrand::Rng::with_seed(seed),
            now,
            deadline: Some(now),
            state: State::Connecting,
            current: None,
            next: Some(Attempt::connect(now)),
            connections: 0,
            token: None,
            single: false,
            sequencer: Sequencer::new(from.epoch.clone(), Holes::new(from.holes_by_design)),
            shed: None,
            dubious: None,
            hole: None,
            lag: Lag::default(),
            follower: Follower::new(from),
            trouble: Trouble::new(now),
            ended: Ended::Not,
            statistics: Statistics::default(),
            out: Vec::new(),
        }
    }

    /// Something happened now. What is returned is to be done, in that order.
    #[cfg(any(test, fuzzing))]
    pub fn handle(&mut self, now: Moment, input: Input<M>) -> Vec<Output<M>> {
        let mut outputs = Vec::new();
        self.handle_into(now, input, &mut outputs);
        outputs
    }

    /// Something happened now. What is to be done is added to `outputs`, in that order. What came is
    /// only made a message if it is kept.
    ///
    /// A moment before that of the last call is taken as that moment.
    pub fn handle_into<R: Into<M>>(&mut self, now: Moment, input: Input<R>, outputs: &mut Vec<Output<M>>) {
        std::mem::swap(&mut self.out, outputs);
        self.happened(now, input);
        std::mem::swap(&mut self.out, outputs);
    }

    fn happened<R: Into<M>>(&mut self, now: Moment, input: Input<R>) {
        self.now = self.now.max(now);
        let late =
            self.deadline.is_some_and(|deadline| self.now.since(deadline) > self.settings.suspended_after);
        if late {
            self.woken();
        }
        match input {
            Input::Timer => {}
            Input::Token(token) => self.token_came(token),
            Input::Dialled { connection, result } => self.dialled(connection, result),
            Input::Received { connection, frame } => self.received(connection, frame),
            Input::Closed { connection, how } => self.closed(connection, how),
            Input::Taken { events, bytes } => {
                self.lag.taken(events, bytes);
                self.follower.taken(events, self.settings.remember);
            }
            Input::Command(command) => self.command(command),
        }
        self.timers();
        let state = self.state_now();
        if std::mem::replace(&mut self.state, state) != state {
            self.out.push(Output::State(state));
        }
    }

    /// When to call [`handle_into`](Self::handle_into) with [`Input::Timer`] if nothing else happens before. It
    /// may have passed already.
    pub fn next_deadline(&self) -> Option<Moment> {
        self.deadline
    }

    /// What the stream is doing.
    #[cfg(any(test, fuzzing))]
    pub fn state(&self) -> State {
        self.state
    }

    /// What the stream has done so far, and what waits in it.
    pub fn statistics(&self) -> Statistics {
        let ((buffered_events, buffered_bytes), (held_messages, held_bytes)) = (self.buffered(), self.held());
        Statistics { buffered_events, buffered_bytes, held_messages, held_bytes, ..self.statistics }
    }

    /// Where another process can go on: after the last event that the caller took.
    pub fn resume_point(&self) -> ResumePoint {
        self.follower.point()
    }

    /// How many messages and bytes the core holds itself, the caller's buffer not included. At most
    /// twice what the settings allow to be held.
    pub fn held(&self) -> (usize, usize) {
        let held = self.sequencer.held();
        let (messages, bytes) = self.next_link().map_or((0, 0), Link::waiting);
        (held.len().saturating_add(messages), held.bytes().saturating_add(bytes))
    }

    /// How many events and bytes wait for the caller. At most what the settings allow, and what was
    /// held or being read when the buffer was full.
    pub fn buffered(&self) -> (usize, usize) {
        self.lag.buffered()
    }

    /// Whether something is to be done as soon as the caller has taken some events.
    pub fn waits_for_caller(&self) -> bool {
        self.lag.is_paused() || self.lag.is_shedding()
    }

    fn state_now(&self) -> State {
        match (&self.ended, &self.current, &self.next) {
            (Ended::Closed(_), ..) => State::Closed,
            (Ended::Failed(_), ..) => State::Failed,
            (Ended::Not, Some(current), next) => {
                let looking = matches!(next, Some(attempt) if attempt.is_recovery());
                match current.sheds || self.lag.is_lagging() || looking {
                    true => State::Recovering,
                    false => State::Live,
                }
            }
            (Ended::Not, None, Some(attempt)) => match &attempt.step {
                Step::Wait(_) if self.trouble.failures > 0 => State::Waiting,
                Step::Link(link) if link.is_subscribed() => State::Replaying,
                _ => State::Connecting,
            },
            (Ended::Not, None, None) => State::Connecting,
        }
    }

    fn link(&mut self, id: ConnectionId) -> Option<&mut Link<M>> {
        match &mut self.current {
            Some(current) if current.id == id => Some(current),
            _ => self.next.as_mut().and_then(Attempt::link_mut).filter(|link| link.id == id),
        }
    }

    fn next_link(&self) -> Option<&Link<M>> {
        self.next.as_ref().and_then(Attempt::link)
    }

    fn is_current(&self, id: ConnectionId) -> bool {
        self.current.as_ref().is_some_and(|current| current.id == id)
    }

    /// Something about the connection; not said to a caller whose buffer is full.
    fn say(&mut self, event: Connection) {
        if !self.waits_for_caller() {
            self.deliver(Delivery::of(Event::Connection(event)));
        }
    }

    fn deliver(&mut self, delivery: Delivery<M>) {
        let Delivery { event, size, fingerprint } = delivery;
        match &event {
            Event::Message { .. } => count(&mut self.statistics.delivered),
            Event::Gap(_) => count(&mut self.statistics.gaps),
            _ => {}
        }
        self.follower.put(&event, fingerprint);
        self.lag.put(size);
        self.out.push(Output::Deliver { event, size });
    }

    /// Delivers what the sequencer has released.
    fn flush(&mut self) {
        let mut released = std::mem::take(&mut self.sequencer.out);
        for delivery in released.drain(..) {
            self.deliver(delivery);
        }
        // To be used again.
        self.sequencer.out = released;
    }
}
