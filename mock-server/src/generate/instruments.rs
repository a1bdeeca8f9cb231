//! Instruments that answers are about.

use super::seed::Seed;
use crate::exchange::listing::STOCKS;

/// Something that is traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instrument {
    pub(super) symbol: String,
    pub(super) name: String,
    /// What it costs, in cents.
    pub(super) cents: i64,
}

impl Instrument {
    /// One of endlessly many: the well-known ones come first.
    pub(super) fn at(index: usize) -> Self {
        match STOCKS.get(index) {
            Some((symbol, name, dollars, _)) => {
                Self { symbol: (*symbol).to_owned(), name: (*name).to_owned(), cents: dollars * 100 }
            }
            None => Self::called(&letters(index)),
        }
    }

    /// The one with this symbol.
    pub(super) fn called(symbol: &str) -> Self {
        match index(symbol) {
            Some(index) => Self::at(index),
            None => Self {
                symbol: symbol.to_owned(),
                name: format!("{symbol} Holdings, Inc."),
                cents: Seed::new(0).with(symbol).rng().i64(500..50_000),
            },
        }
    }
}

/// Where a well-known symbol stands.
fn index(symbol: &str) -> Option<usize> {
    STOCKS.iter().position(|(known, ..)| *known == symbol)
}

/// `ZAAA`, `ZAAB`, …
fn letters(index: usize) -> String {
    let letter = |power: usize| char::from(b'A' + (index / power % 26) as u8);
    ['Z', letter(676), letter(26), letter(1)].into_iter().collect()
}
