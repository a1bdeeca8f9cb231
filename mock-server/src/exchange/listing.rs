//! What can be traded.

use std::collections::HashMap;

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};

use super::amount::Price;
use super::calendar::{self, Hours, Kind};
use super::index::InstrumentIx;

/// Something that can be traded, or an index that options are on.
#[derive(Clone, Debug)]
pub(crate) struct Instrument {
    /// Its place in the listing.
    pub(crate) ix: InstrumentIx,
    /// Ticker, or root and contract with one space between: `AAPL 261218C00250000`.
    pub(crate) symbol: String,
    /// Name for people to read.
    pub(crate) name: String,
    /// What kind of instrument it is.
    pub(crate) nature: Nature,
    /// Market identifier code of the exchange that it is listed on.
    pub(crate) venue: &'static str,
    /// Whether it can be sold short.
    pub(crate) easy_to_borrow: bool,
}

/// What kind of instrument it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nature {
    /// A stock or a fund.
    Stock {
        /// What its price moves about.
        base: Price,
    },
    /// An index, which cannot be traded itself.
    Index {
        /// What its level moves about.
        base: Price,
    },
    /// An option.
    Option(Contract),
}

impl Nature {
    /// As the Trading API calls it.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Stock { .. } => "COMMON_STOCK",
            Self::Index { .. } => "INDEX",
            Self::Option(_) => "OPTION",
        }
    }

    /// As both APIs call it, but for how they write it.
    pub(crate) const fn asset_class(&self) -> &'static str {
        match self {
            Self::Stock { .. } => "EQUITY",
            Self::Index { .. } => "OTHER",
            Self::Option(_) => "OPTION",
        }
    }
}

/// The terms of an option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contract {
    /// What it is an option on.
    pub(crate) underlying: InstrumentIx,
    /// Whether it gives the right to buy, and not to sell.
    pub(crate) is_call: bool,
    /// Price at which it can be exercised.
    pub(crate) strike: Price,
    /// Its last day.
    pub(crate) expiry: Date,
}

impl Instrument {
    /// Shares per unit that is traded.
    pub(crate) const fn multiplier(&self) -> i64 {
        if matches!(self.nature, Nature::Option(_)) { 100 } else { 1 }
    }

    /// Its terms, if it is an option.
    pub(crate) const fn contract(&self) -> Option<&Contract> {
        if let Nature::Option(contract) = &self.nature { Some(contract) } else { None }
    }

    /// How far bid and ask are from the price, in ten-thousandths of a dollar.
    pub(crate) const fn half_spread(&self) -> i64 {
        if self.contract().is_some() { 500 } else { 100 }
    }

    /// How many shares or contracts are traded together.
    pub(super) const fn lot(&self) -> i64 {
        if self.contract().is_some() { 10 } else { 100 }
    }

    /// Whether it is traded in fractions.
    pub(crate) const fn is_fractionable(&self) -> bool {
        matches!(self.nature, Nature::Stock { .. })
    }

    /// Whether it can be traded on a day.
    pub(crate) fn is_tradable(&self, today: Date) -> bool {
        match self.nature {
            Nature::Stock { .. } => true,
            Nature::Index { .. } => false,
            Nature::Option(contract) => today <= contract.expiry,
        }
    }
}

/// All instruments, by place and by symbol.
#[derive(Debug)]
pub(crate) struct Listing {
    instruments: Vec<Instrument>,
    by_symbol: HashMap<String, InstrumentIx>,
}

impl Listing {
    /// The usual stocks, and options that expire in the months after a time.
    pub(crate) fn new(start: Timestamp) -> Self {
        let mut listing = Self { instruments: Vec::new(), by_symbol: HashMap::new() };
        for (symbol, name, dollars, venue) in STOCKS {
            listing.add(symbol, name, venue, Nature::Stock { base: Price::from_cents(dollars * 100) });
        }
        listing.add("SPX", "S&P 500 Index", "XCBO", Nature::Index { base: Price::from_cents(600_000) });
        let today = calendar::day_of(start);
        for underlying in OPTIONS_ON {
            listing.add_options(underlying, today);
        }
        listing
    }

    fn add(&mut self, symbol: &str, name: &str, venue: &'static str, nature: Nature) {
        let ix = InstrumentIx(self.instruments.len() as u16);
        let easy_to_borrow = !HARD_TO_BORROW.contains(&symbol);
        let (symbol, name) = (symbol.to_owned(), name.to_owned());
        self.by_symbol.insert(symbol.clone(), ix);
        self.instruments.push(Instrument { ix, symbol, name, nature, venue, easy_to_borrow });
    }

    fn add_options(&mut self, root: &str, today: Date) {
        let Some(underlying) = self.find(root) else { return };
        let (Nature::Stock { base } | Nature::Index { base }) = underlying.nature else { return };
        let underlying = underlying.ix;
        // About one fortieth of the price, in whole dollars.
        let step = (base.units() / 40 / 10_000).max(1) * 10_000;
        let middle = base.units() / step;
        for expiry in expiries(today) {
            for strike in (middle - 4..=middle + 4).map(|steps| Price::rounded(steps * step)) {
                for is_call in [true, false] {
                    let letter = if is_call { 'C' } else { 'P' };
                    let thousandths = strike.units() / 10;
                    let symbol = format!("{root} {}{letter}{thousandths:08}", expiry.strftime("%y%m%d"));
                    let right = if is_call { "Call" } else { "Put" };
                    let name = format!("{root} {} {} {right}", expiry.strftime("%b %d %Y"), strike.decimal());
                    let contract = Contract { underlying, is_call, strike, expiry };
                    self.add(&symbol, &name, "XCBO", Nature::Option(contract));
                }
            }
        }
    }

    /// By ticker or OSI symbol, however many spaces that has.
    pub(crate) fn find(&self, symbol: &str) -> Option<&Instrument> {
        let ix = match self.by_symbol.get(symbol) {
            Some(ix) => *ix,
            None => {
                let symbol = symbol.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
                *self.by_symbol.get(&symbol)?
            }
        };
        Some(self.get(ix))
    }

    /// By place.
    pub(crate) fn get(&self, ix: InstrumentIx) -> &Instrument {
        &self.instruments[usize::from(ix.0)]
    }

    /// All of them, by place.
    pub(crate) fn all(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The options on an instrument.
    pub(crate) fn options_on(
        &self,
        underlying: InstrumentIx,
    ) -> impl Iterator<Item = (&Instrument, &Contract)> {
        let options = self.instruments.iter().filter_map(|option| Some((option, option.contract()?)));
        options.filter(move |(_, contract)| contract.underlying == underlying)
    }
}

/// The days on which monthly options expire in the months after a day, the third Friday of each, or the
/// day before it.
fn expiries(today: Date) -> impl Iterator<Item = Date> {
    (0..5)
        .filter_map(move |months| {
            let month = today.first_of_month().saturating_add(months.months());
            let friday = month.nth_weekday_of_month(3, Weekday::Friday).ok()?;
            let is_open = Kind::of(friday, Hours::Exchange).trades();
            let day = if is_open { friday } else { friday.yesterday().ok()? };
            (day > today).then_some(day)
        })
        .take(3)
}

const OPTIONS_ON: [&str; 6] = ["AAPL", "MSFT", "NVDA", "TSLA", "SPY", "SPX"];

const HARD_TO_BORROW: [&str; 1] = ["GME"];

/// Ticker, name, dollars that the price moves about, exchange.
pub(crate) const STOCKS: [(&str, &str, i64, &str); 36] = [
    ("AAPL", "Apple Inc.", 250, "XNAS"),
    ("MSFT", "Microsoft Corporation", 480, "XNAS"),
    ("NVDA", "NVIDIA Corporation", 180, "XNAS"),
    ("AMZN", "Amazon.com, Inc.", 220, "XNAS"),
    ("GOOGL", "Alphabet Inc. Class A", 280, "XNAS"),
    ("META", "Meta Platforms, Inc.", 640, "XNAS"),
    ("TSLA", "Tesla, Inc.", 420, "XNAS"),
    ("AVGO", "Broadcom Inc.", 350, "XNAS"),
    ("AMD", "Advanced Micro Devices, Inc.", 230, "XNAS"),
    ("INTC", "Intel Corporation", 36, "XNAS"),
    ("NFLX", "Netflix, Inc.", 110, "XNAS"),
    ("COST", "Costco Wholesale Corporation", 910, "XNAS"),
    ("ADBE", "Adobe Inc.", 330, "XNAS"),
    ("CSCO", "Cisco Systems, Inc.", 77, "XNAS"),
    ("PEP", "PepsiCo, Inc.", 146, "XNAS"),
    ("QQQ", "Invesco QQQ Trust", 610, "XNAS"),
    ("SPY", "SPDR S&P 500 ETF Trust", 600, "ARCX"),
    ("IWM", "iShares Russell 2000 ETF", 240, "ARCX"),
    ("BRK B", "Berkshire Hathaway Inc. Class B", 500, "XNYS"),
    ("JPM", "JPMorgan Chase & Co.", 310, "XNYS"),
    ("BAC", "Bank of America Corporation", 53, "XNYS"),
    ("GS", "The Goldman Sachs Group, Inc.", 800, "XNYS"),
    ("V", "Visa Inc.", 330, "XNYS"),
    ("MA", "Mastercard Incorporated", 550, "XNYS"),
    ("WMT", "Walmart Inc.", 105, "XNYS"),
    ("KO", "The Coca-Cola Company", 71, "XNYS"),
    ("MCD", "McDonald's Corporation", 305, "XNYS"),
    ("DIS", "The Walt Disney Company", 105, "XNYS"),
    ("JNJ", "Johnson & Johnson", 200, "XNYS"),
    ("PFE", "Pfizer Inc.", 25, "XNYS"),
    ("XOM", "Exxon Mobil Corporation", 117, "XNYS"),
    ("CVX", "Chevron Corporation", 150, "XNYS"),
    ("BA", "The Boeing Company", 190, "XNYS"),
    ("F", "Ford Motor Company", 13, "XNYS"),
    ("T", "AT&T Inc.", 26, "XNYS"),
    ("GME", "GameStop Corp.", 21, "XNYS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        Listing::new("2025-10-31T14:00:00Z".parse().unwrap())
    }

    #[test]
    fn options_expire_on_the_next_third_fridays() {
        let listing = listing();
        let apple = listing.find("AAPL").unwrap().ix;
        let mut expiries: Vec<Date> =
            listing.options_on(apple).map(|(_, contract)| contract.expiry).collect();
        expiries.dedup();
        assert_eq!(
            expiries.iter().map(Date::to_string).collect::<Vec<_>>(),
            ["2025-11-21", "2025-12-19", "2026-01-16"]
        );
        assert_eq!(listing.options_on(apple).count(), 3 * 9 * 2);
    }

    #[test]
    fn symbols_are_found_in_any_spacing() {
        let listing = listing();
        let option = listing.find("AAPL  251219C00252000").unwrap();
        assert_eq!(option.symbol, "AAPL 251219C00252000");
        assert_eq!(listing.find("aapl 251219c00252000").unwrap().ix, option.ix);
        assert!(listing.find("AAPL 251219C").is_none());
    }

    #[test]
    fn every_symbol_is_there_once() {
        let listing = listing();
        assert_eq!(listing.by_symbol.len(), listing.all().len());
    }
}
