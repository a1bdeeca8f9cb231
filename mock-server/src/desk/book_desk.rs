//! One book behind both APIs, and its journal.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clear_street_spec::ir::{self, Content, Sequence};

use super::documents::Documents;
use super::fact::Facts;
use super::shape::Shape;
use super::visit::{Handler, Visit};
use super::{Desk, studio, trading};
use crate::book::account::AccountIx;
use crate::book::{Book, Event, Settings};
use crate::call::{Answer, Call};
use crate::clock::Clock;
use crate::journal::Journal;

/// Answers from a [`Book`], and tells a journal what happens in it.
///
/// Time goes on in the book whenever it is asked, up to what the clock shows.
pub struct BookDesk {
    clock: Clock,
    journal: Journal,
    /// The API whose streams tell what happens.
    streaming: Option<ir::Api>,
    handlers: HashMap<(&'static str, &'static str), Handler>,
    state: Mutex<State>,
}

struct State {
    book: Book,
    documents: Documents,
}

impl BookDesk {
    /// A desk with a new book.
    pub fn new(apis: &[ir::Api], settings: Settings, clock: Clock, journal: Journal) -> Self {
        let has_channels = |api: &&ir::Api| api.groups.iter().any(|group| !group.channels.is_empty());
        let tables = [("trading", trading::handlers()), ("studio", studio::handlers())];
        let handlers = tables.into_iter().flat_map(|(api, table)| {
            table.into_iter().map(move |(operation, handler)| ((api, operation), handler))
        });
        Self {
            clock,
            journal,
            streaming: apis.iter().find(has_channels).cloned(),
            handlers: handlers.collect(),
            state: Mutex::new(State { book: Book::new(settings), documents: Documents::default() }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left the book between two changes of it, each of which is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the journal what happened in the book.
    fn tell(&self, book: &mut Book) {
        for event in book.take_events() {
            match event {
                Event::Order(order) => {
                    self.append(
                        book,
                        order.account,
                        "order-update",
                        studio::orders::order_facts(book, &order),
                    );
                }
                Event::Execution(execution) => {
                    let facts = studio::orders::trade_facts(book, &execution);
                    self.append(book, execution.account, "trade-notice", facts);
                }
                Event::Position(account, instrument, position) => {
                    let facts = studio::positions::position_facts(book, account, instrument, &position);
                    self.append(book, account, "position-update", facts);
                }
                Event::BuyingPower(account, amount) => {
                    let facts = studio::account_facts(book, account).with("amount", amount);
                    self.append(book, account, "buying-power-update", facts.with("buying_power", amount));
                }
                Event::NewDay => self.journal.new_day(),
            }
        }
    }

    fn append(&self, book: &Book, account: AccountIx, kind: &str, facts: Facts) {
        let Some((api, account)) = self.streaming.as_ref().zip(book.account(account)) else { return };
        let channels = api.groups.iter().flat_map(|group| &group.channels);
        let message = channels.flat_map(|channel| &channel.messages).find(|message| message.wire == kind);
        let Some((message, Content::Data(ty))) = message.map(|message| (message, &message.content)) else {
            return;
        };
        let data = Shape::new(api, book.now()).value(ty, &facts.into());
        let is_numbered = message.sequence == Sequence::Always;
        self.journal.append(&account.opening.number.to_string(), kind, &data, is_numbered);
    }
}

impl Desk for BookDesk {
    fn answer(&self, call: &Call<'_>) -> Option<Answer> {
        let name = (call.api.name.as_str(), call.operation.name.as_str());
        let handler = self.handlers.get(&name).copied()?;
        let mut state = self.state();
        let State { book, documents } = &mut *state;
        book.advance(self.clock.now());
        documents.advance(book.now());
        let mut visit = Visit { call, book, documents, told: Vec::new() };
        let outcome = handler(&mut visit);
        let told = visit.told;
        self.tell(book);
        for (account, kind, facts) in told {
            self.append(book, account, kind, facts);
        }
        Some(outcome.unwrap_or_else(Into::into))
    }

    fn advance(&self) {
        let mut state = self.state();
        state.book.advance(self.clock.now());
        self.tell(&mut state.book);
    }

    fn has_account(&self, account: &str) -> bool {
        let state = self.state();
        state.book.accounts().iter().any(|known| known.opening.number.to_string() == account)
    }
}

impl fmt::Debug for BookDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BookDesk").field("clock", &self.clock).finish_non_exhaustive()
    }
}
