//! Enums and ids.

use crate::Unrecognized;
use crate::models::{id, text_enum};

/// Direction of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub(crate) enum Side {
    /// Buys.
    Buy,
    /// Sells.
    Sell,
    /// A value that this version of the crate does not know.
    Unrecognized(Unrecognized),
}

text_enum! { Side { Buy: "BUY", Sell: "SELL" } or Unrecognized }

/// Kind of an order. Closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OrderType {
    /// At any price.
    Market,
    /// At a price or better.
    Limit,
}

text_enum! { OrderType { Market: "MARKET", Limit: "LIMIT" } }

/// Number of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountId(pub(crate) i64);

id! { AccountId(i64) }

/// Identifier of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OrderId(pub(crate) String);

id! { OrderId(String) }
