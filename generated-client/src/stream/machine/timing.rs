//! Deadlines, what has to be done because time has passed, and the flow to the caller.

use super::*;

/// Every timer of a stream. Those of one moment expire in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The wait before the next attempt is over.
    Redial,
    /// A number is missing.
    Hole,
    /// Only a replay can tell whether the numbering is the known one.
    Doubt,
    /// The token of the connection is about to expire.
    Rotation,
    /// There was no replay for a while.
    Audit,
    /// The buffer has been full for too long.
    Full,
    /// The stream was not live for too long.
    GiveUp,
    /// Closing takes too long.
    Close,
    /// The stage of a connection takes too long.
    Stage(ConnectionId),
    /// Nothing arrived on a connection for a while, or a ping is not answered.
    Probe(ConnectionId),
    /// The heartbeats of a connection have stopped.
    Heartbeat(ConnectionId),
}

/// The deadlines of a stream and its connections: the timers that run, the next one first.
#[derive(Debug, Default)]
pub(super) struct Timers(Vec<(Moment, Timer)>);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Moment) {
        self.stop(timer);
        self.0.insert(self.0.partition_point(|other| *other < (at, timer)), (at, timer));
    }

    /// Sets a timer unless it is running.
    pub(super) fn start(&mut self, timer: Timer, at: Moment) {
        if self.get(timer).is_none() {
            self.set(timer, at);
        }
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0.retain(|(_, other)| *other != timer);
    }

    /// Stops all timers of a connection.
    pub(super) fn stop_all(&mut self, id: ConnectionId) {
        [Timer::Stage(id), Timer::Probe(id), Timer::Heartbeat(id)]
            .into_iter()
            .for_each(|timer| self.stop(timer));
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Moment> {
        self.0.iter().find(|(_, other)| *other == timer).map(|(at, _)| *at)
    }

    /// The earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Stops the first timer that has expired, and returns it.
    pub(super) fn expired(&mut self, now: Moment) -> Option<Timer> {
        self.next_deadline().filter(|next| *next <= now).map(|_| self.0.remove(0).1)
    }
}

/// What the machine knows about the caller's buffer.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// The numbering after the last event that the caller took.
    pub(super) taken: Numbering,
    /// What each event in the buffer changes in it.
    pub(super) changes: VecDeque<Change>,
    pub(super) bytes: usize,
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
    /// The caller took events out of the buffer.
    pub(super) fn take(&mut self, events: usize, bytes: usize, remember: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        for change in self.changes.drain(..events.min(self.changes.len())) {
            self.taken.apply(change, remember);
        }
    }

    /// The flow that follows from what is in the buffer now.
    pub(super) fn next_flow(&self, settings: &Settings) -> Flow {
        let is_full = self.changes.len() >= settings.buffer_events || self.bytes >= settings.buffer_bytes;
        match self.flow {
            Flow::Open if is_full => Flow::Full,
            Flow::Full if self.is_below(settings, 3) => Flow::Open,
            Flow::Parked if self.is_below(settings, 1) => Flow::Open,
            flow => flow,
        }
    }

    /// Whether at most so many quarters of the buffer are taken.
    fn is_below(&self, settings: &Settings, quarters: usize) -> bool {
        let part = |whole: usize| whole.saturating_mul(quarters) / 4;
        self.changes.len() <= part(settings.buffer_events) && self.bytes <= part(settings.buffer_bytes)
    }
}

/// How soon a connection that is overdue is judged again while a ping is unanswered.
const RECHECK: Duration = Duration::from_secs(1);
/// How long the buffer may be full before the stream is parked.
const FULL_FOR: Duration = Duration::from_secs(2);

impl<M> StreamMachine<M> {
    /// Does everything that is due.
    pub(super) fn fire_timers(&mut self) {
        while let Some(timer) = self.timers.expired(self.now) {
            match timer {
                Timer::Redial => self.redial(),
                // A copy that is behind has its time to catch up.
                Timer::Hole if self.asked_again && self.timers.get(Timer::Doubt).is_some() => {}
                Timer::Hole if self.has_hole() => self.want(Purpose::Recover),
                Timer::Hole => {}
                Timer::Doubt => {
                    self.want(Purpose::Recover);
                    self.doubted = Some(self.now);
                }
                Timer::Rotation => self.want(Purpose::Rotate),
                Timer::Audit => self.want(Purpose::Audit),
                Timer::Full => self.park(),
                Timer::GiveUp => self.end(Event::Failed(Failure::GaveUp), State::Failed),
                Timer::Close => self.out.push_back(Output::Finished),
                Timer::Stage(id) => self.stage_is_over(id),
                // Nothing is known of a connection from which nothing is read.
                Timer::Probe(_) | Timer::Heartbeat(_) if self.buffer.flow == Flow::Full => {}
                Timer::Probe(id) => self.probe(id),
                Timer::Heartbeat(id) => self.end_if_mute(id),
            }
        }
    }

    /// Starts the timers of a connection for its stage; nothing is known of the time until now.
    pub(super) fn start_timers(&mut self, id: ConnectionId) {
        let (now, settings) = (self.now, &self.settings);
        let Some(link) = self.links.get_mut(id) else { return };
        (link.heard, link.spoke, link.progress, link.heartbeat) = (now, now, now, None);
        self.timers.stop_all(id);
        let limit = match link.stage {
            LinkStage::Dialing => Some(settings.dial_timeout),
            LinkStage::Subscribing => Some(settings.ack_timeout),
            LinkStage::Replaying => Some(settings.replay_timeout),
            LinkStage::Leaving => Some(HOLD),
            _ => None,
        };
        if let Some(limit) = limit {
            self.timers.set(Timer::Stage(id), now.after(limit));
        }
        if link.is_open() && link.stage != LinkStage::Leaving {
            link.is_pinged = false;
            self.timers.set(Timer::Probe(id), now.after(settings.ping_after));
        }
        self.watch_heartbeats();
    }

    /// Watches the heartbeats of all connections, if their pace is known.
    pub(super) fn watch_heartbeats(&mut self) {
        let Some(silence) = self.pace.silence() else { return };
        for link in self.links.iter().filter(|link| link.is_subscribed()) {
            self.timers.start(Timer::Heartbeat(link.id), link.spoke.after(silence));
        }
    }

    fn stage_is_over(&mut self, id: ConnectionId) {
        match self.links.get_mut(id).map(|link| link.stage) {
            Some(LinkStage::Dialing) => self.end_connection(id, Cause::Dial(DialFailure::TimedOut(None))),
            _ if self.buffer.flow == Flow::Full => {}
            Some(LinkStage::Subscribing) => self.end_connection(id, Cause::AckTimeout),
            Some(LinkStage::Replaying) => self.replay_is_slow(id),
            Some(LinkStage::Leaving) => self.release_if_drained(),
            _ => {}
        }
    }

    fn replay_is_slow(&mut self, id: ConnectionId) {
        let limit = self.settings.replay_timeout;
        let Some(link) = self.links.get_mut(id) else { return };
        if link.replay.reached.is_some_and(|reached| reached.after(limit) <= self.now) {
            // A second replay in a row stopped where the first one did.
            return self.replay_complete(id);
        }
        let until = link.progress.after(limit);
        if until > self.now {
            return self.timers.set(Timer::Stage(id), until);
        }
        let known = link.replay.last.map(|last| last.number);
        self.given_up_at = Some(link.replay.top.max(known).unwrap_or(0));
        self.end_connection(id, Cause::ReplayStalled);
    }

    /// Pings a connection from which nothing arrived for a while; ends one that did not answer.
    fn probe(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        let due = link.heard.after(self.settings.ping_after);
        match link.is_pinged {
            true => self.end_connection(id, Cause::NoPong),
            false if due > self.now => self.timers.set(Timer::Probe(id), due),
            false => self.ping(id),
        }
    }

    pub(super) fn ping(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id).filter(|link| link.is_open()) else { return };
        link.is_pinged = true;
        self.timers.set(Timer::Probe(id), self.now.after(self.settings.pong_timeout));
        self.out.push_back(Output::Ping { connection: id });
    }

    fn end_if_mute(&mut self, id: ConnectionId) {
        let (Some(link), Some(silence)) = (self.links.get_mut(id), self.pace.silence()) else { return };
        let mut until = link.spoke.after(silence);
        if link.is_pinged {
            // Where nothing arrives at all, it is not the heartbeats that are missing.
            until = until.max(self.now.after(RECHECK));
        }
        if until > self.now {
            return self.timers.set(Timer::Heartbeat(id), until);
        }
        self.pace.muted_at = Some(self.numbering.delivered);
        self.end_connection(id, Cause::Mute);
    }

    /// The process was suspended: nothing is known, and the server is probed at once.
    pub(super) fn wake(&mut self) {
        if self.buffer.flow == Flow::Open {
            self.restart_links();
            self.links.ids().into_iter().for_each(|id| self.ping(id));
        }
    }

    /// Starts the timers of all connections anew.
    fn restart_links(&mut self) {
        self.links.ids().into_iter().for_each(|id| self.start_timers(id));
    }

    /// Follows the caller's buffer: stops reading where it is full, and goes on where there is room.
    pub(super) fn adjust_flow(&mut self) {
        let flow = self.buffer.next_flow(&self.settings);
        let before = std::mem::replace(&mut self.buffer.flow, flow);
        match (before, flow) {
            (Flow::Open, Flow::Full) => {
                self.read(false);
                if self.settings.slow_caller == SlowCaller::Park {
                    self.timers.set(Timer::Full, self.now.after(FULL_FOR));
                }
            }
            (Flow::Full, Flow::Open) => {
                self.timers.stop(Timer::Full);
                self.restart_links();
                self.read(true);
            }
            (Flow::Parked, Flow::Open) => {
                self.watch_elapsed();
                self.attempt(Purpose::Connect, Duration::ZERO);
            }
            _ => {}
        }
    }

    fn read(&mut self, on: bool) {
        let open = self.links.iter().filter(|link| link.is_open());
        self.out.extend(open.map(|link| Output::Read { connection: link.id, on }));
    }

    /// The caller has been too slow for too long: there is no connection until it has caught up.
    fn park(&mut self) {
        self.buffer.flow = Flow::Parked;
        if !std::mem::replace(&mut self.buffer.lagging, true) {
            self.deliver(Event::Lagging);
        }
        self.close_all();
    }
}
