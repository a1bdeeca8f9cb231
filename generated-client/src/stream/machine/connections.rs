//! Connections: making one (wait, permit, token, dial, subscription), what has to be done because time has
//! passed, what follows when one ends, and the flow to the caller.

use std::sync::Arc;

use super::retry::{TOKEN_PACE, asked_for, rotate_at};
use super::*;

/// The connections of a stream, at most one of each kind.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The live connection.
    pub(super) current: Option<Link>,
    /// The connection that is being made.
    pub(super) next: Option<Link>,
    /// The connection that was replaced. What was under way on it still arrives.
    pub(super) leaving: Option<Link>,
}

impl Links {
    /// Those that are dialled, or further.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Link> {
        let all = [&self.current, &self.next, &self.leaving].into_iter().flatten();
        all.filter(|link| link.stage >= LinkStage::Dialing)
    }

    pub(super) fn ids(&self) -> Vec<ConnectionId> {
        self.iter().map(|link| link.id).collect()
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Link> {
        let mut all = [&mut self.current, &mut self.next, &mut self.leaving].into_iter().flatten();
        all.find(|link| link.id == id && link.stage >= LinkStage::Dialing)
    }

    /// A connection, if it is at this stage.
    pub(super) fn get_at(&mut self, id: ConnectionId, stage: LinkStage) -> Option<&mut Link> {
        self.get_mut(id).filter(|link| link.stage == stage)
    }

    /// The connection that is being made, if it is at this stage.
    pub(super) fn next_at(&mut self, stage: LinkStage) -> Option<&mut Link> {
        self.next.as_mut().filter(|next| next.stage == stage)
    }

    pub(super) fn current_id(&self) -> Option<ConnectionId> {
        self.current.as_ref().map(|current| current.id)
    }
}

/// A connection, from the first wait for it to its end.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Given when it is dialled.
    pub(super) id: ConnectionId,
    pub(super) purpose: Purpose,
    pub(super) stage: LinkStage,
    /// Its token, and when that was fetched first.
    pub(super) token: Option<(Token, Moment)>,
    /// When any byte arrived last.
    pub(super) heard: Moment,
    /// When a message arrived last, or a part of one: pongs show that the connection is alive, not the
    /// session.
    pub(super) spoke: Moment,
    pub(super) heartbeat: Option<Moment>,
    /// Nothing arrived since the last ping.
    pub(super) is_pinged: bool,
    pub(super) replay: Replay,
    /// When its replay made progress last, or it was replaced.
    pub(super) progress: Moment,
    pub(super) notice: Option<Cause>,
}

/// What a connection is made for, the more urgent the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// There is no other one.
    #[default]
    Connect,
    /// To look for messages that were lost without a trace.
    Audit,
    /// To take over before a token expires.
    Rotate,
    /// To fetch missing messages.
    Recover,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub(super) enum LinkStage {
    /// [`Timer::Redial`](super::Timer::Redial) has not expired.
    #[default]
    Waiting,
    /// It waits for the dial limit. That comes before the token, which could expire meanwhile.
    Permit,
    /// It waits for a token, newer than this generation.
    Token(Option<u64>),
    Dialing,
    Subscribing,
    Replaying,
    /// Since when.
    Live(Moment),
    /// It was replaced.
    Leaving,
}

impl Link {
    pub(super) fn is_open(&self) -> bool {
        self.stage > LinkStage::Dialing
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.stage > LinkStage::Subscribing
    }
}

/// How long no heartbeat may arrive, in multiples of the longest interval between two, and its
/// bounds.
const INTERVALS: u32 = 4;
const SILENCE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(600));

/// The pace of the heartbeats of a stream, over all of its connections.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeartbeatPace {
    longest: Option<Duration>,
    /// How often the deadline was doubled.
    doubled: u32,
    /// How many messages had been delivered when the deadline ended a connection, until a replay
    /// shows whether any were missing.
    pub(super) muted_at: Option<u64>,
}

impl HeartbeatPace {
    pub(super) fn interval(&mut self, interval: Duration) {
        self.longest = self.longest.max(Some(interval));
    }

    /// How long no heartbeat may arrive; none until two were seen.
    pub(super) fn silence(&self) -> Option<Duration> {
        let (least, most) = SILENCE;
        let factor = 2u32.checked_pow(self.doubled).unwrap_or(u32::MAX);
        let silence = self.longest?.saturating_mul(INTERVALS).clamp(least, most);
        Some(silence.saturating_mul(factor).min(most))
    }

    /// A replay is over. If nothing was missing since the deadline ended a connection, it was wrong.
    pub(super) fn replayed(&mut self, delivered: u64) {
        if self.muted_at.take() == Some(delivered) {
            self.doubled += 1;
        }
    }
}

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
    pub(super) fn command(&mut self, command: Command) {
        match (command, self.links.current_id(), &self.links.next) {
            (Command::Close, ..) => self.end(Event::Closed, State::Closed),
            (Command::ReconnectNow, Some(current), _) => self.end_connection(current, Cause::Asked),
            (Command::ReconnectNow, None, Some(next)) if next.stage == LinkStage::Waiting => {
                self.timers.set(Timer::Redial, self.now);
            }
            (Command::RotateNow, Some(_), None) => self.want(Purpose::Rotate),
            (Command::ReconnectNow | Command::RotateNow, ..) => {}
        }
    }

    pub(super) fn want(&mut self, purpose: Purpose) {
        self.wanted = self.wanted.max(Some(purpose));
    }

    /// Makes a second connection if one is wanted, or makes room for it if the server allows only one.
    pub(super) fn replace_if_wanted(&mut self) {
        let Some(current) = self.links.current_id() else { return };
        if self.links.next.is_some() || self.buffer.flow != Flow::Open {
            return;
        }
        let is_single = self.history.is_single();
        let wanted = self.wanted.take().filter(|wanted| !is_single || *wanted != Purpose::Audit);
        let Some(purpose) = wanted else { return };
        if purpose == Purpose::Rotate {
            self.say(Connection::Rotating);
        }
        if is_single {
            if purpose == Purpose::Rotate {
                self.renewal = Renewal::Required;
            }
            self.end_connection(current, Cause::Replaced);
        } else {
            self.attempt(purpose, Duration::ZERO);
        }
    }

    /// Begins an attempt after a wait.
    pub(super) fn attempt(&mut self, purpose: Purpose, wait: Duration) {
        self.links.next = Some(Link { purpose, ..Link::default() });
        self.late.clear();
        self.timers.set(Timer::Redial, self.now.after(wait));
    }

    /// Whether there is no use in dialling without a new token.
    fn requires_new_token(&self) -> bool {
        let rotates = self.links.next.as_ref().is_some_and(|next| next.purpose == Purpose::Rotate);
        rotates || self.renewal == Renewal::Required
    }

    /// The wait of an attempt is over.
    pub(super) fn redial(&mut self) {
        // However short the tokens live: never one after the other without a pause.
        let last = self.renewed.max(self.token.map(|(_, obtained)| obtained));
        let paced = last.filter(|_| self.requires_new_token()).map(|last| last.after(TOKEN_PACE));
        let Some(next) = self.links.next_at(LinkStage::Waiting) else { return };
        match paced.filter(|at| *at > self.now) {
            Some(at) => self.timers.set(Timer::Redial, at),
            None => {
                next.stage = LinkStage::Permit;
                self.out.push_back(Output::AwaitPermit);
            }
        }
    }

    pub(super) fn permitted(&mut self) {
        let is_paced = self.renewed.is_none_or(|last| self.now.since(last) >= TOKEN_PACE);
        let renews = self.requires_new_token() || self.renewal == Renewal::IfPaced && is_paced;
        let newer_than = self.token.filter(|_| renews).map(|(token, _)| token.generation);
        let Some(next) = self.links.next_at(LinkStage::Permit) else { return };
        next.stage = LinkStage::Token(newer_than);
        self.out.push_back(Output::FetchToken { newer_than });
    }

    pub(super) fn token_fetched(&mut self, token: Result<Token, NoToken>) {
        let required = self.requires_new_token();
        let Some(next) = &mut self.links.next else { return };
        let LinkStage::Token(newer_than) = next.stage else { return };
        match token {
            Ok(token) if !required || newer_than.is_none_or(|old| token.generation > old) => {
                if newer_than.is_some() {
                    self.renewed = Some(self.now);
                }
                if self.token.is_none_or(|(known, _)| known.generation != token.generation) {
                    self.token = Some((token, self.now));
                }
            }
            Ok(_) => return self.retry(Cause::NoToken, TOKEN_PACE),
            // The token that the server refused may be good in spite of that.
            Err(NoToken::Refused(_)) if !required && newer_than.is_some() => {}
            Err(NoToken::Refused(words)) => {
                return self.retry(Cause::CredentialsRefused(words), Duration::ZERO);
            }
            Err(NoToken::Unavailable(retry_after)) => {
                return self.retry(Cause::NoToken, asked_for(retry_after));
            }
        }
        count(&mut self.statistics.dials);
        let connection = ConnectionId(self.statistics.dials);
        (next.id, next.token, next.stage) = (connection, self.token, LinkStage::Dialing);
        self.start_timers(connection);
        self.say(Connection::Connecting);
        self.out.push_back(Output::Dial { connection });
    }

    pub(super) fn dialled(&mut self, connection: ConnectionId, result: Result<(), DialFailure>) {
        let away = self.links.current.is_none();
        let Some(next) = self.links.get_at(connection, LinkStage::Dialing) else { return };
        if let Err(failure) = result {
            return self.connection_lost(connection, Cause::Dial(failure));
        }
        let last = self.numbering.last();
        // A replay that is asked for now contains all of these, if it ever will.
        let seen = self.held.back().map(|item| item.id.number).max(self.dropped).max(self.claimed);
        next.replay = Replay { last, proven: last.is_none(), away, seen, ..Replay::default() };
        next.stage = LinkStage::Subscribing;
        let generation = next.token.map_or(0, |(token, _)| token.generation);
        self.start_timers(connection);
        self.release_leaving();
        self.say(Connection::Connected);
        self.out.push_back(Output::Subscribe { connection, generation });
        if self.buffer.flow == Flow::Full {
            self.out.push_back(Output::Read { connection, on: false });
        }
    }

    /// The server accepts the subscription, or sends what only a subscription brings.
    pub(super) fn subscribed(&mut self, id: ConnectionId) {
        let Some(next) = self.links.get_at(id, LinkStage::Subscribing) else { return };
        next.stage = LinkStage::Replaying;
        self.start_timers(id);
        self.history.accepted(self.links.current.is_some());
        self.renewal = Renewal::No;
        self.note_progress(id);
        self.say(Connection::Subscribed);
    }

    pub(super) fn refused(&mut self, id: ConnectionId, words: Arc<str>) {
        let cause = match self.links.get_mut(id).and_then(|link| link.token) {
            Some((Token { expires: Some(at), .. }, _)) if at <= self.now => Cause::AuthExpired,
            _ => Cause::Refused(words),
        };
        self.end_connection(id, cause);
    }

    /// When to replace the current connection, because its token expires.
    pub(super) fn schedule_rotation(&mut self) {
        self.timers.stop(Timer::Rotation);
        let token = self.links.current.as_ref().and_then(|current| current.token);
        if let Some((Token { expires: Some(expires), .. }, obtained)) = token {
            let at = rotate_at(obtained, expires, self.history.is_single(), &mut self.rng);
            self.timers.set(Timer::Rotation, at);
        }
    }

    /// The replay of a connection has made progress.
    pub(super) fn note_progress(&mut self, id: ConnectionId) {
        let Some(next) = self.links.next.as_mut().filter(|next| next.id == id) else { return };
        next.progress = self.now;
        let top = next.replay.top.unwrap_or(0);
        if next.replay.reached.is_none() && self.given_up_at.is_some_and(|stopped| top >= stopped) {
            next.replay.reached = Some(self.now);
            self.timers.set(Timer::Stage(id), self.now.after(self.settings.replay_timeout));
        }
    }

    /// A connection was closed from outside.
    pub(super) fn closed(&mut self, id: ConnectionId, how: Closed) {
        if self.ended.is_some() {
            self.closing.retain(|open| *open != id);
            return self.finish();
        }
        let Some(link) = self.links.get_mut(id) else { return };
        // The server closes with the same code for all its reasons, so the notice before it counts.
        let cause = match (link.notice.take(), how) {
            (Some(notice), Closed::Reset | Closed::Eof | Closed::Code(_)) => notice,
            _ => Cause::Closed(how),
        };
        self.connection_lost(id, cause);
    }

    /// Closes a connection.
    pub(super) fn end_connection(&mut self, id: ConnectionId, cause: Cause) {
        if self.links.get_mut(id).is_some() {
            self.out.push_back(Output::Close { connection: id });
            self.connection_lost(id, cause);
        }
    }

    /// Closes a connection that is not missed.
    pub(super) fn close(&mut self, id: ConnectionId) {
        self.timers.stop_all(id);
        self.links.next.take_if(|next| next.id == id);
        self.links.leaving.take_if(|leaving| leaving.id == id);
        self.out.push_back(Output::Close { connection: id });
    }

    /// A connection is no more.
    pub(super) fn connection_lost(&mut self, id: ConnectionId, cause: Cause) {
        self.timers.stop_all(id);
        self.renewal = self.renewal.max(Renewal::after(&cause));
        self.links.leaving.take_if(|leaving| leaving.id == id);
        if let Some(current) = self.links.current.take_if(|current| current.id == id) {
            if let LinkStage::Live(since) = current.stage {
                self.history.live_ended(since, self.now, &cause);
            }
            if std::mem::take(&mut self.is_doubting) {
                // The replay that was to tell is not the one that comes now.
                self.dropped = self.dropped.max(self.held.back().map(|item| item.id.number));
                self.held.clear();
            }
            self.watch_elapsed();
            count(&mut self.statistics.disconnects);
            self.say(Connection::Disconnected(cause.clone()));
            let Some(next) = &mut self.links.next else { return self.retry(cause, Duration::ZERO) };
            // That one is the only one now.
            (next.purpose, next.replay.away) = (Purpose::Connect, true);
            let (is_open, is_subscribed) = (next.is_open(), next.is_subscribed());
            if is_open {
                self.say(Connection::Connected);
            }
            if is_subscribed {
                self.say(Connection::Subscribed);
            }
        } else if let Some(next) = self.links.next.as_ref().filter(|next| next.id == id) {
            if self.links.current.is_none() && next.is_open() {
                count(&mut self.statistics.disconnects);
                self.say(Connection::Disconnected(cause.clone()));
            }
            self.retry(cause, Duration::ZERO);
        }
    }

    /// An attempt has failed, or the only connection has ended: tries again after a wait of at least
    /// `least`.
    fn retry(&mut self, cause: Cause, least: Duration) {
        let is_second = self.links.current.is_some();
        let purpose = self.links.next.take().map_or(Purpose::Connect, |next| next.purpose);
        if let Some(failure) = self.history.failed(&cause, is_second, self.now, self.settings.max_attempts) {
            return self.end(Event::Failed(failure), State::Failed);
        }
        if is_second && purpose == Purpose::Audit {
            return self.timers.set(Timer::Audit, self.now.after(self.settings.audit_interval));
        }
        if is_second && self.history.is_single() {
            // From now on the old connection is closed first.
            if purpose == Purpose::Recover {
                self.want(purpose);
            }
            return self.schedule_rotation();
        }
        let delay = self.history.delay(&cause, &self.settings, &mut self.rng).max(least);
        self.attempt(purpose, delay);
        self.say(Connection::Retrying { delay, cause });
    }

    /// The stream is not live from now on.
    pub(super) fn watch_elapsed(&mut self) {
        if let Some(limit) = self.settings.max_elapsed {
            self.timers.start(Timer::GiveUp, self.now.after(limit));
        }
    }

    /// Closes all connections; returns them.
    pub(super) fn close_all(&mut self) -> Vec<ConnectionId> {
        let open = self.links.ids();
        self.out.extend(open.iter().map(|connection| Output::Close { connection: *connection }));
        (self.links, self.timers) = (Links::default(), Timers::default());
        open
    }

    pub(super) fn end(&mut self, event: Event<M>, ended: State) {
        if self.ended.is_none() {
            self.ended = Some(ended);
            self.closing = self.close_all();
            self.deliver(event);
            self.timers.set(Timer::Close, self.now.after(self.settings.close_timeout));
            self.finish();
        }
    }

    /// Finishes once nothing is open any more.
    fn finish(&mut self) {
        if self.closing.is_empty() && self.timers.get(Timer::Close).is_some() {
            self.timers.stop(Timer::Close);
            self.out.push_back(Output::Finished);
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_deadline_is_four_times_the_longest_interval_within_its_bounds() {
        assert_eq!(HeartbeatPace::default().silence(), None);
        for (interval, silence) in [(1, 15), (5, 20), (90, 360), (300, 600)] {
            let mut pace = HeartbeatPace::default();
            [interval, 1].into_iter().for_each(|interval| pace.interval(seconds(interval)));
            assert_eq!(pace.silence(), Some(seconds(silence)), "every {interval} s");
        }
    }

    #[test]
    fn a_deadline_that_ended_a_good_connection_is_doubled() {
        let mut pace = HeartbeatPace::default();
        pace.interval(seconds(10));
        for (muted_at, silence) in [(None, 40), (Some(7), 80), (Some(6), 80), (Some(7), 160)] {
            pace.muted_at = muted_at;
            pace.replayed(7);
            assert_eq!(pace.silence(), Some(seconds(silence)), "{muted_at:?}");
        }
    }
}
