//! One exchange behind both APIs, and its journal.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use clear_street_spec::ir::{self, Content, Sequence};

use super::context::{Handler, RequestContext};
use super::documents::Documents;
use super::encoder::SpecEncoder;
use super::field_values::FieldValues;
use super::{StatefulHandlers, studio, trading};
use crate::call::{Answer, Call};
use crate::clock::Clock;
use crate::exchange::calendar::Hours;
use crate::exchange::index::AccountIx;
use crate::exchange::{Event, Exchange};
use crate::journal::Journal;
use crate::lock::lock;

/// Answers from an [`Exchange`], and tells a journal what happens in it.
///
/// Time goes on in the exchange whenever it is asked, up to what the clock shows.
pub(crate) struct ExchangeHandlers {
    clock: Clock,
    journal: Journal,
    /// The API whose streams tell what happens.
    streaming: Option<ir::Api>,
    handlers: HashMap<(&'static str, &'static str), Handler>,
    state: Mutex<State>,
}

struct State {
    exchange: Exchange,
    documents: Documents,
}

impl ExchangeHandlers {
    /// Handlers with a new exchange.
    pub(crate) fn new(apis: &[ir::Api], seed: u64, hours: Hours, clock: Clock, journal: Journal) -> Self {
        let has_channels = |api: &&ir::Api| api.groups.iter().any(|group| !group.channels.is_empty());
        let of_api = |api, tables: &[&[(&'static str, Handler)]]| {
            tables.concat().into_iter().map(move |(operation, handler)| ((api, operation), handler))
        };
        let trading = of_api("trading", &trading::HANDLERS);
        let exchange = Exchange::new(seed, clock.now(), hours);
        Self {
            clock,
            journal,
            streaming: apis.iter().find(has_channels).cloned(),
            handlers: trading.chain(of_api("studio", &studio::HANDLERS)).collect(),
            state: Mutex::new(State { exchange, documents: Documents::default() }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Tells the journal what happened on the exchange.
    fn tell(&self, exchange: &mut Exchange) {
        for event in exchange.take_events() {
            let (account, kind, fields) = match event {
                Event::Order(order) => {
                    (order.account, "order-update", studio::orders::order_fields(exchange, &order))
                }
                Event::Execution(execution) => {
                    let fields = studio::orders::trade_fields(exchange, &execution);
                    (execution.account, "trade-notice", fields)
                }
                Event::Position(account, instrument, position) => {
                    let fields = studio::positions::position_fields(exchange, account, instrument, &position);
                    (account, "position-update", fields)
                }
                Event::BuyingPower(account, amount) => {
                    let fields = studio::account_fields(exchange, account).with("amount", amount);
                    (account, "buying-power-update", fields.with("buying_power", amount))
                }
                Event::NewDay => {
                    self.journal.new_day();
                    continue;
                }
            };
            self.append(exchange, account, kind, fields);
        }
    }

    fn append(&self, exchange: &Exchange, account: AccountIx, kind: &str, fields: FieldValues) {
        let Some(api) = &self.streaming else { return };
        let mut messages = api.groups.iter().flat_map(|group| &group.channels).flat_map(|it| &it.messages);
        let Some(message) = messages.find(|message| message.wire == kind) else { return };
        let Content::Data(ty) = &message.content else { return };
        let data = SpecEncoder::new(api, exchange.now()).value(ty, &fields.into());
        let account = exchange.account(account).opening.number.to_string();
        self.journal.append(&account, kind, &data, message.sequence == Sequence::Always);
    }
}

impl StatefulHandlers for ExchangeHandlers {
    fn answer(&self, call: &Call<'_>) -> Option<Answer> {
        let name = (call.api.name.as_str(), call.operation.name.as_str());
        let handler = self.handlers.get(&name).copied()?;
        let mut state = self.state();
        let State { exchange, documents } = &mut *state;
        exchange.advance(self.clock.now());
        documents.advance(exchange.now());
        let mut context = RequestContext { call, exchange, documents, told: Vec::new() };
        let outcome = handler(&mut context);
        let told = context.told;
        self.tell(exchange);
        for (account, kind, fields) in told {
            self.append(exchange, account, kind, fields);
        }
        Some(outcome.unwrap_or_else(Into::into))
    }

    fn advance(&self) {
        let mut state = self.state();
        state.exchange.advance(self.clock.now());
        self.tell(&mut state.exchange);
    }

    fn has_account(&self, account: &str) -> bool {
        let state = self.state();
        state.exchange.accounts().iter().any(|known| known.opening.number.to_string() == account)
    }
}

impl fmt::Debug for ExchangeHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeHandlers").field("clock", &self.clock).finish_non_exhaustive()
    }
}
