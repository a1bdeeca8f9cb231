//! Instruments and what is easy to borrow.

use crate::exchange::listing::Instrument;
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    list_instruments, get_instrument, list_easy_borrows,
}

fn list_instruments(context: &mut RequestContext<'_>) -> Outcome {
    context.list(context.exchange.listing().all(), fields)
}

fn get_instrument(context: &mut RequestContext<'_>) -> Outcome {
    context.value(fields(context.instrument("symbol")?))
}

fn list_easy_borrows(context: &mut RequestContext<'_>) -> Outcome {
    let all = context.exchange.listing().all().iter();
    let easy = all.filter(|instrument| instrument.easy_to_borrow && instrument.is_fractionable());
    let symbols: Vec<_> = easy.map(|instrument| instrument.symbol.as_str()).collect();
    context.list(&symbols, |symbol| *symbol)
}

fn fields(instrument: &Instrument) -> FieldValues {
    let symbol =
        |symbol: &str, format: &str| FieldValues::new().with("symbol", symbol).with("symbol_format", format);
    let root_and_terms = instrument.contract().and(instrument.symbol.split_once(' '));
    // The root of an option is filled up to six characters.
    let osi = root_and_terms.map(|(root, terms)| symbol(&format!("{root:6}{terms}"), "osi"));
    let symbols = std::iter::once(symbol(&instrument.symbol, "cms")).chain(osi);
    FieldValues::new()
        .with("symbols", symbols.collect::<FieldValue>())
        .with("asset_class", instrument.nature.asset_class())
        .with("primary_exchange", instrument.venue)
        .with("description", instrument.name.as_str())
}
