//! Instruments, option contracts and their prices.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::book::calendar;
use crate::book::listing::{Instrument, InstrumentIx, Nature};
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_instruments", get_instruments),
    ("get_instrument_by_id", get_instrument_by_id),
    ("search_instruments", search_instruments),
    ("get_option_contracts", get_option_contracts),
    ("get_snapshots", get_snapshots),
    ("get_daily_summaries", get_daily_summaries),
];

/// A property of instruments, by the parameter that asks for it.
type Flag = (&'static str, fn(&Instrument) -> bool);

pub(super) const fn type_of(instrument: &Instrument) -> &'static str {
    match instrument.nature {
        Nature::Stock { .. } => "COMMON_STOCK",
        Nature::Index { .. } => "INDEX",
        Nature::Option(_) => "OPTION",
    }
}

pub(super) fn is_of_type(instrument: &Instrument, name: &str) -> bool {
    type_of(instrument) == name
}

fn get_instruments(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let wanted = said.texts("instrument_ids").map(|names| all(visit, &names));
    let flags: [Flag; 6] = [
        ("is_marginable", is_marginable),
        ("easy_to_borrow", |instrument| instrument.easy_to_borrow),
        ("is_short_prohibited", |_| false),
        ("is_threshold_security", |_| false),
        ("is_liquidation_only", |_| false),
        ("is_ptp", |_| false),
    ];
    let is_meant = |instrument: &&Instrument| {
        said.text("instrument_type").is_none_or(|name| is_of_type(instrument, name))
            && wanted.as_ref().is_none_or(|wanted| wanted.contains(&instrument.ix))
            && flags
                .iter()
                .all(|(name, flag)| said.bool(name).is_none_or(|wanted| wanted == flag(instrument)))
    };
    let found: Vec<InstrumentIx> =
        visit.book.listing().all().iter().filter(is_meant).map(|instrument| instrument.ix).collect();
    visit.list(&found, |visit, ix| Some(instrument_facts(visit, visit.book.instrument(*ix)?).into()))
}

fn get_instrument_by_id(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let instrument = said.text("instrument_id").and_then(|name| visit.instrument(name));
    let instrument = instrument.ok_or_else(|| visit.refusal(&[404], "there is no such instrument"))?;
    let facts = instrument_facts(visit, instrument);
    let with_expiries = said.bool("include_options_expiry_dates").unwrap_or_default();
    let expiries = with_expiries.then(|| {
        let options = visit.book.listing().options_on(instrument.ix);
        let mut days: Vec<Date> = options.map(|(_, contract)| contract.expiry).collect();
        days.dedup();
        days.into_iter().collect::<Fact>()
    });
    visit.value(facts.with("options_expiry_dates", expiries))
}

/// The best matches first: by symbol, then by the beginning of the symbol, then by name.
fn search_instruments(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let words = said.text("q").unwrap_or_default().to_lowercase();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let classes = said.texts("asset_class").unwrap_or_else(|| vec!["EQUITY"]);
    let is_foreign = said.text("currency").is_some_and(|currency| !currency.eq_ignore_ascii_case("USD"))
        || said.text("country").is_some_and(|country| !country.eq_ignore_ascii_case("US"));
    let mut found: Vec<(u8, InstrumentIx)> = Vec::new();
    for instrument in visit.book.listing().all().iter().filter(|_| !is_foreign && !words.is_empty()) {
        let class = match instrument.nature {
            Nature::Stock { .. } => "EQUITY",
            Nature::Index { .. } => "OTHER",
            Nature::Option(_) => "OPTION",
        };
        let (symbol, name) = (instrument.symbol.to_lowercase(), instrument.name.to_lowercase());
        let rank = if symbol == words {
            0
        } else if symbol.starts_with(&words) {
            1
        } else if words.split(' ').all(|word| name.contains(word)) {
            2
        } else {
            continue;
        };
        if classes.contains(&class) {
            found.push((rank, instrument.ix));
        }
    }
    found.sort_unstable();
    visit.list(&found, |visit, (_, ix)| Some(instrument_facts(visit, visit.book.instrument(*ix)?).into()))
}

fn get_option_contracts(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let name = said.text("underlier").or(said.text("underlying_instrument_id")).unwrap_or_default();
    let underlying = visit.instrument(name).map(|instrument| instrument.ix);
    let underlying = underlying.ok_or_else(|| visit.refusal(&[404], "there is no such underlying"))?;
    let (expiry, kind) = (said.date("expiry"), said.text("contract_type"));
    let options = visit.book.listing().options_on(underlying).filter(|(_, contract)| {
        expiry.is_none_or(|expiry| contract.expiry == expiry)
            && kind.is_none_or(|kind| kind == contract_type(contract.is_call))
    });
    let found: Vec<InstrumentIx> = options.map(|(option, _)| option.ix).collect();
    visit.list(&found, |visit, ix| contract_facts(visit, visit.book.instrument(*ix)?).map(Into::into))
}

fn get_snapshots(visit: &mut Visit<'_>) -> Outcome {
    let names = visit.parameters().texts("instrument_ids").unwrap_or_default();
    let found = all(visit, &names);
    visit.list(&found, |visit, ix| Some(snapshot(visit, visit.book.instrument(*ix)?).into()))
}

/// A row for each that was asked for, also of what is not known.
fn get_daily_summaries(visit: &mut Visit<'_>) -> Outcome {
    let mut names: Vec<String> = Vec::new();
    for name in visit.parameters().texts("instrument_ids").unwrap_or_default() {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    visit.list(&names, |visit, name| {
        let facts = Facts::new().with("instrument_id", name.as_str());
        let Some(instrument) = visit.instrument(name) else { return Some(facts.into()) };
        let facts = facts.with("symbol", instrument.symbol.as_str());
        if matches!(instrument.nature, Nature::Index { .. }) {
            return Some(facts.with("not_applicable", true).into());
        }
        let figures = visit.book.figures(instrument);
        let facts = facts.with("trade_date", calendar::day_of(figures.opened)).with("open", figures.open);
        Some(facts.with("high", figures.high).with("low", figures.low).with("volume", figures.volume).into())
    })
}

/// The instruments of these names, as far as they are known.
fn all(visit: &Visit<'_>, names: &[&str]) -> Vec<InstrumentIx> {
    names.iter().filter_map(|name| Some(visit.instrument(name)?.ix)).collect()
}

fn is_marginable(instrument: &Instrument) -> bool {
    matches!(instrument.nature, Nature::Stock { .. })
}

const fn contract_type(is_call: bool) -> &'static str {
    if is_call { "CALL" } else { "PUT" }
}

pub(super) fn instrument_facts(visit: &Visit<'_>, instrument: &Instrument) -> Facts {
    let previous = visit.book.previous_close(instrument);
    let volume = visit.book.usual_volume(instrument);
    Facts::new()
        .with("id", visit.book.identities().instrument(instrument.ix))
        .with("symbol", instrument.symbol.as_str())
        .with("name", instrument.name.as_str())
        .with("instrument_type", type_of(instrument))
        .with("venue", instrument.venue)
        .with("currency", "USD")
        .with("country_of_issue", "US")
        .with("is_tradable", instrument.is_tradable(visit.book.day()))
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

fn contract_facts(visit: &Visit<'_>, instrument: &Instrument) -> Option<Facts> {
    let contract = instrument.contract()?;
    let identities = visit.book.identities();
    let facts = Facts::new()
        .with("id", identities.instrument(instrument.ix))
        .with("symbol", instrument.symbol.as_str())
        .with("underlying_instrument_id", identities.instrument(contract.underlying))
        .with("contract_type", contract_type(contract.is_call))
        .with("exercise_style", "AMERICAN")
        .with("listing_type", "STANDARD")
        .with("expiry", contract.expiry)
        .with("strike_price", contract.strike)
        .with("multiplier", Decimal::from(instrument.multiplier()))
        .with("exchange", instrument.venue)
        .with("currency", "USD")
        .with("is_tradable", instrument.is_tradable(visit.book.day()))
        .with("is_liquidation_only", false)
        .with("is_marginable", is_marginable(instrument));
    Some(facts)
}

fn snapshot(visit: &Visit<'_>, instrument: &Instrument) -> Facts {
    let quote = visit.book.quote(instrument);
    let (last, previous) = (quote.last.decimal(), visit.book.previous_close(instrument).decimal());
    let percent = ((last - previous) * Decimal::from(100)).checked_div(previous).unwrap_or_default();
    let session = Facts::new()
        .with("previous_close", previous)
        .with("change", last - previous)
        .with("change_percent", percent.round_dp(2));
    let is_index = matches!(instrument.nature, Nature::Index { .. });
    let size = if is_index { Decimal::ZERO } else { quote.size.decimal() };
    let last_quote = (!is_index).then(|| {
        let midpoint = ((quote.bid.decimal() + quote.ask.decimal()) / Decimal::TWO).normalize();
        let facts = Facts::new().with("bid", quote.bid).with("bid_size", quote.size.decimal());
        facts.with("ask", quote.ask).with("ask_size", quote.size.decimal()).with("midpoint", midpoint)
    });
    Facts::new()
        .with("instrument_id", visit.book.identities().instrument(instrument.ix))
        .with("symbol", instrument.symbol.as_str())
        .with("name", instrument.name.as_str())
        .with("last_quote", last_quote)
        .with("last_trade", Facts::new().with("price", last).with("size", size))
        .with("session", session)
        .with("cumulative_volume", (!is_index).then(|| visit.book.figures(instrument).volume))
}
