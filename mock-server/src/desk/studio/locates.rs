//! Locate orders and what was located. Any quantity is offered, a second after it was asked for.

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::account_facts;
use crate::book::account::AccountIx;
use crate::book::amount::Quantity;
use crate::book::listing::InstrumentIx;
use crate::call::{Answer, Refusal};
use crate::desk::documents::Locate;
use crate::desk::fact::Facts;
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("list_locate_orders", list_locate_orders),
    ("create_locate_order", create_locate_order),
    ("get_locate_order", get_locate_order),
    ("update_locate_order", update_locate_order),
    ("get_inventory", get_inventory),
];

const OFFERING: SignedDuration = SignedDuration::from_secs(1);

fn list_locate_orders(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let own = visit.documents.locates.iter().filter(|(_, locate)| locate.account == account);
    let own: Vec<u64> = own.map(|(number, _)| *number).collect();
    visit.list(&own, |visit, number| Some(facts(visit, *number)?.into()))
}

fn create_locate_order(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let body = visit.body();
    let instrument = body.text("symbol").and_then(|symbol| visit.book.listing().find(symbol));
    let instrument =
        instrument.ok_or_else(|| visit.refusal(&[400], "there is no such instrument").of("symbol"))?;
    let quantity =
        body.decimal("quantity").and_then(Quantity::from_decimal).filter(|quantity| !quantity.is_zero());
    let quantity = quantity.ok_or_else(|| visit.refusal(&[400], "it is no quantity").of("quantity"))?;
    // A cent a share.
    let cost = (quantity.decimal() * Decimal::new(1, 2)).normalize();
    let locate = Locate {
        account,
        instrument: instrument.ix,
        quantity,
        cost,
        requested: visit.book.now(),
        answered: None,
        echo: body.besides(&["symbol", "quantity", "comments"]).unwrap_or_default(),
    };
    let number = visit.documents.number();
    visit.documents.locates.insert(number, locate);
    visit.value(facts(visit, number))
}

fn get_locate_order(visit: &mut Visit<'_>) -> Outcome {
    let number = number(visit)?;
    visit.value(facts(visit, number))
}

fn update_locate_order(visit: &mut Visit<'_>) -> Outcome {
    let number = number(visit)?;
    let accepts = visit.body().bool("accept").unwrap_or_default();
    let now = visit.book.now();
    let Some(locate) = visit.documents.locates.get_mut(&number) else { return Err(none(visit)) };
    let (account, instrument) = (locate.account, locate.instrument);
    if status(locate, now) != "offered" {
        return Err(visit.refusal(&[400], "there is no offer to answer"));
    }
    locate.answered = Some((accepts, now));
    if accepts {
        let facts = inventory(visit, account, instrument);
        visit.tell(account, "locate-inventory-update", facts);
    }
    Ok(Answer::Nothing)
}

fn get_inventory(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let symbol = visit.parameters().text("symbol").unwrap_or_default();
    let instrument = visit.book.listing().find(symbol).map(|instrument| instrument.ix);
    let instrument = instrument.ok_or_else(|| visit.refusal(&[404], "there is no such instrument"))?;
    visit.value(inventory(visit, account, instrument))
}

fn number(visit: &Visit<'_>) -> Result<u64, Refusal> {
    let account = visit.account()?;
    let number = visit.document("locate_order_id").ok_or_else(|| none(visit))?;
    let own = visit.documents.locates.get(&number).filter(|locate| locate.account == account);
    own.map(|_| number).ok_or_else(|| none(visit))
}

fn none(visit: &Visit<'_>) -> Refusal {
    visit.refusal(&[404], "there is no such locate order")
}

fn status(locate: &Locate, now: jiff::Timestamp) -> &'static str {
    match locate.answered {
        Some((true, _)) => "filled",
        Some((false, _)) => "declined",
        None if now.duration_since(locate.requested) < OFFERING => "pending",
        None => "offered",
    }
}

fn facts(visit: &Visit<'_>, number: u64) -> Option<Facts> {
    let locate = visit.documents.locates.get(&number)?;
    let now = visit.book.now();
    let located = locate.requested.checked_add(OFFERING).ok().filter(|located| *located <= now);
    let name = visit.book.identities().document(number);
    let instrument = visit.book.instrument(locate.instrument)?;
    let updated = locate.answered.map(|(_, time)| time).or(located).unwrap_or(locate.requested);
    let facts = Facts::of(Some(&locate.echo))
        .with("locate_order_id", name.as_str())
        .with("requested_at", locate.requested)
        .with("updated_at", updated)
        .and(account_facts(visit.book, locate.account))
        .with("symbol", instrument.symbol.as_str())
        .with("status", status(locate, now))
        .with("requested_quantity", locate.quantity)
        .with("locate_id", located.map(|_| format!("L-{name}")))
        .with("located_at", located)
        .with("borrow_rate", located.map(|_| Decimal::new(25, 1)))
        .with("located_quantity", located.map(|_| locate.quantity))
        .with("total_cost", located.map(|_| locate.cost));
    Some(facts)
}

/// What was located and accepted; short sales use it up.
fn inventory(visit: &Visit<'_>, account: AccountIx, instrument: InstrumentIx) -> Facts {
    let accepted = visit.documents.locates.values().filter(|locate| {
        let is_accepted = locate.answered.is_some_and(|(accepts, _)| accepts);
        is_accepted && locate.account == account && locate.instrument == instrument
    });
    let located: Quantity = accepted.map(|locate| locate.quantity).sum();
    let position = visit.book.account(account).map(|account| account.position(instrument).quantity);
    let used = (-position.unwrap_or_default()).max(Quantity::ZERO).min(located);
    let symbol = visit.book.instrument(instrument).map(|instrument| instrument.symbol.as_str());
    account_facts(visit.book, account)
        .with("symbol", symbol)
        .with("available", located - used)
        .with("reserved", Quantity::ZERO)
        .with("used", used)
}
