//! A machine on a bench. Server, network, caller and time are in the hand of a script.
//!
//! A line has steps, separated by `;`. After `->` stands what the caller sees, in the words of
//! [`word`], and after `=>` what the machine asks for; `..` at the beginning or the end stands for
//! anything. What a line does not look at is left for the next one that does. A step is about the last
//! connection that was dialled, unless it begins with the name of another one: `a` is the first, `b` the
//! second. `3 times:` before a line repeats its steps. [`Bench::step`] lists the steps.

use std::time::Duration;

use super::super::*;
use super::handle;
use super::words::word;

pub(super) struct Bench {
    pub(super) machine: StreamMachine<String>,
    pub(super) settings: Settings,
    pub(super) now: Moment,
    pub(super) words: Vec<String>,
    asked: Vec<String>,
    connections: Vec<ConnectionId>,
    /// How many of the connections a step has taken notice of.
    dialled: usize,
    generation: u64,
    /// How long new tokens live, and how they are answered if not with one.
    life: Option<Duration>,
    no_token: Option<NoToken>,
    /// The caller takes every event at once.
    takes: bool,
    /// How many tokens had to be new ones.
    pub(super) forced: u32,
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.find(char::is_alphabetic).expect("a unit"));
    let number = number.parse().expect("a number");
    match unit {
        "ms" => Duration::from_millis(number),
        "s" => seconds(number),
        "h" => seconds(number * 3_600),
        _ => panic!("no unit of time: {text}"),
    }
}

/// The numbers of messages, `1..5` for 1 to 4, and what is behind each: `7!` has another content than `7`.
fn messages(words: &[&str]) -> Vec<(u64, String)> {
    let number = |text: &str| text.parse().expect("a number");
    let all = words.iter().map(|word| match word.split_once("..") {
        Some((from, to)) => (number(from)..number(to)).map(|number| (number, String::new())).collect(),
        None => {
            let (digits, content) = word.split_at(word.find(['!', '\'']).unwrap_or(word.len()));
            vec![(number(digits), content.to_owned())]
        }
    });
    all.collect::<Vec<_>>().concat()
}

fn failure(words: &[&str]) -> DialFailure {
    match words {
        ["resolve"] => DialFailure::Failed(Stage::Resolve),
        ["tcp"] => DialFailure::Failed(Stage::Tcp),
        ["timeout"] => DialFailure::TimedOut(Some(Stage::Tls)),
        ["handshake"] => DialFailure::Handshake("not HTTP, or a head that is too long"),
        ["certificate"] => DialFailure::Certificate,
        [status] => DialFailure::Status { status: status.parse().expect("a status"), retry_after: None },
        [status, wait] => DialFailure::Status {
            status: status.parse().expect("a status"),
            retry_after: Some(duration(wait)),
        },
        _ => panic!("no failure: {words:?}"),
    }
}

fn end(how: &str) -> Closed {
    match how {
        "reset" => Closed::Reset,
        "eof" => Closed::Eof,
        "protocol" => Closed::Protocol,
        "too-large" => Closed::TooLarge,
        "write-timeout" => Closed::WriteTimeout,
        code => Closed::Code(code.parse().ok()),
    }
}

fn assert_fits(line: &str, expected: &str, got: &[String]) {
    let got = got.join(", ");
    let fits = match (expected.strip_prefix(".."), expected.strip_suffix("..")) {
        (Some(""), _) => true,
        (Some(end), None) => got.ends_with(end.trim()),
        (None, Some(start)) => got.starts_with(start.trim()),
        (Some(_), Some(_)) => got.contains(expected.trim_matches('.').trim()),
        (None, None) => got == expected,
    };
    assert!(fits, "{line}\n  got: {got}");
}

impl Bench {
    pub(super) fn new() -> Self {
        // No audits, unless a test is about them.
        let settings = Settings { audit_interval: seconds(1 << 40), ..Settings::default() };
        Self::resume(settings, Moment::at(seconds(100_000)), ResumePoint::default())
    }

    fn resume(settings: Settings, now: Moment, from: ResumePoint) -> Self {
        Self {
            machine: StreamMachine::new(settings.clone(), 1, now, from),
            settings,
            now,
            words: Vec::new(),
            asked: Vec::new(),
            connections: Vec::new(),
            dialled: 0,
            generation: 1,
            life: None,
            no_token: None,
            takes: true,
            forced: 0,
        }
    }

    pub(super) fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
            let (rest, asked) =
                line.split_once("=>").map_or((line, None), |(rest, asked)| (rest, Some(asked)));
            let (steps, seen) =
                rest.split_once("->").map_or((rest, None), |(steps, seen)| (steps, Some(seen)));
            let (times, steps) = steps.split_once(" times: ").unwrap_or(("1", steps));
            for _ in 0..times.parse().expect("how often") {
                steps.split(';').filter(|step| !step.trim().is_empty()).for_each(|step| self.step(step));
            }
            if let Some(expected) = seen {
                assert_fits(line, expected.trim(), &std::mem::take(&mut self.words));
            }
            if let Some(expected) = asked {
                assert_fits(line, expected.trim(), &std::mem::take(&mut self.asked));
            }
        }
    }

    fn step(&mut self, step: &str) {
        let mut words: Vec<_> = step.split_whitespace().collect();
        let mut connection = self.connections.last().copied().unwrap_or(ConnectionId(u64::MAX));
        if let [name] = words[0].as_bytes() {
            connection = self.connections[usize::from(name - b'a')];
            words.remove(0);
        }
        let rest = &words[1..];
        match words[0] {
            // The network: `dial` waits for one that takes so long, `fail` and `open` are how it ends.
            "dial" => self.dial(rest.first().copied().unwrap_or("..")),
            "no-dial" => {
                self.wait(duration(rest[0]));
                assert_eq!(self.connections.len(), self.dialled, "{step}: it dials");
            }
            "open" => self.tell(Input::Dialled { connection, result: Ok(()) }),
            "fail" => self.tell(Input::Dialled { connection, result: Err(failure(rest)) }),
            "end" => self.tell(Input::Closed { connection, how: end(rest[0]) }),
            // The server; `live` is all that makes a connection live.
            "connect" => ["dial", "open", "accept"].into_iter().for_each(|step| self.step(step)),
            "live" => {
                self.step("connect");
                self.send(self.connections[self.dialled - 1], rest);
                self.step("done");
            }
            "accept" => self.say(connection, Kind::Accepted),
            "refuse" => self.say(connection, Kind::Refused(rest.join(" ").into())),
            "send" => self.send(connection, rest),
            "done" => self.say(connection, Kind::ReplayComplete),
            "unnumbered" => self.say(connection, Kind::Data),
            "malformed" => {
                self.receive(connection, Frame::Malformed { size: 1, hash: 0, message: "{".into() });
            }
            "expired" => self.say(connection, Kind::Notice(Notice::AuthExpired)),
            "idled" => self.say(connection, Kind::Notice(Notice::Idle)),
            "pong" => self.receive(connection, Frame::Control),
            "heartbeat" => self.say(connection, Kind::Heartbeat),
            // Time, with heartbeats or pongs every second.
            "wait" => self.wait(duration(rest[0])),
            "beat" => self.beat(connection, duration(rest[0])),
            "ponged" => (0..duration(rest[0]).as_secs()).for_each(|_| {
                self.wait(seconds(1));
                self.receive(connection, Frame::Control);
            }),
            "beat-until-dial" => {
                let (from, most) = (self.now, duration(rest.first().unwrap_or(&"1000h")));
                while self.connections.len() == self.dialled {
                    assert!(self.now.since(from) < most, "no dial; saw {:?}", self.words);
                    self.beat(connection, seconds(1));
                }
                self.dialled += 1;
            }
            "suspend" => {
                self.now = self.now.after(duration(rest[0]));
                self.tell(Input::Timer);
            }
            "clock-at-zero" => self.now = Moment::default(),
            // Tokens of now on: how long they live, or that there is none.
            "token" => (self.life, self.no_token) = (rest.first().map(|life| duration(life)), None),
            "no-token" => self.no_token = Some(NoToken::Unavailable(None)),
            "no-credentials" => self.no_token = Some(NoToken::Refused("no".into())),
            "token-refused" => self.tell(Input::Token(Err(NoToken::Refused("no".into())))),
            // The caller.
            "rotate" => self.tell(Input::Command(Command::RotateNow)),
            "reconnect" => self.tell(Input::Command(Command::ReconnectNow)),
            "close" => self.tell(Input::Command(Command::Close)),
            "stop-taking" => self.takes = false,
            "take" => {
                let events = rest[0].parse().expect("a number");
                self.tell(Input::Taken { events, bytes: events * 100 });
            }
            "take-all" => self.takes = true,
            "restart" => {
                let point = serde_json::to_string(&self.machine.resume_point()).unwrap();
                let point = serde_json::from_str(&point).unwrap();
                *self = Self::resume(self.settings.clone(), self.now, point);
            }
            "set" => {
                self.set(rest[0], rest[1]);
                *self = Self::resume(self.settings.clone(), self.now, ResumePoint::default());
            }
            "is" => assert_eq!(self.counter(rest[0]), rest[1], "{step}; saw {:?}", self.words),
            _ => panic!("no step: {step}"),
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let number = || value.parse().expect("a number");
        match name {
            "hold" => self.settings.hold_messages = number(),
            "remember" => self.settings.remember = number(),
            "buffer" => self.settings.buffer_events = number(),
            "buffer-bytes" => self.settings.buffer_bytes = number(),
            "attempts" => self.settings.max_attempts = value.parse().ok(),
            "elapsed" => self.settings.max_elapsed = Some(duration(value)),
            "slow-caller" => self.settings.slow_caller = SlowCaller::Block,
            _ => panic!("no setting: {name}"),
        }
    }

    fn counter(&self, name: &str) -> String {
        match name {
            "new-tokens" => self.forced.to_string(),
            "state" => format!("{:?}", self.machine.state()),
            "deadline" => format!("{:?}", self.machine.next_deadline().map(|at| at.since_start().as_secs())),
            "resumes-after" => format!("{:?}", self.machine.resume_point().sequence()),
            _ => {
                let all = format!("{:?}", self.machine.statistics());
                let (_, value) = all.split_once(&format!("{name}: ")).expect("a counter");
                value.split([',', ' ']).next().unwrap_or_default().to_owned()
            }
        }
    }

    pub(super) fn passes_over(&mut self, number: u64) -> bool {
        let connection = self.connections.last().copied();
        connection.is_some_and(|connection| self.machine.passes_over(self.now, connection, number))
    }

    fn tell(&mut self, input: Input<String>) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for output in handle(&mut self.machine, self.now, input) {
                let asked = match output {
                    Output::Deliver { event, size } => {
                        self.words.push(word(&event));
                        if self.takes {
                            inputs.push(Input::Taken { events: 1, bytes: size });
                        }
                        continue;
                    }
                    Output::AwaitPermit => {
                        inputs.push(Input::Permit);
                        continue;
                    }
                    Output::FetchToken { newer_than } => {
                        inputs.push(Input::Token(self.token(newer_than)));
                        continue;
                    }
                    Output::State(_) | Output::Subscribe { .. } => continue,
                    Output::Dial { connection } => {
                        self.connections.push(connection);
                        "dial".into()
                    }
                    Output::Ping { connection } => format!("ping {}", self.name(connection)),
                    Output::Close { connection } => format!("close {}", self.name(connection)),
                    Output::Read { connection, on } => {
                        format!("{} {}", if on { "read" } else { "pause" }, self.name(connection))
                    }
                    Output::Finished => "finished".into(),
                };
                self.asked.push(asked);
            }
        }
    }

    fn name(&self, connection: ConnectionId) -> char {
        let at = self.connections.iter().position(|it| *it == connection).expect("a connection");
        char::from(b'a' + (at % 26) as u8)
    }

    fn token(&mut self, newer_than: Option<u64>) -> Result<Token, NoToken> {
        if let Some(no_token) = self.no_token.clone() {
            return Err(no_token);
        }
        if newer_than.is_some() {
            self.forced += 1;
            self.generation += 1;
        }
        Ok(Token { generation: self.generation, expires: self.life.map(|life| self.now.after(life)) })
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now.after(time);
        while let Some(at) = self.machine.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.tell(Input::Timer);
        }
        self.now = end;
    }

    fn beat(&mut self, connection: ConnectionId, time: Duration) {
        for _ in 0..time.as_secs() {
            self.wait(seconds(1));
            self.say(connection, Kind::Heartbeat);
        }
    }

    /// Waits for the next dial, at most ten minutes. `2s..3s` is how long it may take.
    fn dial(&mut self, range: &str) {
        let from = self.now;
        self.tell(Input::Timer);
        while self.connections.len() == self.dialled {
            assert!(self.now.since(from) < seconds(600), "no dial; saw {:?}", self.words);
            let next = self.machine.next_deadline().expect("a deadline").max(self.now);
            self.wait(next.since(self.now));
        }
        self.dialled += 1;
        let (least, most) = range.split_once("..").unwrap_or((range, range));
        let waited = self.now.since(from);
        let fits =
            (least.is_empty() || waited >= duration(least)) && (most.is_empty() || waited <= duration(most));
        assert!(fits, "a dial after {waited:?}, not {range}");
    }

    fn say(&mut self, connection: ConnectionId, kind: Kind) {
        let envelope = Envelope { kind, number: None, hash: 0, size: 60 };
        self.receive(connection, Frame::Message(envelope, "said".into()));
    }

    fn send(&mut self, connection: ConnectionId, words: &[&str]) {
        for (number, content) in messages(words) {
            let hash = number.wrapping_mul(1_000) + content.len() as u64;
            let envelope = Envelope { kind: Kind::Data, number: Some(number), hash, size: 100 };
            self.receive(connection, Frame::Message(envelope, content));
        }
    }

    fn receive(&mut self, connection: ConnectionId, frame: Frame<String>) {
        self.tell(Input::Received { connection, frame });
    }
}
