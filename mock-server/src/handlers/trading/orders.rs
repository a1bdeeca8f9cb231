//! Orders and executions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::terms::{KNOWN, read_terms, time_in_force_name, type_name};
use crate::call::Refusal;
use crate::exchange::Unchanged;
use crate::exchange::index::{ExecutionIx, InstrumentIx, OrderIx};
use crate::exchange::order::{Execution, Offset, Order, Pricing, Terms, TimeInForce};
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::{FieldValue, FieldValues};
use crate::handlers::terms::{Fault, read_price, read_quantity};

handlers! {
    get_orders, get_order_by_id, submit_orders, replace_order, cancel_open_order, cancel_all_open_orders,
    get_executions,
}

/// Oldest first, so that orders which come in between move nothing to another page.
fn get_orders(context: &mut RequestContext<'_>) -> Outcome {
    let (account, arguments) = (context.account()?, context.parameters());
    let created = |ix: &OrderIx| context.exchange.order(*ix).created;
    let mut orders = account.orders.as_slice();
    if let Some(to) = arguments.time("to") {
        orders = &orders[..orders.partition_point(|ix| created(ix) <= to)];
    }
    if let Some(from) = arguments.time("from") {
        orders = &orders[orders.partition_point(|ix| created(ix) < from)..];
    }
    let filter = Filter::new(context);
    let takes = |ix: &OrderIx| filter.takes(context, context.exchange.order(*ix));
    let found: Cow<'_, [OrderIx]> = match arguments.texts("order_ids") {
        Some(names) => {
            let named = names.iter().flat_map(|name| {
                let by_id = context.exchange.order_by_id(name).map(|order| order.ix);
                by_id.into_iter().chain(account.order_by_key(name))
            });
            let mut wanted: Vec<_> = named.collect();
            wanted.sort_unstable();
            wanted.dedup();
            wanted.retain(|ix| orders.binary_search(ix).is_ok() && takes(ix));
            wanted.into()
        }
        None if filter.takes_all() => orders.into(),
        None => orders.iter().copied().filter(takes).collect(),
    };
    context.list(&found, |ix| order_fields(context, *ix))
}

fn get_order_by_id(context: &mut RequestContext<'_>) -> Outcome {
    context.value(order_fields(context, context.order()?.ix))
}

/// All or nothing where a row makes no sense or its key names another order; each row by itself where the
/// rules of the exchange are against it.
fn submit_orders(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let rows = context.rows();
    let mut terms = Vec::new();
    let mut keys: HashMap<&str, Terms> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let place = format!("[{index}].");
        let row_terms = read_terms(context, *row).map_err(|fault| refusal(context, fault, &place))?;
        if let Some(key) = row.text("id") {
            let is_taken = context.exchange.key_conflict(account, key, &row_terms)
                || keys.insert(key, row_terms).is_some_and(|other| other != row_terms);
            if is_taken {
                let refusal = context.refusal(&[422], "the id names another order of the account");
                return Err(refusal.of(format!("{place}id")));
            }
        }
        terms.push(row_terms);
    }
    let mut placed = Vec::new();
    for (row, terms) in rows.iter().zip(terms) {
        let echo = Arc::new(row.besides(&KNOWN));
        // A key that another order has was refused above.
        placed.extend(context.exchange.submit(account, terms, row.text("id"), echo));
    }
    context.list(&placed, |ix| order_fields(context, *ix))
}

fn replace_order(context: &mut RequestContext<'_>) -> Outcome {
    let (ix, body) = (context.order()?.ix, context.body());
    let refuse = |fault| refusal(context, fault, "");
    let quantity = read_quantity(body).map_err(refuse)?;
    let limit = read_price(body, "limit_price").map_err(refuse)?;
    let stop = read_price(body, "stop_price").map_err(refuse)?;
    match context.exchange.replace(ix, quantity, limit, stop) {
        Ok(()) => context.value(order_fields(context, ix)),
        Err(Unchanged::NotOpen) => Err(context.refusal(&[404], "there is no such open order")),
        Err(Unchanged::Refused(note)) => Err(context.refusal(&[400], note)),
    }
}

fn cancel_open_order(context: &mut RequestContext<'_>) -> Outcome {
    let ix = context.order()?.ix;
    match context.exchange.cancel(ix) {
        Ok(()) => context.value(order_fields(context, ix)),
        Err(_) => Err(context.refusal(&[404], "there is no such open order")),
    }
}

fn cancel_all_open_orders(context: &mut RequestContext<'_>) -> Outcome {
    let (account, arguments) = (context.account()?.ix, context.parameters());
    let filter = Filter::new(context);
    let found = context.cancel_all(account, |context, order| {
        arguments.text("side").is_none_or(|side| side == order.terms.side.name())
            && arguments.text("type").is_none_or(|ty| ty == type_name(&order.terms.pricing))
            && filter.takes(context, order)
    });
    if found.is_empty() {
        return Err(context.refusal(&[404], "there is no such open order"));
    }
    context.list(&found, |ix| order_fields(context, *ix))
}

/// Newest first.
fn get_executions(context: &mut RequestContext<'_>) -> Outcome {
    let (account, arguments) = (context.account()?, context.parameters());
    let filter = Filter::new(context);
    let (from, to) = (arguments.time("from"), arguments.time("to"));
    let is_meant = |ix: &ExecutionIx| {
        let execution = context.exchange.execution(*ix);
        from.is_none_or(|from| execution.time >= from)
            && to.is_none_or(|to| execution.time <= to)
            && filter.takes_instrument(execution.instrument)
    };
    let found: Vec<_> = account.executions.iter().rev().copied().filter(is_meant).collect();
    context.list(&found, |ix| execution_fields(context, context.exchange.execution(*ix)))
}

fn refusal(context: &RequestContext<'_>, (field, message): Fault, place: &str) -> Refusal {
    context.refusal(&[422, 400], message).of(format!("{place}{field}"))
}

/// Which orders and fills a caller wants.
struct Filter<'a> {
    statuses: Option<Vec<&'a str>>,
    instrument_type: Option<&'a str>,
    instruments: Option<Vec<InstrumentIx>>,
    underlyings: Option<Vec<InstrumentIx>>,
}

impl<'a> Filter<'a> {
    fn new(context: &RequestContext<'a>) -> Self {
        let arguments = context.parameters();
        let symbol = arguments.text("symbol").map(|symbol| vec![symbol]);
        let all = |names: Vec<&str>| super::instruments::all(context, &names);
        Self {
            statuses: arguments.texts("status"),
            instrument_type: arguments.text("instrument_type"),
            instruments: symbol.or(arguments.texts("instrument_ids")).map(all),
            underlyings: arguments.texts("underlying_instrument_ids").map(all),
        }
    }

    fn takes_all(&self) -> bool {
        self.statuses.is_none()
            && self.instrument_type.is_none()
            && self.instruments.is_none()
            && self.underlyings.is_none()
    }

    fn takes_instrument(&self, instrument: InstrumentIx) -> bool {
        self.instruments.as_ref().is_none_or(|instruments| instruments.contains(&instrument))
    }

    fn takes(&self, context: &RequestContext<'_>, order: &Order) -> bool {
        let instrument = context.exchange.instrument(order.terms.instrument);
        let underlying = instrument.contract().map(|contract| contract.underlying);
        self.statuses.as_ref().is_none_or(|names| names.contains(&order.status.name()))
            && self.instrument_type.is_none_or(|name| name == instrument.nature.type_name())
            && self.takes_instrument(instrument.ix)
            && self.underlyings.as_ref().is_none_or(|all| underlying.is_some_and(|ix| all.contains(&ix)))
    }
}

pub(super) fn order_fields(context: &RequestContext<'_>, ix: OrderIx) -> FieldValues {
    let order = context.exchange.order(ix);
    let (id, terms) = (context.exchange.order_id(ix), &order.terms);
    let expires = match terms.time_in_force {
        TimeInForce::GoodTillDate(end) => Some(end),
        _ => None,
    };
    FieldValues::new()
        .with("client_order_id", order.key.as_deref().unwrap_or(&id))
        .with("id", id.as_str())
        .with("account_id", context.exchange.account(order.account).opening.number)
        .and(instrument_fields(context, terms.instrument))
        .with("side", terms.side.name())
        .with("order_type", type_name(&terms.pricing))
        .with("time_in_force", time_in_force_name(terms.time_in_force))
        .with("status", order.status.name())
        .with("quantity", terms.quantity)
        .with("filled_quantity", order.filled)
        .with("leaves_quantity", order.leaves())
        .with("average_fill_price", order.average_price())
        .with("limit_price", order.limit().filter(|_| order.trail.is_none()))
        .with("stop_price", order.stop())
        .and(trailing_fields(order))
        .with("extended_hours", terms.extended_hours)
        .with("expires_at", expires)
        .with("details", order.note.map(|note| FieldValue::List(vec![note.into()])))
        .with("created_at", order.created)
        .with("updated_at", order.updated)
        .and(FieldValues::of(&order.echo))
}

fn trailing_fields(order: &Order) -> FieldValues {
    let Pricing::Trailing { offset, limit_offset } = order.terms.pricing else { return FieldValues::new() };
    let (distance, ty) = match offset {
        Offset::Price(price) => (price.decimal(), "PRICE"),
        Offset::BasisPoints(points) => (points.into(), "BPS"),
    };
    let trail = order.trail;
    FieldValues::new()
        .with("trailing_offset", distance)
        .with("trailing_offset_type", ty)
        .with("limit_offset", limit_offset.map(|units| Decimal::new(units, 4).normalize()))
        .with("trailing_stop_px", trail.map(|trail| trail.stop))
        .with("trailing_limit_px", trail.and_then(|trail| trail.limit))
        .with("trailing_watermark_px", trail.map(|trail| trail.watermark))
        .with("trailing_watermark_ts", trail.map(|trail| trail.since))
}

fn execution_fields(context: &RequestContext<'_>, execution: &Execution) -> FieldValues {
    FieldValues::new()
        .with("id", context.exchange.execution_id(execution.ix))
        .with("order_id", context.exchange.order_id(execution.order))
        .and(instrument_fields(context, execution.instrument))
        .with("side", execution.side.name())
        .with("quantity", execution.quantity)
        .with("price", execution.price)
        .with("transaction_time", execution.time)
}

/// What orders, fills and positions tell about their instrument.
pub(super) fn instrument_fields(context: &RequestContext<'_>, ix: InstrumentIx) -> FieldValues {
    let instrument = context.exchange.instrument(ix);
    let underlying =
        instrument.contract().map(|contract| context.exchange.instrument_id(contract.underlying));
    FieldValues::new()
        .with("instrument_id", context.exchange.instrument_id(ix))
        .with("symbol", instrument.symbol.as_str())
        .with("instrument_type", instrument.nature.type_name())
        .with("underlying_instrument_id", underlying)
        .with("venue", instrument.venue)
}
