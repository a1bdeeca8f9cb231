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
//! decided in [`replay`], what a message is in [`numbering`].

mod arrivals;
mod connections;
mod io;
mod numbering;
mod replay;
pub(super) mod retry;
mod settings;
#[cfg(test)]
pub(super) mod tests;

use std::collections::VecDeque;
use std::time::Duration;

pub use self::io::*;
pub use self::numbering::ResumePoint;
pub use self::settings::{Settings, SlowCaller};

use self::arrivals::{Held, Overlap};
use self::connections::{Buffer, Flow, HeartbeatPace, Link, LinkStage, Links, Purpose, Timer, Timers};
use self::numbering::{Change, Class, MessageId, Numbering};
use self::replay::{Replay, Verdict};
use self::retry::{FailureHistory, Renewal};

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
    timers: Timers,
    links: Links,
    /// The last token, and when it was fetched first.
    token: Option<(Token, Moment)>,
    /// When a token was fetched last that had to be a new one.
    renewed: Option<Moment>,
    renewal: Renewal,
    history: FailureHistory,
    /// What a second connection is wanted for.
    wanted: Option<Purpose>,
    numbering: Numbering,
    held: Held<M>,
    /// Messages of a replay at or below the watermark that were not delivered, while nothing is proven.
    late: Held<M>,
    /// The highest number of a message that did not fit among the held ones.
    dropped: Option<u64>,
    /// A number above the watermark that a heartbeat had: a replay has to bring it.
    claimed: Option<u64>,
    /// The numbers of heartbeats mean nothing: a replay did not bring one.
    ignores_claims: bool,
    told_of_holes: bool,
    /// A message cannot be of the known numbering, or is an error: a replay has to decide.
    is_doubting: bool,
    /// When a replay was asked for last because of a doubt.
    doubted: Option<Moment>,
    /// The verdict on the last replay was to ask again.
    asked_again: bool,
    /// A message that does not fit into its replay.
    suspect: Option<MessageId>,
    /// The number at which a replay was given up that never completed.
    given_up_at: Option<u64>,
    pace: HeartbeatPace,
    overlap: Overlap,
    /// Until then, second copies of messages without a number can arrive.
    overlap_end: Moment,
    buffer: Buffer,
    /// The state in which the stream has ended.
    ended: Option<State>,
    /// The connections that are being closed at the end.
    closing: Vec<ConnectionId>,
    statistics: Statistics,
    out: VecDeque<Output<M>>,
}

impl<M> StreamMachine<M> {
    /// A stream that goes on at a resume point. `seed` seeds the random waits.
    pub fn new(settings: Settings, seed: u64, now: Moment, from: ResumePoint) -> Self {
        let ResumePoint(numbering) = from;
        let mut machine = Self {
            settings,
            rng: fastrand::Rng::with_seed(seed),
            now,
            state: State::Connecting,
            timers: Timers::default(),
            links: Links::default(),
            token: None,
            renewed: None,
            renewal: Renewal::No,
            history: FailureHistory::default(),
            wanted: None,
            buffer: Buffer { taken: numbering.clone(), ..Buffer::default() },
            numbering,
            held: Held::default(),
            late: Held::default(),
            dropped: None,
            claimed: None,
            ignores_claims: false,
            told_of_holes: false,
            is_doubting: false,
            doubted: None,
            asked_again: false,
            suspect: None,
            given_up_at: None,
            pace: HeartbeatPace::default(),
            overlap: Overlap::default(),
            overlap_end: Moment::default(),
            ended: None,
            closing: Vec::new(),
            statistics: Statistics::default(),
            out: VecDeque::new(),
        };
        machine.watch_elapsed();
        machine.attempt(Purpose::Connect, Duration::ZERO);
        machine
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
            Input::Taken { events, bytes } => self.buffer.take(events, bytes, self.settings.remember),
            Input::Command(command) => self.command(command),
        }
        self.fire_timers();
        if self.ended.is_none() {
            self.adjust_flow();
            self.replace_if_wanted();
            self.fire_timers();
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
        self.timers.next_deadline()
    }

    /// What the stream has done so far, and what waits in it.
    pub fn statistics(&self) -> Statistics {
        let (buffered_events, buffered_bytes) = (self.buffer.changes.len(), self.buffer.bytes);
        let held_messages = self.held.len() + self.late.len();
        let held_bytes = arrivals::bytes(&self.held).saturating_add(arrivals::bytes(&self.late));
        Statistics { buffered_events, buffered_bytes, held_messages, held_bytes, ..self.statistics }
    }

    /// Where another process can go on: after the last event that the caller took.
    pub fn resume_point(&self) -> ResumePoint {
        ResumePoint::new(self.buffer.taken.clone())
    }

    /// Whether something has to be done as soon as the caller has taken some events.
    pub fn waits_for_caller(&self) -> bool {
        self.buffer.flow != Flow::Open
    }

    fn current_state(&self) -> State {
        let is_doubted = self.is_doubting || self.timers.get(Timer::Doubt).is_some();
        match (self.ended, &self.links.current, &self.links.next) {
            (Some(ended), ..) => ended,
            (None, None, None) => State::Recovering,
            (None, Some(_), Some(Link { purpose: Purpose::Recover, .. })) => State::Recovering,
            (None, Some(_), _) if is_doubted => State::Recovering,
            (None, Some(_), _) => State::Live,
            (None, None, Some(next)) => match next.stage {
                LinkStage::Waiting if self.history.failures > 0 => State::Waiting,
                LinkStage::Replaying => State::Replaying,
                _ => State::Connecting,
            },
        }
    }

    // mutate

    /// Reports a change of the connection, unless the buffer is full. How a second connection is made is
    /// not reported.
    fn say(&mut self, event: Connection) {
        use Connection::{Connected, Connecting, Retrying, Subscribed};
        let is_second = self.links.current.is_some()
            && matches!(event, Connecting | Connected | Subscribed | Retrying { .. });
        if self.buffer.flow == Flow::Open && !is_second {
            self.deliver(Event::Connection(event));
        }
    }

    fn deliver(&mut self, event: Event<M>) {
        self.put(event, 0, Change::Nothing);
    }

    fn report_gap(&mut self, after: Option<u64>, before: Option<u64>, reason: GapReason, change: Change) {
        self.put(Event::Gap(Gap { after, before, reason }), 0, change);
    }

    /// Delivers an event, and applies what it changes.
    fn put(&mut self, event: Event<M>, size: usize, change: Change) {
        match &event {
            Event::Message { .. } => count(&mut self.statistics.delivered),
            Event::Gap(_) => count(&mut self.statistics.gaps),
            Event::EpochChanged { .. } => count(&mut self.statistics.epochs),
            _ => {}
        }
        self.numbering.apply(change, self.settings.remember);
        self.buffer.changes.push_back(change);
        self.buffer.bytes = self.buffer.bytes.saturating_add(size);
        self.out.push_back(Output::Deliver { event, size });
    }
}

/// Adds one to a counter.
fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
