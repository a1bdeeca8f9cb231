//! What an order asks for, as the Trading API says it.

use rust_decimal::Decimal;

use crate::exchange::amount::Price;
use crate::exchange::order::{Offset, Pricing, Terms, TimeInForce};
use crate::handlers::context::{Arguments, RequestContext};
use crate::handlers::terms::{Fault, NO_PRICE, NO_QUANTITY, read_quantity, read_side, required_price};

/// What the exchange itself knows of a new order; all else is kept for the caller.
pub(super) const KNOWN: [&str; 14] = [
    "id",
    "instrument_id",
    "symbol",
    "side",
    "quantity",
    "order_type",
    "limit_price",
    "stop_price",
    "trailing_offset",
    "trailing_offset_type",
    "limit_offset",
    "time_in_force",
    "expires_at",
    "extended_hours",
];

const TIMES_IN_FORCE: [(&str, TimeInForce); 6] = [
    ("DAY", TimeInForce::Day),
    ("GOOD_TILL_CANCEL", TimeInForce::GoodTillCancel),
    ("IMMEDIATE_OR_CANCEL", TimeInForce::ImmediateOrCancel),
    ("FILL_OR_KILL", TimeInForce::FillOrKill),
    ("AT_THE_OPENING", TimeInForce::AtTheOpening),
    ("AT_THE_CLOSE", TimeInForce::AtTheClose),
];

const UNTIL: &str = "GOOD_TILL_DATE";

/// What a row of new orders asks for.
pub(super) fn read_terms(context: &RequestContext<'_>, row: Arguments<'_>) -> Result<Terms, Fault> {
    let named = if row.has("instrument_id") { "instrument_id" } else { "symbol" };
    let instrument = row.text(named).and_then(|name| context.exchange.instrument_called(name));
    let instrument = instrument.ok_or((named, "there is no such instrument"))?.ix;
    let quantity = read_quantity(row)?.ok_or(NO_QUANTITY)?;
    let pricing = match row.text("order_type") {
        Some("MARKET") => Pricing::Market,
        Some("LIMIT") => Pricing::Limit { limit: required_price(row, "limit_price")? },
        Some("STOP") => Pricing::Stop { stop: required_price(row, "stop_price")? },
        Some("STOP_LIMIT") => Pricing::StopLimit {
            stop: required_price(row, "stop_price")?,
            limit: required_price(row, "limit_price")?,
        },
        Some("TRAILING_STOP" | "TRAILING_STOP_LIMIT") => {
            let limit_offset = row.decimal("limit_offset");
            let limit_offset =
                limit_offset.map(|offset| signed_units(offset).ok_or(("limit_offset", NO_PRICE)));
            let offset = read_offset(row).ok_or(("trailing_offset", NO_PRICE))?;
            Pricing::Trailing { offset, limit_offset: limit_offset.transpose()? }
        }
        _ => return Err(("order_type", "orders of this type are not taken")),
    };
    let time_in_force = match row.text("time_in_force") {
        Some(UNTIL) => row.time("expires_at").map(TimeInForce::GoodTillDate),
        name => TIMES_IN_FORCE.iter().find(|(known, _)| Some(*known) == name).map(|(_, known)| *known),
    };
    let time_in_force = time_in_force.ok_or(("time_in_force", "it is not taken"))?;
    let extended_hours = row.bool("extended_hours").unwrap_or_default();
    Ok(Terms { instrument, side: read_side(row)?, quantity, pricing, time_in_force, extended_hours })
}

fn read_offset(row: Arguments<'_>) -> Option<Offset> {
    let offset = row.decimal("trailing_offset")?;
    match row.text("trailing_offset_type")? {
        "BPS" if offset.is_integer() && !offset.is_zero() => {
            u32::try_from(offset).ok().map(Offset::BasisPoints)
        }
        "BPS" => None,
        _ => Price::from_decimal(offset).map(Offset::Price),
    }
}

/// A signed distance in ten-thousandths of a dollar.
fn signed_units(distance: Decimal) -> Option<i64> {
    if distance.is_zero() {
        return Some(0);
    }
    let units = Price::from_decimal(distance.abs())?.units();
    Some(if distance.is_sign_negative() { -units } else { units })
}

pub(super) const fn type_name(pricing: &Pricing) -> &'static str {
    match pricing {
        Pricing::Market => "MARKET",
        Pricing::Limit { .. } => "LIMIT",
        Pricing::Stop { .. } => "STOP",
        Pricing::StopLimit { .. } => "STOP_LIMIT",
        Pricing::Trailing { limit_offset: None, .. } => "TRAILING_STOP",
        Pricing::Trailing { limit_offset: Some(_), .. } => "TRAILING_STOP_LIMIT",
    }
}

/// This API has no orders for the day and the hours after it: they are shown as orders for the day.
pub(super) fn time_in_force_name(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::GoodTillDate(_) => UNTIL,
        other => TIMES_IN_FORCE.iter().find(|(_, known)| *known == other).map_or("DAY", |(name, _)| name),
    }
}
