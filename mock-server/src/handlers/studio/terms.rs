//! What an order asks for, as the Studio API says it.

use crate::exchange::order::{Pricing, Terms, TimeInForce};
use crate::handlers::context::{Arguments, RequestContext};
use crate::handlers::terms::{Fault, NO_QUANTITY, read_quantity, read_side, required_price};

/// What the exchange itself knows of a new order; all else is kept for the caller.
pub(super) const KNOWN: [&str; 8] =
    ["order_type", "side", "quantity", "price", "stop_price", "time_in_force", "symbol", "symbol_format"];

/// What a new order asks for.
pub(super) fn read_terms(context: &RequestContext<'_>, arguments: Arguments<'_>) -> Result<Terms, Fault> {
    let instrument = arguments.text("symbol").and_then(|symbol| context.exchange.listing().find(symbol));
    let instrument = instrument.ok_or(("symbol", "there is no such instrument"))?.ix;
    let quantity = read_quantity(arguments)?.ok_or(NO_QUANTITY)?;
    let price = |name| required_price(arguments, name);
    let pricing = match arguments.text("order_type") {
        Some("market") => Pricing::Market,
        Some("limit") => Pricing::Limit { limit: price("price")? },
        Some("stop") => Pricing::Stop { stop: price("stop_price")? },
        Some("stop-limit") => Pricing::StopLimit { stop: price("stop_price")?, limit: price("price")? },
        _ => return Err(("order_type", "orders of this type are not taken")),
    };
    let time_in_force = match arguments.text("time_in_force") {
        Some("day") => TimeInForce::Day,
        Some("day-plus") => TimeInForce::DayPlus,
        Some("ioc") => TimeInForce::ImmediateOrCancel,
        Some("at-open") => TimeInForce::AtTheOpening,
        Some("at-close") => TimeInForce::AtTheClose,
        _ => return Err(("time_in_force", "it is not taken")),
    };
    let side = read_side(arguments)?;
    Ok(Terms { instrument, side, quantity, pricing, time_in_force, extended_hours: false })
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
pub(super) const fn time_in_force_name(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Day => "day",
        TimeInForce::DayPlus | TimeInForce::GoodTillCancel | TimeInForce::GoodTillDate(_) => "day-plus",
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => "ioc",
        TimeInForce::AtTheOpening => "at-open",
        TimeInForce::AtTheClose => "at-close",
    }
}
