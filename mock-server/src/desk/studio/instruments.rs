//! Instruments and what is easy to borrow.

use super::positions::asset_class;
use crate::book::listing::Instrument;
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("list_instruments", list_instruments),
    ("get_instrument", get_instrument),
    ("list_easy_borrows", list_easy_borrows),
];

fn list_instruments(visit: &mut Visit<'_>) -> Outcome {
    let all: Vec<_> = visit.book.listing().all().iter().map(|instrument| instrument.ix).collect();
    visit.list(&all, |visit, ix| Some(facts(visit.book.instrument(*ix)?).into()))
}

fn get_instrument(visit: &mut Visit<'_>) -> Outcome {
    let symbol = visit.parameters().text("symbol").unwrap_or_default();
    let instrument = visit.book.listing().find(symbol);
    let instrument = instrument.ok_or_else(|| visit.refusal(&[404], "there is no such instrument"))?;
    visit.value(facts(instrument))
}

fn list_easy_borrows(visit: &mut Visit<'_>) -> Outcome {
    let all = visit.book.listing().all().iter();
    let easy = all.filter(|instrument| instrument.easy_to_borrow && instrument.is_fractionable());
    let symbols: Vec<String> = easy.map(|instrument| instrument.symbol.clone()).collect();
    visit.list(&symbols, |_, symbol| Some(symbol.as_str().into()))
}

fn facts(instrument: &Instrument) -> Facts {
    let symbol =
        |symbol: &str, format: &str| Facts::new().with("symbol", symbol).with("symbol_format", format);
    // The root of an option is filled up to six characters.
    let osi = instrument
        .contract()
        .and(instrument.symbol.split_once(' '))
        .map(|(root, terms)| format!("{root:6}{terms}"));
    let symbols =
        std::iter::once(symbol(&instrument.symbol, "cms")).chain(osi.map(|osi| symbol(&osi, "osi")));
    Facts::new()
        .with("symbols", symbols.collect::<Fact>())
        .with("asset_class", asset_class(instrument))
        .with("primary_exchange", instrument.venue)
        .with("description", instrument.name.as_str())
}
