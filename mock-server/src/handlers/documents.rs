//! What users keep beside orders and positions.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::exchange::amount::{Price, Quantity};
use crate::exchange::index::{AccountIx, InstrumentIx};

/// What users keep, each kind in the order in which it was made. Numbers are never used twice.
#[derive(Debug, Default)]
pub(super) struct Documents {
    last: u64,
    pub(super) watchlists: BTreeMap<u64, Watchlist>,
    pub(super) screeners: BTreeMap<u64, Screener>,
    pub(super) threads: BTreeMap<u64, Thread>,
    pub(super) messages: BTreeMap<u64, Message>,
    pub(super) responses: BTreeMap<u64, Response>,
    pub(super) instructions: BTreeMap<u64, Instruction>,
    pub(super) locates: BTreeMap<u64, Locate>,
}

/// Instruments that a user watches.
#[derive(Debug)]
pub(super) struct Watchlist {
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) items: BTreeMap<u64, Watched>,
}

/// An instrument on a watchlist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    pub(super) instrument: InstrumentIx,
    pub(super) added: Timestamp,
    pub(super) price: Price,
}

/// A search that a user saved.
#[derive(Debug)]
pub(super) struct Screener {
    pub(super) name: String,
    /// Filters, columns and what else it was saved with.
    pub(super) body: Map<String, Value>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) account: AccountIx,
    pub(super) title: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) messages: Vec<u64>,
    /// The response that is being written.
    pub(super) active: Option<u64>,
}

/// A message of a conversation.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) thread: u64,
    pub(super) sequence: usize,
    pub(super) text: String,
    pub(super) is_users: bool,
    pub(super) is_canceled: bool,
    pub(super) created: Timestamp,
}

/// What the assistant writes.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) thread: u64,
    pub(super) question: u64,
    pub(super) begun: Timestamp,
    pub(super) is_canceled: bool,
    /// The message that it became.
    pub(super) output: Option<u64>,
}

/// An instruction to exercise options, or not to.
#[derive(Debug)]
pub(super) struct Instruction {
    pub(super) account: AccountIx,
    pub(super) key: String,
    pub(super) instrument: InstrumentIx,
    pub(super) kind: String,
    pub(super) quantity: Quantity,
    pub(super) created: Timestamp,
    pub(super) canceled: Option<Timestamp>,
}

/// A request for shares to borrow.
#[derive(Debug)]
pub(super) struct Locate {
    pub(super) account: AccountIx,
    pub(super) instrument: InstrumentIx,
    pub(super) quantity: Quantity,
    pub(super) cost: Decimal,
    pub(super) requested: Timestamp,
    /// Whether the offer was accepted, and when that was decided.
    pub(super) answered: Option<(bool, Timestamp)>,
    /// What the caller sent that is repeated in answers.
    pub(super) echo: Map<String, Value>,
}

/// How long the assistant writes.
const WRITING: SignedDuration = SignedDuration::from_secs(2);

impl Documents {
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Lets the assistant finish what it had time for.
    pub(super) fn advance(&mut self, now: Timestamp) {
        let active: Vec<u64> = self.threads.values().filter_map(|thread| thread.active).collect();
        for number in active {
            let end = self.responses[&number].begun.checked_add(WRITING).ok();
            if let Some(end) = end.filter(|end| *end <= now) {
                self.finish(number, end, false);
            }
        }
    }

    /// Ends a response with a message. Whether it was still being written.
    pub(super) fn finish(&mut self, number: u64, now: Timestamp, is_canceled: bool) -> bool {
        let output = self.number();
        let Some(response) = self.responses.get_mut(&number).filter(|response| response.output.is_none())
        else {
            return false;
        };
        (response.output, response.is_canceled) = (Some(output), is_canceled);
        let thread = response.thread;
        let question = &self.messages[&response.question].text;
        let text = if is_canceled { String::new() } else { format!("You asked: {question}") };
        self.say(output, Message { thread, sequence: 0, text, is_users: false, is_canceled, created: now });
        self.threads.entry(thread).and_modify(|thread| thread.active = None);
        true
    }

    /// Adds a message of the user, and begins the response to it: their numbers.
    pub(super) fn ask(&mut self, thread: u64, text: String, now: Timestamp) -> (u64, u64) {
        let (question, response) = (self.number(), self.number());
        let message = Message { thread, sequence: 0, text, is_users: true, is_canceled: false, created: now };
        self.say(question, message);
        let begun = Response { thread, question, begun: now, is_canceled: false, output: None };
        self.responses.insert(response, begun);
        self.threads.entry(thread).and_modify(|thread| thread.active = Some(response));
        (question, response)
    }

    fn say(&mut self, number: u64, mut message: Message) {
        self.threads.entry(message.thread).and_modify(|thread| {
            thread.messages.push(number);
            thread.updated = message.created;
            message.sequence = thread.messages.len();
        });
        self.messages.insert(number, message);
    }
}
