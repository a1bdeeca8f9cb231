//! Accounts, orders, fills and what follows from them, without input or output.
//!
//! An [`Exchange`] is told what is wanted and what time it is, and nothing else: with the same seed the same
//! calls have the same outcome. All amounts are whole numbers.
//!
//! | what | rule |
//! |---|---|
//! | price | a walk by seed, symbol and second of trading; rests while the market is closed |
//! | quote | bid and ask one cent from the price, five for options; 100 to 900 shares a second, a tenth of that in contracts, on each side |
//! | fill | at bid or ask, never worse than the limit; at once as far as the quote's size goes, then second by second; better prices first, then older orders |
//! | stop | reached when the price is there; then a market or limit order |
//! | trailing stop | follows the best price since it was placed, second by second |
//! | auctions | all in whole at the price at which the market opens or closes, if the limit allows it |
//! | hours | those of the exchanges in New York, or day and night |
//! | session | regular hours, and those around them for orders that say so; an order that comes while the market is closed waits |
//! | end | `DAY` at the close, `day-plus` and `DAY` with extended hours when the hours after it end, options at the close of their last day |
//! | cancel, replace | at once; a replaced order keeps its identifier and its place behind older ones |
//! | key | names one order of the account for ever: the same order under it is that order again, another one is refused |
//! | buying power | equity times the multiplier, less the value of positions without their signs, less what open orders would need |
//! | an order needs | its limit or the present price, and the spread; nothing as far as it closes a position |
//! | sell | what is held; several orders may wait to sell the same, and what one has sold is not left for another, which ends |
//! | sell short | on margin, what is easy to borrow, without a long position |
//! | cash | moves with each fill, settles on the next trading day; there are no fees and no interest |
//! | day | ends at midnight in New York |
//!
//! What the rules refuse becomes a rejected order that says why.

pub(crate) mod account;
pub(crate) mod amount;
pub(crate) mod calendar;
mod entry;
mod identity;
pub(crate) mod index;
pub(crate) mod listing;
mod market;
mod matching;
pub(crate) mod order;
mod path;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use self::account::{Account, Opening, Position};
use self::amount::Money;
use self::calendar::{Hours, Session, Sessions};
pub(crate) use self::entry::Unchanged;
use self::index::{AccountIx, ExecutionIx, InstrumentIx, OrderIx};
use self::listing::{Instrument, Listing};
use self::market::Market;
use self::order::{Execution, Order};
pub(crate) use self::view::PositionView;

/// An account on margin, one for cash and one with little of it.
const ACCOUNTS: [Opening; 3] = [
    Opening { number: 100_000, name: "Main Margin", dollars: 1_000_000, multiplier: 2 },
    Opening { number: 100_001, name: "Retirement Cash", dollars: 250_000, multiplier: 1 },
    Opening { number: 100_002, name: "Small Cash", dollars: 1_000, multiplier: 1 },
];

/// What happened on an exchange.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// An order was placed or has changed: as it is now.
    Order(Box<Order>),
    /// An order was filled.
    Execution(Execution),
    /// A position has changed: as it is now.
    Position(AccountIx, InstrumentIx, Position),
    /// Buying power may have changed: as it is now.
    BuyingPower(AccountIx, Money),
    /// A day has begun in New York.
    NewDay,
}

/// Accounts and their orders.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Decides all that looks like chance.
    seed: u64,
    now: Timestamp,
    day: Date,
    midnight: Timestamp,
    /// The trading day that has not ended yet, and the one before it.
    sessions: Sessions,
    previous: Sessions,
    listing: Listing,
    accounts: Vec<Account>,
    orders: Vec<Order>,
    executions: Vec<Execution>,
    markets: Vec<Market>,
    /// Instruments with open orders.
    active: BTreeSet<InstrumentIx>,
    /// Open orders that end by themselves.
    expiring: BTreeSet<(Timestamp, OrderIx)>,
    events: Vec<Event>,
}

impl Exchange {
    /// An exchange without orders.
    pub(crate) fn new(seed: u64, start: Timestamp, hours: Hours) -> Self {
        let day = calendar::day_of(start);
        let listing = Listing::new(start);
        let accounts = (0..).zip(ACCOUNTS);
        Self {
            seed,
            now: start,
            day,
            midnight: calendar::end_of(day),
            sessions: Sessions::next(start, hours),
            previous: Sessions::previous(start, hours),
            markets: listing.all().iter().map(|_| Market::default()).collect(),
            listing,
            accounts: accounts.map(|(ix, opening)| Account::new(AccountIx(ix), opening, day)).collect(),
            orders: Vec::new(),
            executions: Vec::new(),
            active: BTreeSet::new(),
            expiring: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    /// The time up to which it knows what happened.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The day that it is in New York.
    pub(crate) const fn day(&self) -> Date {
        self.day
    }

    /// The trading day that has not ended yet: today or a later day.
    pub(crate) const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The session that is on.
    pub(crate) fn session(&self) -> Option<Session> {
        self.sessions.at(self.now)
    }

    /// What can be traded.
    pub(crate) const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// All accounts.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// An account.
    pub(crate) fn account(&self, ix: AccountIx) -> &Account {
        &self.accounts[usize::from(ix.0)]
    }

    fn account_mut(&mut self, ix: AccountIx) -> &mut Account {
        &mut self.accounts[usize::from(ix.0)]
    }

    /// An account by its number.
    pub(crate) fn account_by_number(&self, number: i64) -> Option<&Account> {
        self.accounts.iter().find(|account| account.opening.number == number)
    }

    /// Limits the value of an account's orders, or ends the limit.
    pub(crate) fn limit_notional(&mut self, ix: AccountIx, limit: Option<Money>) {
        self.account_mut(ix).max_notional = limit;
    }

    /// An order.
    pub(crate) fn order(&self, ix: OrderIx) -> &Order {
        &self.orders[ix.0 as usize]
    }

    /// A fill.
    pub(crate) fn execution(&self, ix: ExecutionIx) -> &Execution {
        &self.executions[ix.0 as usize]
    }

    /// What is known of an instrument.
    pub(crate) fn instrument(&self, ix: InstrumentIx) -> &Instrument {
        self.listing.get(ix)
    }

    fn market(&self, ix: InstrumentIx) -> &Market {
        &self.markets[usize::from(ix.0)]
    }

    fn market_mut(&mut self, ix: InstrumentIx) -> &mut Market {
        &mut self.markets[usize::from(ix.0)]
    }

    /// What happened since this was asked last.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn tell_buying_power(&mut self, ix: AccountIx) {
        let account = self.account(ix);
        let amount = account.buying_power(&self.worth(account));
        self.events.push(Event::BuyingPower(ix, amount));
    }
}
