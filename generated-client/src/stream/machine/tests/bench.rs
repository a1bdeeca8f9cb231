//! A machine on a bench. Server, network, caller and time are in the hand of a [script](super::script).
//!
//! A step is about the last connection that was dialled, unless it begins with the name of another one:
//! `a` is the first, `b` the second. [`Bench::step`] lists the steps. In all scripts, new tokens are paced.

use std::time::Duration;

use super::super::*;
use super::handle;
use super::script::{Scripted, duration, is_within, messages, number, seconds, word};

pub(super) struct Bench {
    pub(super) machine: StreamMachine<String>,
    settings: Settings,
    pub(super) now: Moment,
    state: State,
    pub(super) words: Vec<String>,
    asked: Vec<String>,
    connections: Vec<ConnectionId>,
    /// How many of the connections a step has taken notice of.
    dialled: usize,
    /// How long new tokens live, and how they are answered if not with one.
    life: Option<Duration>,
    no_token: Option<NoToken>,
    /// The caller takes every event at once.
    takes: bool,
    /// How many tokens had to be new ones.
    forced: u64,
    /// When the last one of these was fetched.
    renewed: Option<Moment>,
}

fn failure(words: &[&str]) -> DialFailure {
    match words {
        ["resolve"] => DialFailure::Failed(Stage::Resolve),
        ["tcp"] => DialFailure::Failed(Stage::Tcp),
        ["timeout"] => DialFailure::TimedOut(Some(Stage::Tls)),
        ["handshake"] => DialFailure::Handshake("not HTTP, or a head that is too long"),
        ["certificate"] => DialFailure::Certificate,
        [status, wait @ ..] => DialFailure::Status {
            status: number(status),
            retry_after: wait.first().map(|wait| duration(wait)),
        },
        [] => panic!("no failure"),
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

impl Scripted for Bench {
    fn step(&mut self, step: &str) {
        let mut words: Vec<_> = step.split_whitespace().collect();
        let mut at = self.connections.len().wrapping_sub(1);
        if let [name] = words[0].as_bytes() {
            at = usize::from(name - b'a');
            words.remove(0);
        }
        let connection = self.connections.get(at).copied().unwrap_or(ConnectionId(u64::MAX));
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
            // The server; `live` is all that makes a connection live, and with `has` that is not looked at.
            "connect" => self.play("dial; open; accept"),
            "live" => self.play(&format!("connect; send {}; done", rest.join(" "))),
            "has" => self.play(&format!("live {} -> .. => ..", rest.join(" "))),
            "accept" => self.say(connection, Kind::Accepted),
            "refuse" => self.say(connection, Kind::Refused(rest.join(" ").into())),
            "send" => {
                for (number, content) in messages(rest) {
                    if self.machine.passes_over(self.now, connection, number) {
                        continue;
                    }
                    let hash = number.wrapping_mul(1_000) + content.len() as u64;
                    let size = if content == "M" { 2 << 20 } else { 100 };
                    let envelope = Envelope { kind: Kind::Data, number: Some(number), hash, size };
                    self.receive(connection, Frame::Message(envelope, content));
                }
            }
            "passes-over" | "reads" => {
                let passes = |(number, _)| self.machine.passes_over(self.now, connection, number);
                assert!(messages(rest).into_iter().map(passes).all(|it| it == (words[0] == "passes-over")));
            }
            "done" => self.say(connection, Kind::ReplayComplete),
            "unnumbered" => self.say(connection, Kind::Data),
            "malformed" => {
                let size = rest.first().map_or(1, |size| number(size));
                let envelope = Envelope { kind: Kind::Malformed, number: None, hash: 0, size };
                self.receive(connection, Frame::Message(envelope, "{".into()));
            }
            "expired" => self.say(connection, Kind::Notice(Cause::AuthExpired)),
            "idled" => self.say(connection, Kind::Notice(Cause::Idle)),
            "notice" => self.say(connection, Kind::Notice(Cause::Notice(rest.join(" ").into()))),
            "part" => self.receive(connection, Frame::Part),
            "pong" => self.receive(connection, Frame::Control),
            "heartbeat" => {
                let number = rest.first().map(|it| number(it));
                let envelope = Envelope { kind: Kind::Heartbeat, number, hash: 0, size: 60 };
                self.receive(connection, Frame::Message(envelope, String::new()));
            }
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
            // Answers that nothing may have asked for.
            "permit" => self.tell(Input::Permit),
            "token-refused" => self.tell(Input::Token(Err(NoToken::Refused("no".into())))),
            // The caller.
            "rotate" => self.tell(Input::Command(Command::RotateNow)),
            "reconnect" => self.tell(Input::Command(Command::ReconnectNow)),
            "close" => self.tell(Input::Command(Command::Close)),
            "stop-taking" => self.takes = false,
            "take" => {
                let events: usize = number(rest[0]);
                self.tell(Input::Taken { events, bytes: events.saturating_mul(100) });
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
        assert_eq!(self.state, self.machine.state, "{step}: the state is told when it changes");
    }

    fn seen(&mut self) -> Vec<String> {
        std::mem::take(&mut self.words)
    }

    fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        // No audits, unless a test is about them.
        let settings = Settings { audit_interval: seconds(1 << 40), ..Settings::default() };
        Self::resume(settings, Moment(seconds(100_000)), ResumePoint::default())
    }

    fn resume(settings: Settings, now: Moment, from: ResumePoint) -> Self {
        Self {
            machine: StreamMachine::new(settings.clone(), 1, now, from),
            settings,
            now,
            state: State::Connecting,
            words: Vec::new(),
            asked: Vec::new(),
            connections: Vec::new(),
            dialled: 0,
            life: None,
            no_token: None,
            takes: true,
            forced: 0,
            renewed: None,
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let settings = &mut self.settings;
        match name {
            "hold" => settings.hold_messages = number(value),
            "remember" => settings.remember = number(value),
            "buffer" => settings.buffer_events = number(value),
            "buffer-bytes" => settings.buffer_bytes = number(value),
            "attempts" => settings.max_attempts = Some(number(value)),
            "elapsed" => settings.max_elapsed = Some(duration(value)),
            "slow-caller" if value == "block" => settings.slow_caller = SlowCaller::Block,
            "slow-caller" => settings.slow_caller = SlowCaller::Park,
            _ => panic!("no setting: {name}"),
        }
    }

    fn counter(&self, name: &str) -> String {
        match name {
            "new-tokens" => self.forced.to_string(),
            "state" => format!("{:?}", self.state),
            "waits" => self.machine.waits_for_caller().to_string(),
            "deadline" => format!("{:?}", self.machine.next_deadline().map(|at| at.0.as_secs())),
            "resumes-after" => format!("{:?}", self.machine.resume_point().sequence()),
            _ => {
                let all = format!("{:?}", self.machine.statistics());
                let (_, value) = all.split_once(&format!("{name}: ")).expect("a counter");
                value.split([',', ' ']).next().unwrap_or_default().to_owned()
            }
        }
    }

    fn tell(&mut self, input: Input<String>) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for output in handle(&mut self.machine, self.now, input) {
                let (what, connection) = match output {
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
                        if newer_than.is_some() && self.no_token.is_none() {
                            let last = self.renewed.replace(self.now);
                            assert!(last.is_none_or(|last| self.now.since(last) >= seconds(10)), "a loop");
                            self.forced += 1;
                        }
                        let expires = self.life.map(|life| self.now.after(life));
                        let token = Token { generation: 1 + self.forced, expires };
                        inputs.push(Input::Token(self.no_token.clone().map_or(Ok(token), Err)));
                        continue;
                    }
                    Output::State(state) => {
                        self.state = state;
                        continue;
                    }
                    Output::Subscribe { .. } => continue,
                    Output::Dial { connection } => {
                        self.connections.push(connection);
                        ("dial", None)
                    }
                    Output::Ping { connection } => ("ping", Some(connection)),
                    Output::Close { connection } => ("close", Some(connection)),
                    Output::Read { connection, on } => (if on { "read" } else { "pause" }, Some(connection)),
                    Output::Finished => ("finished", None),
                };
                let name = connection.map(|connection| {
                    let at = self.connections.iter().position(|it| *it == connection).expect("a connection");
                    format!(" {}", char::from(b'a' + (at % 26) as u8))
                });
                self.asked.push(format!("{what}{}", name.unwrap_or_default()));
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now.after(time);
        let mut times = 0;
        while let Some(at) = self.machine.next_deadline().filter(|at| *at <= end) {
            times = if at > self.now { 0 } else { times + 1 };
            assert!(times < 50, "it does not come to rest");
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
        let waited = self.now.since(from);
        assert!(is_within(&waited, range, duration), "a dial after {waited:?}, not {range}");
    }

    fn say(&mut self, connection: ConnectionId, kind: Kind) {
        let envelope = Envelope { kind, number: None, hash: 0, size: 60 };
        self.receive(connection, Frame::Message(envelope, "said".into()));
    }

    fn receive(&mut self, connection: ConnectionId, frame: Frame<String>) {
        self.tell(Input::Received { connection, frame });
    }
}
