//! Positions and holdings.

use super::account_facts;
use crate::book::Book;
use crate::book::account::{AccountIx, Position};
use crate::book::listing::{Instrument, InstrumentIx, Nature};
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] =
    &[("list_positions", list_positions), ("get_position", get_position), ("list_holdings", list_holdings)];

pub(super) const fn asset_class(instrument: &Instrument) -> &'static str {
    match instrument.nature {
        Nature::Stock { .. } => "equity",
        Nature::Index { .. } => "other",
        Nature::Option(_) => "option",
    }
}

fn list_positions(visit: &mut Visit<'_>) -> Outcome {
    let ix = visit.account()?;
    let held = visit.book.account(ix).into_iter().flat_map(|account| account.held());
    let held: Vec<_> = held.map(|(instrument, position)| (instrument, *position)).collect();
    visit.list(&held, |visit, (instrument, position)| {
        Some(position_facts(visit.book, ix, *instrument, position).into())
    })
}

fn get_position(visit: &mut Visit<'_>) -> Outcome {
    let ix = visit.account()?;
    let symbol = visit.parameters().text("symbol").unwrap_or_default();
    let instrument = visit.book.listing().find(symbol).map(|instrument| instrument.ix);
    let mut held = visit.book.account(ix).into_iter().flat_map(|account| account.held());
    let found = held.find(|(held, _)| Some(*held) == instrument);
    let (instrument, position) = found.ok_or_else(|| visit.refusal(&[404], "there is no such position"))?;
    visit.value(position_facts(visit.book, ix, instrument, position))
}

/// The present, whatever day is asked for after the book began; nothing before.
fn list_holdings(visit: &mut Visit<'_>) -> Outcome {
    let ix = visit.account()?;
    let (book, today) = (&visit.book, visit.book.day());
    let day = visit.parameters().date("date").unwrap_or(today);
    let account = book.account(ix).ok_or_else(|| visit.refusal(&[404], "there is no such account"))?;
    let then = book.history(account).find(|known| known.date == day);
    let is_present = day == today;
    let held = account.positions.iter().filter(|_| is_present);
    let rows = held.filter_map(|(instrument, position)| {
        let instrument = book.instrument(*instrument)?;
        let facts = Facts::new()
            .with("symbol", instrument.symbol.as_str())
            .with("symbol_description", instrument.name.as_str())
            .with("asset_class", asset_class(instrument))
            .with("quantity", position.quantity)
            .with("sod_quantity", position.today.begin);
        let is_shown = !position.quantity.is_zero() || !position.today.begin.is_zero();
        is_shown.then_some(facts)
    });
    let rows: Fact = rows.collect();
    let facts = account_facts(book, ix)
        .with("date", day)
        .with("sod_equity", then.map(|then| then.begin_equity))
        .with("eod_equity", then.filter(|_| !is_present).map(|then| then.end_equity))
        .with("timestamp", is_present.then(|| book.now()))
        .with("data", rows);
    visit.value(facts)
}

/// A position as Studio tells it, on the stream too.
pub(in crate::desk) fn position_facts(
    book: &Book,
    account: AccountIx,
    ix: InstrumentIx,
    position: &Position,
) -> Facts {
    let instrument = book.instrument(ix);
    let cost =
        instrument.and_then(|instrument| position.cost.per(position.quantity, instrument.multiplier()));
    account_facts(book, account)
        .with("symbol", instrument.map(|instrument| instrument.symbol.as_str()))
        .with("quantity", position.quantity)
        .with("average_cost", cost.unwrap_or_default())
}
