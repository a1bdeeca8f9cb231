//! All decisions of a stream, without input or output.
//!
//! [`StreamMachine::handle`] takes an input and the time; [`StreamMachine::poll`] returns what has to
//! be done; [`StreamMachine::next_deadline`] is the time at which the machine has to be called if
//! nothing happens before. It reads no clock, opens no socket, holds no lock and spawns no task: the
//! same inputs give the same outputs. Of the messages it knows only their [`Envelope`].
//!
//! There are at most three connections: the current one, which is live; the next one, which is being
//! made; and one that was replaced a moment ago. A next one is made when there is no current one, when
//! the token of the current one expires, when a number is missing, and every 15 minutes. In all cases
//! it is dialled, subscribed, replays, and then replaces the current one. What a replay means is
//! decided in [`numbering`].

mod arrivals;
mod attempt;
mod buffer;
mod cause;
mod conclusion;
mod endings;
mod event;
mod held;
mod io;
mod link;
mod liveness;
mod numbering;
mod overlap;
mod replay;
mod resume;
pub(super) mod retry;
pub(super) mod rotation;
mod settings;
mod statistics;
#[cfg(test)]
pub(super) mod tests;
mod time;
mod timers;
mod timing;

use std::collections::VecDeque;
use std::time::Duration;

pub use self::cause::{Cause, Closed, DialFailure, Failure, HandshakeFault, Stage};
pub use self::event::{Connection, Event, Gap, GapReason, Origin, State};
pub use self::io::{Command, ConnectionId, Envelope, Frame, Input, Kind, NoToken, Notice, Output};
pub use self::resume::ResumePoint;
pub use self::rotation::Token;
pub use self::settings::{Settings, SlowCaller};
pub use self::statistics::Statistics;
pub use self::time::Moment;

use self::attempt::{Attempt, Purpose, Renewal, Step};
use self::buffer::{Buffer, Flow};
use self::endings::Ended;
use self::held::{Held, Item};
use self::link::Link;
use self::liveness::HeartbeatPace;
use self::numbering::{MessageId, Numbering};
use self::overlap::Overlap;
use self::resume::Follower;
use self::retry::FailureHistory;
use self::statistics::count;
use self::timers::{Timer, TimerTable};

/// How long a message waits for missing ones before it, before a replay is asked for.
const HOLD: Duration = Duration::from_millis(250);
/// Longest time that a connection is kept after it was replaced.
const LINGER: Duration = Duration::from_secs(2);
/// If a deadline is missed by more than this, the process was suspended.
const SUSPENDED: Duration = Duration::from_secs(5);

/// The decisions of one stream. See the [module](self).
#[derive(Debug)]
pub struct StreamMachine<M> {
    settings: Settings,
    rng: fastrand::Rng,
    now: Moment,
    state: State,
    timers: TimerTable,
    /// The live connection.
    current: Option<Link<M>>,
    /// The connection that is being made.
    next: Option<Attempt<M>>,
    /// The connection that was replaced. What was under way on it still arrives.
    leaving: Option<Link<M>>,
    connections: u64,
    /// The last token, and when it was fetched first.
    token: Option<(Token, Moment)>,
    /// When the last token was fetched, and whether it had to be a new one. Not every fetch counts: one of
    /// a token that only has to be good does not, except for the first.
    renewed: Option<(Moment, bool)>,
    renewal: Renewal,
    numbering: Numbering,
    held: Held<M>,
    /// The highest number of a message that did not fit among the held ones.
    dropped: Option<u64>,
    /// The verdict on the last replay was to ask again.
    asked_again: bool,
    /// A message that does not fit into its replay.
    suspect: Option<MessageId>,
    /// The number at which a replay was given up that never completed.
    given_up_at: Option<u64>,
    heartbeat_numbers: HeartbeatNumbers,
    told_of_holes: bool,
    wants: Wants,
    /// A message cannot be of the known numbering, or is an error: a replay has to decide.
    is_doubting: bool,
    /// When a replay was asked for last because of a doubt.
    doubted: Option<Moment>,
    pace: HeartbeatPace,
    overlap: Overlap,
    /// Until then, second copies of messages without a number can arrive.
    overlap_end: Moment,
    buffer: Buffer,
    follower: Follower,
    history: FailureHistory,
    ended: Ended,
    statistics: Statistics,
    out: VecDeque<Output<M>>,
}

/// What the numbers of heartbeats mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeartbeatNumbers {
    /// The last number of the messages, as far as is known.
    Believed,
    /// One above the watermark: a replay has to bring it.
    Claimed(u64),
    /// Nothing: a replay did not bring it.
    Ignored,
}

/// What a second connection is wanted for.
#[derive(Clone, Copy, Debug, Default)]
struct Wants {
    replay: bool,
    rotation: bool,
    audit: bool,
}

impl<M> StreamMachine<M> {
    /// A stream that goes on at a resume point. `seed` decides what is left to chance.
    pub fn new(settings: Settings, seed: u64, now: Moment, from: ResumePoint) -> Self {
        let ResumePoint(numbering) = from;
        let mut timers = TimerTable::default();
        timers.set(Timer::Redial, now);
        if let Some(limit) = settings.max_elapsed {
            timers.set(Timer::GiveUp, now.after(limit));
        }
        Self {
            settings,
            rng: fastrand::Rng::with_seed(seed),
            now,
            state: State::Connecting,
            timers,
            current: None,
            next: Some(Attempt { purpose: Purpose::Connect, step: Step::Wait }),
            leaving: None,
            connections: 0,
            token: None,
            renewed: None,
            renewal: Renewal::No,
            numbering: numbering.clone(),
            held: Held::default(),
            dropped: None,
            asked_again: false,
            suspect: None,
            given_up_at: None,
            heartbeat_numbers: HeartbeatNumbers::Believed,
            told_of_holes: false,
            wants: Wants::default(),
            is_doubting: false,
            doubted: None,
            pace: HeartbeatPace::default(),
            overlap: Overlap::default(),
            overlap_end: Moment::default(),
            buffer: Buffer::default(),
            follower: Follower::new(numbering),
            history: FailureHistory::default(),
            ended: Ended::Not,
            statistics: Statistics::default(),
            out: VecDeque::new(),
        }
    }

    // handle: inputs

    /// Takes an input. A message is only converted if it is kept. A moment before that of the last
    /// call counts as that moment.
    pub fn handle<R: Into<M>>(&mut self, now: Moment, input: Input<R>) {
        self.now = self.now.max(now);
        if self.next_deadline().is_some_and(|deadline| self.now.since(deadline) > SUSPENDED) {
            self.wake();
        }
        match input {
            Input::Timer => {}
            Input::Permit => self.permitted(),
            Input::Token(token) => self.token_fetched(token),
            Input::Dialled { connection, result } => self.dialled(connection, result),
            Input::Received { connection, frame } => self.received(connection, frame),
            Input::Closed { connection, how } => self.closed(connection, how),
            Input::Taken { events, bytes } => {
                self.buffer.taken(events, bytes);
                self.follower.taken(events, self.settings.remember);
            }
            Input::Command(command) => self.command(command),
        }
        self.fire_timers();
        if self.ended.is_running() {
            self.adjust_flow();
            self.replace_if_wanted();
        } else {
            self.finish();
        }
        let state = self.current_state();
        if std::mem::replace(&mut self.state, state) != state {
            self.out.push_back(Output::State(state));
        }
    }

    // poll: outputs, until none is left

    /// The next output.
    pub fn poll(&mut self) -> Option<Output<M>> {
        self.out.pop_front()
    }

    // get

    /// When to call [`handle`](Self::handle) with [`Input::Timer`] if nothing else happens before. It
    /// may have passed already.
    pub fn next_deadline(&self) -> Option<Moment> {
        let links = self.links().filter_map(|link| link.timers.next_deadline());
        links.chain(self.timers.next_deadline()).min()
    }

    /// What the stream is doing.
    #[cfg(any(test, fuzzing))]
    pub fn state(&self) -> State {
        self.state
    }

    /// What the stream has done so far, and what waits in it.
    pub fn statistics(&self) -> Statistics {
        let ((buffered_events, buffered_bytes), (held_messages, held_bytes)) = (self.buffer.len(), self.held());
        Statistics { buffered_events, buffered_bytes, held_messages, held_bytes, ..self.statistics }
    }

    /// Where another process can go on: after the last event that the caller took.
    pub fn resume_point(&self) -> ResumePoint {
        self.follower.point()
    }

    /// How many messages and bytes the machine holds itself, without the caller's buffer.
    pub fn held(&self) -> (usize, usize) {
        let late = self.next_link().map_or((0, 0), |link| link.replay.kept());
        (self.held.len().saturating_add(late.0), self.held.bytes().saturating_add(late.1))
    }

    /// Whether something has to be done as soon as the caller has taken some events.
    pub fn waits_for_caller(&self) -> bool {
        self.buffer.flow != Flow::Open
    }

    fn current_state(&self) -> State {
        match (&self.ended, &self.current, &self.next) {
            (Ended::Closed(_), ..) => State::Closed,
            (Ended::Failed(_), ..) => State::Failed,
            (Ended::Not, Some(_), next) => {
                let is_recovering = next.as_ref().is_some_and(|attempt| attempt.purpose == Purpose::Recover);
                let is_doubted = self.is_doubting || self.timers.get(Timer::Doubt).is_some();
                if is_recovering || is_doubted { State::Recovering } else { State::Live }
            }
            (Ended::Not, None, None) => State::Recovering,
            (Ended::Not, None, Some(attempt)) => match &attempt.step {
                Step::Wait if self.history.failures > 0 => State::Waiting,
                Step::Link(link) if link.is_subscribed() => State::Replaying,
                _ => State::Connecting,
            },
        }
    }

    fn links(&self) -> impl Iterator<Item = &Link<M>> {
        self.current.iter().chain(self.next_link()).chain(&self.leaving)
    }

    fn link(&mut self, id: ConnectionId) -> Option<&mut Link<M>> {
        if self.is_current(id) {
            return self.current.as_mut();
        }
        match &mut self.leaving {
            Some(leaving) if leaving.id == id => Some(leaving),
            _ => self.next.as_mut().and_then(Attempt::link_mut).filter(|link| link.id == id),
        }
    }

    fn next_link(&self) -> Option<&Link<M>> {
        self.next.as_ref().and_then(Attempt::link)
    }

    fn is_current(&self, id: ConnectionId) -> bool {
        self.current.as_ref().is_some_and(|current| current.id == id)
    }

    // mutate

    /// Reports a change of the connection, unless the buffer is full.
    fn say(&mut self, event: Connection) {
        if self.buffer.flow == Flow::Open {
            self.deliver(Event::Connection(event));
        }
    }

    /// Reports a change of the connection unless there is another one, which is live.
    fn say_if_only(&mut self, event: Connection) {
        if self.current.is_none() {
            self.say(event);
        }
    }

    fn deliver(&mut self, event: Event<M>) {
        self.deliver_sized(event, 0, 0);
    }

    fn deliver_item(&mut self, item: Item<M>) {
        let Item { id, size, origin, message } = item;
        self.deliver_sized(Event::Message { message, sequence: Some(id.number), origin }, size, id.hash);
    }

    fn deliver_sized(&mut self, event: Event<M>, size: usize, detail: u64) {
        match &event {
            Event::Message { .. } => count(&mut self.statistics.delivered),
            Event::Gap(_) => count(&mut self.statistics.gaps),
            _ => {}
        }
        self.follower.put(&event, detail);
        self.buffer.put(size);
        self.out.push_back(Output::Deliver { event, size });
    }

    fn report_gap(&mut self, after: Option<u64>, before: Option<u64>, reason: GapReason) {
        self.deliver(Event::Gap(Gap { after, before, reason }));
    }
}
