//! Orders and trades.

use std::sync::Arc;

use super::account_fields;
use super::terms::{KNOWN, read_terms, time_in_force_name, type_name};
use crate::call::{Answer, Refusal};
use crate::exchange::index::{AccountIx, ExecutionIx, OrderIx};
use crate::exchange::order::{Execution, Order, Reason, Status};
use crate::exchange::{Exchange, Unchanged, calendar};
use crate::handlers::context::{Arguments, Outcome, RequestContext};
use crate::handlers::field_values::{FieldValue, FieldValues};
use crate::handlers::terms::{Fault, read_price, read_quantity};

handlers! {
    list_orders, create_order, create_bulk_orders, delete_all_orders, get_order, delete_order,
    update_order, list_trades, get_trade,
}

/// Those of the day, and older ones that are still open.
fn list_orders(context: &mut RequestContext<'_>) -> Outcome {
    let (account, arguments) = (context.account()?, context.parameters());
    let created = |ix: &OrderIx| context.exchange.order(*ix).created;
    let midnight = calendar::begin_of(context.exchange.day());
    let (older, today) = account.orders.split_at(account.orders.partition_point(|ix| created(ix) < midnight));
    let open = account.open.iter().take_while(|ix| older.last().is_some_and(|last| *ix <= last));
    let mut found: Vec<OrderIx> = open.chain(today).copied().collect();
    if let Some(from) = arguments.time("from") {
        found.retain(|ix| created(ix) >= from);
    }
    if let Some(to) = arguments.time("to") {
        found.retain(|ix| created(ix).as_millisecond() <= to.as_millisecond());
    }
    context.list(&found, |ix| order_fields(context.exchange, context.exchange.order(*ix)))
}

fn create_order(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let ix = place(context, account, context.body()).map_err(|fault| refusal(context, fault))?;
    context.value(FieldValues::new().with("order_id", context.exchange.order_id(ix)))
}

fn create_bulk_orders(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let (mut submitted, mut rejected, mut rows) = (0, 0, Vec::new());
    for row in context.body().objects("orders") {
        let accepted = match place(context, account, row) {
            Err((field, message)) => Err(format!("{field}: {message}")),
            Ok(ix) => match context.exchange.order(ix) {
                Order { status: Status::Rejected, note, .. } => Err(note.unwrap_or_default().to_owned()),
                _ => Ok(context.exchange.order_id(ix)),
            },
        };
        *(if accepted.is_ok() { &mut submitted } else { &mut rejected }) += 1;
        let fields = FieldValues::new().with("submitted", accepted.is_ok());
        rows.push(match accepted {
            Ok(id) => fields.with("order_id", id),
            Err(reason) => fields.with("reason", reason),
        });
    }
    let rows: FieldValue = rows.into_iter().collect();
    let fields = FieldValues::new().with("submitted", submitted).with("rejected", rejected);
    context.value(fields.with("data", rows))
}

fn delete_all_orders(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let symbol = context.parameters().text("symbol");
    let instrument = symbol.map(|symbol| context.exchange.listing().find(symbol).map(|found| found.ix));
    let canceled = context.cancel_all(account, |_, order| {
        instrument.is_none_or(|instrument| instrument == Some(order.terms.instrument))
    });
    context.list(&canceled, |ix| context.exchange.order_id(*ix))
}

fn get_order(context: &mut RequestContext<'_>) -> Outcome {
    let order = order_fields(context.exchange, context.order()?);
    context.value(FieldValues::new().with("order", order))
}

fn delete_order(context: &mut RequestContext<'_>) -> Outcome {
    let ix = context.order()?.ix;
    context.exchange.cancel(ix).map_err(|unchanged| refuse(context, unchanged))?;
    Ok(Answer::Nothing)
}

fn update_order(context: &mut RequestContext<'_>) -> Outcome {
    let (ix, body) = (context.order()?.ix, context.body());
    let quantity = read_quantity(body).map_err(|fault| refusal(context, fault))?;
    let limit = read_price(body, "price").map_err(|fault| refusal(context, fault))?;
    let stop = read_price(body, "stop_price").map_err(|fault| refusal(context, fault))?;
    context.exchange.replace(ix, quantity, limit, stop).map_err(|unchanged| refuse(context, unchanged))?;
    Ok(Answer::Nothing)
}

/// Those of the day.
fn list_trades(context: &mut RequestContext<'_>) -> Outcome {
    let all = &context.account()?.executions;
    let midnight = calendar::begin_of(context.exchange.day());
    let is_older = |ix: &ExecutionIx| context.exchange.execution(*ix).time < midnight;
    let today = &all[all.partition_point(is_older)..];
    context.list(today, |ix| trade_fields(context.exchange, context.exchange.execution(*ix)))
}

fn get_trade(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let execution = context.parameters().text("trade_id").and_then(|id| context.exchange.execution_by_id(id));
    let own = execution.filter(|execution| execution.account == account);
    let own = own.ok_or_else(|| context.refusal(&[404], "there is no such trade"))?;
    context.value(trade_fields(context.exchange, own))
}

fn place(
    context: &mut RequestContext<'_>,
    account: AccountIx,
    arguments: Arguments<'_>,
) -> Result<OrderIx, Fault> {
    let terms = read_terms(context, arguments)?;
    let echo = Arc::new(arguments.besides(&KNOWN));
    context.exchange.submit(account, terms, None, echo).map_err(|_| ("reference_id", "it is taken"))
}

fn refusal(context: &RequestContext<'_>, (field, message): Fault) -> Refusal {
    context.refusal(&[400], message).of(field)
}

fn refuse(context: &RequestContext<'_>, unchanged: Unchanged) -> Refusal {
    match unchanged {
        Unchanged::NotOpen => context.refusal(&[400], "the order is not open any more"),
        Unchanged::Refused(note) => context.refusal(&[400], note),
    }
}

/// An order as Studio tells it, on the stream too.
pub(in crate::handlers) fn order_fields(exchange: &Exchange, order: &Order) -> FieldValues {
    let terms = &order.terms;
    let state = match order.status {
        Status::New | Status::PartiallyFilled => "open",
        Status::Rejected => "rejected",
        Status::Filled | Status::Canceled | Status::Expired => "closed",
    };
    let reason = match order.reason {
        Reason::Place => "place",
        Reason::Modify => "modify",
        Reason::Cancel => "cancel",
        Reason::ExecutionReport => "execution-report",
        Reason::Reject => "reject",
    };
    FieldValues::new()
        .with("created_at", order.created)
        .with("updated_at", order.updated)
        .with("order_id", exchange.order_id(order.ix))
        .with("reference_id", order.key.as_deref())
        .with("version", order.version)
        .and(account_fields(exchange, order.account))
        .with("state", state)
        .with("status", order.status.name())
        .with("symbol", exchange.instrument(terms.instrument).symbol.as_str())
        .with("order_type", type_name(&terms.pricing))
        .with("side", terms.side.name())
        .with("quantity", terms.quantity)
        .with("price", order.limit())
        .with("stop_price", order.stop().or(order.trail.map(|trail| trail.stop)))
        .with("time_in_force", time_in_force_name(terms.time_in_force))
        .with("average_price", order.average_price())
        .with("filled_quantity", order.filled)
        .with("order_update_reason", reason)
        .with("text", order.note)
        .with("running_position", order.running_position)
        .and(FieldValues::of(&order.echo))
}

/// A fill as Studio tells it, on the stream too.
pub(in crate::handlers) fn trade_fields(exchange: &Exchange, execution: &Execution) -> FieldValues {
    FieldValues::new()
        .with("created_at", execution.time)
        .and(account_fields(exchange, execution.account))
        .with("trade_id", exchange.execution_id(execution.ix))
        .with("order_id", exchange.order_id(execution.order))
        .with("symbol", exchange.instrument(execution.instrument).symbol.as_str())
        .with("side", execution.side.name())
        .with("quantity", execution.quantity)
        .with("price", execution.price)
        .with("running_position", execution.running_position)
}
