//! Laws of the book, and what each of its rules does.

mod laws;
mod rules;

use jiff::{SignedDuration, Timestamp};

use super::amount::{Price, Quantity};
use super::listing::InstrumentIx;
use super::order::{Pricing, Side, Terms, TimeInForce};
use super::{Book, Settings};

/// A Friday, an hour after the market opened.
fn friday() -> Timestamp {
    "2025-10-31T14:30:00Z".parse().unwrap()
}

fn book() -> Book {
    Book::new(Settings::new(7, friday()))
}

fn instrument(book: &Book, symbol: &str) -> InstrumentIx {
    book.listing().find(symbol).unwrap().ix
}

fn market(book: &Book, symbol: &str, side: Side, quantity: i64) -> Terms {
    Terms {
        instrument: instrument(book, symbol),
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

fn last(book: &Book, symbol: &str) -> Price {
    book.quote(book.listing().find(symbol).unwrap()).last
}

fn pass(book: &mut Book, seconds: i64) {
    book.advance(book.now() + SignedDuration::from_secs(seconds));
}
