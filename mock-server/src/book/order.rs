//! An order and the states that it can be in.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::account::AccountIx;
use super::amount::{Money, Price, Quantity};
use super::listing::InstrumentIx;

/// Place of an order in the book: those that came later have greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderIx(pub(super) u32);

/// Direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Side {
    Buy,
    Sell,
    SellShort,
}

impl Side {
    /// Whether it buys.
    pub const fn is_buy(self) -> bool {
        matches!(self, Self::Buy)
    }

    /// A quantity as it changes a position.
    pub fn signed(self, quantity: Quantity) -> Quantity {
        if self.is_buy() { quantity } else { -quantity }
    }
}

/// How an order is priced and triggered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Pricing {
    Market,
    Limit { limit: Price },
    Stop { stop: Price },
    StopLimit { stop: Price, limit: Price },
    Trailing { offset: Offset, limit_offset: Option<i64> },
}

/// How far a trailing stop is behind the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    /// By a price.
    Price(Price),
    /// By ten-thousandths of the price.
    BasisPoints(u32),
}

impl Offset {
    /// In ten-thousandths of a dollar, from this price.
    pub fn units(self, from: Price) -> i64 {
        match self {
            Self::Price(price) => price.units(),
            Self::BasisPoints(points) => {
                let units = i128::from(from.units()) * i128::from(points) / 10_000;
                i64::try_from(units).unwrap_or(i64::MAX)
            }
        }
    }
}

/// How long an order stays in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TimeInForce {
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
pub struct Terms {
    /// What to trade.
    pub instrument: InstrumentIx,
    /// Whether to buy or to sell it.
    pub side: Side,
    /// How much of it.
    pub quantity: Quantity,
    /// At which prices.
    pub pricing: Pricing,
    /// For how long.
    pub time_in_force: TimeInForce,
    /// Whether it may trade outside of regular hours.
    pub extended_hours: bool,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Status {
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    Rejected,
    Expired,
}

impl Status {
    /// Every change that there is. An order begins as new or as rejected.
    pub const fn may_become(self, next: Self) -> bool {
        use Status::{Canceled, Expired, Filled, New, PartiallyFilled};
        match self {
            New => matches!(next, New | PartiallyFilled | Filled | Canceled | Expired),
            PartiallyFilled => matches!(next, PartiallyFilled | Filled | Canceled | Expired),
            Filled | Canceled | Self::Rejected | Expired => false,
        }
    }

    /// Whether an order in it can still fill.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }

    /// As both APIs call it, but for how they write it.
    pub const fn name(self) -> &'static str {
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
pub enum Reason {
    Place,
    Modify,
    Cancel,
    ExecutionReport,
    Reject,
}

/// An order as it stands.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its place in the book.
    pub ix: OrderIx,
    /// Whose it is.
    pub account: AccountIx,
    /// What is wanted, as last changed.
    pub terms: Terms,
    /// The caller's own identifier.
    pub key: Option<Arc<str>>,
    /// Where it is in its life.
    pub status: Status,
    /// What changed it last.
    pub reason: Reason,
    /// Grows with every change.
    pub version: u32,
    /// How much of it is filled.
    pub filled: Quantity,
    /// What its fills cost or brought, per share of the underlying.
    pub turnover: Money,
    /// Whether its stop was reached.
    pub triggered: bool,
    /// Where the stop of a trailing order stands.
    pub trail: Option<Trail>,
    /// Position in the instrument when it last changed.
    pub running_position: Quantity,
    /// Why it was refused or ended.
    pub note: Option<&'static str>,
    /// When it was placed.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// What the caller said that means nothing to the book, to be answered as it was.
    pub echo: Option<Arc<Map<String, Value>>>,
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
pub struct Trail {
    /// Best price since it was placed.
    pub watermark: Price,
    /// When that was.
    pub since: Timestamp,
    /// Price that triggers it.
    pub stop: Price,
    /// Its limit once it is triggered.
    pub limit: Option<Price>,
}

/// What an open order keeps others from using.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claim {
    pub money: Money,
    pub selling: Quantity,
    pub covering: Quantity,
}

impl Order {
    /// What is still to be filled.
    pub fn leaves(&self) -> Quantity {
        if self.status.is_open() { self.terms.quantity.less(self.filled) } else { Quantity::ZERO }
    }

    /// The limit that holds now, if there is one.
    pub fn limit(&self) -> Option<Price> {
        match self.terms.pricing {
            Pricing::Limit { limit } | Pricing::StopLimit { limit, .. } => Some(limit),
            Pricing::Trailing { .. } => self.trail.and_then(|trail| trail.limit),
            Pricing::Market | Pricing::Stop { .. } => None,
        }
    }

    /// The stop that it was given.
    pub const fn stop(&self) -> Option<Price> {
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
pub struct Execution {
    /// Its place among all executions.
    pub ix: u32,
    /// The order that it filled.
    pub order: OrderIx,
    /// Whose order that was.
    pub account: AccountIx,
    /// What was traded.
    pub instrument: InstrumentIx,
    /// Whether it was bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// For how much per share or contract.
    pub price: Price,
    /// When it happened.
    pub time: Timestamp,
    /// Position in the instrument after it.
    pub running_position: Quantity,
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
