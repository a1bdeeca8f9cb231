//! What an order asks for, as the Trading API says it.

use rust_decimal::Decimal;

use crate::book::amount::{Price, Quantity};
use crate::book::order::{Offset, Pricing, Side, Terms, TimeInForce};
use crate::call::Refusal;
use crate::desk::visit::{Said, Visit};

/// What the book itself knows of a new order; all else is kept for the caller.
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

const NO_QUANTITY: &str = "a quantity is not negative, below 1,000,000,000 and has up to 6 decimal places";
const NO_PRICE: &str = "a price is positive, below 1,000,000,000 and has up to 4 decimal places";

/// A new total of shares or contracts, if one is given.
pub(super) fn read_quantity(
    visit: &Visit<'_>,
    said: Said<'_>,
    place: &str,
) -> Result<Option<Quantity>, Refusal> {
    let quantity = said.decimal("quantity").map(|decimal| {
        let refusal = || visit.refusal(&[422, 400], NO_QUANTITY).of(format!("{place}quantity"));
        Quantity::from_decimal(decimal).ok_or_else(refusal)
    });
    quantity.transpose()
}

/// A price, if it is given.
pub(super) fn read_price(
    visit: &Visit<'_>,
    said: Said<'_>,
    name: &str,
    place: &str,
) -> Result<Option<Price>, Refusal> {
    let price = said.decimal(name).map(|decimal| {
        let refusal = || visit.refusal(&[422, 400], NO_PRICE).of(format!("{place}{name}"));
        Price::from_decimal(decimal).ok_or_else(refusal)
    });
    price.transpose()
}

/// What a row of new orders asks for.
pub(super) fn read_terms(visit: &Visit<'_>, row: Said<'_>, index: usize) -> Result<Terms, Refusal> {
    let place = format!("[{index}].");
    let refusal =
        |name: &str, message: &str| visit.refusal(&[422, 400], message).of(format!("{place}{name}"));
    let named = if row.has("instrument_id") { "instrument_id" } else { "symbol" };
    let instrument = row.text(named).and_then(|name| visit.instrument(name));
    let instrument = instrument.ok_or_else(|| refusal(named, "there is no such instrument"))?.ix;
    let quantity = read_quantity(visit, row, &place)?.ok_or_else(|| refusal("quantity", NO_QUANTITY))?;
    let price = |name: &str| read_price(visit, row, name, &place);
    let required =
        |name: &str| price(name)?.ok_or_else(|| refusal(name, "it is required for this order_type"));
    let pricing = match row.text("order_type") {
        Some("MARKET") => Pricing::Market,
        Some("LIMIT") => Pricing::Limit { limit: required("limit_price")? },
        Some("STOP") => Pricing::Stop { stop: required("stop_price")? },
        Some("STOP_LIMIT") => {
            Pricing::StopLimit { stop: required("stop_price")?, limit: required("limit_price")? }
        }
        Some("TRAILING_STOP" | "TRAILING_STOP_LIMIT") => {
            let offset = read_offset(row).ok_or_else(|| refusal("trailing_offset", NO_PRICE))?;
            let limit_offset = row.decimal("limit_offset");
            let limit_offset =
                limit_offset.map(|it| signed_units(it).ok_or_else(|| refusal("limit_offset", NO_PRICE)));
            Pricing::Trailing { offset, limit_offset: limit_offset.transpose()? }
        }
        _ => return Err(refusal("order_type", "orders of this type are not taken")),
    };
    let time_in_force = read_time_in_force(row);
    let time_in_force = time_in_force.ok_or_else(|| refusal("time_in_force", "it is not taken"))?;
    let extended_hours = row.bool("extended_hours").unwrap_or_default();
    let side = read_side(row.text("side")).ok_or_else(|| refusal("side", "it is not taken"))?;
    Ok(Terms { instrument, side, quantity, pricing, time_in_force, extended_hours })
}

fn read_offset(row: Said<'_>) -> Option<Offset> {
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

fn read_side(name: Option<&str>) -> Option<Side> {
    [Side::Buy, Side::Sell, Side::SellShort].into_iter().find(|side| Some(side_name(*side)) == name)
}

fn read_time_in_force(row: Said<'_>) -> Option<TimeInForce> {
    Some(match row.text("time_in_force")? {
        "DAY" => TimeInForce::Day,
        "GOOD_TILL_CANCEL" => TimeInForce::GoodTillCancel,
        "GOOD_TILL_DATE" => TimeInForce::GoodTillDate(row.time("expires_at")?),
        "IMMEDIATE_OR_CANCEL" => TimeInForce::ImmediateOrCancel,
        "FILL_OR_KILL" => TimeInForce::FillOrKill,
        "AT_THE_OPENING" => TimeInForce::AtTheOpening,
        "AT_THE_CLOSE" => TimeInForce::AtTheClose,
        _ => return None,
    })
}

pub(super) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
        Side::SellShort => "SELL_SHORT",
    }
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

pub(super) const fn time_in_force_name(time_in_force: &TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Day | TimeInForce::DayPlus => "DAY",
        TimeInForce::GoodTillCancel => "GOOD_TILL_CANCEL",
        TimeInForce::GoodTillDate(_) => "GOOD_TILL_DATE",
        TimeInForce::ImmediateOrCancel => "IMMEDIATE_OR_CANCEL",
        TimeInForce::FillOrKill => "FILL_OR_KILL",
        TimeInForce::AtTheOpening => "AT_THE_OPENING",
        TimeInForce::AtTheClose => "AT_THE_CLOSE",
    }
}
