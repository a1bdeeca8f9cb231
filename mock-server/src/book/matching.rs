//! Time going on, and what it does to open orders.

use jiff::Timestamp;

use super::amount::{Price, Quantity};
use super::calendar::{self, Kind, Session, Sessions};
use super::entry;
use super::listing::InstrumentIx;
use super::market::{Auction, Quote};
use super::order::{Claim, Execution, Order, OrderIx, Reason, Side, Status, TimeInForce};
use super::{Book, Event};

/// What an order becomes, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub status: Status,
    pub reason: Reason,
}

impl Book {
    /// Lets time go on, with all that happens until then. The same whether in one step or in many.
    pub fn advance(&mut self, to: Timestamp) {
        while let Some(next) = self.next_stop().filter(|next| *next <= to) {
            self.now = next;
            self.step();
        }
        self.now = self.now.max(to);
    }

    /// The next time at which something may happen by itself.
    fn next_stop(&self) -> Option<Timestamp> {
        let Sessions { begin, open, close, end, .. } = self.sessions;
        let is_quiet = self.active.is_empty() || self.session().is_none();
        let tick = (!is_quiet).then(|| Timestamp::from_second(self.now.as_second() + 1).ok()).flatten();
        let expiry = self.expiring.first().map(|(time, _)| *time);
        let boundaries = [begin, open, close, end, self.midnight];
        boundaries.into_iter().filter(|time| *time > self.now).chain(tick).chain(expiry).min()
    }

    fn step(&mut self) {
        if self.now == self.sessions.close {
            self.hold(Auction::Closing);
        }
        if self.now >= self.sessions.end {
            self.previous = self.sessions;
            self.sessions = self.sessions.following();
        }
        if self.now == self.sessions.open {
            self.hold(Auction::Opening);
        }
        self.expire();
        if self.now >= self.midnight {
            self.turn_day();
        }
        for instrument in self.active.iter().copied().collect::<Vec<_>>() {
            self.trade(instrument);
        }
    }

    fn turn_day(&mut self) {
        let is_trading_day = Kind::of(self.day, self.sessions.hours).trades();
        self.day = calendar::day_of(self.now);
        self.midnight = calendar::midnight_after(self.now);
        let worths: Vec<_> = self.accounts.iter().map(|account| self.worth(account)).collect();
        for (account, worth) in self.accounts.iter_mut().zip(worths) {
            account.turn(&worth, is_trading_day, self.day);
        }
        self.events.push(Event::NewDay);
    }

    fn expire(&mut self) {
        while let Some((time, ix)) = self.expiring.first().copied().filter(|(time, _)| *time <= self.now) {
            let change = Change { status: Status::Expired, reason: Reason::ExecutionReport };
            if !self.change(ix, change, |order| order.note = Some("its time in force is over")) {
                self.expiring.remove(&(time, ix));
            }
        }
    }

    /// Fills what takes part in an auction, in whole.
    fn hold(&mut self, auction: Auction) {
        for instrument in self.active.iter().copied().collect::<Vec<_>>() {
            let Some(last) = self.instrument(instrument).map(|instrument| self.quote(instrument).last) else {
                continue;
            };
            let orders = self.market(instrument).map(|market| market.auction(auction)).unwrap_or_default();
            for ix in orders {
                let Some(order) = self.order(ix).filter(|order| order.expires == Some(self.now)) else {
                    continue;
                };
                let is_within = match order.limit() {
                    Some(limit) if order.terms.side.is_buy() => last <= limit,
                    Some(limit) => last >= limit,
                    None => true,
                };
                if is_within {
                    let quantity = self.deliverable(order);
                    self.fill(ix, quantity, last);
                }
            }
        }
    }

    /// Fills what the present quote reaches.
    pub(super) fn trade(&mut self, instrument: InstrumentIx) {
        let Some(session) = self.session() else { return };
        let Some(quote) = self.instrument(instrument).map(|instrument| self.quote(instrument)) else {
            return;
        };
        let is_regular = session == Session::Regular;
        self.follow(instrument, &quote);
        for is_buy in [true, false] {
            while let Some(ix) =
                self.market(instrument).and_then(|market| market.next_stop(is_buy, &quote, is_regular))
            {
                self.trigger(ix);
            }
        }
        let second = self.second();
        for is_buy in [true, false] {
            while let Some(market) = self.market_mut(instrument) {
                let left = market.left(is_buy, &quote, second);
                let Some(ix) = market.next_trade(is_buy, &quote, is_regular).filter(|_| !left.is_zero())
                else {
                    break;
                };
                let Some(order) = self.order(ix) else { break };
                let quantity = left.min(self.deliverable(order));
                if let Some(market) = self.market_mut(instrument) {
                    market.take(is_buy, quantity);
                }
                self.fill(ix, quantity, if is_buy { quote.ask } else { quote.bid });
            }
        }
    }

    /// Moves trailing stops behind the price.
    fn follow(&mut self, instrument: InstrumentIx, quote: &Quote) {
        let trailing = self.market(instrument).map(|market| market.trailing()).unwrap_or_default();
        for ix in trailing {
            let Some(order) = self.order(ix) else { continue };
            let is_better = order.trail.is_some_and(|trail| {
                if order.terms.side.is_buy() {
                    quote.last < trail.watermark
                } else {
                    quote.last > trail.watermark
                }
            });
            if is_better {
                let trail = entry::trail(&order.terms, quote.last, self.now);
                self.reshape(ix, |order| order.trail = Some(trail));
            }
        }
    }

    fn trigger(&mut self, ix: OrderIx) {
        let Some(status) = self.order(ix).map(|order| order.status) else { return };
        let change = Change { status, reason: Reason::ExecutionReport };
        self.change(ix, change, |order| order.triggered = true);
    }

    /// Puts a new order where it belongs, and fills what can be filled at once.
    pub(super) fn enter(&mut self, mut order: Order) {
        let (ix, terms) = (order.ix, order.terms);
        if let Some(account) = self.accounts.get_mut(usize::from(order.account.0)) {
            account.orders.push(ix);
            if let Some(key) = &order.key {
                account.keys.insert(key.clone(), ix);
            }
            order.running_position = account.position(terms.instrument).quantity;
        }
        self.orders.push(order.clone());
        self.events.push(Event::Order(Box::new(order.clone())));
        if !order.status.is_open() {
            return;
        }
        self.shelve(&order);
        self.reclaim(&order);
        self.tell_buying_power(order.account);
        let is_all_or_nothing = terms.time_in_force == TimeInForce::FillOrKill;
        if !is_all_or_nothing || self.fills_whole(&order) {
            self.trade(terms.instrument);
        }
        if is_all_or_nothing || terms.time_in_force == TimeInForce::ImmediateOrCancel {
            let change = Change { status: Status::Canceled, reason: Reason::ExecutionReport };
            self.change(ix, change, |order| order.note = Some("could not be filled at once"));
        }
    }

    /// Whether the present quote would fill all of an order.
    fn fills_whole(&mut self, order: &Order) -> bool {
        let Some(quote) = self.instrument(order.terms.instrument).map(|instrument| self.quote(instrument))
        else {
            return false;
        };
        let (is_buy, second) = (order.terms.side.is_buy(), self.second());
        let is_reached = match order.limit() {
            Some(limit) if is_buy => quote.ask <= limit,
            Some(limit) => quote.bid >= limit,
            None => true,
        };
        let is_stopped = order.awaited_stop().is_some();
        let market = self.market_mut(order.terms.instrument);
        is_reached
            && !is_stopped
            && market.is_some_and(|market| market.left(is_buy, &quote, second) >= order.leaves())
    }

    /// How much of an order can be filled: of a sale no more than is held, because another order may have
    /// sold it in the meantime.
    fn deliverable(&self, order: &Order) -> Quantity {
        let (leaves, terms) = (order.leaves(), &order.terms);
        match self.account(order.account).map(|account| account.position(terms.instrument).quantity) {
            Some(held) if terms.side == Side::Sell => leaves.min(held.max(Quantity::ZERO)),
            _ => leaves,
        }
    }

    /// Fills an order; ends it if there is nothing to fill it with.
    fn fill(&mut self, ix: OrderIx, quantity: Quantity, price: Price) {
        let Some(order) = self.order(ix) else { return };
        if quantity.is_zero() {
            let change = Change { status: Status::Canceled, reason: Reason::ExecutionReport };
            self.change(ix, change, |order| order.note = Some("nothing is left to sell"));
            return;
        }
        let terms = order.terms;
        let mut execution = Execution {
            ix: u32::try_from(self.executions.len()).unwrap_or(u32::MAX),
            order: ix,
            account: order.account,
            instrument: terms.instrument,
            side: terms.side,
            quantity,
            price,
            time: self.now,
            running_position: Quantity::ZERO,
        };
        let is_whole = order.filled + quantity >= terms.quantity;
        let status = if is_whole { Status::Filled } else { Status::PartiallyFilled };
        let multiplier = self.multiplier(terms.instrument);
        if let Some(account) = self.accounts.get_mut(usize::from(execution.account.0)) {
            execution.running_position = account.book(&execution, multiplier);
            account.executions.push(execution.ix);
        }
        self.executions.push(execution);
        self.events.push(Event::Execution(execution));
        self.change(ix, Change { status, reason: Reason::ExecutionReport }, |order| {
            order.filled += quantity;
            order.turnover += price.times(quantity, 1);
        });
        if let Some(account) = self.account(execution.account) {
            let position = account.position(terms.instrument);
            self.events.push(Event::Position(execution.account, terms.instrument, position));
        }
    }

    /// The one way in which an order changes: by the table of [`Status`], together with all that is
    /// kept about it. Whether it did.
    pub(super) fn change(&mut self, ix: OrderIx, change: Change, edit: impl FnOnce(&mut Order)) -> bool {
        let Some(order) = self.order(ix).filter(|order| order.status.may_become(change.status)) else {
            return false;
        };
        let account = order.account;
        let running = self.account(account).map(|account| account.position(order.terms.instrument).quantity);
        let now = self.now;
        self.reshape(ix, |order| {
            (order.status, order.reason) = (change.status, change.reason);
            order.version = order.version.saturating_add(1);
            order.updated = now;
            order.running_position = running.unwrap_or_default();
            edit(order);
        });
        if let Some(order) = self.order(ix).cloned() {
            self.events.push(Event::Order(Box::new(order)));
        }
        self.tell_buying_power(account);
        true
    }

    /// Edits an order, and keeps it where it belongs.
    fn reshape(&mut self, ix: OrderIx, edit: impl FnOnce(&mut Order)) {
        let Some(before) = self.order(ix).cloned() else { return };
        self.unshelve(&before);
        self.release(&before);
        let mut after = before;
        edit(&mut after);
        if let Some(place) = usize::try_from(ix.0).ok().and_then(|ix| self.orders.get_mut(ix)) {
            place.clone_from(&after);
        }
        if after.status.is_open() {
            self.shelve(&after);
            self.reclaim(&after);
        }
    }

    fn shelve(&mut self, order: &Order) {
        let instrument = order.terms.instrument;
        if let Some(market) = self.market_mut(instrument) {
            market.insert(order);
        }
        self.active.insert(instrument);
        self.expiring.extend(order.expires.map(|time| (time, order.ix)));
        if let Some(account) = self.accounts.get_mut(usize::from(order.account.0)) {
            account.open.insert(order.ix);
        }
    }

    fn unshelve(&mut self, order: &Order) {
        let instrument = order.terms.instrument;
        if let Some(market) = self.market_mut(instrument) {
            market.remove(order);
            if market.is_idle() {
                self.active.remove(&instrument);
            }
        }
        if let Some(time) = order.expires {
            self.expiring.remove(&(time, order.ix));
        }
        if let Some(account) = self.accounts.get_mut(usize::from(order.account.0)) {
            account.open.remove(&order.ix);
        }
    }

    /// Takes back what an order keeps others from using.
    pub(super) fn release(&mut self, order: &Order) {
        let claim = order.claim(self.multiplier(order.terms.instrument));
        if let Some(account) = self.accounts.get_mut(usize::from(order.account.0)) {
            account.reclaim(order.terms.instrument, claim, Claim::default());
        }
    }

    /// Keeps others from using what an order will need.
    pub(super) fn reclaim(&mut self, order: &Order) {
        let claim = order.claim(self.multiplier(order.terms.instrument));
        if let Some(account) = self.accounts.get_mut(usize::from(order.account.0)) {
            account.reclaim(order.terms.instrument, Claim::default(), claim);
        }
    }
}
