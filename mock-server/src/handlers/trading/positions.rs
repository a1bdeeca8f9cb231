//! Positions and closing them.

use std::sync::Arc;

use super::orders::{instrument_fields, order_fields};
use crate::exchange::PositionView;
use crate::exchange::account::Account;
use crate::exchange::amount::{Money, Quantity};
use crate::exchange::index::{AccountIx, InstrumentIx, OrderIx};
use crate::exchange::order::{Pricing, Side, Terms, TimeInForce};
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::FieldValues;

handlers! {
    get_positions, close_positions, close_position,
}

fn get_positions(context: &mut RequestContext<'_>) -> Outcome {
    let (account, arguments) = (context.account()?, context.parameters());
    let wanted = arguments.texts("instrument_ids").map(|names| super::instruments::all(context, &names));
    let held = account.held().map(|(ix, _)| ix);
    let held = held.filter(|ix| wanted.as_ref().is_none_or(|wanted| wanted.contains(ix)));
    let mut rows: Vec<_> = held.map(|ix| (ix, context.exchange.position(account, ix))).collect();
    let field = arguments.text("sort_by").unwrap_or("SYMBOL");
    rows.sort_by_cached_key(|(ix, view)| sort_key(context, field, *ix, view));
    if arguments.text("sort_direction") == Some("DESC") {
        rows.reverse();
    }
    context.list(&rows, |(ix, view)| position_fields(context, account, *ix, view))
}

fn close_positions(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?;
    let (ix, held) = (account.ix, account.held().map(|(ix, _)| ix).collect::<Vec<_>>());
    close(context, ix, &held)
}

fn close_position(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?;
    let ix = account.ix;
    let instrument = context.instrument("instrument_id").map(|instrument| instrument.ix);
    match instrument.ok().filter(|ix| !account.position(*ix).quantity.is_zero()) {
        Some(instrument) => close(context, ix, &[instrument]),
        None => Err(context.refusal(&[404, 400], "there is no such position")),
    }
}

/// Closes positions by market orders.
fn close(context: &mut RequestContext<'_>, account: AccountIx, instruments: &[InstrumentIx]) -> Outcome {
    let cancels = context.body().bool("cancel_orders").unwrap_or_default();
    let mut placed: Vec<OrderIx> = Vec::new();
    for instrument in instruments.iter().copied() {
        if cancels {
            context.cancel_all(account, |_, order| order.terms.instrument == instrument);
        }
        let held = context.exchange.account(account).position(instrument).quantity;
        let side = if held < Quantity::ZERO { Side::Buy } else { Side::Sell };
        let (quantity, pricing, time_in_force) = (held.abs(), Pricing::Market, TimeInForce::Day);
        let terms = Terms { instrument, side, quantity, pricing, time_in_force, extended_hours: false };
        if !quantity.is_zero() {
            placed.extend(context.exchange.submit(account, terms, None, Arc::default()));
        }
    }
    context.list(&placed, |ix| order_fields(context, *ix))
}

/// What positions are sorted by, and then by symbol.
fn sort_key(
    context: &RequestContext<'_>,
    field: &str,
    ix: InstrumentIx,
    view: &PositionView,
) -> (Money, Quantity, &'static str, String) {
    let instrument = context.exchange.instrument(ix);
    let mut key = (Money::ZERO, Quantity::ZERO, "", instrument.symbol.clone());
    match field {
        "MARKET_VALUE" => key.0 = view.value,
        "UNREALIZED_PNL" => key.0 = view.unrealized,
        "DAILY_UNREALIZED_PNL" => key.0 = view.day_unrealized,
        "DAILY_REALIZED_PNL" => key.0 = view.position.today.realized,
        "QUANTITY" => key.1 = view.position.quantity,
        "INSTRUMENT_TYPE" => key.2 = instrument.nature.type_name(),
        "POSITION_TYPE" => key.2 = long_or_short(view),
        _ => {}
    }
    key
}

fn long_or_short(view: &PositionView) -> &'static str {
    if view.position.quantity < Quantity::ZERO { "SHORT" } else { "LONG" }
}

fn position_fields(
    context: &RequestContext<'_>,
    account: &Account,
    ix: InstrumentIx,
    view: &PositionView,
) -> FieldValues {
    let position = &view.position;
    let multiplier = context.exchange.instrument(ix).multiplier();
    let is_short = position.quantity < Quantity::ZERO;
    let available = if is_short { -position.coverable() } else { position.available() };
    FieldValues::new()
        .with("account_id", account.opening.number)
        .and(instrument_fields(context, ix))
        .with("position_type", long_or_short(view))
        .with("quantity", position.quantity)
        .with("available_quantity", available)
        .with("avg_price", position.cost.per(position.quantity, multiplier))
        .with("cost_basis", position.cost)
        .with("instrument_price", view.price)
        .with("market_value", view.value)
        .with("closing_price", view.previous_close)
        .with("closing_price_date", context.exchange.previous_day())
        .with("unrealized_pnl", view.unrealized)
        .with("unrealized_pnl_pct", view.unrealized.percent_of(position.cost.abs()))
        .with("daily_unrealized_pnl", view.day_unrealized)
        .with("daily_unrealized_pnl_pct", view.day_unrealized.percent_of(view.begin_value.abs()))
        .with("daily_realized_pnl", position.today.realized)
}
