//! The server of cases and model: a journal, and pipes to its clients.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
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

impl Body {
    /// The text, as a server writes it.
    pub(super) fn text(self, spelling: &str) -> String {
        let Self { day, number, content } = self;
        let number = match number {
            Some(number) => format!(r#""sequence":{number},"#),
            None if (MALFORMED..GARBLED).contains(&content) => {
                let numbers = ["18446744073709551617", "-3", "3.5", "true", "{}"];
                format!(r#""sequence":{},"#, numbers[(content % 5) as usize])
            }
            None => String::new(),
        };
        let compact = format!(
            r#"{{"timestamp":1,{number}"payload":{{"type":"order-update","data":{{"order_id":"{day}-{content}","symbol":"ABCD"}}}}}}"#
        );
        match spelling {
            "compact" => compact,
            "reversed" => format!(
                r#"{{"timestamp":2,{number}"payload":{{"data":{{"symbol":"ABCD","order_id":"{day}-{content}"}},"type":"order-update"}}}}"#
            ),
            "spaced" => compact.replace(':', " : ").replace(',', " ,"),
            "escaped" => compact.replace("ABCD", "\\u0041BCD").replace("-update", "-\\u0075pdate"),
            "with-more" => compact.replace(r#""data":"#, r#""replayed":true,"data":"#),
            _ => panic!("no spelling: {spelling}"),
        }
    }
}

impl fmt::Display for Body {
    /// What stands behind the number in a [`word`](super::script::word).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.day) {
            (None, _) if self.content >= MALFORMED => write!(f, "{}x", self.content - MALFORMED),
            (None, _) => write!(f, "u{}", self.content),
            (_, 0) => f.write_str("p"),
            (_, 1) => Ok(()),
            _ => f.write_str("n"),
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

#[derive(Debug, Default)]
pub(super) struct Pipe {
    pub(super) latency: Duration,
    pub(super) wires: VecDeque<(Moment, Wire)>,
    pub(super) subscribed: bool,
    pub(super) frozen: bool,
    pub(super) paused: bool,
    expires: Moment,
}

#[derive(Debug, Default)]
pub(super) struct Server {
    /// It allows one connection for each client.
    pub(super) single: bool,
    /// A new subscription ends the one before of the same client.
    pub(super) exclusive: bool,
    /// All clients are one to it: they have one account.
    pub(super) one_account: bool,
    /// How far the numbers of two messages are apart at most.
    pub(super) stride: u64,
    /// How many messages all days begin with.
    pub(super) alike: u64,
    /// Period of the heartbeats in seconds, if there are any, and which number they have: `last`, `own` or
    /// none.
    pub(super) period: Option<u64>,
    pub(super) beat: String,
    pub(super) spelling: String,
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
    /// The next attempts are refused, with a status of the upgrade or with words after the subscription.
    pub(super) refusals: VecDeque<String>,
    /// The next replays lack so many of the last messages.
    pub(super) behind: VecDeque<usize>,
    /// The clients whose last replay was behind.
    were_behind: BTreeSet<usize>,
    /// The next replay lacks a message in its middle.
    pub(super) partial: bool,
    /// Replays do not complete.
    pub(super) endless: bool,
    /// How long a message is under way, in milliseconds.
    pub(super) latency: Range<u64>,
    /// What has occurred, and the steps of the script.
    pub(super) seen: BTreeSet<String>,
    rng: fastrand::Rng,
}

impl Server {
    pub(super) fn new(seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        let (stride, spelling) = (1, "compact".into());
        Self { stride, spelling, day: 1, next: 1, latency: 1..100, rng, ..Self::default() }
    }

    pub(super) fn take_number(&mut self) -> u64 {
        let number = self.next;
        self.next += match self.stride {
            // Days that begin alike have the same numbers, too.
            3 if self.count <= self.alike => 1 + self.count * 7 % 3,
            3 => self.rng.u64(1..=3),
            stride => stride,
        };
        number
    }

    fn number(&mut self) -> Body {
        let day = if self.count < self.alike { 0 } else { self.day };
        self.count += 1;
        let number = self.take_number();
        let body = Body { day, number: Some(number), content: number };
        self.said.push(body);
        body
    }

    pub(super) fn append(&mut self, now: Moment, live: bool) {
        let body = self.number();
        self.say(now, body, live);
        self.note(!live && self.stride > 1, "a loss among sparse numbers");
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
        self.note(self.stride > 1, "a loss among sparse numbers");
    }

    fn note(&mut self, occurs: bool, what: &str) {
        if occurs {
            self.seen.insert(what.into());
        }
    }

    pub(super) fn unnumbered(&mut self, now: Moment, is_malformed: bool) {
        self.unique += 1;
        let content = if is_malformed { MALFORMED + self.unique } else { self.unique };
        self.tell(now, Body { day: self.day, number: None, content });
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
        if self.journal.len() < 3 {
            return;
        }
        let at = self.rng.usize(1..self.journal.len() - 1);
        if self.journal[at].day > 0 {
            self.unique += 1;
            self.journal[at].content = self.unique << 32;
            self.corrected.extend(self.journal[at].number);
            self.seen.insert("a correction".into());
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
    }

    pub(super) fn roll(&mut self) {
        self.note(self.alike > 0 && self.count > 0, "days that begin alike");
        self.last_live = None;
        self.day += 1;
        (self.next, self.count) = (1, 0);
        self.journal.clear();
        self.corrected.clear();
    }

    pub(super) fn close_all(&mut self, now: Moment, notice: Option<&str>, how: Closed) {
        self.pipes.values_mut().for_each(|pipe| pipe.end(now, notice.map(notice_of), how));
    }

    pub(super) fn tell(&mut self, now: Moment, body: Body) {
        self.send(now, &Wire::Text(body.text(&self.spelling), body));
    }

    pub(super) fn send(&mut self, now: Moment, wire: &Wire) {
        for pipe in self.pipes.values_mut().filter(|pipe| pipe.subscribed) {
            pipe.push(now, wire.clone());
        }
    }

    /// Answers a dial: a status if it is refused.
    pub(super) fn accept(&mut self, id: PipeId, expires: Moment) -> Result<(), u16> {
        if let Some(status) = self.refusals.front().and_then(|words| words.parse().ok()) {
            self.refusals.pop_front();
            self.seen.insert("a refused upgrade".into());
            return Err(status);
        }
        let has_other =
            self.pipes.iter().any(|(other, pipe)| other.0 == id.0 && !pipe.frozen && pipe.is_open());
        if self.single && has_other {
            return Err(409);
        }
        let latency = Duration::from_millis(self.rng.u64(self.latency.clone()));
        self.pipes.insert(id, Pipe { latency, expires, ..Pipe::default() });
        Ok(())
    }

    pub(super) fn subscribe(&mut self, now: Moment, id: PipeId) {
        let refusal = match self.refusals.front() {
            _ if self.pipes.get(&id).is_some_and(|pipe| now >= pipe.expires) => Some("Invalid token".into()),
            Some(words) if words.parse::<u16>().is_err() => {
                self.seen.insert("a refused subscription".into());
                self.refusals.pop_front()
            }
            _ => None,
        };
        if let Some(words) = refusal {
            let Some(pipe) = self.pipes.get_mut(&id) else { return };
            return pipe.end(now, Some(ack(false, &words)), Closed::Code(Some(1000)));
        }
        self.last_live = None;
        if self.exclusive {
            let is_of_it = |other: &PipeId| (self.one_account || other.0 == id.0) && *other != id;
            let others = self.pipes.iter_mut().filter(|(other, pipe)| is_of_it(other) && pipe.subscribed);
            for (_, pipe) in others {
                pipe.end(now, Some(notice_of("Subscribed elsewhere")), Closed::Code(Some(1000)));
                self.seen.insert("a subscription that ends another".into());
            }
        }
        let behind = self.behind.pop_front().unwrap_or(0).min(self.journal.len());
        let mut replay = self.journal[..self.journal.len() - behind].to_vec();
        let was_behind =
            if behind > 0 { !self.were_behind.insert(id.0) } else { self.were_behind.remove(&id.0) };
        self.note(behind > 0, "a replay that is behind");
        self.note(behind > 0 && was_behind, "a copy that stays behind");
        if std::mem::take(&mut self.partial) && replay.len() > 2 {
            replay.remove(self.rng.usize(1..replay.len() - 1));
            self.seen.insert("a replay that lacks a message".into());
        }
        self.note(self.spelling != "compact" && !replay.is_empty(), "a replay that is written differently");
        self.note(self.endless, "a replay that never ends");
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        pipe.push(now, ack(true, "ok"));
        for body in replay {
            pipe.push(now, Wire::Text(body.text(&self.spelling), body));
        }
        if !self.endless {
            pipe.push(now, replay_complete());
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
        let second = now.0.as_secs();
        let is_due = self.period.is_some_and(|period| second.is_multiple_of(period));
        if is_due && self.pipes.values().any(|pipe| pipe.subscribed) {
            let last = self.journal.last().and_then(|last| last.number).unwrap_or(0);
            let number = match self.beat.as_str() {
                "last" => format!(r#""sequence":{last},"#),
                "own" => format!(r#""sequence":{},"#, self.take_number()),
                _ => String::new(),
            };
            let text = format!(r#"{{"timestamp":1,{number}"payload":{{"type":"heartbeat"}}}}"#);
            self.send(now, &control(text));
        }
        for pipe in self.pipes.values_mut().filter(|pipe| pipe.subscribed && now >= pipe.expires) {
            pipe.end(now, Some(notice_of("Auth expired; please reconnect")), Closed::Code(Some(1000)));
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

    fn end(&mut self, now: Moment, last: Option<Wire>, how: Closed) {
        last.into_iter().chain([Wire::Closed(how)]).for_each(|wire| self.push(now, wire));
        self.subscribed = false;
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

pub(super) fn replay_complete() -> Wire {
    control(r#"{"payload":{"type":"replay-complete"}}"#.into())
}

/// A message that tells nothing.
fn control(text: String) -> Wire {
    Wire::Text(text, Body::default())
}
