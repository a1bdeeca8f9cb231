//! A scripted server, the network, and machines, in time that the test moves.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::subject::{handle, receive};
use crate::stream::machine::*;

/// How long anything is under way, in one direction.
const WAY: Duration = Duration::from_millis(5);

pub(super) fn ack() -> String {
    r#"{"timestamp":1790000000000,"payload":{"type":"subscribe-activity-ack","account_id":"900001","success":true,"details":"ok"}}"#.into()
}

pub(super) const DONE: &str = r#"{"timestamp":1790000000000,"payload":{"type":"replay-complete"}}"#;
pub(super) const BEAT: &str = r#"{"timestamp":1790000000000,"payload":{"type":"heartbeat"}}"#;

fn nack(words: &str) -> String {
    format!(r#"{{"timestamp":1790000000000,"payload":{{"type":"subscribe-activity-ack","account_id":"900001","success":false,"details":"{words}"}}}}"#)
}

fn notice(words: &str) -> String {
    format!(r#"{{"timestamp":1790000000000,"payload":{{"type":"error-notice","details":"{words}"}}}}"#)
}

fn order(number: u64, id: &str) -> String {
    format!(
        r#"{{"timestamp":1790000000000,"sequence":{number},"payload":{{"type":"order-update","data":{{"order_id":"{id}","account_id":"900001","account_number":"XX1","symbol":"ABCD","side":"buy","order_type":"limit","price":"10","quantity":"5","filled_quantity":"0","running_position":"0","reference_id":"r-{number}","state":"open","status":"new","order_update_reason":"place","strategy":{{"type":"sor"}},"time_in_force":"day","version":1,"created_at":1790000000000,"updated_at":1790000000000}}}}}}"#
    )
}

/// An order.
pub(super) fn o(number: u64) -> String {
    order(number, &format!("o-{number}"))
}

/// Another order under the same number, on another day.
pub(super) fn n(number: u64) -> String {
    order(number, &format!("n-{number}"))
}

/// A position.
pub(super) fn p(number: u64) -> String {
    format!(
        r#"{{"timestamp":1790000000000,"sequence":{number},"payload":{{"type":"position-update","data":{{"account_id":"900001","account_number":"XX1","symbol":"ABCD","quantity":"10","average_cost":12}}}}}}"#
    )
}

/// A message without a number.
pub(super) fn u(k: u64) -> String {
    format!(r#"{{"timestamp":1790000000000,"payload":{{"type":"of-tomorrow","data":{{"id":"u-{k}"}}}}}}"#)
}

/// How a subscription is answered, if not with the journal.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// The journal of a copy that lacks the last messages.
    Behind(usize),
}

/// What is under way.
enum UnderWay {
    Input(usize, Input<String>),
    Text(usize, ConnectionId, String),
}

/// One machine and its caller, who takes every event at once.
pub(super) struct Client {
    pub(super) machine: StreamMachine<String>,
    pub(super) seen: Vec<(Moment, Event<String>)>,
    generation: u64,
    issued: Moment,
    waits_for_permit: bool,
    dropped: bool,
}

pub(super) struct Stage {
    pub(super) now: Moment,
    pub(super) clients: Vec<Client>,
    settings: Settings,
    under_way: BTreeMap<(Moment, u64), UnderWay>,
    count: u64,
    /// Of each client; those that are subscribed, and since when their messages come later.
    pub(super) subscribed: Vec<(usize, ConnectionId)>,
    pub(super) dials: Vec<Moment>,
    pub(super) journal: Vec<String>,
    /// The next subscriptions, upgrades, and waits for a permit.
    pub(super) answers: VecDeque<Answer>,
    pub(super) statuses: VecDeque<u16>,
    pub(super) permit_waits: VecDeque<Duration>,
    pub(super) nack_until: Option<(Moment, &'static str)>,
    pub(super) token_life: Option<Duration>,
    pub(super) never_done: bool,
    pub(super) exclusive: bool,
    pub(super) beats: Option<(Duration, String)>,
    next_beat: Moment,
    permits: f64,
    permitted: Moment,
}

impl Stage {
    pub(super) fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings);
        let now = Moment::at(Duration::from_secs(1_000));
        let mut stage = Self {
            now,
            clients: Vec::new(),
            settings,
            under_way: BTreeMap::new(),
            count: 0,
            subscribed: Vec::new(),
            dials: Vec::new(),
            journal: Vec::new(),
            answers: VecDeque::new(),
            statuses: VecDeque::new(),
            permit_waits: VecDeque::new(),
            nack_until: None,
            token_life: None,
            never_done: false,
            exclusive: false,
            beats: Some((Duration::from_secs(1), BEAT.into())),
            next_beat: now.after(Duration::from_secs(1)),
            permits: 20.0,
            permitted: now,
        };
        stage.begin(ResumePoint::default());
        stage
    }

    /// The server has this journal, and the stream has delivered it.
    pub(super) fn with(journal: impl IntoIterator<Item = String>) -> Self {
        Self::with_settings(|_| {}, journal)
    }

    pub(super) fn with_settings(
        change: impl FnOnce(&mut Settings),
        journal: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut stage = Self::new(change);
        stage.journal.extend(journal);
        stage.live();
        stage
    }

    /// Plays until the stream is live.
    pub(super) fn live(&mut self) {
        for _ in 0..200 {
            self.pass(Duration::from_millis(10));
            if self.clients[0].machine.state() == State::Live {
                return;
            }
        }
        panic!("it is not live, but {:?}", self.clients[0].machine.state());
    }

    /// Another machine, from a resume point.
    pub(super) fn begin(&mut self, point: ResumePoint) -> usize {
        let seed = self.clients.len() as u64;
        let machine = StreamMachine::new(self.settings.clone(), seed, self.now, point);
        self.clients.push(Client {
            machine,
            seen: Vec::new(),
            generation: 0,
            issued: self.now,
            waits_for_permit: false,
            dropped: false,
        });
        let client = self.clients.len() - 1;
        self.tell(client, Input::Timer);
        client
    }

    /// The process ends; another one goes on at its resume point.
    pub(super) fn restart(&mut self) {
        let point = self.clients[0].machine.resume_point();
        self.drop_client(0);
        let client = self.begin(point);
        self.clients.swap(0, client);
        self.clients[0].dropped = false;
        let new = self.clients.pop();
        drop(new);
    }

    pub(super) fn drop_client(&mut self, client: usize) {
        self.clients[client].dropped = true;
        self.subscribed.retain(|(other, _)| *other != client);
        self.under_way.retain(|_, event| match event {
            UnderWay::Input(other, _) | UnderWay::Text(other, ..) => *other != client,
        });
    }

    pub(super) fn command(&mut self, command: Command) {
        self.tell(0, Input::Command(command));
    }

    /// A message enters the journal and is sent live.
    pub(super) fn say(&mut self, text: String) {
        self.journal.push(text.clone());
        self.send(&text);
    }

    /// Sends a text on all subscribed connections.
    pub(super) fn send(&mut self, text: &str) {
        for (client, connection) in self.subscribed.clone() {
            self.send_to(client, connection, text, WAY);
        }
    }

    pub(super) fn send_to(&mut self, client: usize, connection: ConnectionId, text: &str, way: Duration) {
        self.put(way, UnderWay::Text(client, connection, text.into()));
    }

    pub(super) fn part(&mut self) {
        for (client, connection) in self.subscribed.clone() {
            self.put(WAY, UnderWay::Input(client, Input::Received { connection, frame: Frame::Part }));
        }
    }

    /// Ends all connections.
    pub(super) fn end_all(&mut self, how: Closed) {
        for (client, connection) in std::mem::take(&mut self.subscribed) {
            self.put(WAY, UnderWay::Input(client, Input::Closed { connection, how }));
        }
    }

    pub(super) fn cut(&mut self) {
        self.end_all(Closed::Reset);
    }

    fn put(&mut self, way: Duration, event: UnderWay) {
        self.count += 1;
        self.under_way.insert((self.now.after(way), self.count), event);
    }

    pub(super) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    pub(super) fn millis(&mut self, millis: u64) {
        self.pass(Duration::from_millis(millis));
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        for _ in 0..10_000_000u32 {
            let under_way = self.under_way.first_key_value().map(|(key, _)| *key);
            let clients = self.clients.iter().enumerate().filter(|(_, client)| !client.dropped);
            let timer = clients.filter_map(|(at, client)| Some((client.machine.next_deadline()?, at))).min();
            let permit = self.clients.iter().position(|client| client.waits_for_permit && !client.dropped);
            let permitted = permit.map(|_| self.permit_at());
            let beat = self.beats.is_some().then_some(self.next_beat);
            let all = [Some(end), under_way.map(|key| key.0), timer.map(|timer| timer.0), permitted, beat];
            let at = all.into_iter().flatten().min().unwrap_or(end).max(self.now);
            self.now = at;
            if let Some(event) = under_way.filter(|key| key.0 <= at).and_then(|key| self.under_way.remove(&key)) {
                match event {
                    UnderWay::Input(client, input) => self.tell(client, input),
                    UnderWay::Text(client, connection, text) => self.receive(client, connection, &text),
                }
            } else if let (Some(client), true) = (permit, permitted.is_some_and(|permitted| permitted <= at)) {
                self.refill();
                self.permits -= 1.0;
                self.clients[client].waits_for_permit = false;
                self.tell(client, Input::Permit);
            } else if let Some((_, client)) = timer.filter(|timer| timer.0 <= at) {
                self.tell(client, Input::Timer);
            } else if beat.is_some_and(|beat| beat <= at) {
                let (period, text) = self.beats.clone().unwrap();
                self.next_beat = at.after(period);
                self.send(&text);
            } else if at >= end {
                return;
            }
        }
        panic!("the clock stands still at {:?}", self.now);
    }

    fn refill(&mut self) {
        self.permits = (self.permits + self.now.since(self.permitted).as_secs_f64()).min(20.0);
        self.permitted = self.now;
    }

    fn permit_at(&self) -> Moment {
        let lacks = (1.0 - self.permits).max(0.0);
        self.permitted.after(Duration::from_secs_f64(lacks)).max(self.now)
    }

    fn receive(&mut self, client: usize, connection: ConnectionId, text: &str) {
        let machine = &mut self.clients[client].machine;
        let outputs = receive(machine, self.now, connection, text, text.to_owned(), false);
        self.carry_out(client, outputs);
    }

    fn tell(&mut self, client: usize, input: Input<String>) {
        if self.clients[client].dropped {
            return;
        }
        let outputs = handle(&mut self.clients[client].machine, self.now, input);
        self.carry_out(client, outputs);
    }

    fn carry_out(&mut self, client: usize, outputs: Vec<Output<String>>) {
        let now = self.now;
        let mut taken = (0, 0);
        for output in outputs {
            match output {
                Output::Deliver { event, size } => {
                    self.clients[client].seen.push((now, event));
                    taken = (taken.0 + 1, taken.1 + size);
                }
                Output::AwaitPermit => match self.permit_waits.pop_front() {
                    Some(wait) => self.put(wait, UnderWay::Input(client, Input::Permit)),
                    None => self.clients[client].waits_for_permit = true,
                },
                Output::FetchToken { newer_than } => {
                    let (life, it) = (self.token_life, &mut self.clients[client]);
                    let ended = life.is_some_and(|life| now >= it.issued.after(life));
                    if it.generation == 0 || ended || newer_than.is_some_and(|old| it.generation <= old) {
                        it.generation += 1;
                        it.issued = now;
                    }
                    let expires = life.map(|life| it.issued.after(life));
                    let token = Token { generation: it.generation, expires };
                    self.put(WAY, UnderWay::Input(client, Input::Token(Ok(token))));
                }
                Output::Dial { connection } => {
                    self.dials.push(now);
                    let result = match self.statuses.pop_front() {
                        Some(status) => Err(DialFailure::Status { status, retry_after: None }),
                        None => Ok(()),
                    };
                    self.put(WAY, UnderWay::Input(client, Input::Dialled { connection, result }));
                }
                Output::Subscribe { connection, .. } => self.subscribe(client, connection),
                Output::Ping { connection } => {
                    let frame = Frame::Control;
                    self.put(WAY * 2, UnderWay::Input(client, Input::Received { connection, frame }));
                }
                Output::Close { connection } => self.subscribed.retain(|it| *it != (client, connection)),
                Output::State(_) | Output::Read { .. } | Output::Finished => {}
            }
        }
        if taken.0 > 0 {
            self.tell(client, Input::Taken { events: taken.0, bytes: taken.1 });
        }
    }

    fn subscribe(&mut self, client: usize, connection: ConnectionId) {
        let life = self.token_life;
        let has_ended = life.is_some_and(|life| self.now >= self.clients[client].issued.after(life));
        let mut journal = self.journal.clone();
        let refusal = match self.answers.pop_front() {
            Some(Answer::Behind(lacks)) => {
                journal.truncate(journal.len() - lacks);
                None
            }
            None if has_ended => Some("Invalid token"),
            None => self.nack_until.filter(|(until, _)| self.now < *until).map(|(_, words)| words),
        };
        if let Some(words) = refusal {
            self.send_to(client, connection, &nack(words), WAY);
            let how = Closed::Code(Some(1000));
            return self.put(WAY, UnderWay::Input(client, Input::Closed { connection, how }));
        }
        if self.exclusive {
            for (client, connection) in std::mem::take(&mut self.subscribed) {
                self.send_to(client, connection, &notice("Subscribed elsewhere"), WAY);
                let how = Closed::Code(Some(1000));
                self.put(WAY, UnderWay::Input(client, Input::Closed { connection, how }));
            }
        }
        self.send_to(client, connection, &ack(), WAY);
        for text in &journal {
            self.send_to(client, connection, text, WAY);
        }
        if !self.never_done {
            self.send_to(client, connection, DONE, WAY);
        }
        self.subscribed.push((client, connection));
    }

    /// What a client saw, as numbers with a letter for what is said: `o`, `n`, `p`; late ones in capitals.
    pub(super) fn messages(&self) -> Vec<String> {
        self.messages_of(0)
    }

    pub(super) fn messages_of(&self, client: usize) -> Vec<String> {
        self.clients[client].seen.iter().filter_map(|(_, event)| word(event)).collect()
    }

    pub(super) fn count_of(&self, wanted: impl Fn(&Event<String>) -> bool) -> usize {
        self.clients[0].seen.iter().filter(|(_, event)| wanted(event)).count()
    }

    pub(super) fn gaps(&self) -> usize {
        self.count_of(|event| matches!(event, Event::Gap(_)))
    }

    pub(super) fn epochs(&self) -> usize {
        self.count_of(|event| matches!(event, Event::EpochChanged { .. }))
    }

    /// When something was seen first.
    pub(super) fn at(&self, wanted: impl Fn(&Event<String>) -> bool) -> Option<Moment> {
        self.clients[0].seen.iter().find(|(_, event)| wanted(event)).map(|(at, _)| *at)
    }

    /// When a message was seen first.
    pub(super) fn message_at(&self, wanted: &str) -> Option<Moment> {
        self.at(|event| word(event).is_some_and(|word| word.eq_ignore_ascii_case(wanted)))
    }

    /// Forgets what was seen so far, and the dials.
    pub(super) fn forget(&mut self) {
        self.dials.clear();
        self.clients.iter_mut().for_each(|client| client.seen.clear());
    }
}

/// `o7` for an order, `O7` if it comes late.
fn word(event: &Event<String>) -> Option<String> {
    let Event::Message { message, sequence: Some(number), origin } = event else { return None };
    let message = message.replace(' ', "");
    let kind = ["o-", "n-"].into_iter().find(|kind| message.contains(&format!(r#""order_id":"{kind}"#)));
    let letter = kind.map_or("p", |kind| &kind[..1]);
    let word = format!("{letter}{number}");
    Some(if *origin == Origin::Late { word.to_uppercase() } else { word })
}
