//! Orders and executions.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::instruments::{is_of_type, type_of};
use super::terms::{KNOWN, read_price, read_quantity, read_terms, side_name, time_in_force_name, type_name};
use crate::book::Unchanged;
use crate::book::account::AccountIx;
use crate::book::listing::InstrumentIx;
use crate::book::order::{Execution, Offset, Order, OrderIx, Pricing, Terms, TimeInForce};
use crate::call::Refusal;
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Said, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_orders", get_orders),
    ("get_order_by_id", get_order_by_id),
    ("submit_orders", submit_orders),
    ("replace_order", replace_order),
    ("cancel_open_order", cancel_open_order),
    ("cancel_all_open_orders", cancel_all_open_orders),
    ("get_executions", get_executions),
];

/// Oldest first, so that orders which come in between move nothing to another page.
fn get_orders(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let said = visit.parameters();
    let orders = visit.book.account(account).map(|account| account.orders.as_slice()).unwrap_or_default();
    let created = |ix: &OrderIx| visit.book.order(*ix).map(|order| order.created).unwrap_or_default();
    let from = said.time("from").map_or(0, |from| orders.partition_point(|ix| created(ix) < from));
    let to = said.time("to").map_or(orders.len(), |to| orders.partition_point(|ix| created(ix) <= to));
    let orders = orders.get(from..to).unwrap_or_default();
    let filter = Filter::new(visit);
    let found: Cow<'_, [OrderIx]> = match said.texts("order_ids") {
        Some(names) => {
            let account = visit.book.account(account);
            let mut wanted: Vec<_> = names
                .iter()
                .flat_map(|name| {
                    let by_key = account.and_then(|account| account.order_by_key(name));
                    visit.book.identities().read_order(name).into_iter().chain(by_key)
                })
                .collect();
            wanted.sort_unstable();
            wanted.dedup();
            wanted.retain(|ix| orders.binary_search(ix).is_ok() && filter.takes(visit, *ix));
            wanted.into()
        }
        None if filter.takes_all() => orders.into(),
        None => orders.iter().copied().filter(|ix| filter.takes(visit, *ix)).collect(),
    };
    visit.list(&found, |visit, ix| Some(order_facts(visit, visit.book.order(*ix)?).into()))
}

fn get_order_by_id(visit: &mut Visit<'_>) -> Outcome {
    let ix = order(visit)?;
    answer(visit, ix)
}

/// All or nothing where a row makes no sense or its key names another order; each row by itself where the
/// rules of the book are against it.
fn submit_orders(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let rows: Vec<Said<'_>> = visit.rows().collect();
    let mut terms = Vec::new();
    let mut keys: HashMap<&str, Terms> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let row_terms = read_terms(visit, *row, index)?;
        if let Some(key) = row.text("id") {
            let is_taken = visit.book.key_conflict(account, key, &row_terms)
                || keys.insert(key, row_terms).is_some_and(|other| other != row_terms);
            if is_taken {
                let refusal = visit.refusal(&[422], "the id names another order of the account");
                return Err(refusal.of(format!("[{index}].id")));
            }
        }
        terms.push(row_terms);
    }
    let mut placed = Vec::new();
    for (row, terms) in rows.iter().zip(terms) {
        let echo = row.besides(&KNOWN).map(Arc::new);
        // A key that another order has was refused above.
        if let Ok(ix) = visit.book.submit(account, terms, row.text("id"), echo) {
            placed.push(ix);
        }
    }
    visit.list(&placed, |visit, ix| Some(order_facts(visit, visit.book.order(*ix)?).into()))
}

fn replace_order(visit: &mut Visit<'_>) -> Outcome {
    let ix = order(visit)?;
    let body = visit.body();
    let quantity = read_quantity(visit, body, "")?;
    let limit = read_price(visit, body, "limit_price", "")?;
    let stop = read_price(visit, body, "stop_price", "")?;
    match visit.book.replace(ix, quantity, limit, stop) {
        Ok(()) => answer(visit, ix),
        Err(Unchanged::NotOpen) => Err(visit.refusal(&[404], "there is no such open order")),
        Err(Unchanged::Refused(note)) => Err(visit.refusal(&[400], note)),
    }
}

fn cancel_open_order(visit: &mut Visit<'_>) -> Outcome {
    let ix = order(visit)?;
    match visit.book.cancel(ix) {
        Ok(()) => answer(visit, ix),
        Err(_) => Err(visit.refusal(&[404], "there is no such open order")),
    }
}

fn cancel_all_open_orders(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let said = visit.parameters();
    let filter = Filter::new(visit);
    let is_meant = |order: &Order| {
        said.text("side").is_none_or(|side| side == side_name(order.terms.side))
            && said.text("type").is_none_or(|ty| ty == type_name(&order.terms.pricing))
    };
    let open = visit.book.account(account).map(|account| &account.open);
    let open = open.into_iter().flatten().filter_map(|ix| visit.book.order(*ix));
    let meant: BTreeSet<OrderIx> =
        open.filter(|order| is_meant(order) && filter.takes(visit, order.ix)).map(|order| order.ix).collect();
    let found = visit.cancel_all(account, |order| meant.contains(&order.ix));
    if found.is_empty() {
        return Err(visit.refusal(&[404], "there is no such open order"));
    }
    visit.list(&found, |visit, ix| Some(order_facts(visit, visit.book.order(*ix)?).into()))
}

/// Newest first.
fn get_executions(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let said = visit.parameters();
    let filter = Filter::new(visit);
    let (from, to) = (said.time("from"), said.time("to"));
    let all = visit.book.account(account).map(|account| account.executions.as_slice()).unwrap_or_default();
    let is_meant = |execution: &Execution| {
        from.is_none_or(|from| execution.time >= from)
            && to.is_none_or(|to| execution.time <= to)
            && filter.takes_instrument(execution.instrument)
    };
    let is_meant = |ix: &u32| visit.book.execution(*ix).is_some_and(is_meant);
    let found: Vec<u32> = all.iter().rev().copied().filter(is_meant).collect();
    visit.list(&found, |visit, ix| Some(execution_facts(visit, visit.book.execution(*ix)?).into()))
}

fn answer(visit: &Visit<'_>, ix: OrderIx) -> Outcome {
    let order = visit.book.order(ix).ok_or_else(|| no_order(visit))?;
    visit.value(order_facts(visit, order))
}

/// The order of the path, if the account has it.
fn order(visit: &Visit<'_>) -> Result<OrderIx, Refusal> {
    let account = visit.account()?;
    let name = visit.parameters().text("order_id");
    let order = name.and_then(|name| visit.book.order(visit.book.identities().read_order(name)?));
    let own = order.filter(|order| order.account == account);
    own.map(|order| order.ix).ok_or_else(|| no_order(visit))
}

fn no_order(visit: &Visit<'_>) -> Refusal {
    visit.refusal(&[404], "there is no such order")
}

/// Which orders and fills a caller wants.
struct Filter {
    statuses: Option<Vec<String>>,
    security_type: Option<String>,
    instruments: Option<Vec<InstrumentIx>>,
    underlyings: Option<Vec<InstrumentIx>>,
}

impl Filter {
    fn new(visit: &Visit<'_>) -> Self {
        let said = visit.parameters();
        let all =
            |names: Vec<&str>| names.iter().filter_map(|name| Some(visit.instrument(name)?.ix)).collect();
        let symbol = said.text("symbol").map(|symbol| vec![symbol]);
        Self {
            statuses: said.texts("status").map(|names| names.iter().map(ToString::to_string).collect()),
            security_type: said.text("instrument_type").map(ToOwned::to_owned),
            instruments: symbol.or(said.texts("instrument_ids")).map(all),
            underlyings: said.texts("underlying_instrument_ids").map(all),
        }
    }

    fn takes_all(&self) -> bool {
        self.statuses.is_none()
            && self.security_type.is_none()
            && self.instruments.is_none()
            && self.underlyings.is_none()
    }

    fn takes_instrument(&self, instrument: InstrumentIx) -> bool {
        self.instruments.as_ref().is_none_or(|instruments| instruments.contains(&instrument))
    }

    fn takes(&self, visit: &Visit<'_>, ix: OrderIx) -> bool {
        let Some(order) = visit.book.order(ix) else { return false };
        let Some(instrument) = visit.book.instrument(order.terms.instrument) else { return false };
        let underlying = instrument.contract().map(|contract| contract.underlying);
        self.statuses.as_ref().is_none_or(|names| names.iter().any(|name| name == order.status.name()))
            && self.security_type.as_ref().is_none_or(|name| is_of_type(instrument, name))
            && self.takes_instrument(instrument.ix)
            && self.underlyings.as_ref().is_none_or(|all| underlying.is_some_and(|ix| all.contains(&ix)))
    }
}

pub(super) fn order_facts(visit: &Visit<'_>, order: &Order) -> Facts {
    let (book, terms) = (&visit.book, &order.terms);
    let id = book.identities().order(order.ix);
    let expires: Option<Timestamp> = match terms.time_in_force {
        TimeInForce::GoodTillDate(end) => Some(end),
        _ => None,
    };
    Facts::new()
        .with("client_order_id", order.key.as_deref().unwrap_or(&id))
        .with("id", id.as_str())
        .with("account_id", account_number(visit, order.account))
        .and(instrument_facts(visit, terms.instrument))
        .with("side", side_name(terms.side))
        .with("order_type", type_name(&terms.pricing))
        .with("time_in_force", time_in_force_name(&terms.time_in_force))
        .with("status", order.status.name())
        .with("quantity", terms.quantity)
        .with("filled_quantity", order.filled)
        .with("leaves_quantity", order.leaves())
        .with("average_fill_price", book.average_price(order))
        .with("limit_price", order.limit().filter(|_| order.trail.is_none()))
        .with("stop_price", order.stop())
        .and(trailing_facts(order))
        .with("extended_hours", terms.extended_hours)
        .with("expires_at", expires)
        .with("details", order.note.map(|note| Fact::List(vec![note.into()])))
        .with("created_at", order.created)
        .with("updated_at", order.updated)
        .and(Facts::of(order.echo.as_deref()))
}

fn trailing_facts(order: &Order) -> Facts {
    let Pricing::Trailing { offset, limit_offset } = order.terms.pricing else { return Facts::new() };
    let (distance, ty) = match offset {
        Offset::Price(price) => (price.decimal(), "PRICE"),
        Offset::BasisPoints(points) => (points.into(), "BPS"),
    };
    let trail = order.trail;
    Facts::new()
        .with("trailing_offset", distance)
        .with("trailing_offset_type", ty)
        .with("limit_offset", limit_offset.map(|units| Decimal::new(units, 4).normalize()))
        .with("trailing_stop_px", trail.map(|trail| trail.stop))
        .with("trailing_limit_px", trail.and_then(|trail| trail.limit))
        .with("trailing_watermark_px", trail.map(|trail| trail.watermark))
        .with("trailing_watermark_ts", trail.map(|trail| trail.since))
}

fn execution_facts(visit: &Visit<'_>, execution: &Execution) -> Facts {
    let identities = visit.book.identities();
    Facts::new()
        .with("id", identities.execution(execution.ix))
        .with("order_id", identities.order(execution.order))
        .and(instrument_facts(visit, execution.instrument))
        .with("side", side_name(execution.side))
        .with("quantity", execution.quantity)
        .with("price", execution.price)
        .with("transaction_time", execution.time)
}

pub(super) fn account_number(visit: &Visit<'_>, account: AccountIx) -> Option<i64> {
    visit.book.account(account).map(|account| account.opening.number)
}

/// What orders, fills and positions tell about their instrument.
pub(super) fn instrument_facts(visit: &Visit<'_>, ix: InstrumentIx) -> Facts {
    let Some(instrument) = visit.book.instrument(ix) else { return Facts::new() };
    let identities = visit.book.identities();
    let underlying = instrument.contract().map(|contract| identities.instrument(contract.underlying));
    Facts::new()
        .with("instrument_id", identities.instrument(ix))
        .with("symbol", instrument.symbol.as_str())
        .with("instrument_type", type_of(instrument))
        .with("underlying_instrument_id", underlying)
        .with("venue", instrument.venue)
}
