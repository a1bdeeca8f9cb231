//! An order and the states that it can be in.

use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::amount::{Money, Price, Quantity};
use super::index::{AccountIx, ExecutionIx, InstrumentIx, OrderIx};

/// Direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Side {
    Buy,
    Sell,
    SellShort,
}

impl Side {
    /// Whether it buys.
    pub(crate) const fn is_buy(self) -> bool {
        matches!(self, Self::Buy)
    }

    /// As both APIs call it, but for how they write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
            Self::SellShort => "SELL_SHORT",
        }
    }

    /// A quantity as it changes a position.
    pub(crate) fn signed(self, quantity: Quantity) -> Quantity {
        if self.is_buy() { quantity } else { -quantity }
    }
}

/// How an order is priced and triggered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Pricing {
    Market,
    Limit { limit: Price },
    Stop { stop: Price },
    StopLimit { stop: Price, limit: Price },
    Trailing { offset: Offset, limit_offset: Option<i64> },
}

/// How far a trailing stop is behind the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Offset {
    /// By a price.
    Price(Price),
    /// By ten-thousandths of the price.
    BasisPoints(u32),
}

impl Offset {
    /// In ten-thousandths of a dollar, from this price.
    pub(crate) fn units(self, from: Price) -> i64 {
        match self {
            Self::Price(price) => price.units(),
            // A watermark times a number of 32 bits fits.
            Self::BasisPoints(points) => (i128::from(from.units()) * i128::from(points) / 10_000) as i64,
        }
    }
}

/// How long an order stays in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum TimeInForce {
    Day,
    /// Until the end of the session after the regular one.
    DayPlus,
    GoodTillCancel,
    GoodTillDate(Timestamp),
    ImmediateOrCancel,
    FillOrKill,
    AtTheOpening,
    AtTheClose,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Terms {
    /// What to trade.
    pub(crate) instrument: InstrumentIx,
    /// Whether to buy or to sell it.
    pub(crate) side: Side,
    /// How much of it.
    pub(crate) quantity: Quantity,
    /// At which prices.
    pub(crate) pricing: Pricing,
    /// For how long.
    pub(crate) time_in_force: TimeInForce,
    /// Whether it may trade outside of regular hours.
    pub(crate) extended_hours: bool,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Status {
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    Rejected,
    Expired,
}

impl Status {
    /// Every change that there is. An order begins as new or as rejected.
    pub(crate) const fn may_become(self, next: Self) -> bool {
        use Status::{Canceled, Expired, Filled, New, PartiallyFilled};
        match self {
            New => matches!(next, New | PartiallyFilled | Filled | Canceled | Expired),
            PartiallyFilled => matches!(next, PartiallyFilled | Filled | Canceled | Expired),
            Filled | Canceled | Self::Rejected | Expired => false,
        }
    }

    /// Whether an order in it can still fill.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }

    /// As both APIs call it, but for how they write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Canceled => "CANCELED",
            Self::Rejected => "REJECTED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// What changed an order last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Reason {
    Place,
    Modify,
    Cancel,
    ExecutionReport,
    Reject,
}

/// An order as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Its place in the exchange.
    pub(crate) ix: OrderIx,
    /// Whose it is.
    pub(crate) account: AccountIx,
    /// What is wanted, as last changed.
    pub(crate) terms: Terms,
    /// The caller's own identifier.
    pub(crate) key: Option<Arc<str>>,
    /// Where it is in its life.
    pub(crate) status: Status,
    /// What changed it last.
    pub(crate) reason: Reason,
    /// Grows with every change.
    pub(crate) version: u32,
    /// How much of it is filled.
    pub(crate) filled: Quantity,
    /// What its fills cost or brought, per share of the underlying.
    pub(crate) turnover: Money,
    /// Whether its stop was reached.
    pub(crate) triggered: bool,
    /// Where the stop of a trailing order stands.
    pub(crate) trail: Option<Trail>,
    /// Position in the instrument when it last changed.
    pub(crate) running_position: Quantity,
    /// Why it was refused or ended.
    pub(crate) note: Option<&'static str>,
    /// When it was placed.
    pub(crate) created: Timestamp,
    /// When it last changed.
    pub(crate) updated: Timestamp,
    /// What the caller said that means nothing to the exchange, to be answered as it was.
    pub(crate) echo: Arc<Map<String, Value>>,
    /// When it ends by itself.
    pub(super) expires: Option<Timestamp>,
    /// How much of its quantity opens a position; the rest closes one.
    pub(super) opening: Quantity,
    /// Buying power that it holds for each unit that opens a position.
    pub(super) unit: Price,
    /// Tells whether another order under the same key is the same.
    pub(super) fingerprint: u64,
}

/// Where the stop of a trailing order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trail {
    /// Best price since it was placed.
    pub(crate) watermark: Price,
    /// When that was.
    pub(crate) since: Timestamp,
    /// Price that triggers it.
    pub(crate) stop: Price,
    /// Its limit once it is triggered.
    pub(crate) limit: Option<Price>,
}

impl Trail {
    /// Where a trailing stop is for the best price so far; none if the order has no such stop.
    pub(super) fn new(terms: &Terms, watermark: Price, since: Timestamp) -> Option<Self> {
        let Pricing::Trailing { offset, limit_offset } = terms.pricing else { return None };
        let distance = offset.units(watermark);
        let distance = if terms.side.is_buy() { distance } else { -distance };
        let stop = watermark.plus(distance).max(Price::CENT);
        let limit = limit_offset.map(|beyond| stop.plus(beyond).max(Price::CENT));
        Some(Self { watermark, since, stop, limit })
    }
}

/// What an order becomes, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) status: Status,
    pub(super) reason: Reason,
}

/// What an open order keeps others from using.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claim {
    pub(crate) money: Money,
    pub(crate) selling: Quantity,
    pub(crate) covering: Quantity,
}

impl Order {
    /// What is still to be filled.
    pub(crate) fn leaves(&self) -> Quantity {
        if self.status.is_open() { self.terms.quantity.less(self.filled) } else { Quantity::ZERO }
    }

    /// The limit that holds now, if there is one.
    pub(crate) fn limit(&self) -> Option<Price> {
        match self.terms.pricing {
            Pricing::Limit { limit } | Pricing::StopLimit { limit, .. } => Some(limit),
            Pricing::Trailing { .. } => self.trail.and_then(|trail| trail.limit),
            Pricing::Market | Pricing::Stop { .. } => None,
        }
    }

    /// Average price of what it filled.
    pub(crate) fn average_price(&self) -> Option<Decimal> {
        self.turnover.per(self.filled, 1)
    }

    /// Whether its limit allows a price.
    pub(super) fn accepts(&self, price: Price) -> bool {
        let is_buy = self.terms.side.is_buy();
        self.limit().is_none_or(|limit| if is_buy { price <= limit } else { price >= limit })
    }

    /// The stop that it was given.
    pub(crate) const fn stop(&self) -> Option<Price> {
        match self.terms.pricing {
            Pricing::Stop { stop } | Pricing::StopLimit { stop, .. } => Some(stop),
            Pricing::Market | Pricing::Limit { .. } | Pricing::Trailing { .. } => None,
        }
    }

    /// The stop that it waits for, if it was not reached yet.
    pub(super) fn awaited_stop(&self) -> Option<Price> {
        let stop = self.stop().or(self.trail.map(|trail| trail.stop));
        stop.filter(|_| !self.triggered)
    }

    pub(super) fn claim(&self, multiplier: i64) -> Claim {
        let leaves = self.leaves();
        let closing = leaves.less(self.opening);
        Claim {
            money: self.unit.times(leaves - closing, multiplier),
            selling: if self.terms.side == Side::Sell { leaves } else { Quantity::ZERO },
            covering: if self.terms.side.is_buy() { closing } else { Quantity::ZERO },
        }
    }
}

/// One fill of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Execution {
    /// Its place among all executions.
    pub(crate) ix: ExecutionIx,
    /// The order that it filled.
    pub(crate) order: OrderIx,
    /// Whose order that was.
    pub(crate) account: AccountIx,
    /// What was traded.
    pub(crate) instrument: InstrumentIx,
    /// Whether it was bought or sold.
    pub(crate) side: Side,
    /// How much.
    pub(crate) quantity: Quantity,
    /// For how much per share or contract.
    pub(crate) price: Price,
    /// When it happened.
    pub(crate) time: Timestamp,
    /// Position in the instrument after it.
    pub(crate) running_position: Quantity,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_stays_done() {
        let all = [
            Status::New,
            Status::PartiallyFilled,
            Status::Filled,
            Status::Canceled,
            Status::Rejected,
            Status::Expired,
        ];
        for from in all {
            for to in all {
                assert!(from.is_open() || !from.may_become(to), "{from:?} to {to:?}");
                assert!(to != Status::Rejected || !from.may_become(to), "{from:?} to {to:?}");
            }
        }
        assert!(!Status::PartiallyFilled.may_become(Status::New));
    }
}
