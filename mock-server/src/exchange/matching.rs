//! Time going on, and what it does to open orders.

use jiff::Timestamp;

use super::amount::{Price, Quantity};
use super::calendar::{self, Kind, Session, Sessions};
use super::index::{ExecutionIx, InstrumentIx, OrderIx};
use super::market::{Auction, Quote};
use super::order::{Change, Claim, Execution, Order, Reason, Side, Status, TimeInForce, Trail};
use super::{Event, Exchange};

impl Exchange {
    /// Lets time go on, with all that happens until then. The same whether in one step or in many.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        while let Some(next) = self.next_step().filter(|next| *next <= to) {
            self.now = next;
            self.step();
        }
        self.now = self.now.max(to);
    }

    /// The next time at which something may happen by itself.
    fn next_step(&self) -> Option<Timestamp> {
        let Sessions { begin, open, close, end, .. } = self.sessions;
        let is_quiet = self.active.is_empty() || self.session().is_none();
        let tick = Timestamp::from_second(self.now.as_second() + 1).ok();
        let expiry = self.expiring.first().map(|(time, _)| *time);
        let boundaries = [begin, open, close, end, self.midnight];
        let boundaries = boundaries.into_iter().filter(|time| *time > self.now);
        boundaries.chain(tick.filter(|_| !is_quiet)).chain(expiry).min()
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
        while let Some((_, ix)) = self.expiring.first().copied().filter(|(time, _)| *time <= self.now) {
            let change = Change { status: Status::Expired, reason: Reason::ExecutionReport };
            self.change(ix, change, |order| order.note = Some("its time in force is over"));
        }
        if self.now >= self.midnight {
            self.turn_day();
        }
        for instrument in self.active.clone() {
            self.trade(instrument);
        }
    }

    fn turn_day(&mut self) {
        let is_trading_day = Kind::of(self.day, self.sessions.hours).trades();
        self.day = calendar::day_of(self.now);
        self.midnight = calendar::end_of(self.day);
        let worths: Vec<_> = self.accounts.iter().map(|account| self.worth(account)).collect();
        for (account, worth) in self.accounts.iter_mut().zip(worths) {
            account.turn(&worth, is_trading_day, self.day);
        }
        self.events.push(Event::NewDay);
    }

    /// Fills what takes part in an auction, in whole.
    fn hold(&mut self, auction: Auction) {
        for instrument in self.active.clone() {
            let last = self.quote(instrument).last;
            for ix in self.market(instrument).auction(auction) {
                let order = self.order(ix);
                if order.expires == Some(self.now) && order.accepts(last) {
                    let quantity = self.deliverable(order);
                    self.fill(ix, quantity, last);
                }
            }
        }
    }

    /// Fills what the present quote reaches.
    pub(super) fn trade(&mut self, instrument: InstrumentIx) {
        let Some(session) = self.session() else { return };
        let is_regular = session == Session::Regular;
        let (quote, second) = (self.quote(instrument), self.second());
        self.follow(instrument, &quote);
        for is_buy in [true, false] {
            while let Some(ix) = self.market(instrument).next_stop(is_buy, &quote, is_regular) {
                let change = Change { status: self.order(ix).status, reason: Reason::ExecutionReport };
                self.change(ix, change, |order| order.triggered = true);
            }
        }
        for is_buy in [true, false] {
            loop {
                let left = self.market_mut(instrument).left(is_buy, &quote, second);
                let next = self.market(instrument).next_trade(is_buy, &quote, is_regular);
                let Some(ix) = next.filter(|_| !left.is_zero()) else { break };
                let quantity = left.min(self.deliverable(self.order(ix)));
                self.market_mut(instrument).take(is_buy, quantity);
                self.fill(ix, quantity, quote.for_side(is_buy));
            }
        }
    }

    /// Moves trailing stops behind the price.
    fn follow(&mut self, instrument: InstrumentIx, quote: &Quote) {
        for ix in self.market(instrument).trailing() {
            let order = self.order(ix);
            let is_better = order.trail.is_some_and(|trail| {
                if order.terms.side.is_buy() {
                    quote.last < trail.watermark
                } else {
                    quote.last > trail.watermark
                }
            });
            if is_better {
                let trail = Trail::new(&order.terms, quote.last, self.now);
                self.reshape(ix, |order| order.trail = trail);
            }
        }
    }

    /// Puts a new order where it belongs, and fills what can be filled at once.
    pub(super) fn enter(&mut self, mut order: Order) {
        let (ix, terms) = (order.ix, order.terms);
        let account = self.account_mut(order.account);
        account.orders.push(ix);
        if let Some(key) = &order.key {
            account.keys.insert(key.clone(), ix);
        }
        order.running_position = account.position(terms.instrument).quantity;
        self.orders.push(order.clone());
        self.events.push(Event::Order(Box::new(order.clone())));
        if !order.status.is_open() {
            return;
        }
        self.shelve(&order);
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
        let is_buy = order.terms.side.is_buy();
        let (quote, second) = (self.quote(order.terms.instrument), self.second());
        let left = self.market_mut(order.terms.instrument).left(is_buy, &quote, second);
        order.accepts(quote.for_side(is_buy)) && order.awaited_stop().is_none() && left >= order.leaves()
    }

    /// How much of an order can be filled: of a sale no more than is held, because another order may have
    /// sold it in the meantime.
    fn deliverable(&self, order: &Order) -> Quantity {
        let held = self.account(order.account).position(order.terms.instrument).quantity;
        match order.terms.side {
            Side::Sell => order.leaves().min(held.max(Quantity::ZERO)),
            Side::Buy | Side::SellShort => order.leaves(),
        }
    }

    /// Fills an order; ends it if there is nothing to fill it with.
    fn fill(&mut self, ix: OrderIx, quantity: Quantity, price: Price) {
        if quantity.is_zero() {
            let change = Change { status: Status::Canceled, reason: Reason::ExecutionReport };
            self.change(ix, change, |order| order.note = Some("nothing is left to sell"));
            return;
        }
        let (order, time) = (self.order(ix), self.now);
        let Order { account, terms, .. } = *order;
        let is_whole = order.filled + quantity >= terms.quantity;
        let status = if is_whole { Status::Filled } else { Status::PartiallyFilled };
        let multiplier = self.instrument(terms.instrument).multiplier();
        let mut execution = Execution {
            ix: ExecutionIx(self.executions.len() as u32),
            order: ix,
            account,
            instrument: terms.instrument,
            side: terms.side,
            quantity,
            price,
            time,
            running_position: Quantity::ZERO,
        };
        let holder = self.account_mut(account);
        execution.running_position = holder.apply(&execution, multiplier);
        holder.executions.push(execution.ix);
        self.executions.push(execution);
        self.events.push(Event::Execution(execution));
        self.change(ix, Change { status, reason: Reason::ExecutionReport }, |order| {
            order.filled += quantity;
            order.turnover += price.times(quantity, 1);
        });
        let position = self.account(account).position(terms.instrument);
        self.events.push(Event::Position(account, terms.instrument, position));
    }

    /// The one way in which an order changes: by the table of [`Status`], together with all that is
    /// kept about it. Whether it did.
    pub(super) fn change(&mut self, ix: OrderIx, change: Change, edit: impl FnOnce(&mut Order)) -> bool {
        let order = self.order(ix);
        if !order.status.may_become(change.status) {
            return false;
        }
        let account = order.account;
        let running_position = self.account(account).position(order.terms.instrument).quantity;
        let now = self.now;
        self.reshape(ix, |order| {
            (order.status, order.reason) = (change.status, change.reason);
            order.version += 1;
            order.updated = now;
            order.running_position = running_position;
            edit(order);
        });
        self.events.push(Event::Order(Box::new(self.order(ix).clone())));
        self.tell_buying_power(account);
        true
    }

    /// Edits an order, and keeps it where it belongs.
    fn reshape(&mut self, ix: OrderIx, edit: impl FnOnce(&mut Order)) {
        let mut order = self.order(ix).clone();
        self.unshelve(&order);
        edit(&mut order);
        if order.status.is_open() {
            self.shelve(&order);
        }
        self.orders[ix.0 as usize] = order;
    }

    fn shelve(&mut self, order: &Order) {
        let instrument = order.terms.instrument;
        self.market_mut(instrument).insert(order);
        self.active.insert(instrument);
        self.expiring.extend(order.expires.map(|time| (time, order.ix)));
        self.account_mut(order.account).open.insert(order.ix);
        self.reclaim(order);
    }

    fn unshelve(&mut self, order: &Order) {
        let instrument = order.terms.instrument;
        let market = self.market_mut(instrument);
        market.remove(order);
        if market.is_idle() {
            self.active.remove(&instrument);
        }
        if let Some(time) = order.expires {
            self.expiring.remove(&(time, order.ix));
        }
        self.account_mut(order.account).open.remove(&order.ix);
        self.release(order);
    }

    /// Takes back what an order keeps others from using.
    pub(super) fn release(&mut self, order: &Order) {
        let claim = order.claim(self.instrument(order.terms.instrument).multiplier());
        self.account_mut(order.account).reclaim(order.terms.instrument, claim, Claim::default());
    }

    /// Keeps others from using what an order will need.
    pub(super) fn reclaim(&mut self, order: &Order) {
        let claim = order.claim(self.instrument(order.terms.instrument).multiplier());
        self.account_mut(order.account).reclaim(order.terms.instrument, Claim::default(), claim);
    }
}
