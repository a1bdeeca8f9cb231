//! Enums and ids.

use crate::Unrecognized;
use crate::record::{Slot, Text, Value, View};

/// Direction of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub(crate) enum Side {
    /// Buys.
    Buy,
    /// Sells.
    Sell,
    /// A value that this version of the crate does not know.
    Unrecognized(Unrecognized),
}

impl Side {
    /// The text on the wire.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
            Self::Unrecognized(value) => value.as_str(),
        }
    }
}

impl Text for Side {
    const NAME: &'static str = "Side";

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "BUY" => Self::Buy,
            "SELL" => Self::Sell,
            _ => Self::Unrecognized(Unrecognized::new(text)),
        })
    }
}

impl Value for Side {
    fn blank() -> Self {
        Self::Buy
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Text(self)
    }

    fn view(&self) -> View<'_> {
        View::Text(self.as_str())
    }
}

/// Kind of an order. Closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OrderType {
    /// At any price.
    Market,
    /// At a price or better.
    Limit,
}

impl OrderType {
    /// The text on the wire.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
        }
    }
}

impl Text for OrderType {
    const NAME: &'static str = "OrderType";

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "MARKET" => Self::Market,
            "LIMIT" => Self::Limit,
            _ => return None,
        })
    }
}

impl Value for OrderType {
    fn blank() -> Self {
        Self::Market
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Text(self)
    }

    fn view(&self) -> View<'_> {
        View::Text(self.as_str())
    }
}

/// Number of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountId(pub(crate) i64);

impl Value for AccountId {
    fn blank() -> Self {
        Self(Value::blank())
    }

    fn slot(&mut self) -> Slot<'_> {
        self.0.slot()
    }

    fn view(&self) -> View<'_> {
        self.0.view()
    }
}

/// Identifier of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OrderId(pub(crate) String);

impl Value for OrderId {
    fn blank() -> Self {
        Self(Value::blank())
    }

    fn slot(&mut self) -> Slot<'_> {
        self.0.slot()
    }

    fn view(&self) -> View<'_> {
        self.0.view()
    }
}
