//! What has to be done because time has passed, and the flow to the caller.

use super::*;

/// How soon a connection that is overdue is judged again while a ping is unanswered.
const RECHECK: Duration = Duration::from_secs(1);
/// How long the buffer may be full before the stream is parked.
const FULL_FOR: Duration = Duration::from_secs(2);

impl<M> StreamMachine<M> {
    /// Does everything that is due.
    pub(super) fn fire_timers(&mut self) {
        while let Some(timer) = self.timers.expired(self.now) {
            self.fire(timer);
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Redial => self.redial(),
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
            link.answered = true;
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
        match link.answered {
            false => self.end_connection(id, Cause::NoPong),
            true if due > self.now => self.timers.set(Timer::Probe(id), due),
            true => self.ping(id),
        }
    }

    pub(super) fn ping(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        link.answered = false;
        self.timers.set(Timer::Probe(id), self.now.after(self.settings.pong_timeout));
        count(&mut self.statistics.pings);
        self.out.push_back(Output::Ping { connection: id });
    }

    fn end_if_mute(&mut self, id: ConnectionId) {
        let (Some(link), Some(silence)) = (self.links.get_mut(id), self.pace.silence()) else { return };
        let until = link.spoke.after(silence);
        if until > self.now {
            return self.timers.set(Timer::Heartbeat(id), until);
        }
        // Where nothing arrives at all, it is not the heartbeats that are missing.
        if !link.answered {
            return self.timers.set(Timer::Heartbeat(id), self.now.after(RECHECK));
        }
        self.pace.muted_at = Some(self.numbering.delivered);
        self.end_connection(id, Cause::Mute);
    }

    /// The process was suspended: nothing is known, and the server is probed at once.
    pub(super) fn wake(&mut self) {
        if self.buffer.flow == Flow::Open {
            for id in self.restart_links() {
                self.ping(id);
            }
        }
    }

    /// Starts the timers of all connections anew; returns those that are open and not replaced.
    fn restart_links(&mut self) -> Vec<ConnectionId> {
        let all: Vec<_> = self.links.iter().map(|link| link.id).collect();
        all.into_iter().for_each(|id| self.start_timers(id));
        let used = self.links.iter().filter(|link| link.is_open() && link.stage != LinkStage::Leaving);
        used.map(|link| link.id).collect()
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
                self.fire_timers();
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
