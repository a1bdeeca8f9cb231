//! Orders and trades.

use std::sync::Arc;

use jiff::Timestamp;

use super::account_facts;
use super::terms::{Fault, KNOWN, read_price, read_quantity, read_terms, time_in_force_name, type_name};
use crate::book::account::AccountIx;
use crate::book::order::{Execution, Order, OrderIx, Reason, Side, Status};
use crate::book::{Book, Unchanged, calendar};
use crate::call::{Answer, Refusal};
use crate::desk::fact::Facts;
use crate::desk::visit::{Handler, Outcome, Said, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("list_orders", list_orders),
    ("create_order", create_order),
    ("create_bulk_orders", create_bulk_orders),
    ("delete_all_orders", delete_all_orders),
    ("get_order", get_order),
    ("delete_order", delete_order),
    ("update_order", update_order),
    ("list_trades", list_trades),
    ("get_trade", get_trade),
];

/// Those of the day, and older ones that are still open.
fn list_orders(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let said = visit.parameters();
    let account = visit.book.account(account);
    let orders = account.map(|account| account.orders.as_slice()).unwrap_or_default();
    let created = |ix: &OrderIx| visit.book.order(*ix).map(|order| order.created).unwrap_or_default();
    let begun = midnight(visit.book);
    let today = orders.partition_point(|ix| created(ix) < begun);
    let (older, today) = orders.split_at_checked(today).unwrap_or_default();
    let open = account.into_iter().flat_map(|account| &account.open).copied();
    let open = open.take_while(|ix| older.last().is_some_and(|last| ix <= last));
    let mut found: Vec<OrderIx> = open.chain(today.iter().copied()).collect();
    if let Some(from) = said.time("from") {
        found.retain(|ix| created(ix) >= from);
    }
    if let Some(to) = said.time("to") {
        found.retain(|ix| created(ix).as_millisecond() <= to.as_millisecond());
    }
    visit.list(&found, |visit, ix| Some(order_facts(visit.book, visit.book.order(*ix)?).into()))
}

fn create_order(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let ix =
        place(visit, account, visit.body()).map_err(|(field, message)| refusal(visit, field, message))?;
    visit.value(Facts::new().with("order_id", visit.book.identities().order(ix)))
}

fn create_bulk_orders(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let (mut submitted, mut rejected, mut rows) = (0, 0, Vec::new());
    for row in visit.body().objects("orders") {
        let placed = place(visit, account, row);
        let order = placed.ok().and_then(|ix| visit.book.order(ix));
        let reason = match (placed, order) {
            (Err((field, message)), _) => Some(format!("{field}: {message}")),
            (Ok(_), order) => order
                .filter(|order| order.status == Status::Rejected)
                .map(|order| order.note.unwrap_or_default().to_owned()),
        };
        *(if reason.is_some() { &mut rejected } else { &mut submitted }) += 1;
        let id = order.filter(|_| reason.is_none()).map(|order| visit.book.identities().order(order.ix));
        rows.push(
            Facts::new().with("submitted", reason.is_none()).with("order_id", id).with("reason", reason),
        );
    }
    let rows: crate::desk::fact::Fact = rows.into_iter().collect();
    visit.value(Facts::new().with("submitted", submitted).with("rejected", rejected).with("data", rows))
}

fn delete_all_orders(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let symbol = visit.parameters().text("symbol");
    let instrument = symbol.map(|symbol| visit.book.listing().find(symbol).map(|instrument| instrument.ix));
    let canceled =
        visit.cancel_all(account, |order| instrument.is_none_or(|ix| ix == Some(order.terms.instrument)));
    visit.list(&canceled, |visit, ix| Some(visit.book.identities().order(*ix).into()))
}

fn get_order(visit: &mut Visit<'_>) -> Outcome {
    let order = order(visit)?;
    visit.value(Facts::new().with("order", order_facts(visit.book, order)))
}

fn delete_order(visit: &mut Visit<'_>) -> Outcome {
    let ix = order(visit)?.ix;
    visit.book.cancel(ix).map_err(|unchanged| refuse(visit, unchanged))?;
    Ok(Answer::Nothing)
}

fn update_order(visit: &mut Visit<'_>) -> Outcome {
    let ix = order(visit)?.ix;
    let read = |body: Said<'_>| {
        Ok::<_, Fault>((read_quantity(body)?, read_price(body, "price")?, read_price(body, "stop_price")?))
    };
    let (quantity, limit, stop) =
        read(visit.body()).map_err(|(field, message)| refusal(visit, field, message))?;
    visit.book.replace(ix, quantity, limit, stop).map_err(|unchanged| refuse(visit, unchanged))?;
    Ok(Answer::Nothing)
}

/// Those of the day.
fn list_trades(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let begun = midnight(visit.book);
    let all = visit.book.account(account).map(|account| account.executions.as_slice()).unwrap_or_default();
    let is_older = |ix: &u32| visit.book.execution(*ix).is_some_and(|execution| execution.time < begun);
    let today = all.get(all.partition_point(is_older)..).unwrap_or_default().to_vec();
    visit.list(&today, |visit, ix| Some(trade_facts(visit.book, visit.book.execution(*ix)?).into()))
}

fn get_trade(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let name = visit.parameters().text("trade_id").unwrap_or_default();
    let execution = visit.book.identities().read_execution(name).and_then(|ix| visit.book.execution(ix));
    let own = execution.filter(|execution| execution.account == account);
    let own = own.ok_or_else(|| visit.refusal(&[404], "there is no such trade"))?;
    visit.value(trade_facts(visit.book, own))
}

fn place(visit: &mut Visit<'_>, account: AccountIx, said: Said<'_>) -> Result<OrderIx, Fault> {
    let terms = read_terms(visit, said)?;
    let echo = said.besides(&KNOWN).map(Arc::new);
    visit.book.submit(account, terms, None, echo).map_err(|_| ("reference_id", "it is taken"))
}

fn midnight(book: &Book) -> Timestamp {
    calendar::begin_of(book.day())
}

fn order<'b>(visit: &'b Visit<'_>) -> Result<&'b Order, Refusal> {
    let account = visit.account()?;
    let name = visit.parameters().text("order_id").unwrap_or_default();
    let order = visit.book.identities().read_order(name).and_then(|ix| visit.book.order(ix));
    let own = order.filter(|order| order.account == account);
    own.ok_or_else(|| visit.refusal(&[404], "there is no such order"))
}

fn refusal(visit: &Visit<'_>, field: &str, message: &str) -> Refusal {
    visit.refusal(&[400], message).of(field)
}

fn refuse(visit: &Visit<'_>, unchanged: Unchanged) -> Refusal {
    match unchanged {
        Unchanged::NotOpen => visit.refusal(&[400], "the order is not open any more"),
        Unchanged::Refused(note) => visit.refusal(&[400], note),
    }
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
        Side::SellShort => "sell-short",
    }
}

fn symbol(book: &Book, order: crate::book::listing::InstrumentIx) -> Option<&str> {
    book.instrument(order).map(|instrument| instrument.symbol.as_str())
}

/// An order as Studio tells it, on the stream too.
pub(in crate::desk) fn order_facts(book: &Book, order: &Order) -> Facts {
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
    Facts::new()
        .with("created_at", order.created)
        .with("updated_at", order.updated)
        .with("order_id", book.identities().order(order.ix))
        .with("reference_id", order.key.as_deref())
        .with("version", order.version)
        .and(account_facts(book, order.account))
        .with("state", state)
        .with("status", order.status.name())
        .with("symbol", symbol(book, terms.instrument))
        .with("order_type", type_name(&terms.pricing))
        .with("side", side_name(terms.side))
        .with("quantity", terms.quantity)
        .with("price", order.limit())
        .with("stop_price", order.stop().or(order.trail.map(|trail| trail.stop)))
        .with("time_in_force", time_in_force_name(&terms.time_in_force))
        .with("average_price", book.average_price(order))
        .with("filled_quantity", order.filled)
        .with("order_update_reason", reason)
        .with("text", order.note)
        .with("running_position", order.running_position)
        .and(Facts::of(order.echo.as_deref()))
}

/// A fill as Studio tells it, on the stream too.
pub(in crate::desk) fn trade_facts(book: &Book, execution: &Execution) -> Facts {
    let identities = book.identities();
    Facts::new()
        .with("created_at", execution.time)
        .and(account_facts(book, execution.account))
        .with("trade_id", identities.execution(execution.ix))
        .with("order_id", identities.order(execution.order))
        .with("symbol", symbol(book, execution.instrument))
        .with("side", side_name(execution.side))
        .with("quantity", execution.quantity)
        .with("price", execution.price)
        .with("running_position", execution.running_position)
}
