//! Accounts, orders, fills and what follows from them, without input or output.
//!
//! A [`Book`] is told what is wanted and what time it is, and nothing else: with the same seed the same
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

pub mod account;
pub mod amount;
pub mod calendar;
mod chance;
mod entry;
pub mod identity;
pub mod listing;
pub mod market;
mod matching;
pub mod order;
mod path;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use self::account::{Account, AccountIx, Opening, Position};
use self::amount::Money;
use self::calendar::{Hours, Session, Sessions};
pub use self::entry::{KeyTaken, Unchanged};
use self::identity::Identities;
use self::listing::{Instrument, InstrumentIx, Listing};
use self::market::Market;
use self::order::{Execution, Order, OrderIx};
pub use self::view::{DayFigures, PositionView};

/// What a book begins with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides all that looks like chance.
    pub seed: u64,
    /// When it begins.
    pub start: Timestamp,
    /// When its market is open.
    pub hours: Hours,
    /// The accounts that there are.
    pub accounts: Vec<Opening>,
}

impl Settings {
    /// An account on margin, one for cash and one with little of it.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let account = |number, name: &str, dollars, multiplier| {
            let name = name.to_owned();
            Opening { number, name, dollars, multiplier }
        };
        let accounts = vec![
            account(100_000, "Main Margin", 1_000_000, 2),
            account(100_001, "Retirement Cash", 250_000, 1),
            account(100_002, "Small Cash", 1_000, 1),
        ];
        Self { seed, start, hours: Hours::Exchange, accounts }
    }
}

/// What happened in a book.
#[derive(Clone, Debug)]
pub enum Event {
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
pub struct Book {
    seed: u64,
    now: Timestamp,
    started: Timestamp,
    day: Date,
    midnight: Timestamp,
    /// The trading day that has not ended yet, and the one before it.
    sessions: Sessions,
    previous: Sessions,
    listing: Listing,
    identities: Identities,
    accounts: Vec<Account>,
    by_number: HashMap<i64, AccountIx>,
    orders: Vec<Order>,
    executions: Vec<Execution>,
    markets: Vec<Market>,
    /// Instruments with open orders.
    active: BTreeSet<InstrumentIx>,
    /// Open orders that end by themselves.
    expiring: BTreeSet<(Timestamp, OrderIx)>,
    events: Vec<Event>,
}

impl Book {
    /// A book without orders.
    pub fn new(settings: Settings) -> Self {
        let Settings { seed, start, hours, accounts } = settings;
        let day = calendar::day_of(start);
        let listing = Listing::new(start);
        let places = (0..u16::MAX).map(AccountIx);
        let accounts: Vec<Account> =
            places.zip(accounts).map(|(ix, opening)| Account::new(ix, opening, day)).collect();
        Self {
            seed,
            now: start,
            started: start,
            day,
            midnight: calendar::midnight_after(start),
            sessions: Sessions::next(start, hours),
            previous: Sessions::previous(start, hours),
            markets: listing.all().iter().map(|_| Market::default()).collect(),
            listing,
            identities: Identities::new(seed),
            by_number: accounts.iter().map(|account| (account.opening.number, account.ix)).collect(),
            accounts,
            orders: Vec::new(),
            executions: Vec::new(),
            active: BTreeSet::new(),
            expiring: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    /// The time up to which it knows what happened.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// When it began.
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// The day that it is in New York.
    pub const fn day(&self) -> Date {
        self.day
    }

    /// The trading day that has not ended yet: today or a later day.
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The session that is on.
    pub fn session(&self) -> Option<Session> {
        self.sessions.at(self.now)
    }

    /// Names of orders, fills and instruments.
    pub const fn identities(&self) -> &Identities {
        &self.identities
    }

    /// What can be traded.
    pub const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// All accounts.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// An account.
    pub fn account(&self, ix: AccountIx) -> Option<&Account> {
        self.accounts.get(usize::from(ix.0))
    }

    /// An account by its number.
    pub fn account_by_number(&self, number: i64) -> Option<&Account> {
        self.account(*self.by_number.get(&number)?)
    }

    /// Limits the value of an account's orders, or ends the limit.
    pub fn limit_notional(&mut self, ix: AccountIx, limit: Option<Money>) {
        if let Some(account) = self.accounts.get_mut(usize::from(ix.0)) {
            account.max_notional = limit;
        }
    }

    /// An order.
    pub fn order(&self, ix: OrderIx) -> Option<&Order> {
        self.orders.get(usize::try_from(ix.0).ok()?)
    }

    /// A fill.
    pub fn execution(&self, ix: u32) -> Option<&Execution> {
        self.executions.get(usize::try_from(ix).ok()?)
    }

    /// What is known of an instrument.
    pub fn instrument(&self, ix: InstrumentIx) -> Option<&Instrument> {
        self.listing.get(ix)
    }

    /// What happened since this was asked last.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn tell_buying_power(&mut self, account: AccountIx) {
        if let Some(account) = self.account(account) {
            let amount = account.buying_power(&self.worth(account));
            self.events.push(Event::BuyingPower(account.ix, amount));
        }
    }
}
