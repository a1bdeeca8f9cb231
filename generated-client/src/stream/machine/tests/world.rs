//! Server, network, callers and clock around machines.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::super::*;
use super::handle;
use super::server::{Body, Manner, PipeId, Refusal, Server, Spelling, Wire};
use crate::stream::ChannelMessage;
use crate::stream::supervisor::frame::frame;
use crate::studio::activity::ActivityMessage;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Wait(Duration),
    /// New messages, live and in the journal.
    Append(u8),
    /// A new message that is only in the journal.
    DropLive,
    /// A message that is neither sent nor in the journal.
    Lose,
    /// The last messages come again on all connections.
    Duplicate(u8),
    /// Two messages cross on all connections.
    Reorder,
    /// Something else comes under the last number.
    Garble,
    /// A message of the journal is corrected.
    Correct,
    /// Messages without a number.
    Unnumbered(u8),
    /// A message whose number is none.
    Malformed,
    /// The journal forgets its oldest messages.
    Trim(u8),
    /// The day ends: the journal is empty, the numbers begin anew.
    Roll,
    /// The server is restarted: as a roll, and all connections are reset.
    Restart,
    /// All connections are reset.
    Cut,
    /// All connections are closed with this code, after this notice.
    Close(Option<u16>, Option<&'static str>),
    /// Nothing arrives on the connections of now any more.
    Freeze,
    /// The next attempts are refused.
    Refuse(u8, Refusal),
    /// No token can be had for the next attempts.
    NoToken(u8),
    /// The server writes differently from now on.
    Spell(Spelling),
    /// So many replays come from a copy that lacks so many messages.
    Behind(u8, u8),
    /// The next replay lacks a message.
    Partial,
    /// Replays do not complete, or do again.
    Endless(bool),
    /// Others use the dial limit so often.
    UseLimit(u8),
    /// The caller stops taking events.
    Stall,
    /// The caller takes events again.
    Go,
    Rotate,
    Reconnect,
}

/// The dial limit: burst, and refill a second.
const BURST: f64 = 20.0;

/// One stream, and its caller.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) machine: StreamMachine<Body>,
    /// What the caller took.
    pub(super) taken: Vec<(Moment, Event<Body>)>,
    /// Messages without a number that arrived, in processes of before and of now.
    pub(super) arrived: Vec<Body>,
    buffer: VecDeque<(Event<Body>, usize)>,
    stalled: bool,
    /// Where what the process of now brought begins.
    pub(super) since: usize,
    pub(super) failed: Option<Failure>,
    /// When something arrived last on a connection that stands.
    heard: BTreeMap<ConnectionId, Moment>,
    generation: u64,
    issued: Moment,
    waits_for_permit: bool,
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) now: Moment,
    pub(super) clients: Vec<Client>,
    pub(super) server: Server,
    settings: Settings,
    seed: u64,
    pub(super) token_life: Duration,
    pub(super) no_tokens: u8,
    /// Inputs of the future.
    scheduled: BTreeMap<(Moment, u64), (usize, Input<Body>)>,
    number: u64,
    pub(super) permits: f64,
    permitted: Moment,
    pub(super) dials: Vec<Moment>,
    /// Messages are read in full, also those that can be passed over.
    pub(super) in_full: bool,
}

impl World {
    pub(super) fn new(manner: Manner, seed: u64, settings: Settings) -> Self {
        let now = Moment::at(Duration::from_secs(1_000));
        let (server, token_life) = (Server::new(manner, seed), Duration::from_secs(1 << 40));
        Self { now, server, settings, seed, token_life, permits: BURST, permitted: now, ..Self::default() }
    }

    /// Another stream.
    pub(super) fn begin(&mut self) {
        let client = Client {
            machine: self.machine(self.clients.len(), ResumePoint::default()),
            taken: Vec::new(),
            arrived: Vec::new(),
            buffer: VecDeque::new(),
            stalled: false,
            since: 0,
            failed: None,
            heard: BTreeMap::new(),
            generation: 0,
            issued: self.now,
            waits_for_permit: false,
        };
        self.clients.push(client);
    }

    fn machine(&self, client: usize, point: ResumePoint) -> StreamMachine<Body> {
        let seed = self.seed.wrapping_add(client as u64);
        StreamMachine::new(self.settings.clone(), seed, self.now, point)
    }

    pub(super) fn act(&mut self, action: &Action) -> Result<(), String> {
        let now = self.now;
        match *action {
            Action::Wait(time) => return self.pass(time),
            Action::Append(count) => (0..count).for_each(|_| self.server.append(now, true)),
            Action::DropLive => self.server.append(now, false),
            Action::Lose => self.server.lose(),
            Action::Duplicate(count) => self.server.repeat(now, count.into()),
            Action::Reorder => self.server.reorder(now),
            Action::Garble => self.server.garble(now),
            Action::Correct => self.server.correct(),
            Action::Unnumbered(count) => {
                for _ in 0..count {
                    self.server.unnumbered(self.now, false);
                    self.pass(Duration::from_millis(20))?;
                }
            }
            Action::Malformed => self.server.unnumbered(now, true),
            Action::Trim(count) => self.server.trim(count.into()),
            Action::Roll => {
                self.fill_holes()?;
                self.server.roll();
            }
            Action::Restart => {
                self.fill_holes()?;
                self.server.close_all(self.now, None, Closed::Reset);
                self.server.roll();
            }
            Action::Cut => self.server.close_all(now, None, Closed::Reset),
            Action::Close(code, notice) => self.server.close_all(now, notice, Closed::Code(code)),
            Action::Freeze => self.server.freeze(),
            Action::Refuse(times, refusal) => {
                self.server.refusals.extend(std::iter::repeat_n(refusal, times.into()));
            }
            Action::NoToken(times) => self.no_tokens = times,
            Action::Spell(spelling) => self.server.spelling = spelling,
            Action::Behind(times, lacks) => {
                self.server.behind.extend(std::iter::repeat_n(usize::from(lacks), times.into()));
                if times > 1 {
                    self.server.seen.insert("a copy that stays behind");
                }
            }
            Action::Partial => self.server.partial = true,
            Action::Endless(endless) => self.server.endless = endless,
            Action::UseLimit(times) => {
                self.refill();
                self.permits = (self.permits - f64::from(times)).max(0.0);
            }
            Action::Stall => self.clients.iter_mut().for_each(|client| client.stalled = true),
            Action::Go => {
                for client in 0..self.clients.len() {
                    self.clients[client].stalled = false;
                    self.take(client).map_or(Ok(()), |taken| self.tell(client, taken))?;
                }
            }
            Action::Rotate => return self.tell_all(Command::RotateNow),
            Action::Reconnect => return self.tell_all(Command::ReconnectNow),
        }
        Ok(())
    }

    fn tell_all(&mut self, command: Command) -> Result<(), String> {
        (0..self.clients.len()).try_for_each(|client| self.tell(client, Input::Command(command)))
    }

    /// New numbers that happen to fit exactly into a hole of the old ones, while that is being looked
    /// for, cannot be told from what is missing. So no day begins within that time.
    fn fill_holes(&mut self) -> Result<(), String> {
        self.pass(Duration::from_millis(100))?;
        for _ in 0..60 {
            if self.clients.iter().any(|client| client.machine.held().0 > 0) {
                self.pass(Duration::from_secs(1))?;
            }
        }
        Ok(())
    }

    /// Lets time pass, doing everything in its order.
    pub(super) fn pass(&mut self, time: Duration) -> Result<(), String> {
        let end = self.now.after(time);
        let mut steps = 0u32;
        loop {
            let second = Moment::at(Duration::from_secs(self.now.since_start().as_secs() + 1));
            let wire = self.server.due();
            let told = self.scheduled.first_key_value().map(|(key, _)| *key);
            let running = self.clients.iter().enumerate().filter(|(_, client)| client.failed.is_none());
            let timers = running.filter_map(|(at, client)| Some((client.machine.next_deadline()?, at)));
            let timer = timers.min();
            let permit = self.clients.iter().position(|client| client.waits_for_permit);
            let permitted = permit.map(|_| self.permit_at());
            let at = [
                Some(end),
                Some(second),
                wire.map(|wire| wire.0),
                told.map(|told| told.0),
                timer.map(|timer| timer.0),
                permitted,
            ];
            let at = at.into_iter().flatten().min().unwrap_or(end).max(self.now);
            steps = if at == self.now { steps + 1 } else { 0 };
            if steps > 100_000 {
                return Err(format!("the clock stands still at {at:?}"));
            }
            self.now = at;
            if let Some((_, id)) = wire.filter(|wire| wire.0 <= at) {
                self.arrive(id)?;
            } else if let Some((client, input)) =
                told.filter(|told| told.0 <= at).and_then(|key| self.scheduled.remove(&key))
            {
                self.tell(client, input)?;
            } else if let Some(client) = permit.filter(|_| permitted.is_some_and(|permitted| permitted <= at))
            {
                self.refill();
                self.permits -= 1.0;
                self.clients[client].waits_for_permit = false;
                self.tell(client, Input::Permit)?;
            } else if let Some((_, client)) = timer.filter(|timer| timer.0 <= at) {
                self.tell(client, Input::Timer)?;
            } else if at == second {
                self.server.tick(at);
                if second == end {
                    return Ok(());
                }
                // The second is over, also if nothing else happens in it.
                self.now = at.after(Duration::from_nanos(1)).min(end);
            } else if at == end {
                return Ok(());
            }
        }
    }

    /// A token bucket, as the limit around the machine is.
    fn refill(&mut self) {
        self.permits = (self.permits + self.now.since(self.permitted).as_secs_f64()).min(BURST);
        self.permitted = self.now;
    }

    fn permit_at(&self) -> Moment {
        let lacks = (1.0 - self.permits).max(0.0);
        self.permitted.after(Duration::from_secs_f64(lacks + 1e-6)).max(self.now)
    }

    fn arrive(&mut self, (client, connection): PipeId) -> Result<(), String> {
        let wire = self.server.pipes.get_mut(&(client, connection)).and_then(|pipe| pipe.wires.pop_front());
        let (now, in_full) = (self.now, self.in_full);
        let it = &mut self.clients[client];
        it.heard.insert(connection, now);
        let frame = match wire {
            Some((_, Wire::Text(text, body))) => {
                if body.number.is_none() && body.content > 0 {
                    it.arrived.push(body);
                }
                let passes = |number| !in_full && it.machine.passes_over(now, connection, number);
                match frame(ActivityMessage::CHANNEL, &text, Timestamp::UNIX_EPOCH, passes) {
                    Some(Frame::Message(envelope, _)) => Frame::Message(envelope, body),
                    Some(Frame::Malformed { size, hash, .. }) => {
                        Frame::Malformed { size, hash, message: body }
                    }
                    _ => return Ok(()),
                }
            }
            Some((_, Wire::Frame(frame))) => frame,
            Some((_, Wire::Closed(how))) => {
                self.server.pipes.remove(&(client, connection));
                it.heard.remove(&connection);
                return self.tell(client, Input::Closed { connection, how });
            }
            None => return Ok(()),
        };
        self.tell(client, Input::Received { connection, frame })
    }

    /// The processes end, and others go on at the resume points.
    pub(super) fn restart_processes(&mut self) {
        self.server.pipes.clear();
        self.scheduled.clear();
        for client in 0..self.clients.len() {
            let point = serde_json::to_string(&self.clients[client].machine.resume_point()).unwrap();
            let machine = self.machine(client, serde_json::from_str(&point).unwrap());
            let client = &mut self.clients[client];
            for (event, _) in client.buffer.drain(..) {
                if let Event::Message { message, .. } | Event::Undecodable(message) = event {
                    client.arrived.retain(|arrived| *arrived != message);
                }
            }
            (client.machine, client.failed, client.waits_for_permit) = (machine, None, false);
            client.heard.clear();
            client.since = client.taken.len();
        }
    }

    /// What the caller takes.
    fn take(&mut self, client: usize) -> Option<Input<Body>> {
        let it = &mut self.clients[client];
        if it.stalled || it.buffer.is_empty() {
            return None;
        }
        let taken: Vec<_> = it.buffer.drain(..).collect();
        let (events, bytes) = (taken.len(), taken.iter().map(|(_, size)| size).sum());
        it.taken.extend(taken.into_iter().map(|(event, _)| (self.now, event)));
        Some(Input::Taken { events, bytes })
    }

    fn tell(&mut self, client: usize, input: Input<Body>) -> Result<(), String> {
        let mut next = Some(input);
        while let Some(input) = next {
            for output in handle(&mut self.clients[client].machine, self.now, input) {
                self.output(client, output)?;
            }
            self.check(client)?;
            next = self.take(client);
        }
        Ok(())
    }

    fn output(&mut self, client: usize, output: Output<Body>) -> Result<(), String> {
        let now = self.now;
        let it = &mut self.clients[client];
        match output {
            Output::Deliver { event, size } => {
                if let Event::Failed(failure) = &event {
                    it.failed = Some(failure.clone());
                }
                it.buffer.push_back((event, size));
            }
            Output::AwaitPermit => it.waits_for_permit = true,
            Output::FetchToken { newer_than } => {
                let token = if self.no_tokens > 0 {
                    self.no_tokens -= 1;
                    Err(NoToken::Unavailable(None))
                } else {
                    let ended = now >= it.issued.after(self.token_life);
                    if it.generation == 0 || ended || newer_than.is_some_and(|not| it.generation <= not) {
                        it.generation += 1;
                        it.issued = now;
                    }
                    Ok(Token { generation: it.generation, expires: Some(it.issued.after(self.token_life)) })
                };
                self.schedule(50, client, Input::Token(token));
            }
            Output::Dial { connection } => {
                self.dials.push(now);
                let burst = BURST as usize;
                if let [.., first] = self.dials[..self.dials.len().saturating_sub(burst + 60)]
                    && now.since(first) < Duration::from_secs(60)
                {
                    return Err("more than 80 dials within a minute".into());
                }
                let expires = it.issued.after(self.token_life);
                let result = self.server.accept((client, connection), expires);
                let result = result.map_err(|status| DialFailure::Status { status, retry_after: None });
                self.schedule(20, client, Input::Dialled { connection, result });
            }
            Output::Subscribe { connection, .. } => {
                it.heard.insert(connection, now);
                self.server.subscribe(now, (client, connection));
            }
            Output::Ping { connection } => self.server.pong(now, (client, connection)),
            Output::Read { connection, on } => {
                it.heard.insert(connection, now);
                if let Some(pipe) = self.server.pipes.get_mut(&(client, connection)) {
                    pipe.paused = !on;
                }
            }
            Output::Close { connection } => {
                self.server.pipes.remove(&(client, connection));
                it.heard.remove(&connection);
            }
            Output::State(_) | Output::Finished => {}
        }
        Ok(())
    }

    fn schedule(&mut self, millis: u64, client: usize, input: Input<Body>) {
        self.number += 1;
        self.scheduled.insert((self.now.after(Duration::from_millis(millis)), self.number), (client, input));
    }

    /// What has to hold at any moment.
    fn check(&self, client: usize) -> Result<(), String> {
        let it = &self.clients[client];
        let (held, _) = it.machine.held();
        if held > 2 * self.settings.hold_messages {
            return Err(format!("{held} messages are held"));
        }
        // Full, and then what was held, what is reported of connections, and the message of now.
        let events = it.machine.statistics().buffered_events;
        if events > self.settings.buffer_events + 3 * self.settings.hold_messages + 16 {
            return Err(format!("{events} events are buffered"));
        }
        // 25 s; a connection that was replaced then may live 2 s more.
        let silent = it.heard.iter().find(|(id, heard)| {
            let paused = self.server.pipes.get(&(client, **id)).is_some_and(|pipe| pipe.paused);
            !paused && self.now.since(**heard) > Duration::from_secs(28)
        });
        match silent {
            Some((id, heard)) => Err(format!("nothing came on {id:?} since {heard:?}, now {:?}", self.now)),
            None => Ok(()),
        }
    }
}
