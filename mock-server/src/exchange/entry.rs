//! Placing, replacing and cancelling orders.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Exchange;
use super::account::Account;
use super::amount::{Money, Price, Quantity};
use super::calendar::{Session, Sessions};
use super::index::{AccountIx, OrderIx};
use super::listing::Instrument;
use super::market::Quote;
use super::order::{Change, Order, Pricing, Reason, Side, Status, Terms, TimeInForce, Trail};

/// The key of a new order names another order already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyTaken(pub(crate) OrderIx);

/// Why an order was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unchanged {
    /// It cannot fill any more, or never was.
    NotOpen,
    /// The rules are against it.
    Refused(&'static str),
}

/// What an order would hold back, if it is accepted.
struct Need {
    opening: Quantity,
    unit: Price,
}

impl Exchange {
    /// Places an order, which is new or rejected then and may be filled at once.
    ///
    /// # Errors
    ///
    /// If the key names another order of the account. If it names this one, that is answered.
    pub(crate) fn submit(
        &mut self,
        account: AccountIx,
        terms: Terms,
        key: Option<&str>,
        echo: Arc<Map<String, Value>>,
    ) -> Result<OrderIx, KeyTaken> {
        let fingerprint = fingerprint(&terms);
        if let Some(known) = key.and_then(|key| self.account(account).order_by_key(key)) {
            let is_same = self.order(known).fingerprint == fingerprint;
            return if is_same { Ok(known) } else { Err(KeyTaken(known)) };
        }
        let ix = OrderIx(self.orders.len() as u32);
        let mut order = Order {
            ix,
            account,
            terms,
            key: key.map(Into::into),
            status: Status::New,
            reason: Reason::Place,
            version: 1,
            filled: Quantity::ZERO,
            turnover: Money::ZERO,
            triggered: false,
            trail: None,
            running_position: Quantity::ZERO,
            note: None,
            created: self.now,
            updated: self.now,
            echo,
            expires: None,
            opening: Quantity::ZERO,
            unit: Price::default(),
            fingerprint,
        };
        match self.check(account, &terms, Money::ZERO) {
            Ok(Need { opening, unit }) => {
                (order.opening, order.unit) = (opening, unit);
                order.expires = self.end_of(&terms);
                order.trail = Trail::new(&terms, self.quote(terms.instrument).last, self.now);
            }
            Err(note) => {
                (order.status, order.reason, order.note) = (Status::Rejected, Reason::Reject, Some(note));
            }
        }
        self.enter(order);
        Ok(ix)
    }

    /// Whether a key names another order of the account than one of these terms.
    pub(crate) fn key_conflict(&self, account: AccountIx, key: &str, terms: &Terms) -> bool {
        let known = self.account(account).order_by_key(key);
        known.is_some_and(|known| self.order(known).fingerprint != fingerprint(terms))
    }

    /// Changes quantity or prices of an open order; what is left out stays.
    ///
    /// # Errors
    ///
    /// If it cannot fill any more, or if the rules are against the change.
    pub(crate) fn replace(
        &mut self,
        ix: OrderIx,
        quantity: Option<Quantity>,
        limit: Option<Price>,
        stop: Option<Price>,
    ) -> Result<(), Unchanged> {
        let before = self.order(ix).clone();
        if !before.status.is_open() {
            return Err(Unchanged::NotOpen);
        }
        let mut terms = before.terms;
        terms.quantity = quantity.unwrap_or(terms.quantity);
        terms.pricing = repriced(terms.pricing, limit, stop).map_err(Unchanged::Refused)?;
        if terms.quantity <= before.filled {
            return Err(Unchanged::Refused("the quantity must be greater than what is filled"));
        }
        // As if it were new, for what is not filled yet, without what it holds now.
        let rest = Terms { quantity: terms.quantity - before.filled, ..terms };
        let held = before.claim(self.instrument(rest.instrument).multiplier()).money;
        self.release(&before);
        let need = self.check(before.account, &rest, held);
        self.reclaim(&before);
        let Need { opening, unit } = need.map_err(Unchanged::Refused)?;
        let change = Change { status: before.status, reason: Reason::Modify };
        self.change(ix, change, |order| {
            (order.terms, order.opening, order.unit) = (terms, opening, unit);
        });
        self.trade(terms.instrument);
        Ok(())
    }

    /// Cancels an open order.
    ///
    /// # Errors
    ///
    /// If it cannot fill any more.
    pub(crate) fn cancel(&mut self, ix: OrderIx) -> Result<(), Unchanged> {
        let change = Change { status: Status::Canceled, reason: Reason::Cancel };
        let is_done = self.change(ix, change, |order| order.note = Some("canceled by the caller"));
        if is_done { Ok(()) } else { Err(Unchanged::NotOpen) }
    }

    /// What an order needs, or why it is refused. What it `held` until now it may go on to hold, even if
    /// the market has used up all buying power.
    fn check(&self, account: AccountIx, terms: &Terms, held: Money) -> Result<Need, &'static str> {
        let (account, instrument) = (self.account(account), self.instrument(terms.instrument));
        if !instrument.is_tradable(self.day) {
            return Err("the instrument cannot be traded");
        }
        if terms.quantity.is_zero() {
            return Err("the quantity must be greater than zero");
        }
        if !terms.quantity.is_whole() && !instrument.is_fractionable() {
            return Err("the instrument is not traded in fractions");
        }
        self.check_time(terms)?;
        let position = account.position(instrument.ix);
        let closing = match terms.side {
            Side::Buy => position.coverable().min(terms.quantity),
            Side::Sell if position.quantity < terms.quantity => return Err("not so much is held"),
            Side::Sell => terms.quantity,
            Side::SellShort if !account.is_margin() => return Err("the account must not sell short"),
            Side::SellShort if !instrument.easy_to_borrow => return Err("the instrument cannot be borrowed"),
            Side::SellShort if position.quantity > Quantity::ZERO => {
                return Err("a long position must be sold before selling short");
            }
            Side::SellShort => Quantity::ZERO,
        };
        let (opening, multiplier) = (terms.quantity - closing, instrument.multiplier());
        let unit = unit(account, instrument, terms, &self.quote(instrument.ix));
        let notional = unit.times(terms.quantity, multiplier);
        if account.max_notional.is_some_and(|limit| notional > limit) {
            return Err("its value is above the limit of the account");
        }
        let money = unit.times(opening, multiplier);
        if money > held && money > account.buying_power(&self.worth(account)) {
            return Err("not enough buying power");
        }
        Ok(Need { opening, unit })
    }

    fn check_time(&self, terms: &Terms) -> Result<(), &'static str> {
        let is_auction = matches!(terms.time_in_force, TimeInForce::AtTheOpening | TimeInForce::AtTheClose);
        let is_plain = matches!(terms.pricing, Pricing::Market | Pricing::Limit { .. });
        match terms.time_in_force {
            TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill if !self.trades_now(terms) => {
                Err("the market is closed")
            }
            TimeInForce::GoodTillDate(end) if end <= self.now => Err("its end has passed"),
            _ if is_auction && !is_plain => Err("an auction takes market and limit orders only"),
            _ => Ok(()),
        }
    }

    /// Whether an order can trade in the session that is on.
    fn trades_now(&self, terms: &Terms) -> bool {
        match self.session() {
            Some(Session::Regular) => true,
            Some(_) => terms.extended_hours,
            None => false,
        }
    }

    /// When an order ends by itself.
    fn end_of(&self, terms: &Terms) -> Option<Timestamp> {
        let today = &self.sessions;
        let next = |at: fn(&Sessions) -> Timestamp| {
            let time = at(today);
            if self.now < time { time } else { at(&today.following()) }
        };
        let end = match terms.time_in_force {
            TimeInForce::Day if terms.extended_hours => Some(today.end),
            TimeInForce::DayPlus => Some(today.end),
            TimeInForce::Day | TimeInForce::AtTheClose => Some(next(|sessions| sessions.close)),
            TimeInForce::AtTheOpening => Some(next(|sessions| sessions.open)),
            TimeInForce::GoodTillDate(end) => Some(end),
            TimeInForce::GoodTillCancel | TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => None,
        };
        let contract = self.instrument(terms.instrument).contract();
        let last = contract.and_then(|contract| Sessions::on(contract.expiry, today.hours));
        end.into_iter().chain(last.map(|sessions| sessions.close)).min()
    }
}

/// Buying power for each unit that opens a position: its price and what the spread costs.
fn unit(account: &Account, instrument: &Instrument, terms: &Terms, quote: &Quote) -> Price {
    let is_buy = terms.side.is_buy();
    let market = if is_buy { quote.ask } else { quote.bid };
    let price = match terms.pricing {
        Pricing::Limit { limit } | Pricing::StopLimit { limit, .. } if is_buy => limit,
        Pricing::Limit { limit } | Pricing::StopLimit { limit, .. } => limit.max(market),
        Pricing::Stop { stop } => stop.max(market),
        Pricing::Market | Pricing::Trailing { .. } => market,
    };
    let spreads = if is_buy { account.multiplier() - 1 } else { account.multiplier() + 1 };
    price.plus(instrument.half_spread() * spreads)
}

fn repriced(pricing: Pricing, limit: Option<Price>, stop: Option<Price>) -> Result<Pricing, &'static str> {
    match pricing {
        Pricing::Limit { limit: old } if stop.is_none() => Ok(Pricing::Limit { limit: limit.unwrap_or(old) }),
        Pricing::Stop { stop: old } if limit.is_none() => Ok(Pricing::Stop { stop: stop.unwrap_or(old) }),
        Pricing::StopLimit { stop: old_stop, limit: old } => {
            Ok(Pricing::StopLimit { stop: stop.unwrap_or(old_stop), limit: limit.unwrap_or(old) })
        }
        pricing if limit.is_none() && stop.is_none() => Ok(pricing),
        _ => Err("an order of its type does not have this price"),
    }
}

/// The same for the same terms.
pub(super) fn fingerprint(terms: &Terms) -> u64 {
    let mut hasher = DefaultHasher::new();
    terms.hash(&mut hasher);
    hasher.finish()
}
