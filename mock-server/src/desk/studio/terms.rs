//! What an order asks for, as the Studio API says it.

use crate::book::amount::{Price, Quantity};
use crate::book::order::{Pricing, Side, Terms, TimeInForce};
use crate::desk::visit::{Said, Visit};

/// What the book itself knows of a new order; all else is kept for the caller.
pub(super) const KNOWN: [&str; 8] =
    ["order_type", "side", "quantity", "price", "stop_price", "time_in_force", "symbol", "symbol_format"];

pub(super) const NO_QUANTITY: &str =
    "a quantity is not negative, below 1,000,000,000 and has up to 6 decimal places";
pub(super) const NO_PRICE: &str = "a price is positive, below 1,000,000,000 and has up to 4 decimal places";

/// A field that makes no sense, and why.
pub(super) type Fault = (&'static str, &'static str);

/// What a new order asks for.
pub(super) fn read_terms(visit: &Visit<'_>, said: Said<'_>) -> Result<Terms, Fault> {
    let instrument = said.text("symbol").and_then(|symbol| visit.book.listing().find(symbol));
    let instrument = instrument.ok_or(("symbol", "there is no such instrument"))?.ix;
    let quantity = read_quantity(said)?.ok_or(("quantity", NO_QUANTITY))?;
    let price = |name| read_price(said, name)?.ok_or((name, "it is required for this order_type"));
    let pricing = match said.text("order_type") {
        Some("market") => Pricing::Market,
        Some("limit") => Pricing::Limit { limit: price("price")? },
        Some("stop") => Pricing::Stop { stop: price("stop_price")? },
        Some("stop-limit") => Pricing::StopLimit { stop: price("stop_price")?, limit: price("price")? },
        _ => return Err(("order_type", "orders of this type are not taken")),
    };
    let side = match said.text("side") {
        Some("buy") => Side::Buy,
        Some("sell") => Side::Sell,
        Some("sell-short") => Side::SellShort,
        _ => return Err(("side", "it is not taken")),
    };
    let time_in_force = match said.text("time_in_force") {
        Some("day") => TimeInForce::Day,
        Some("day-plus") => TimeInForce::DayPlus,
        Some("ioc") => TimeInForce::ImmediateOrCancel,
        Some("at-open") => TimeInForce::AtTheOpening,
        Some("at-close") => TimeInForce::AtTheClose,
        _ => return Err(("time_in_force", "it is not taken")),
    };
    Ok(Terms { instrument, side, quantity, pricing, time_in_force, extended_hours: false })
}

pub(super) fn read_quantity(said: Said<'_>) -> Result<Option<Quantity>, Fault> {
    let quantity = said
        .decimal("quantity")
        .map(|decimal| Quantity::from_decimal(decimal).ok_or(("quantity", NO_QUANTITY)));
    quantity.transpose()
}

pub(super) fn read_price(said: Said<'_>, name: &'static str) -> Result<Option<Price>, Fault> {
    said.decimal(name).map(|decimal| Price::from_decimal(decimal).ok_or((name, NO_PRICE))).transpose()
}

/// Studio has no trailing orders: they are shown as what they become.
pub(super) const fn type_name(pricing: &Pricing) -> &'static str {
    match pricing {
        Pricing::Market => "market",
        Pricing::Limit { .. } => "limit",
        Pricing::Stop { .. } | Pricing::Trailing { limit_offset: None, .. } => "stop",
        Pricing::StopLimit { .. } | Pricing::Trailing { limit_offset: Some(_), .. } => "stop-limit",
    }
}

/// Studio has no orders for more than a day: they are shown as good for the day and the hours after it.
pub(super) const fn time_in_force_name(time_in_force: &TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Day => "day",
        TimeInForce::DayPlus | TimeInForce::GoodTillCancel | TimeInForce::GoodTillDate(_) => "day-plus",
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => "ioc",
        TimeInForce::AtTheOpening => "at-open",
        TimeInForce::AtTheClose => "at-close",
    }
}
