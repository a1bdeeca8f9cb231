//! Positions and closing them.

use std::cmp::Ordering;

use super::instruments::type_of;
use super::orders::{account_number, instrument_facts, order_facts};
use crate::book::PositionView;
use crate::book::account::AccountIx;
use crate::book::amount::Money;
use crate::book::listing::{Instrument, InstrumentIx};
use crate::book::order::{OrderIx, Pricing, Side, Terms, TimeInForce};
use crate::desk::fact::Facts;
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_positions", get_positions),
    ("close_positions", close_positions),
    ("close_position", close_position),
];

fn get_positions(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let said = visit.parameters();
    let wanted = said
        .texts("instrument_ids")
        .map(|names| names.iter().filter_map(|name| Some(visit.instrument(name)?.ix)).collect::<Vec<_>>());
    let held = held(visit, account).into_iter();
    let held = held.filter(|ix| wanted.as_ref().is_none_or(|wanted| wanted.contains(ix)));
    let mut rows: Vec<_> = held.filter_map(|ix| view(visit, account, ix)).collect();
    let field = said.text("sort_by").unwrap_or("SYMBOL");
    rows.sort_by(|(one, view), (other, other_view)| compare(field, (one, view), (other, other_view)));
    if said.text("sort_direction") == Some("DESC") {
        rows.reverse();
    }
    let rows: Vec<_> = rows.iter().map(|(instrument, view)| (instrument.ix, *view)).collect();
    visit.list(&rows, |visit, (ix, view)| Some(position_facts(visit, account, *ix, view).into()))
}

fn close_positions(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let held = held(visit, account);
    close(visit, account, &held)
}

fn close_position(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let name = visit.parameters().text("instrument_id").unwrap_or_default();
    let instrument = visit.instrument(name).map(|instrument| instrument.ix);
    let held: Vec<_> = held(visit, account).into_iter().filter(|ix| Some(*ix) == instrument).collect();
    if held.is_empty() {
        return Err(visit.refusal(&[404, 400], "there is no such position"));
    }
    close(visit, account, &held)
}

/// Closes positions by market orders.
fn close(visit: &mut Visit<'_>, account: AccountIx, instruments: &[InstrumentIx]) -> Outcome {
    let cancels = visit.body().bool("cancel_orders").unwrap_or_default();
    let mut placed: Vec<OrderIx> = Vec::new();
    for instrument in instruments.iter().copied() {
        if cancels {
            visit.cancel_all(account, |order| order.terms.instrument == instrument);
        }
        let Some(position) = visit.book.account(account).map(|account| account.position(instrument)) else {
            continue;
        };
        let side = if position.quantity.signum() < 0 { Side::Buy } else { Side::Sell };
        let quantity = position.quantity.abs();
        let (pricing, time_in_force) = (Pricing::Market, TimeInForce::Day);
        let terms = Terms { instrument, side, quantity, pricing, time_in_force, extended_hours: false };
        if !quantity.is_zero() {
            placed.extend(visit.book.submit(account, terms, None, None));
        }
    }
    visit.list(&placed, |visit, ix| Some(order_facts(visit, visit.book.order(*ix)?).into()))
}

fn held(visit: &Visit<'_>, account: AccountIx) -> Vec<InstrumentIx> {
    let account = visit.book.account(account);
    account.into_iter().flat_map(|account| account.held()).map(|(instrument, _)| instrument).collect()
}

fn view<'b>(
    visit: &'b Visit<'_>,
    account: AccountIx,
    ix: InstrumentIx,
) -> Option<(&'b Instrument, PositionView)> {
    let (account, instrument) = (visit.book.account(account)?, visit.book.instrument(ix)?);
    Some((instrument, visit.book.position(account, instrument)))
}

fn compare(field: &str, one: (&Instrument, &PositionView), other: (&Instrument, &PositionView)) -> Ordering {
    let number = |(_, view): (&Instrument, &PositionView)| match field {
        "MARKET_VALUE" => view.value,
        "UNREALIZED_PNL" => view.unrealized,
        "DAILY_UNREALIZED_PNL" => view.day_unrealized,
        "DAILY_REALIZED_PNL" => view.position.today.realized,
        _ => Money::ZERO,
    };
    let text = |(instrument, view): (&Instrument, &PositionView)| match field {
        "INSTRUMENT_TYPE" => type_of(instrument),
        "POSITION_TYPE" => long_or_short(view),
        _ => "",
    };
    let quantity = |(_, view): (&Instrument, &PositionView)| match field {
        "QUANTITY" => view.position.quantity,
        _ => Default::default(),
    };
    let key = |row| (number(row), quantity(row), text(row), row.0.symbol.as_str());
    key(one).cmp(&key(other))
}

fn long_or_short(view: &PositionView) -> &'static str {
    if view.position.quantity.signum() < 0 { "SHORT" } else { "LONG" }
}

fn position_facts(visit: &Visit<'_>, account: AccountIx, ix: InstrumentIx, view: &PositionView) -> Facts {
    let position = &view.position;
    let multiplier = visit.book.instrument(ix).map_or(1, Instrument::multiplier);
    let available = if position.quantity.signum() < 0 { -position.coverable() } else { position.available() };
    Facts::new()
        .with("account_id", account_number(visit, account))
        .and(instrument_facts(visit, ix))
        .with("position_type", long_or_short(view))
        .with("quantity", position.quantity)
        .with("available_quantity", available)
        .with("avg_price", position.cost.per(position.quantity, multiplier))
        .with("cost_basis", position.cost)
        .with("instrument_price", view.price)
        .with("market_value", view.value)
        .with("closing_price", view.previous_close)
        .with("closing_price_date", visit.book.previous_day())
        .with("unrealized_pnl", view.unrealized)
        .with("unrealized_pnl_pct", view.unrealized.percent_of(position.cost.abs()))
        .with("daily_unrealized_pnl", view.day_unrealized)
        .with("daily_unrealized_pnl_pct", view.day_unrealized.percent_of(view.begin_value.abs()))
        .with("daily_realized_pnl", position.today.realized)
}
