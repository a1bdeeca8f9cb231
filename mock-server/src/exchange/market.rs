//! The open orders of one instrument, by what they wait for.
//!
//! A tick looks only at orders that the price has reached, and at trailing stops, which it moves.

use std::collections::BTreeSet;

use super::amount::{Price, Quantity};
use super::index::OrderIx;
use super::order::{Order, TimeInForce};

/// What can be traded for how much, and how much of it within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    /// Price at which one can sell.
    pub(crate) bid: Price,
    /// Price at which one can buy.
    pub(crate) ask: Price,
    /// The price between them, at which positions are valued.
    pub(crate) last: Price,
    /// How much can be bought, and how much be sold, within the second.
    pub(crate) size: Quantity,
}

impl Quote {
    /// The price at which one can buy or sell.
    pub(super) const fn for_side(&self, is_buy: bool) -> Price {
        if is_buy { self.ask } else { self.bid }
    }
}

/// Orders by the price that they wait for, the one that is reached first at the front; of two with the
/// same price the older one.
type Ladder = BTreeSet<(i64, OrderIx)>;

/// The open orders of one direction.
#[derive(Debug, Default)]
struct Half {
    /// What can trade at its limit: in regular hours only, and around them, too.
    ready: [Ladder; 2],
    /// What waits for its stop, alike.
    stops: [Ladder; 2],
    /// What was traded in this second.
    taken: Quantity,
}

/// The open orders of one instrument.
#[derive(Debug, Default)]
pub(super) struct Market {
    /// Sells and buys.
    halves: [Half; 2],
    /// Orders for the auctions at which the market opens and closes.
    opening: Ladder,
    closing: Ladder,
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

/// Prices grow towards what is reached later: down for a buy, up for a sale.
fn towards(is_buy: bool, price: Price) -> i64 {
    if is_buy { -price.units() } else { price.units() }
}

/// The order that is reached first, of those that trade now.
fn first(ladders: &[Ladder; 2], reach: i64, is_regular: bool) -> Option<OrderIx> {
    let trading = ladders.iter().skip(usize::from(!is_regular));
    let reached = trading.filter_map(|ladder| ladder.first()).filter(|(price, _)| *price <= reach);
    reached.min().map(|(_, order)| *order)
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
        let (ladder, price) = self.ladder(order);
        ladder.insert((price, order.ix));
    }

    /// Takes an order out, as it was when it was put in.
    pub(super) fn remove(&mut self, order: &Order) {
        self.open -= 1;
        self.trailing.remove(&order.ix);
        let (ladder, price) = self.ladder(order);
        ladder.remove(&(price, order.ix));
    }

    /// Where an order waits, and for which price.
    fn ladder(&mut self, order: &Order) -> (&mut Ladder, i64) {
        let is_buy = order.terms.side.is_buy();
        let is_extended = order.terms.extended_hours || order.terms.time_in_force == TimeInForce::DayPlus;
        let half = &mut self.halves[usize::from(is_buy)];
        match (order.terms.time_in_force, order.awaited_stop()) {
            (TimeInForce::AtTheOpening, _) => (&mut self.opening, 0),
            (TimeInForce::AtTheClose, _) => (&mut self.closing, 0),
            // What waits for a stop waits for the market to move the other way.
            (_, Some(stop)) => (&mut half.stops[usize::from(is_extended)], towards(!is_buy, stop)),
            (_, None) => {
                let price = order.limit().map_or(i64::MIN, |limit| towards(is_buy, limit));
                (&mut half.ready[usize::from(is_extended)], price)
            }
        }
    }

    /// The order that trades next at a quote.
    pub(super) fn next_trade(&self, is_buy: bool, quote: &Quote, is_regular: bool) -> Option<OrderIx> {
        let reach = towards(is_buy, quote.for_side(is_buy));
        first(&self.halves[usize::from(is_buy)].ready, reach, is_regular)
    }

    /// An order whose stop is reached at a quote.
    pub(super) fn next_stop(&self, is_buy: bool, quote: &Quote, is_regular: bool) -> Option<OrderIx> {
        first(&self.halves[usize::from(is_buy)].stops, towards(!is_buy, quote.last), is_regular)
    }

    pub(super) fn auction(&self, auction: Auction) -> Vec<OrderIx> {
        let orders = if auction == Auction::Opening { &self.opening } else { &self.closing };
        orders.iter().map(|(_, order)| *order).collect()
    }

    pub(super) fn trailing(&self) -> Vec<OrderIx> {
        self.trailing.iter().copied().collect()
    }

    /// How much of what is quoted for a second is not taken yet.
    pub(super) fn left(&mut self, is_buy: bool, quote: &Quote, second: i64) -> Quantity {
        if self.second != second {
            self.second = second;
            self.halves.iter_mut().for_each(|half| half.taken = Quantity::ZERO);
        }
        quote.size.less(self.halves[usize::from(is_buy)].taken)
    }

    pub(super) fn take(&mut self, is_buy: bool, quantity: Quantity) {
        self.halves[usize::from(is_buy)].taken += quantity;
    }
}
