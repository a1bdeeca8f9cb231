//! Server, network, caller and clock around a core.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::super::{
    Class, Closed, Command, ConnectionId, Core, DialFailure, DialLimit, Envelope, Event, Failure, Frame,
    Input, Moment, NoToken, Notice, Output, Settings, State, Token,
};
use super::script::{Action, Script};
use super::server::{Body, Server, Wire, frame};

/// Small, so that scripts reach the limits.
const HOLD: usize = 8;
const BUFFER: usize = 24;
const REMEMBER: usize = 6;

#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Moment,
    pub(super) core: Core<Body>,
    pub(super) server: Server,
    /// What the caller took.
    pub(super) taken: Vec<Event<Body>>,
    buffer: VecDeque<(Event<Body>, usize)>,
    stalled: bool,
    settings: Settings,
    limit: DialLimit,
    seed: u64,
    single: bool,
    token_life: Duration,
    generation: u64,
    /// When the last token was made.
    issued: Moment,
    no_tokens: u8,
    /// What the core is told at which moment.
    scheduled: BTreeMap<(Moment, u64), Input<Body>>,
    number: u64,
    dials: Vec<Moment>,
    /// When something came last on a connection that stands.
    heard: BTreeMap<ConnectionId, Moment>,
    /// When numbers came out of order last, or not at all.
    odd: Moment,
    pub(super) failed: Option<Failure>,
    /// When the process of now reported gaps.
    gaps: Vec<Moment>,
    /// Messages are told in full, also those that can be passed over.
    pub(super) in_full: bool,
}

impl World {
    pub(super) fn new(script: &Script) -> Self {
        let mut settings = Settings {
            hold_messages: HOLD,
            buffer_events: BUFFER,
            remember: REMEMBER,
            ..Settings::default()
        };
        if script.stride == 1 {
            settings.unfilled_holes = usize::MAX;
        }
        let (limit, now) = (DialLimit::default(), Moment::at(Duration::from_secs(1_000)));
        Self {
            now,
            core: Core::new(settings.clone(), limit.clone(), script.seed, now),
            server: Server::new(script.stride, script.seed),
            taken: Vec::new(),
            buffer: VecDeque::new(),
            stalled: false,
            settings,
            limit,
            seed: script.seed,
            single: script.single,
            token_life: Duration::from_secs(script.token_life),
            generation: 0,
            issued: now,
            no_tokens: 0,
            scheduled: BTreeMap::new(),
            number: 0,
            dials: Vec::new(),
            heard: BTreeMap::new(),
            odd: Moment::default(),
            failed: None,
            gaps: Vec::new(),
            in_full: false,
        }
    }

    pub(super) fn with_settings(script: &Script, settings: Settings) -> Self {
        let mut world = Self::new(script);
        world.core = Core::new(settings.clone(), world.limit.clone(), script.seed, world.now);
        world.settings = settings;
        world
    }

    /// The numbered messages that the caller took.
    pub(super) fn delivered(&self) -> Vec<Body> {
        let numbered = |event: &Event<Body>| match event {
            Event::Message { message, sequence: Some(_), .. } => Some(*message),
            _ => None,
        };
        self.taken.iter().filter_map(numbered).collect()
    }

    /// Plays a script, and lets everything come to rest after it.
    pub(super) fn play(&mut self, script: &Script) -> Result<(), String> {
        for (at, action) in script.actions.iter().enumerate() {
            self.act(action)?;
            if script.restart_after == Some(at) {
                self.restart_process();
            }
        }
        self.server.refusals.clear();
        self.no_tokens = 0;
        self.act(&Action::Go)?;
        for _ in 0..3 {
            self.pass(Duration::from_secs(400))?;
            self.server.append(self.now, true);
        }
        self.pass(Duration::from_secs(30))?;
        // The end may fall into the change of connections.
        for _ in 0..60 {
            if self.core.state() != State::Live {
                self.pass(Duration::from_secs(1))?;
            }
        }
        match (self.failed, self.core.state()) {
            (None, State::Live) | (Some(_), _) => Ok(()),
            (None, state) => Err(format!("in the end the stream is {state:?}")),
        }
    }

    pub(super) fn act(&mut self, action: &Action) -> Result<(), String> {
        let now = self.now;
        let reorders = matches!(action, Action::DropLive | Action::Lose | Action::Reorder);
        if reorders || self.server.has_hole() {
            self.odd = now;
        }
        match *action {
            Action::Wait(time) => return self.pass(time),
            Action::Append(count) => (0..count).for_each(|_| self.server.append(now, true)),
            Action::DropLive => self.server.append(now, false),
            Action::Lose => self.server.lose(),
            Action::Duplicate(count) => self.server.repeat(now, count.into()),
            Action::Reorder => self.server.reorder(now),
            Action::Garble => self.server.garble(now),
            Action::Unnumbered => self.server.tell_all(now, frame(Class::Data)),
            Action::Malformed => {
                let body = Body { epoch: 0, sequence: 0, garbled: true };
                self.server.tell_all(now, Frame::Malformed(10, body));
            }
            Action::Trim(count) => self.server.trim(count.into()),
            Action::Roll { anew } => {
                self.fill_holes()?;
                self.server.roll(anew);
            }
            Action::Restart => {
                self.fill_holes()?;
                self.server.close_all(self.now, None, Closed::Reset);
                self.server.roll(true);
            }
            Action::Cut => self.server.close_all(now, None, Closed::Reset),
            Action::Close(code, idle) => {
                let notice = idle.map(|idle| if idle { Notice::Idle } else { Notice::Other });
                self.server.close_all(now, notice, Closed::Code(code));
            }
            Action::Expire => {
                self.server.close_all(now, Some(Notice::AuthExpired), Closed::Code(Some(1000)));
            }
            Action::Freeze => self.server.freeze(),
            Action::Refuse(times, status) => {
                self.server.refusals.extend(std::iter::repeat_n(status, times.into()));
            }
            Action::NoToken(times) => self.no_tokens = times,
            Action::Stall => self.stalled = true,
            Action::Go => {
                self.stalled = false;
                self.take()?;
            }
            Action::Rotate => self.tell(Input::Command(Command::RotateNow))?,
            Action::Reconnect => self.tell(Input::Command(Command::ReconnectNow))?,
        }
        Ok(())
    }

    /// New numbers that happen to fit exactly into a hole of the old ones, while that is being looked
    /// for, cannot be told from what is missing. So the numbers do not begin anew within that time.
    fn fill_holes(&mut self) -> Result<(), String> {
        if self.now.since(self.odd) <= Duration::from_millis(100) {
            self.pass(Duration::from_millis(100))?;
        }
        for _ in 0..60 {
            if self.core.held().0 > 0 {
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
            let timer = self.core.next_deadline().filter(|_| self.failed.is_none());
            let at = [Some(end), Some(second), wire.map(|wire| wire.0), told.map(|told| told.0), timer];
            let at = at.into_iter().flatten().min().unwrap_or(end).max(self.now);
            steps = if at == self.now { steps + 1 } else { 0 };
            if steps > 100_000 {
                return Err(format!("the clock stands still at {at:?}"));
            }
            self.now = at;
            if let Some((_, id)) = wire.filter(|wire| wire.0 <= at) {
                self.arrive(id)?;
            } else if let Some(input) =
                told.filter(|told| told.0 <= at).and_then(|key| self.scheduled.remove(&key))
            {
                self.tell(input)?;
            } else if timer.is_some_and(|timer| timer <= at) {
                self.tell(Input::Timer)?;
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

    fn arrive(&mut self, id: ConnectionId) -> Result<(), String> {
        let wire = self.server.pipes.get_mut(&id).and_then(|pipe| pipe.wires.pop_front());
        match wire {
            Some((_, Wire::Frame(frame))) => {
                self.heard.insert(id, self.now);
                match frame {
                    Frame::Message(Envelope { class: Class::Data, sequence: Some(sequence), .. }, _)
                        if !self.in_full && self.core.passes_over(self.now, id, sequence) =>
                    {
                        Ok(())
                    }
                    frame => self.tell(Input::Received { connection: id, frame }),
                }
            }
            Some((_, Wire::Closed(how))) => {
                self.server.pipes.remove(&id);
                self.heard.remove(&id);
                self.tell(Input::Closed { connection: id, how })
            }
            None => Ok(()),
        }
    }

    /// The process ends, and another one goes on at the resume point.
    fn restart_process(&mut self) {
        let point = serde_json::to_string(&self.core.resume_point()).unwrap();
        let point = serde_json::from_str(&point).unwrap();
        self.core = Core::resume(self.settings.clone(), self.limit.clone(), self.seed, self.now, point);
        self.failed = None;
        self.gaps.clear();
        self.server.pipes.clear();
        self.heard.clear();
        self.scheduled.clear();
        self.buffer.clear();
    }

    fn take(&mut self) -> Result<(), String> {
        while !self.stalled && !self.buffer.is_empty() {
            let taken: Vec<_> = self.buffer.drain(..).collect();
            let (events, bytes) = (taken.len(), taken.iter().map(|(_, size)| size).sum());
            self.taken.extend(taken.into_iter().map(|(event, _)| event));
            self.tell(Input::Taken { events, bytes })?;
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, input: Input<Body>) -> Result<(), String> {
        for output in self.core.handle(self.now, input) {
            self.output(output);
        }
        self.check()?;
        self.take()
    }

    fn output(&mut self, output: Output<Body>) {
        match output {
            Output::Deliver { event, size } => {
                match event {
                    Event::Failed(failure) => self.failed = Some(failure),
                    Event::Gap(_) => self.gaps.push(self.now),
                    _ => {}
                }
                self.buffer.push_back((event, size));
            }
            Output::FetchToken { newer_than } => {
                let token = if self.no_tokens > 0 {
                    self.no_tokens -= 1;
                    Err(NoToken::Unavailable(None))
                } else {
                    self.generation = self.generation.max(1);
                    if newer_than.is_some_and(|not| self.generation <= not) || self.token_ended() {
                        self.generation += 1;
                        self.issued = self.now;
                    }
                    Ok(Token {
                        generation: self.generation,
                        expires: Some(self.issued.after(self.token_life)),
                    })
                };
                self.schedule(50, Input::Token(token));
            }
            Output::Dial { connection } => {
                self.dials.push(self.now);
                let expires = self.issued.after(self.token_life);
                let result = self.server.accept(connection, self.single, expires);
                let result = result.map_err(|status| DialFailure::Status { status, retry_after: None });
                self.schedule(20, Input::Dialled { connection, result });
            }
            Output::Subscribe { connection, .. } => {
                self.heard.insert(connection, self.now);
                self.server.subscribe(self.now, connection);
            }
            Output::Ping { connection } => self.server.pong(self.now, connection),
            Output::Read { connection, on } => {
                self.heard.insert(connection, self.now);
                if let Some(pipe) = self.server.pipes.get_mut(&connection) {
                    pipe.paused = !on;
                }
            }
            Output::Close { connection } => {
                self.server.pipes.remove(&connection);
                self.heard.remove(&connection);
            }
            Output::State(_) | Output::Finished => {}
        }
    }

    fn token_ended(&self) -> bool {
        self.now >= self.issued.after(self.token_life)
    }

    fn schedule(&mut self, millis: u64, input: Input<Body>) {
        self.number += 1;
        self.scheduled.insert((self.now.after(Duration::from_millis(millis)), self.number), input);
    }

    /// What has to hold at any moment.
    fn check(&self) -> Result<(), String> {
        let ((held, _), (events, _)) = (self.core.held(), self.core.buffered());
        if held > 2 * HOLD.max(self.settings.hold_messages) {
            return Err(format!("{held} messages are held"));
        }
        // Full, and then what was held, what is told of connections, and the message of now.
        if events > self.settings.buffer_events + 3 * self.settings.hold_messages + 16 {
            return Err(format!("{events} events are buffered"));
        }
        if let Some(eleven) = self.dials.windows(11).find(|dials| dials[10].since(dials[0]).as_secs() < 60) {
            return Err(format!("eleven dials within a minute: {eleven:?}"));
        }
        let most = self.settings.unfilled_holes;
        let many = |gaps: &&[Moment]| gaps[most].since(gaps[0]) <= self.settings.unfilled_window;
        if let Some(gaps) = self.gaps.windows(most.saturating_add(1)).find(many) {
            return Err(format!("more than {most} gaps within an hour: {gaps:?}"));
        }
        let silent = self.heard.iter().find(|(id, heard)| {
            let paused = self.server.pipes.get(id).is_some_and(|pipe| pipe.paused);
            !paused && self.now.since(**heard) > Duration::from_secs(25)
        });
        silent.map_or(Ok(()), |(id, heard)| {
            Err(format!("nothing came on {id:?} since {heard:?}, now {:?}", self.now))
        })
    }
}
