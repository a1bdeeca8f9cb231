//! Instruments, option contracts and their prices.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::exchange::calendar;
use crate::exchange::index::InstrumentIx;
use crate::exchange::listing::{Contract, Instrument, Nature};
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    get_instruments, get_instrument_by_id, search_instruments, get_option_contracts, get_snapshots,
    get_daily_summaries,
}

/// A property of instruments, by the parameter that asks for it.
type Flag = (&'static str, fn(&Instrument) -> bool);

const FLAGS: [Flag; 6] = [
    ("is_marginable", is_marginable),
    ("easy_to_borrow", |instrument| instrument.easy_to_borrow),
    ("is_short_prohibited", |_| false),
    ("is_threshold_security", |_| false),
    ("is_liquidation_only", |_| false),
    ("is_ptp", |_| false),
];

fn get_instruments(context: &mut RequestContext<'_>) -> Outcome {
    let arguments = context.parameters();
    let wanted = arguments.texts("instrument_ids").map(|names| all(context, &names));
    let is_meant = |instrument: &&Instrument| {
        let has = |(name, flag): &Flag| arguments.bool(name).is_none_or(|wanted| wanted == flag(instrument));
        arguments.text("instrument_type").is_none_or(|name| instrument.nature.type_name() == name)
            && wanted.as_ref().is_none_or(|wanted| wanted.contains(&instrument.ix))
            && FLAGS.iter().all(has)
    };
    let found: Vec<_> = context.exchange.listing().all().iter().filter(is_meant).collect();
    context.list(&found, |instrument| instrument_fields(context, instrument))
}

fn get_instrument_by_id(context: &mut RequestContext<'_>) -> Outcome {
    let instrument = context.instrument("instrument_id")?;
    let with_expiries = context.parameters().bool("include_options_expiry_dates").unwrap_or_default();
    let expiries = with_expiries.then(|| {
        let options = context.exchange.listing().options_on(instrument.ix);
        let mut days: Vec<Date> = options.map(|(_, contract)| contract.expiry).collect();
        days.dedup();
        days.into_iter().collect::<FieldValue>()
    });
    context.value(instrument_fields(context, instrument).with("options_expiry_dates", expiries))
}

/// The best matches first: by symbol, then by the beginning of the symbol, then by name.
fn search_instruments(context: &mut RequestContext<'_>) -> Outcome {
    let arguments = context.parameters();
    let words = arguments.text("q").unwrap_or_default().to_lowercase();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let classes = arguments.texts("asset_class").unwrap_or_else(|| vec!["EQUITY"]);
    let is_foreign = arguments.text("currency").is_some_and(|currency| !currency.eq_ignore_ascii_case("USD"))
        || arguments.text("country").is_some_and(|country| !country.eq_ignore_ascii_case("US"));
    let rank = |instrument: &Instrument| {
        let (symbol, name) = (instrument.symbol.to_lowercase(), instrument.name.to_lowercase());
        match () {
            () if symbol == words => Some(0),
            () if symbol.starts_with(&words) => Some(1),
            () if words.split(' ').all(|word| name.contains(word)) => Some(2),
            () => None,
        }
    };
    let candidates = context.exchange.listing().all().iter().filter(|instrument| {
        !is_foreign && !words.is_empty() && classes.contains(&instrument.nature.asset_class())
    });
    let mut found: Vec<_> =
        candidates.filter_map(|instrument| Some((rank(instrument)?, instrument))).collect();
    found.sort_by_key(|(rank, instrument)| (*rank, instrument.ix));
    context.list(&found, |(_, instrument)| instrument_fields(context, instrument))
}

fn get_option_contracts(context: &mut RequestContext<'_>) -> Outcome {
    let arguments = context.parameters();
    let named = if arguments.has("underlier") { "underlier" } else { "underlying_instrument_id" };
    let underlying = context.instrument(named)?.ix;
    let (expiry, kind) = (arguments.date("expiry"), arguments.text("contract_type"));
    let options = context.exchange.listing().options_on(underlying).filter(|(_, contract)| {
        expiry.is_none_or(|expiry| contract.expiry == expiry)
            && kind.is_none_or(|kind| kind == contract_type(contract.is_call))
    });
    let found: Vec<_> = options.collect();
    context.list(&found, |(option, contract)| contract_fields(context, option, contract))
}

fn get_snapshots(context: &mut RequestContext<'_>) -> Outcome {
    let names = context.parameters().texts("instrument_ids").unwrap_or_default();
    context.list(&all(context, &names), |ix| snapshot(context, context.exchange.instrument(*ix)))
}

/// A row for each that was asked for, also of what is not known.
fn get_daily_summaries(context: &mut RequestContext<'_>) -> Outcome {
    let mut names: Vec<&str> = Vec::new();
    for name in context.parameters().texts("instrument_ids").unwrap_or_default() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    context.list(&names, |name| {
        let fields = FieldValues::new().with("instrument_id", *name);
        let Some(instrument) = context.exchange.instrument_called(name) else { return fields };
        let fields = fields.with("symbol", instrument.symbol.as_str());
        if matches!(instrument.nature, Nature::Index { .. }) {
            return fields.with("not_applicable", true);
        }
        let figures = context.exchange.figures(instrument.ix);
        fields
            .with("trade_date", calendar::day_of(figures.opened))
            .with("open", figures.open)
            .with("high", figures.high)
            .with("low", figures.low)
            .with("volume", figures.volume)
    })
}

/// The instruments of these names, as far as they are known.
pub(super) fn all(context: &RequestContext<'_>, names: &[&str]) -> Vec<InstrumentIx> {
    let known = names.iter().filter_map(|name| context.exchange.instrument_called(name));
    known.map(|instrument| instrument.ix).collect()
}

fn is_marginable(instrument: &Instrument) -> bool {
    matches!(instrument.nature, Nature::Stock { .. })
}

const fn contract_type(is_call: bool) -> &'static str {
    if is_call { "CALL" } else { "PUT" }
}

pub(super) fn instrument_fields(context: &RequestContext<'_>, instrument: &Instrument) -> FieldValues {
    let previous = context.exchange.previous_close(instrument.ix);
    let volume = context.exchange.usual_volume(instrument);
    FieldValues::new()
        .with("id", context.exchange.instrument_id(instrument.ix))
        .with("symbol", instrument.symbol.as_str())
        .with("name", instrument.name.as_str())
        .with("instrument_type", instrument.nature.type_name())
        .with("venue", instrument.venue)
        .with("currency", "USD")
        .with("country_of_issue", "US")
        .with("is_tradable", instrument.is_tradable(context.exchange.day()))
        .with("is_fractionable", instrument.is_fractionable())
        .with("is_marginable", is_marginable(instrument))
        .with("easy_to_borrow", instrument.easy_to_borrow)
        .with("is_liquidation_only", false)
        .with("is_short_prohibited", false)
        .with("is_threshold_security", false)
        .with("is_ptp", false)
        .with("long_margin_rate", is_marginable(instrument).then(|| Decimal::from(50)))
        .with("short_margin_rate", is_marginable(instrument).then(|| Decimal::from(150)))
        .with("previous_close", previous)
        .with("adv", Decimal::from(volume))
        .with("notional_adv", previous.decimal() * Decimal::from(volume))
}

fn contract_fields(
    context: &RequestContext<'_>,
    instrument: &Instrument,
    contract: &Contract,
) -> FieldValues {
    FieldValues::new()
        .with("id", context.exchange.instrument_id(instrument.ix))
        .with("symbol", instrument.symbol.as_str())
        .with("underlying_instrument_id", context.exchange.instrument_id(contract.underlying))
        .with("contract_type", contract_type(contract.is_call))
        .with("exercise_style", "AMERICAN")
        .with("listing_type", "STANDARD")
        .with("expiry", contract.expiry)
        .with("strike_price", contract.strike)
        .with("multiplier", Decimal::from(instrument.multiplier()))
        .with("exchange", instrument.venue)
        .with("currency", "USD")
        .with("is_tradable", instrument.is_tradable(context.exchange.day()))
        .with("is_liquidation_only", false)
        .with("is_marginable", is_marginable(instrument))
}

fn snapshot(context: &RequestContext<'_>, instrument: &Instrument) -> FieldValues {
    let quote = context.exchange.quote(instrument.ix);
    let (last, previous) = (quote.last.decimal(), context.exchange.previous_close(instrument.ix).decimal());
    let percent = ((last - previous) * Decimal::from(100)).checked_div(previous).unwrap_or_default();
    let session = FieldValues::new()
        .with("previous_close", previous)
        .with("change", last - previous)
        .with("change_percent", percent.round_dp(2));
    let is_index = matches!(instrument.nature, Nature::Index { .. });
    let size = if is_index { Decimal::ZERO } else { quote.size.decimal() };
    let last_quote = (!is_index).then(|| {
        let midpoint = ((quote.bid.decimal() + quote.ask.decimal()) / Decimal::TWO).normalize();
        let fields = FieldValues::new().with("bid", quote.bid).with("bid_size", quote.size.decimal());
        fields.with("ask", quote.ask).with("ask_size", quote.size.decimal()).with("midpoint", midpoint)
    });
    FieldValues::new()
        .with("instrument_id", context.exchange.instrument_id(instrument.ix))
        .with("symbol", instrument.symbol.as_str())
        .with("name", instrument.name.as_str())
        .with("last_quote", last_quote)
        .with("last_trade", FieldValues::new().with("price", last).with("size", size))
        .with("session", session)
        .with("cumulative_volume", (!is_index).then(|| context.exchange.figures(instrument.ix).volume))
}
