//! What both APIs say alike of an order.

use super::context::Arguments;
use crate::exchange::amount::{Price, Quantity};
use crate::exchange::order::Side;

/// A field that makes no sense, and why.
pub(super) type Fault = (&'static str, &'static str);

pub(super) const NO_QUANTITY: Fault =
    ("quantity", "a quantity is not negative, below 1,000,000,000 and has up to 6 decimal places");
pub(super) const NO_PRICE: &str = "a price is positive, below 1,000,000,000 and has up to 4 decimal places";

/// A total of shares or contracts, if one is given.
pub(super) fn read_quantity(arguments: Arguments<'_>) -> Result<Option<Quantity>, Fault> {
    let quantity = arguments.decimal("quantity");
    quantity.map(|decimal| Quantity::from_decimal(decimal).ok_or(NO_QUANTITY)).transpose()
}

/// A price, if it is given.
pub(super) fn read_price(arguments: Arguments<'_>, name: &'static str) -> Result<Option<Price>, Fault> {
    let price = arguments.decimal(name);
    price.map(|decimal| Price::from_decimal(decimal).ok_or((name, NO_PRICE))).transpose()
}

/// A price that an order of its type must have.
pub(super) fn required_price(arguments: Arguments<'_>, name: &'static str) -> Result<Price, Fault> {
    read_price(arguments, name)?.ok_or((name, "it is required for this order_type"))
}

pub(super) fn read_side(arguments: Arguments<'_>) -> Result<Side, Fault> {
    let name = arguments.text("side").unwrap_or_default().replace('-', "_").to_ascii_uppercase();
    let side = [Side::Buy, Side::Sell, Side::SellShort].into_iter().find(|side| side.name() == name);
    side.ok_or(("side", "it is not taken"))
}
