//! Laws of the exchange, and what each of its rules does.

mod laws;
mod rules;

use jiff::{SignedDuration, Timestamp};

use super::Exchange;
use super::amount::{Price, Quantity};
use super::calendar::Hours;
use super::index::InstrumentIx;
use super::order::{Pricing, Side, Terms, TimeInForce};

/// A Friday, an hour after the market opened.
fn friday() -> Timestamp {
    "2025-10-31T14:30:00Z".parse().unwrap()
}

fn exchange() -> Exchange {
    Exchange::new(7, friday(), Hours::Exchange)
}

fn instrument(exchange: &Exchange, symbol: &str) -> InstrumentIx {
    exchange.listing().find(symbol).unwrap().ix
}

fn market(exchange: &Exchange, symbol: &str, side: Side, quantity: i64) -> Terms {
    Terms {
        instrument: instrument(exchange, symbol),
        side,
        quantity: Quantity::whole(quantity),
        pricing: Pricing::Market,
        time_in_force: TimeInForce::Day,
        extended_hours: false,
    }
}

fn limit(terms: Terms, limit: Price) -> Terms {
    Terms { pricing: Pricing::Limit { limit }, ..terms }
}

fn last(exchange: &Exchange, symbol: &str) -> Price {
    exchange.quote(instrument(exchange, symbol)).last
}

fn pass(exchange: &mut Exchange, seconds: i64) {
    exchange.advance(exchange.now() + SignedDuration::from_secs(seconds));
}
