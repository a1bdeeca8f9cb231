//! The server of the model: a log, and pipes to its clients.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::super::{Class, Closed, ConnectionId, Envelope, Frame, Moment, Notice};

/// What a message of the model says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Body {
    /// Which numbering it belongs to.
    pub(super) epoch: u32,
    pub(super) sequence: u64,
    /// Not what the server stands by.
    pub(super) garbled: bool,
}

/// What is under way to a client.
#[derive(Clone, Debug)]
pub(super) enum Wire {
    Frame(Frame<Body>),
    Closed(Closed),
}

#[derive(Debug)]
pub(super) struct Pipe {
    latency: Duration,
    pub(super) wires: VecDeque<(Moment, Wire)>,
    subscribed: bool,
    pub(super) frozen: bool,
    pub(super) paused: bool,
    expires: Moment,
}

#[derive(Debug)]
pub(super) struct Server {
    epoch: u32,
    next: u64,
    /// The last message, if it was sent live.
    live: Option<Body>,
    /// What a replay has.
    pub(super) replay: Vec<Body>,
    /// All that was ever said, in order.
    said: Vec<Body>,
    /// What was gone from the replay at some time.
    pub(super) gone: Vec<Body>,
    /// The last messages, if nobody could have heard of them yet.
    unheard: Vec<Body>,
    /// The last messages of old numbers that nobody ever heard of: nothing tells that they were.
    pub(super) never_heard: Vec<Body>,
    pub(super) pipes: BTreeMap<ConnectionId, Pipe>,
    pub(super) refusals: VecDeque<u16>,
    /// The replay has lost messages since the last new one.
    trimmed: bool,
    stride: u64,
    rng: fastrand::Rng,
}

impl Server {
    pub(super) fn new(stride: u64, seed: u64) -> Self {
        Self {
            epoch: 0,
            next: 1,
            live: None,
            replay: Vec::new(),
            said: Vec::new(),
            gone: Vec::new(),
            unheard: Vec::new(),
            never_heard: Vec::new(),
            pipes: BTreeMap::new(),
            refusals: VecDeque::new(),
            trimmed: false,
            stride,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    pub(super) fn said(&self) -> Vec<Body> {
        self.said.clone()
    }

    fn number(&mut self) -> Body {
        let body = Body { epoch: self.epoch, sequence: self.next, garbled: false };
        self.next += self.rng.u64(1..=self.stride);
        body
    }

    /// Whether the next message will show a hole.
    pub(super) fn has_hole(&self) -> bool {
        self.trimmed || !self.unheard.is_empty()
    }

    pub(super) fn append(&mut self, now: Moment, live: bool) {
        let body = self.number();
        self.live = live.then_some(body);
        self.said.push(body);
        self.replay.push(body);
        if live {
            self.trimmed = false;
            self.unheard.clear();
            self.tell_all(now, data(body));
        } else {
            self.unheard.push(body);
        }
    }

    pub(super) fn lose(&mut self) {
        let body = self.number();
        self.live = None;
        self.said.push(body);
        self.unheard.push(body);
        self.gone.push(body);
    }

    pub(super) fn repeat(&mut self, now: Moment, count: usize) {
        let from = self.replay.len().saturating_sub(count);
        for at in from..self.replay.len() {
            self.tell_all(now, data(self.replay[at]));
        }
    }

    /// Only what was said right before: the first word under a number holds until there is another.
    pub(super) fn garble(&mut self, now: Moment) {
        if let Some(last) = self.live {
            self.tell_all(now, data(Body { garbled: true, ..last }));
        }
    }

    /// Only messages that come well within the time that early ones are held.
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
        self.live = None;
        self.trimmed = true;
        let count = count.min(self.replay.len());
        self.gone.extend(self.replay.drain(..count));
    }

    pub(super) fn roll(&mut self, anew: bool) {
        self.trim(usize::MAX);
        if anew {
            self.never_heard.append(&mut self.unheard);
            self.epoch += 1;
            self.next = 1;
        }
    }

    pub(super) fn close_all(&mut self, now: Moment, notice: Option<Notice>, how: Closed) {
        for pipe in self.pipes.values_mut() {
            if let Some(notice) = notice {
                pipe.push(now, Wire::Frame(frame(Class::Notice(notice))));
            }
            pipe.push(now, Wire::Closed(how));
            pipe.subscribed = false;
        }
    }

    pub(super) fn freeze(&mut self) {
        self.pipes.values_mut().for_each(|pipe| pipe.frozen = true);
    }

    pub(super) fn tell_all(&mut self, now: Moment, frame: Frame<Body>) {
        for pipe in self.pipes.values_mut().filter(|pipe| pipe.subscribed) {
            pipe.push(now, Wire::Frame(frame.clone()));
        }
    }

    /// Answers a dial: a status if it is refused.
    pub(super) fn accept(&mut self, id: ConnectionId, single: bool, expires: Moment) -> Result<(), u16> {
        if let Some(status) = self.refusals.pop_front() {
            return Err(status);
        }
        if single && self.pipes.values().any(|pipe| !pipe.frozen && pipe.is_open()) {
            return Err(409);
        }
        let latency = Duration::from_millis(self.rng.u64(1..100));
        let pipe = Pipe {
            latency,
            wires: VecDeque::new(),
            subscribed: false,
            frozen: false,
            paused: false,
            expires,
        };
        self.pipes.insert(id, pipe);
        Ok(())
    }

    pub(super) fn subscribe(&mut self, now: Moment, id: ConnectionId) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        if !pipe.is_open() {
            return;
        }
        pipe.push(now, Wire::Frame(frame(Class::Accepted)));
        for body in &self.replay {
            pipe.push(now, Wire::Frame(data(*body)));
        }
        pipe.push(now, Wire::Frame(frame(Class::ReplayComplete)));
        pipe.subscribed = true;
    }

    pub(super) fn pong(&mut self, now: Moment, id: ConnectionId) {
        if let Some(pipe) = self.pipes.get_mut(&id) {
            pipe.push(now, Wire::Frame(Frame::Pong));
        }
    }

    /// Once a second: heartbeats every five, and the ends of tokens.
    pub(super) fn tick(&mut self, now: Moment) {
        if now.since_start().as_secs().is_multiple_of(5) {
            self.tell_all(now, frame(Class::Heartbeat));
        }
        for pipe in self.pipes.values_mut().filter(|pipe| pipe.subscribed && now >= pipe.expires) {
            pipe.push(now, Wire::Frame(frame(Class::Notice(Notice::AuthExpired))));
            pipe.push(now, Wire::Closed(Closed::Code(Some(1000))));
            pipe.subscribed = false;
        }
    }

    /// When something comes next, and on which connection.
    pub(super) fn due(&self) -> Option<(Moment, ConnectionId)> {
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
        !self.wires.iter().any(|(_, wire)| matches!(wire, Wire::Closed(_)))
    }
}

pub(super) fn frame(class: Class) -> Frame<Body> {
    Frame::Message(
        Envelope { class, sequence: None, fingerprint: 0, size: 60 },
        Body { epoch: 0, sequence: 0, garbled: false },
    )
}

fn data(body: Body) -> Frame<Body> {
    let fingerprint = u64::from(body.epoch) << 32 | body.sequence << 1 | u64::from(body.garbled);
    Frame::Message(
        Envelope { class: Class::Data, sequence: Some(body.sequence), fingerprint, size: 100 },
        body,
    )
}
