//! Server, network, callers and clock around machines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::super::*;
use super::handle;
use super::script::{Scripted, duration, is_within, messages, number, seconds, word};
use super::server::{Body, MALFORMED, PipeId, Server, Wire, replay_complete};
use crate::stream::ChannelMessage;
use crate::stream::supervisor::frame::frame;
use crate::studio::activity::ActivityMessage;

/// What can have to be done at a moment, in the order in which it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Wire(PipeId),
    Input,
    Permit(usize),
    Timer(usize),
    Second,
    End,
}

/// The dial limit: burst, and refill a second.
const BURST: f64 = 20.0;

/// A connection that is subscribed, or about to be.
#[derive(Debug, Default)]
struct Open {
    /// When something arrived last.
    heard: Moment,
    /// The messages that arrived.
    brought: BTreeSet<Body>,
}

/// One stream, and its caller.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) machine: StreamMachine<Body>,
    /// What the caller took.
    pub(super) taken: Vec<Event<Body>>,
    /// Messages without a number that arrived, in processes of before and of now.
    pub(super) arrived: Vec<Body>,
    buffer: VecDeque<(Event<Body>, usize)>,
    stalled: bool,
    /// Where what the process of now brought begins.
    pub(super) since: usize,
    open: BTreeMap<ConnectionId, Open>,
    generation: u64,
    issued: Moment,
    waits_for_permit: bool,
}

impl Scripted for World {
    fn step(&mut self, step: &str) {
        self.act(step).unwrap();
    }

    fn seen(&mut self) -> Vec<String> {
        self.clients[0].seen()
    }
}

/// Messages of a script: an order `7`, another one under the same number on another day `7n`, a position that
/// is the same every day `7p`, and a message whose number is none `7x`.
fn bodies(words: &[&str]) -> Vec<Body> {
    let body = |(number, letter): (u64, String)| {
        let (day, number, content) = match letter.as_str() {
            "" => (1, Some(number), number),
            "n" => (2, Some(number), number),
            "p" => (0, Some(number), number),
            "x" => (1, None, MALFORMED + number),
            _ => panic!("no message: {number}{letter}"),
        };
        Body { day, number, content }
    };
    messages(words).into_iter().map(body).collect()
}

impl Client {
    /// The words of what the caller saw since this was called last. Of the connections, only their ends and
    /// rotations; messages in a row are one word, `1..5`, whether they came live or in a replay.
    pub(super) fn seen(&mut self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        // The number and the day of a message that is in a row with the last one.
        let mut in_a_row = None;
        for event in self.taken.drain(..) {
            let mut text = word(&event);
            let mut next = None;
            match event {
                Event::Connection(Connection::Disconnected(_) | Connection::Rotated) => {}
                Event::Connection(_) => continue,
                Event::Message { message, sequence: Some(number), origin: Origin::Live | Origin::Replay } => {
                    text = format!("{number}{message}");
                    if in_a_row == Some((number, message.day)) {
                        let row = words.pop().unwrap_or_default();
                        let first = row.split(|it: char| !it.is_ascii_digit()).next().unwrap_or_default();
                        text = format!("{first}..{text}");
                    }
                    next = Some((number + 1, message.day));
                }
                _ => {}
            }
            words.push(text);
            in_a_row = next;
        }
        words
    }

    /// Whether a connection that stands has brought a message.
    pub(super) fn was_sent(&self, body: &Body) -> bool {
        self.open.values().any(|open| open.brought.contains(body))
    }
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) now: Moment,
    pub(super) clients: Vec<Client>,
    pub(super) server: Server,
    pub(super) settings: Settings,
    seed: u64,
    token_life: Duration,
    pub(super) no_tokens: u8,
    /// The last second in which the server did what it does once a second.
    ticked: Moment,
    /// Inputs of the future.
    scheduled: BTreeMap<(Moment, u64), (usize, Input<Body>)>,
    number: u64,
    permits: f64,
    permitted: Moment,
    dials: Vec<Moment>,
    /// Messages are read in full, also those that can be passed over.
    pub(super) in_full: bool,
}

impl World {
    pub(super) fn new(seed: u64, settings: Settings) -> Self {
        let now = Moment(seconds(1_000));
        let clock = Self { now, ticked: now, permits: BURST, permitted: now, ..Self::default() };
        Self { server: Server::new(seed), settings, seed, token_life: seconds(1 << 40), ..clock }
    }

    /// Another stream.
    fn begin(&mut self) {
        let client = Client {
            machine: self.machine(self.clients.len(), ResumePoint::default()),
            taken: Vec::new(),
            arrived: Vec::new(),
            buffer: VecDeque::new(),
            stalled: false,
            since: 0,
            open: BTreeMap::new(),
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

    pub(super) fn act(&mut self, step: &str) -> Result<(), String> {
        let words: Vec<_> = step.split_whitespace().collect();
        let [what, rest @ ..] = &words[..] else { return Ok(()) };
        let first = rest.first().copied().unwrap_or_default();
        let words = || rest[1..].join(" ");
        self.server.seen.extend([what.to_string(), step.to_owned()]);
        let (now, server) = (self.now, &mut self.server);
        match *what {
            "wait" => return self.pass(duration(first)),
            // Streams begin; with `has` one has delivered this journal.
            "streams" => (0..number(first)).for_each(|_| self.begin()),
            "has" => {
                self.play(&format!(
                    "journal {}; streams 1; wait 200ms; is live; is dials 1 -> ..",
                    rest.join(" ")
                ));
            }
            // The numbers go up by ten.
            "stride-ten" => self.play(
                "stride 10; journal 10 20 30 40 50 60 70 80 90 100
                streams 1; wait 200ms -> 10, 20, 30, holes, 40, 50, 60, 70, 80, 90, 100, caught up
                8 times: append 1; wait 100ms; is current; wait 900ms
                is dials 1 -> 110, 120, 130, 140, 150, 160, 170, 180",
            ),
            "audit" => self.settings.audit_interval = duration(first),
            // The processes end, and others go on at the resume points.
            "restart" => self.restart_processes(),
            "rotate" => return self.command(Command::RotateNow),
            "reconnect" => return self.command(Command::ReconnectNow),
            // The callers stop taking events, or take them again.
            "stall" => self.clients.iter_mut().for_each(|client| client.stalled = true),
            "go" => {
                for client in 0..self.clients.len() {
                    self.clients[client].stalled = false;
                    self.take(client).map_or(Ok(()), |taken| self.tell(client, taken))?;
                }
            }
            // New messages: in the journal and live, only in the journal, in neither.
            "append" => (0..number(first)).for_each(|_| server.append(now, true)),
            "drop-live" => server.append(now, false),
            "lose" => server.lose(),
            // The same with messages of the script, after each of which some time may pass.
            "journal" => {
                server.journal = bodies(rest);
                let last = server.journal.last().and_then(|last| last.number);
                server.next = last.unwrap_or(0) + server.stride;
            }
            "silent" => bodies(rest).into_iter().for_each(|body| server.say(now, body, false)),
            "say" => bodies(rest).into_iter().for_each(|body| server.say(now, body, true)),
            "say-every" => {
                for body in bodies(&rest[1..]) {
                    self.server.say(self.now, body, true);
                    self.pass(duration(first))?;
                }
            }
            // The last messages come again; two cross; something else comes under the last number.
            "duplicate" => {
                let from = server.journal.len().saturating_sub(number(first));
                (from..server.journal.len()).for_each(|at| server.tell(now, server.journal[at]));
            }
            "reorder" => server.reorder(now),
            "garble" => server.garble(now),
            // A message of the journal is corrected: any one, or the one at this place.
            "correct" if rest.is_empty() => server.correct(),
            "correct" => server.journal[number::<usize>(first) - 1].content = 100,
            // Messages without a number, or with one that is none.
            "unnumbered" => {
                for _ in 0..number(first) {
                    self.server.unnumbered(self.now, false);
                    self.pass(duration(rest[1]))?;
                }
            }
            "malformed" => server.unnumbered(now, true),
            "part" => server.send(now, &Wire::Frame(Frame::Part)),
            "done" => server.send(now, &replay_complete()),
            // The journal forgets its oldest messages; a day ends; the server is restarted.
            "trim" => server.trim(number(first)),
            "roll" => {
                self.fill_holes()?;
                self.server.roll();
            }
            "restart-server" => return self.act("roll").and_then(|()| self.act("cut")),
            // All connections are reset, or closed after a notice, or nothing arrives on them any more.
            "cut" => server.close_all(now, None, Closed::Reset),
            "close" => {
                let notice = Some(words()).filter(|words| !words.is_empty());
                server.close_all(now, notice.as_deref(), Closed::Code(first.parse().ok()));
            }
            "freeze" => server.pipes.values_mut().for_each(|pipe| pipe.frozen = true),
            // The next attempts are refused, or get no token; the next replays lack the last messages, or one.
            "refuse" => server.refusals.extend(vec![words(); number(first)]),
            "no-token" => self.no_tokens = number(first),
            "behind" => server.behind.extend(vec![number::<usize>(rest[1]); number(first)]),
            "partial" => server.partial = true,
            // How the server is.
            "single" => server.single = true,
            "exclusive" => server.exclusive = true,
            "one-account" => server.one_account = true,
            "stride" => server.stride = number(first),
            "alike" => server.alike = number(first),
            "period" => server.period = first.parse().ok(),
            "beat" => server.beat = first.into(),
            "spell" => server.spelling = first.into(),
            "endless" => server.endless = first == "on",
            "life" => self.token_life = duration(first),
            // Others have used the dial limit: so many are left. Below none, the next one has to wait.
            "permits" => {
                self.refill();
                self.permits = self.permits.min(number(first));
            }
            // What has to be, or be seen within a time, or not.
            "within" => {
                let from = self.now;
                while !self.has_seen(&words()) {
                    assert!(self.now.since(from) < duration(first), "{step}");
                    self.pass(Duration::from_millis(1))?;
                }
            }
            "no" => assert!(!self.has_seen(&rest.join(" ")), "{step}"),
            "is" if first == "live" => {
                let states: Vec<_> = self.clients.iter().map(|client| client.machine.state).collect();
                assert!(states.iter().all(|state| *state == State::Live), "{states:?}");
            }
            // The last message of the journal is the last one that the caller saw.
            "is" if first == "current" => {
                let last = self.clients[0].taken.iter().rev().find_map(|event| match event {
                    Event::Message { message, .. } => Some(message),
                    _ => None,
                });
                assert_eq!(last, server.journal.last());
            }
            "is" => {
                let dials = std::mem::take(&mut self.dials).len();
                assert!(first == "dials" && is_within(&dials, rest[1], number), "{step}: {dials} dials");
            }
            _ => panic!("no step: {step}"),
        }
        Ok(())
    }

    /// Whether the caller saw something that begins with these words, since it was looked at last.
    fn has_seen(&self, words: &str) -> bool {
        self.clients[0].taken.iter().any(|event| word(event).starts_with(words))
    }

    fn command(&mut self, command: Command) -> Result<(), String> {
        (0..self.clients.len()).try_for_each(|client| self.tell(client, Input::Command(command)))
    }

    /// New numbers that happen to fit exactly into a hole of the old ones, while that is being looked
    /// for, cannot be told from what is missing. So no day begins within that time.
    fn fill_holes(&mut self) -> Result<(), String> {
        self.pass(Duration::from_millis(100))?;
        for _ in 0..60 {
            if self.clients.iter().any(|client| client.machine.statistics().held_messages > 0) {
                self.pass(seconds(1))?;
            }
        }
        Ok(())
    }

    /// Lets time pass, doing everything in its order.
    pub(super) fn pass(&mut self, time: Duration) -> Result<(), String> {
        let end = self.now.after(time);
        let mut steps = 0u32;
        loop {
            let (at, due) = self.due().min((end, Due::End));
            steps = if at == self.now { steps + 1 } else { 0 };
            if steps > 100_000 {
                return Err(format!("the clock stands still at {at:?}"));
            }
            self.now = at;
            match due {
                Due::Wire(id) => self.arrive(id)?,
                Due::Input => {
                    if let Some((_, (client, input))) = self.scheduled.pop_first() {
                        self.tell(client, input)?;
                    }
                }
                Due::Permit(client) => {
                    self.refill();
                    self.permits -= 1.0;
                    self.clients[client].waits_for_permit = false;
                    self.tell(client, Input::Permit)?;
                }
                Due::Timer(client) => self.tell(client, Input::Timer)?,
                Due::Second => {
                    self.server.tick(at);
                    self.ticked = at;
                }
                Due::End => return Ok(()),
            }
        }
    }

    /// What has to be done next, and when.
    fn due(&self) -> (Moment, Due) {
        let second = Moment(Duration::from_secs(self.ticked.0.as_secs() + 1));
        let clients = self.clients.iter().enumerate();
        let timers = clients.filter_map(|(at, it)| Some((it.machine.next_deadline()?, Due::Timer(at))));
        let permit = self.clients.iter().position(|client| client.waits_for_permit);
        let others = [
            self.server.due().map(|(at, pipe)| (at, Due::Wire(pipe))),
            self.scheduled.first_key_value().map(|((at, _), _)| (*at, Due::Input)),
            permit.map(|client| (self.permit_at(), Due::Permit(client))),
        ];
        let all = others.into_iter().flatten().chain(timers);
        all.map(|(at, due)| (at.max(self.now), due)).fold((second, Due::Second), Ord::min)
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
        let open = it.open.entry(connection).or_default();
        open.heard = now;
        let frame = match wire {
            Some((_, Wire::Text(text, body))) => {
                open.brought.insert(body);
                if body.number.is_none() && body.content > 0 {
                    it.arrived.push(body);
                }
                let passes = |number| !in_full && it.machine.passes_over(now, connection, number);
                match frame(ActivityMessage::CHANNEL, &text, Timestamp::UNIX_EPOCH, passes) {
                    Some(Frame::Message(envelope, _)) => Frame::Message(envelope, body),
                    _ => return Ok(()),
                }
            }
            Some((_, Wire::Frame(frame))) => frame,
            Some((_, Wire::Closed(how))) => {
                self.server.pipes.remove(&(client, connection));
                it.open.remove(&connection);
                return self.tell(client, Input::Closed { connection, how });
            }
            None => return Ok(()),
        };
        self.tell(client, Input::Received { connection, frame })
    }

    /// The processes end, and others go on at the resume points.
    fn restart_processes(&mut self) {
        self.server.pipes.clear();
        self.scheduled.clear();
        for client in 0..self.clients.len() {
            let point = serde_json::to_string(&self.clients[client].machine.resume_point()).unwrap();
            let machine = self.machine(client, serde_json::from_str(&point).unwrap());
            let client = &mut self.clients[client];
            for (event, _) in client.buffer.drain(..) {
                if let Event::Message { message, .. } = event {
                    client.arrived.retain(|arrived| *arrived != message);
                }
            }
            (client.machine, client.waits_for_permit) = (machine, false);
            client.open.clear();
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
        it.taken.extend(taken.into_iter().map(|(event, _)| event));
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
            Output::Deliver { event, size } => it.buffer.push_back((event, size)),
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
                    && now.since(first) < seconds(60)
                {
                    return Err("more than 80 dials within a minute".into());
                }
                let expires = it.issued.after(self.token_life);
                let result = self.server.accept((client, connection), expires);
                let result = result.map_err(|status| DialFailure::Status { status, retry_after: None });
                self.schedule(20, client, Input::Dialled { connection, result });
            }
            Output::Subscribe { connection, .. } => {
                it.open.entry(connection).or_default().heard = now;
                self.server.subscribe(now, (client, connection));
            }
            Output::Ping { connection } => self.server.pong(now, (client, connection)),
            Output::Read { connection, on } => {
                it.open.entry(connection).or_default().heard = now;
                if let Some(pipe) = self.server.pipes.get_mut(&(client, connection)) {
                    pipe.paused = !on;
                }
            }
            Output::Close { connection } => {
                self.server.pipes.remove(&(client, connection));
                it.open.remove(&connection);
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
        let held = it.machine.statistics().held_messages;
        if held > 2 * self.settings.hold_messages {
            return Err(format!("{held} messages are held"));
        }
        // Full, and then what was held, what is reported of connections, and the message of now.
        let events = it.machine.statistics().buffered_events;
        if events > self.settings.buffer_events + 3 * self.settings.hold_messages + 16 {
            return Err(format!("{events} events are buffered"));
        }
        // 25 s; a connection that was replaced then may live 2 s more.
        for (id, Open { heard, .. }) in &it.open {
            let is_paused = self.server.pipes.get(&(client, *id)).is_some_and(|pipe| pipe.paused);
            if !is_paused && self.now.since(*heard) > seconds(28) {
                return Err(format!("nothing came on {id:?} since {heard:?}, now {:?}", self.now));
            }
        }
        Ok(())
    }
}
