//! Positions and holdings.

use super::account_fields;
use crate::exchange::Exchange;
use crate::exchange::account::Position;
use crate::exchange::index::{AccountIx, InstrumentIx};
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    list_positions, get_position, list_holdings,
}

fn list_positions(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?;
    let held: Vec<_> = account.held().collect();
    context.list(&held, |(ix, position)| position_fields(context.exchange, account.ix, *ix, position))
}

fn get_position(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?;
    let instrument = context.instrument("symbol").ok();
    let held = instrument.map(|instrument| (instrument.ix, account.position(instrument.ix)));
    let held = held.filter(|(_, position)| !position.quantity.is_zero());
    let (ix, position) = held.ok_or_else(|| context.refusal(&[404], "there is no such position"))?;
    context.value(position_fields(context.exchange, account.ix, ix, &position))
}

/// The present, whatever day is asked for after the exchange began; nothing before.
fn list_holdings(context: &mut RequestContext<'_>) -> Outcome {
    let (exchange, account) = (&context.exchange, context.account()?);
    let day = context.parameters().date("date").unwrap_or(exchange.day());
    let then = exchange.history(account).find(|known| known.date == day);
    let is_present = day == exchange.day();
    let shown = account.positions.iter().filter(|(_, position)| {
        is_present && !(position.quantity.is_zero() && position.today.begin.is_zero())
    });
    let rows = shown.map(|(ix, position)| {
        let instrument = exchange.instrument(*ix);
        FieldValues::new()
            .with("symbol", instrument.symbol.as_str())
            .with("symbol_description", instrument.name.as_str())
            .with("asset_class", instrument.nature.asset_class())
            .with("quantity", position.quantity)
            .with("sod_quantity", position.today.begin)
    });
    let fields = account_fields(exchange, account.ix)
        .with("date", day)
        .with("sod_equity", then.map(|then| then.begin_equity))
        .with("eod_equity", then.filter(|_| !is_present).map(|then| then.end_equity))
        .with("timestamp", is_present.then(|| exchange.now()))
        .with("data", rows.collect::<FieldValue>());
    context.value(fields)
}

/// A position as Studio tells it, on the stream too.
pub(in crate::handlers) fn position_fields(
    exchange: &Exchange,
    account: AccountIx,
    ix: InstrumentIx,
    position: &Position,
) -> FieldValues {
    let instrument = exchange.instrument(ix);
    let cost = position.cost.per(position.quantity, instrument.multiplier());
    account_fields(exchange, account)
        .with("symbol", instrument.symbol.as_str())
        .with("quantity", position.quantity)
        .with("average_cost", cost.unwrap_or_default())
}
