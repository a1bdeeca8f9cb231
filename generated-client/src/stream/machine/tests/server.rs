//! The server of cases and model: a journal, and pipes to its clients.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::time::Duration;

use super::super::{Closed, ConnectionId, Frame, Moment};

/// What a message of the model says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Body {
    /// On which day it was said; 0 if days begin alike with it.
    pub(super) day: u32,
    pub(super) number: Option<u64>,
    /// Tells messages with the same number apart: corrections, and messages without a number.
    pub(super) content: u64,
}

/// The content of a message that the server does not stand by.
pub(super) const GARBLED: u64 = u64::MAX;
/// The contents of messages whose number is none begin here.
pub(super) const MALFORMED: u64 = 1 << 62;

/// How the server writes messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spelling {
    #[default]
    Compact,
    Reversed,
    Spaced,
    Escaped,
    WithMore,
}

impl Body {
    pub(super) fn text(self, spelling: Spelling) -> String {
        let Self { day, number, content } = self;
        let number = match number {
            Some(number) => format!(r#""sequence":{number},"#),
            None if (MALFORMED..GARBLED).contains(&content) => {
                let numbers = ["18446744073709551617", "-3", "3.5", "true", "{}"];
                format!(r#""sequence":{},"#, numbers[(content % 5) as usize])
            }
            None => String::new(),
        };
        let data = format!(r#""order_id":"{day}-{content}","symbol":"ABCD""#);
        match spelling {
            Spelling::Compact => {
                format!(r#"{{"timestamp":1,{number}"payload":{{"type":"order-update","data":{{{data}}}}}}}"#)
            }
            Spelling::Reversed => format!(
                r#"{{"timestamp":2,{number}"payload":{{"data":{{"symbol":"ABCD","order_id":"{day}-{content}"}},"type":"order-update"}}}}"#
            ),
            Spelling::Spaced => Self::text(self, Spelling::Compact).replace(':', " : ").replace(',', " ,"),
            Spelling::Escaped => Self::text(self, Spelling::Compact)
                .replace("ABCD", "\\u0041BCD")
                .replace("-update", "-\\u0075pdate"),
            Spelling::WithMore => {
                Self::text(self, Spelling::Compact).replace(r#""data":"#, r#""replayed":true,"data":"#)
            }
        }
    }
}

/// Which connection of which client.
pub(super) type PipeId = (usize, ConnectionId);

/// What is under way to a client.
#[derive(Clone, Debug)]
pub(super) enum Wire {
    Text(String, Body),
    Frame(Frame<Body>),
    Closed(Closed),
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) latency: Duration,
    pub(super) wires: VecDeque<(Moment, Wire)>,
    pub(super) subscribed: bool,
    frozen: bool,
    pub(super) paused: bool,
    expires: Moment,
}

/// How the server refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Status(u16),
    Ack(&'static str),
}

/// What heartbeats say beside that the session is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Beat {
    #[default]
    Plain,
    /// The last number.
    Last,
    /// A number of their own.
    Own,
}

/// What a script sets for all of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Manner {
    /// The server allows one connection for each client.
    pub(super) single: bool,
    /// A new subscription ends the one before of the same client.
    pub(super) exclusive: bool,
    /// How far the numbers of two messages are apart at most.
    pub(super) stride: u64,
    /// How many messages all days begin with.
    pub(super) alike: u64,
    /// Period of the heartbeats in seconds, if there are any.
    pub(super) period: Option<u64>,
    pub(super) beat: Beat,
}

#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) manner: Manner,
    day: u32,
    pub(super) next: u64,
    /// How many messages this day has.
    count: u64,
    /// The last message, if it was sent live to all connections of now.
    last_live: Option<Body>,
    unique: u64,
    /// What a replay has.
    pub(super) journal: Vec<Body>,
    /// All that was ever said with a number, in order.
    pub(super) said: Vec<Body>,
    /// Numbers of this day whose content was corrected.
    pub(super) corrected: BTreeSet<u64>,
    pub(super) pipes: BTreeMap<PipeId, Pipe>,
    pub(super) refusals: VecDeque<Refusal>,
    pub(super) spelling: Spelling,
    /// The next replays lack so many of the last messages.
    pub(super) behind: VecDeque<usize>,
    was_behind: bool,
    /// The next replay lacks a message in its middle.
    pub(super) partial: bool,
    /// Replays do not complete.
    pub(super) endless: bool,
    /// All clients are one to the server: they have one account.
    pub(super) one_account: bool,
    /// How long a message is under way, in milliseconds.
    pub(super) latency: Range<u64>,
    /// What has occurred.
    pub(super) seen: BTreeSet<&'static str>,
    rng: fastrand::Rng,
}

impl Server {
    pub(super) fn new(manner: Manner, seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self { manner, day: 1, next: 1, latency: 1..100, rng, ..Self::default() }
    }

    pub(super) fn take_number(&mut self) -> u64 {
        let number = self.next;
        self.next += match self.manner.stride {
            // Days that begin alike have the same numbers, too.
            3 if self.count <= self.manner.alike => 1 + self.count * 7 % 3,
            3 => self.rng.u64(1..=3),
            stride => stride,
        };
        number
    }

    fn number(&mut self) -> Body {
        let day = if self.count < self.manner.alike { 0 } else { self.day };
        self.count += 1;
        let number = self.take_number();
        let body = Body { day, number: Some(number), content: number };
        self.said.push(body);
        body
    }

    pub(super) fn append(&mut self, now: Moment, live: bool) {
        let body = self.number();
        self.say(now, body, live);
        if !live {
            self.seen.insert("a message that is not sent live");
            self.note_loss();
        }
    }

    /// A message enters the journal, and is sent live or not.
    pub(super) fn say(&mut self, now: Moment, body: Body, live: bool) {
        self.journal.push(body);
        self.last_live = live.then_some(body);
        if live {
            self.tell(now, body);
        }
    }

    pub(super) fn lose(&mut self) {
        self.number();
        self.last_live = None;
        self.seen.insert("a message that is never sent");
        self.note_loss();
    }

    fn note_loss(&mut self) {
        if self.manner.stride > 1 {
            self.seen.insert("a loss among sparse numbers");
        }
    }

    pub(super) fn unnumbered(&mut self, now: Moment, is_malformed: bool) {
        self.unique += 1;
        let (what, content) = match is_malformed {
            true => ("a number that is none", MALFORMED + self.unique),
            false => ("a message without a number", self.unique),
        };
        self.seen.insert(what);
        self.tell(now, Body { day: self.day, number: None, content });
    }

    pub(super) fn repeat(&mut self, now: Moment, count: usize) {
        let from = self.journal.len().saturating_sub(count);
        for at in from..self.journal.len() {
            self.tell(now, self.journal[at]);
        }
    }

    /// Something else comes under the last number, unless it is the first.
    pub(super) fn garble(&mut self, now: Moment) {
        // Within a replay it would be the truth.
        let is_endless = self.seen.contains("a replay that never ends");
        if let Some(last) =
            self.last_live.filter(|last| !is_endless && self.journal[..].first() != Some(last))
        {
            self.tell(now, Body { content: GARBLED, ..last });
        }
    }

    /// A message of the journal is corrected, neither the first nor the last.
    pub(super) fn correct(&mut self) {
        if self.journal.len() > 2 {
            let at = self.rng.usize(1..self.journal.len() - 1);
            if self.journal[at].day == 0 {
                return;
            }
            self.unique += 1;
            self.journal[at].content = self.unique << 32;
            self.corrected.extend(self.journal[at].number);
            self.seen.insert("a correction");
        }
    }

    /// Two messages cross.
    pub(super) fn reorder(&mut self, now: Moment) {
        self.append(now, true);
        self.append(now, true);
        for pipe in self.pipes.values_mut().filter(|pipe| pipe.subscribed) {
            if let [.., (_, one), (_, two)] = pipe.wires.make_contiguous() {
                std::mem::swap(one, two);
            }
        }
    }

    pub(super) fn trim(&mut self, count: usize) {
        self.last_live = None;
        let count = count.min(self.journal.len());
        self.journal.drain(..count);
        self.seen.insert("a journal that loses its beginning");
    }

    pub(super) fn roll(&mut self) {
        if self.manner.alike > 0 && self.count > 0 {
            self.seen.insert("days that begin alike");
        }
        self.seen.insert("a day roll");
        self.last_live = None;
        self.day += 1;
        (self.next, self.count) = (1, 0);
        self.journal.clear();
        self.corrected.clear();
    }

    pub(super) fn close_all(&mut self, now: Moment, notice: Option<&str>, how: Closed) {
        for pipe in self.pipes.values_mut() {
            if let Some(notice) = notice {
                pipe.push(now, notice_of(notice));
            }
            pipe.push(now, Wire::Closed(how));
            pipe.subscribed = false;
        }
    }

    pub(super) fn freeze(&mut self) {
        self.pipes.values_mut().for_each(|pipe| pipe.frozen = true);
    }

    pub(super) fn tell(&mut self, now: Moment, body: Body) {
        self.send(now, &Wire::Text(body.text(self.spelling), body));
    }

    pub(super) fn send(&mut self, now: Moment, wire: &Wire) {
        for pipe in self.pipes.values_mut().filter(|pipe| pipe.subscribed) {
            pipe.push(now, wire.clone());
        }
    }

    /// Answers a dial: a status if it is refused.
    pub(super) fn accept(&mut self, id: PipeId, expires: Moment) -> Result<(), u16> {
        if let Some(Refusal::Status(status)) = self.refusals.front().copied() {
            self.refusals.pop_front();
            self.seen.insert("a refused upgrade");
            return Err(status);
        }
        let has_other =
            self.pipes.iter().any(|(other, pipe)| other.0 == id.0 && !pipe.frozen && pipe.is_open());
        if self.manner.single && has_other {
            return Err(409);
        }
        let latency = Duration::from_millis(self.rng.u64(self.latency.clone()));
        let wires = VecDeque::new();
        self.pipes
            .insert(id, Pipe { latency, wires, subscribed: false, frozen: false, paused: false, expires });
        Ok(())
    }

    pub(super) fn subscribe(&mut self, now: Moment, id: PipeId) {
        let refusal = match self.refusals.front() {
            _ if self.pipes.get(&id).is_some_and(|pipe| now >= pipe.expires) => Some("Invalid token"),
            Some(&Refusal::Ack(words)) => {
                self.refusals.pop_front();
                self.seen.insert("a refused subscription");
                Some(words)
            }
            _ => None,
        };
        if let Some(words) = refusal {
            let Some(pipe) = self.pipes.get_mut(&id) else { return };
            pipe.push(now, ack(false, words));
            pipe.push(now, Wire::Closed(Closed::Code(Some(1000))));
            return;
        }
        self.last_live = None;
        if self.manner.exclusive {
            let is_of_it = |other: &PipeId| (self.one_account || other.0 == id.0) && *other != id;
            for (_, pipe) in self.pipes.iter_mut().filter(|(other, pipe)| is_of_it(other) && pipe.subscribed)
            {
                pipe.push(now, notice_of("Subscribed elsewhere"));
                pipe.push(now, Wire::Closed(Closed::Code(Some(1000))));
                pipe.subscribed = false;
                self.seen.insert("a subscription that ends another");
            }
        }
        let behind = self.behind.pop_front().unwrap_or(0).min(self.journal.len());
        let mut replay = self.journal[..self.journal.len() - behind].to_vec();
        if behind > 0 {
            self.seen.insert("a replay that is behind");
            if std::mem::replace(&mut self.was_behind, true) {
                self.seen.insert("a copy that stays behind");
            }
        } else {
            self.was_behind = false;
        }
        if std::mem::take(&mut self.partial) && replay.len() > 2 {
            replay.remove(self.rng.usize(1..replay.len() - 1));
            self.seen.insert("a replay that lacks a message");
        }
        if self.spelling != Spelling::Compact && !replay.is_empty() {
            self.seen.insert("a replay that is written differently");
        }
        if self.endless {
            self.seen.insert("a replay that never ends");
        }
        let (endless, spelling) = (self.endless, self.spelling);
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        pipe.push(now, ack(true, "ok"));
        for body in replay {
            pipe.push(now, Wire::Text(body.text(spelling), body));
        }
        if !endless {
            pipe.push(now, control(r#"{"payload":{"type":"replay-complete"}}"#.into()));
        }
        pipe.subscribed = true;
    }

    pub(super) fn pong(&mut self, now: Moment, id: PipeId) {
        if let Some(pipe) = self.pipes.get_mut(&id) {
            pipe.push(now, Wire::Frame(Frame::Control));
        }
    }

    /// Once a second: heartbeats, and the ends of tokens.
    pub(super) fn tick(&mut self, now: Moment) {
        let second = now.since_start().as_secs();
        if self.manner.period.is_some_and(|period| second.is_multiple_of(period))
            && self.pipes.values().any(|pipe| pipe.subscribed)
        {
            let number = match self.manner.beat {
                Beat::Plain => String::new(),
                Beat::Last => format!(
                    r#""sequence":{},"#,
                    self.journal.last().and_then(|last| last.number).unwrap_or(0)
                ),
                Beat::Own => format!(r#""sequence":{},"#, self.take_number()),
            };
            self.send(
                now,
                &control(format!(r#"{{"timestamp":1,{number}"payload":{{"type":"heartbeat"}}}}"#)),
            );
        }
        for pipe in self.pipes.values_mut().filter(|pipe| pipe.subscribed && now >= pipe.expires) {
            pipe.push(now, notice_of("Auth expired; please reconnect"));
            pipe.push(now, Wire::Closed(Closed::Code(Some(1000))));
            pipe.subscribed = false;
        }
    }

    /// When something arrives next, and where.
    pub(super) fn due(&self) -> Option<(Moment, PipeId)> {
        let pipes = self.pipes.iter().filter(|(_, pipe)| !pipe.frozen && !pipe.paused);
        pipes.filter_map(|(id, pipe)| Some((pipe.wires.front()?.0, *id))).min()
    }
}

impl Pipe {
    fn push(&mut self, now: Moment, wire: Wire) {
        if self.is_open() {
            self.wires.push_back((now.after(self.latency), wire));
        }
    }

    fn is_open(&self) -> bool {
        !self.wires.back().is_some_and(|(_, wire)| matches!(wire, Wire::Closed(_)))
    }
}

fn ack(success: bool, details: &str) -> Wire {
    control(format!(
        r#"{{"timestamp":1,"payload":{{"type":"subscribe-activity-ack","success":{success},"details":"{details}"}}}}"#
    ))
}

fn notice_of(details: &str) -> Wire {
    control(format!(r#"{{"timestamp":1,"payload":{{"type":"error-notice","details":"{details}"}}}}"#))
}

/// A message that tells nothing.
pub(super) fn control(text: String) -> Wire {
    Wire::Text(text, Body::default())
}
