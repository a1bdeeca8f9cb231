//! A machine on a bench: time and server are in the hand of the test, and what the caller sees is a list
//! of short words.

use std::time::Duration;

use super::super::{
    Closed, Command, ConnectionId, DialFailure, Envelope, Frame, Input, Kind, Moment, NoToken, Output,
    ResumePoint, Settings, StreamMachine, Token,
};
use super::words::word;

pub(super) struct Bench {
    pub(super) machine: StreamMachine<String>,
    pub(super) now: Moment,
    /// What the caller saw since the last look.
    words: Vec<String>,
    /// What was to be done but delivered, and not looked at yet.
    asked: Vec<Output<String>>,
    generation: u64,
    /// How long new tokens live, and how they are answered if not with one.
    pub(super) life: Option<Duration>,
    pub(super) no_token: Option<NoToken>,
    /// The caller takes every event at once.
    pub(super) takes: bool,
    pub(super) forced: u32,
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::resume(change, ResumePoint::default())
    }

    pub(super) fn resume(change: impl FnOnce(&mut Settings), from: ResumePoint) -> Self {
        // No audits, unless a test is about them.
        let mut settings = Settings { audit_interval: seconds(1 << 40), ..Settings::default() };
        change(&mut settings);
        let now = Moment::at(seconds(100_000));
        Self {
            machine: StreamMachine::new(settings, 1, now, from),
            now,
            words: Vec::new(),
            asked: Vec::new(),
            generation: 1,
            life: None,
            no_token: None,
            takes: true,
            forced: 0,
        }
    }

    pub(super) fn tell(&mut self, input: Input<String>) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for output in super::subject::handle(&mut self.machine, self.now, input) {
                match output {
                    Output::Deliver { event, size } => {
                        self.words.push(word(&event));
                        if self.takes {
                            inputs.push(Input::Taken { events: 1, bytes: size });
                        }
                    }
                    Output::AwaitPermit => inputs.push(Input::Permit),
                    Output::FetchToken { newer_than } => inputs.push(Input::Token(self.token(newer_than))),
                    Output::State(_) => {}
                    other => self.asked.push(other),
                }
            }
        }
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

    /// Lets time pass.
    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now.after(time);
        while let Some(at) = self.machine.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.tell(Input::Timer);
        }
        self.now = end;
    }

    /// What the caller saw since the last look.
    pub(super) fn seen(&mut self) -> String {
        std::mem::take(&mut self.words).join(", ")
    }

    pub(super) fn asked(&mut self) -> Vec<Output<String>> {
        std::mem::take(&mut self.asked)
    }

    /// Waits for the next dial, at most ten minutes, and says how long it took.
    pub(super) fn dial(&mut self) -> (ConnectionId, Duration) {
        let from = self.now;
        self.tell(Input::Timer);
        loop {
            let dial = self.asked.iter().position(|output| matches!(output, Output::Dial { .. }));
            if let Some(Output::Dial { connection }) = dial.map(|at| self.asked.remove(at)) {
                return (connection, self.now.since(from));
            }
            assert!(self.now.since(from) < seconds(600), "no dial; saw {:?}", self.words);
            let next = self.machine.next_deadline().expect("a deadline").max(self.now);
            self.wait(next.since(self.now));
        }
    }

    /// Whether no dial comes within this time.
    pub(super) fn no_dial(&mut self, within: Duration) -> bool {
        self.wait(within);
        !self.asked().iter().any(|output| matches!(output, Output::Dial { .. }))
    }

    pub(super) fn dialled(&mut self, connection: ConnectionId, result: Result<(), DialFailure>) {
        self.tell(Input::Dialled { connection, result });
    }

    pub(super) fn status(&mut self, status: u16, retry_after: Option<Duration>) -> Duration {
        let (id, waited) = self.dial();
        self.dialled(id, Err(DialFailure::Status { status, retry_after }));
        waited
    }

    /// A connection that is subscribed.
    pub(super) fn connect(&mut self) -> ConnectionId {
        let (id, _) = self.dial();
        self.dialled(id, Ok(()));
        self.say(id, Kind::Accepted);
        id
    }

    /// A connection that has replayed these numbers.
    pub(super) fn live(&mut self, replay: impl IntoIterator<Item = u64>) -> ConnectionId {
        let id = self.connect();
        self.data(id, replay);
        self.say(id, Kind::ReplayComplete);
        id
    }

    /// The same, not to be seen.
    pub(super) fn quietly_live(&mut self, replay: impl IntoIterator<Item = u64>) -> ConnectionId {
        let id = self.live(replay);
        self.seen();
        self.asked();
        id
    }

    pub(super) fn say(&mut self, connection: ConnectionId, kind: Kind) {
        let envelope = Envelope { kind, number: None, hash: 0, size: 60 };
        self.receive(connection, Frame::Message(envelope, "said".into()));
    }

    /// Messages of these numbers; each has one content for ever.
    pub(super) fn data(&mut self, connection: ConnectionId, sequences: impl IntoIterator<Item = u64>) {
        for sequence in sequences {
            self.other(connection, sequence, "");
        }
    }

    /// A message with another content than usual.
    pub(super) fn other(&mut self, connection: ConnectionId, sequence: u64, content: &str) {
        let hash = sequence.wrapping_mul(1_000) + content.len() as u64;
        let envelope = Envelope { kind: Kind::Data, number: Some(sequence), hash, size: 100 };
        self.receive(connection, Frame::Message(envelope, content.into()));
    }

    pub(super) fn receive(&mut self, connection: ConnectionId, frame: Frame<String>) {
        self.tell(Input::Received { connection, frame });
    }

    pub(super) fn closed(&mut self, connection: ConnectionId, how: Closed) {
        self.tell(Input::Closed { connection, how });
    }

    pub(super) fn command(&mut self, command: Command) {
        self.tell(Input::Command(command));
    }

    /// Keeps a connection alive until another one is dialled.
    pub(super) fn beat_until_dial(&mut self, alive: ConnectionId) -> ConnectionId {
        for _ in 0..100_000 {
            self.beat(alive, 1);
            for output in self.asked() {
                if let Output::Dial { connection } = output {
                    return connection;
                }
            }
        }
        panic!("no dial; saw {:?}", self.words);
    }

    /// Lets time pass with a heartbeat every second.
    pub(super) fn beat(&mut self, connection: ConnectionId, for_seconds: u64) {
        for _ in 0..for_seconds {
            self.wait(seconds(1));
            self.say(connection, Kind::Heartbeat);
        }
    }
}
