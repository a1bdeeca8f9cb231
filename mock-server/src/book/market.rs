//! The open orders of one instrument, by what they wait for.
//!
//! A tick looks only at orders that the price has reached, and at trailing stops, which it moves.

use std::collections::BTreeSet;

use super::amount::{Price, Quantity};
use super::order::{Order, OrderIx, TimeInForce};

/// What can be traded for how much, and how much of it within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Price at which one can sell.
    pub bid: Price,
    /// Price at which one can buy.
    pub ask: Price,
    /// The price between them, at which positions are valued.
    pub last: Price,
    /// How much can be bought, and how much be sold, within the second.
    pub size: Quantity,
}

/// Orders by the price that they wait for, the one that is reached first at the front; of two with the
/// same price the older one.
#[derive(Debug, Default)]
struct Ladder(BTreeSet<(i64, OrderIx)>);

impl Ladder {
    fn reached(&self, reach: i64) -> Option<(i64, OrderIx)> {
        self.0.first().copied().filter(|(price, _)| *price <= reach)
    }
}

/// Where an open order is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Opening,
    Closing,
    Stop(i64),
    Book(i64),
}

/// The open orders of one direction.
#[derive(Debug, Default)]
struct Half {
    /// What can trade at its limit; by whether it trades in regular hours only.
    regular: Ladder,
    extended: Ladder,
    /// What waits for its stop, alike.
    regular_stops: Ladder,
    extended_stops: Ladder,
    /// What was traded in this second.
    taken: Quantity,
}

/// The open orders of one instrument.
#[derive(Debug, Default)]
pub(super) struct Market {
    buys: Half,
    sells: Half,
    /// Orders for the auctions at which the market opens and closes.
    opening: BTreeSet<OrderIx>,
    closing: BTreeSet<OrderIx>,
    /// Orders whose stop follows the price.
    trailing: BTreeSet<OrderIx>,
    second: i64,
    open: usize,
}

/// An auction of a trading day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auction {
    Opening,
    Closing,
}

/// Prices grow towards what is reached later: down for who buys, up for who sells.
fn towards(is_buy: bool, price: Price) -> i64 {
    if is_buy { -price.units() } else { price.units() }
}

fn place(order: &Order) -> Place {
    let is_buy = order.terms.side.is_buy();
    match (order.terms.time_in_force, order.awaited_stop()) {
        (TimeInForce::AtTheOpening, _) => Place::Opening,
        (TimeInForce::AtTheClose, _) => Place::Closing,
        // Who waits for a stop waits for the market to move the other way.
        (_, Some(stop)) => Place::Stop(towards(!is_buy, stop)),
        (_, None) => Place::Book(order.limit().map_or(i64::MIN, |limit| towards(is_buy, limit))),
    }
}

/// Whether it may trade outside of regular hours.
fn is_extended(order: &Order) -> bool {
    order.terms.extended_hours || order.terms.time_in_force == TimeInForce::DayPlus
}

impl Market {
    pub(super) fn is_idle(&self) -> bool {
        self.open == 0
    }

    pub(super) fn insert(&mut self, order: &Order) {
        self.open += 1;
        if order.trail.is_some() && !order.triggered {
            self.trailing.insert(order.ix);
        }
        match place(order) {
            Place::Opening => self.opening.insert(order.ix),
            Place::Closing => self.closing.insert(order.ix),
            Place::Stop(price) => self.ladder(order, true).0.insert((price, order.ix)),
            Place::Book(price) => self.ladder(order, false).0.insert((price, order.ix)),
        };
    }

    /// Takes an order out, as it was when it was put in.
    pub(super) fn remove(&mut self, order: &Order) {
        self.open = self.open.saturating_sub(1);
        self.trailing.remove(&order.ix);
        match place(order) {
            Place::Opening => self.opening.remove(&order.ix),
            Place::Closing => self.closing.remove(&order.ix),
            Place::Stop(price) => self.ladder(order, true).0.remove(&(price, order.ix)),
            Place::Book(price) => self.ladder(order, false).0.remove(&(price, order.ix)),
        };
    }

    fn ladder(&mut self, order: &Order, is_stop: bool) -> &mut Ladder {
        let half = if order.terms.side.is_buy() { &mut self.buys } else { &mut self.sells };
        match (is_stop, is_extended(order)) {
            (false, false) => &mut half.regular,
            (false, true) => &mut half.extended,
            (true, false) => &mut half.regular_stops,
            (true, true) => &mut half.extended_stops,
        }
    }

    const fn half(&self, is_buy: bool) -> &Half {
        if is_buy { &self.buys } else { &self.sells }
    }

    /// The order that trades next at a quote.
    pub(super) fn next_trade(&self, is_buy: bool, quote: &Quote, is_regular: bool) -> Option<OrderIx> {
        let half = self.half(is_buy);
        let reach = if is_buy { towards(true, quote.ask) } else { towards(false, quote.bid) };
        let regular = half.regular.reached(reach).filter(|_| is_regular);
        first(regular, half.extended.reached(reach))
    }

    /// An order whose stop is reached at a quote.
    pub(super) fn next_stop(&self, is_buy: bool, quote: &Quote, is_regular: bool) -> Option<OrderIx> {
        let half = self.half(is_buy);
        let reach = towards(!is_buy, quote.last);
        let regular = half.regular_stops.reached(reach).filter(|_| is_regular);
        first(regular, half.extended_stops.reached(reach))
    }

    pub(super) fn auction(&self, auction: Auction) -> Vec<OrderIx> {
        let orders = if auction == Auction::Opening { &self.opening } else { &self.closing };
        orders.iter().copied().collect()
    }

    pub(super) fn trailing(&self) -> Vec<OrderIx> {
        self.trailing.iter().copied().collect()
    }

    /// How much of what is quoted for a second nobody took yet.
    pub(super) fn left(&mut self, is_buy: bool, quote: &Quote, second: i64) -> Quantity {
        if self.second != second {
            self.second = second;
            (self.buys.taken, self.sells.taken) = Default::default();
        }
        quote.size.less(self.half(is_buy).taken)
    }

    pub(super) fn take(&mut self, is_buy: bool, quantity: Quantity) {
        let half = if is_buy { &mut self.buys } else { &mut self.sells };
        half.taken += quantity;
    }
}

/// The one that is ahead of the other.
fn first(one: Option<(i64, OrderIx)>, other: Option<(i64, OrderIx)>) -> Option<OrderIx> {
    one.into_iter().chain(other).min().map(|(_, order)| order)
}
