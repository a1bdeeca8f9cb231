//! Instruments that answers are about.

use super::seed::Seed;

const KNOWN: &[(&str, &str, i64)] = &[
    ("AAPL", "Apple Inc.", 18_950),
    ("MSFT", "Microsoft Corporation", 41_275),
    ("NVDA", "NVIDIA Corporation", 13_420),
    ("AMZN", "Amazon.com, Inc.", 18_610),
    ("GOOGL", "Alphabet Inc. Class A", 16_540),
    ("META", "Meta Platforms, Inc.", 50_880),
    ("TSLA", "Tesla, Inc.", 24_310),
    ("JPM", "JPMorgan Chase & Co.", 21_045),
    ("XOM", "Exxon Mobil Corporation", 11_730),
    ("JNJ", "Johnson & Johnson", 15_560),
    ("WMT", "Walmart Inc.", 8_140),
    ("KO", "The Coca-Cola Company", 6_870),
    ("DIS", "The Walt Disney Company", 9_415),
    ("INTC", "Intel Corporation", 2_265),
    ("SPY", "SPDR S&P 500 ETF Trust", 57_130),
    ("QQQ", "Invesco QQQ Trust", 48_820),
];

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
        match KNOWN.get(index) {
            Some((symbol, name, cents)) => {
                Self { symbol: (*symbol).to_owned(), name: (*name).to_owned(), cents: *cents }
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
pub(super) fn index(symbol: &str) -> Option<usize> {
    KNOWN.iter().position(|(known, ..)| *known == symbol)
}

/// `ZAAA`, `ZAAB`, …
fn letters(mut index: usize) -> String {
    let mut letters = Vec::new();
    for _ in 0..3 {
        let letter = u8::try_from(index % 26).unwrap_or_default();
        letters.push(char::from(b'A'.saturating_add(letter)));
        index /= 26;
    }
    letters.push('Z');
    letters.iter().rev().collect()
}
