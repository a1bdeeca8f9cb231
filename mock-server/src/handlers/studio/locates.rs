//! Locate orders and what was located. Any quantity is offered, a second after it was asked for.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::account_fields;
use crate::call::{Answer, Refusal};
use crate::exchange::amount::Quantity;
use crate::exchange::index::{AccountIx, InstrumentIx};
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::documents::Locate;
use crate::handlers::field_values::FieldValues;

handlers! {
    list_locate_orders, create_locate_order, get_locate_order, update_locate_order, get_inventory,
}

const OFFERING: SignedDuration = SignedDuration::from_secs(1);

fn list_locate_orders(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let own = context.documents.locates.iter().filter(|(_, locate)| locate.account == account);
    let own: Vec<_> = own.collect();
    context.list(&own, |(number, locate)| fields(context, **number, locate))
}

fn create_locate_order(context: &mut RequestContext<'_>) -> Outcome {
    let (account, body) = (context.account()?.ix, context.body());
    let refusal = |field: &str, message: &str| context.refusal(&[400], message).of(field);
    let instrument = body.text("symbol").and_then(|symbol| context.exchange.listing().find(symbol));
    let instrument = instrument.ok_or_else(|| refusal("symbol", "there is no such instrument"))?.ix;
    let quantity = body.decimal("quantity").and_then(Quantity::from_decimal);
    let quantity = quantity.filter(|quantity| !quantity.is_zero());
    let quantity = quantity.ok_or_else(|| refusal("quantity", "it is no quantity"))?;
    let locate = Locate {
        account,
        instrument,
        quantity,
        // A cent a share.
        cost: (quantity.decimal() * Decimal::new(1, 2)).normalize(),
        requested: context.exchange.now(),
        answered: None,
        echo: body.besides(&["symbol", "quantity", "comments"]),
    };
    let number = context.documents.number();
    let answer = context.value(fields(context, number, &locate));
    context.documents.locates.insert(number, locate);
    answer
}

fn get_locate_order(context: &mut RequestContext<'_>) -> Outcome {
    let (number, locate) = locate(context)?;
    context.value(fields(context, number, locate))
}

fn update_locate_order(context: &mut RequestContext<'_>) -> Outcome {
    let (number, locate) = locate(context)?;
    let Locate { account, instrument, .. } = *locate;
    let (accepts, now) = (context.body().bool("accept").unwrap_or_default(), context.exchange.now());
    if status(locate, now) != "offered" {
        return Err(context.refusal(&[400], "there is no offer to answer"));
    }
    context.documents.locates.entry(number).and_modify(|locate| locate.answered = Some((accepts, now)));
    if accepts {
        let fields = inventory(context, account, instrument);
        context.told.push((account, "locate-inventory-update", fields));
    }
    Ok(Answer::Nothing)
}

fn get_inventory(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    context.value(inventory(context, account, context.instrument("symbol")?.ix))
}

fn locate<'c>(context: &'c RequestContext<'_>) -> Result<(u64, &'c Locate), Refusal> {
    let account = context.account()?.ix;
    let (number, locate) = context.document(&context.documents.locates, "locate_order_id")?;
    let own = Some((number, locate)).filter(|_| locate.account == account);
    own.ok_or_else(|| context.refusal(&[404], "there is no such locate order"))
}

fn status(locate: &Locate, now: Timestamp) -> &'static str {
    match locate.answered {
        Some((true, _)) => "filled",
        Some((false, _)) => "declined",
        None if now.duration_since(locate.requested) < OFFERING => "pending",
        None => "offered",
    }
}

fn fields(context: &RequestContext<'_>, number: u64, locate: &Locate) -> FieldValues {
    let (now, name) = (context.exchange.now(), context.exchange.document_id(number));
    let located = locate.requested.checked_add(OFFERING).ok().filter(|located| *located <= now);
    let updated = locate.answered.map(|(_, time)| time).or(located).unwrap_or(locate.requested);
    FieldValues::of(&locate.echo)
        .with("locate_order_id", name.as_str())
        .with("requested_at", locate.requested)
        .with("updated_at", updated)
        .and(account_fields(context.exchange, locate.account))
        .with("symbol", context.exchange.instrument(locate.instrument).symbol.as_str())
        .with("status", status(locate, now))
        .with("requested_quantity", locate.quantity)
        .with("locate_id", located.map(|_| format!("L-{name}")))
        .with("located_at", located)
        .with("borrow_rate", located.map(|_| Decimal::new(25, 1)))
        .with("located_quantity", located.map(|_| locate.quantity))
        .with("total_cost", located.map(|_| locate.cost))
}

/// What was located and accepted; short sales use it up.
fn inventory(context: &RequestContext<'_>, account: AccountIx, instrument: InstrumentIx) -> FieldValues {
    let accepted = context.documents.locates.values().filter(|locate| {
        let is_accepted = locate.answered.is_some_and(|(accepts, _)| accepts);
        is_accepted && locate.account == account && locate.instrument == instrument
    });
    let located: Quantity = accepted.map(|locate| locate.quantity).sum();
    let held = context.exchange.account(account).position(instrument).quantity;
    let used = (-held).max(Quantity::ZERO).min(located);
    account_fields(context.exchange, account)
        .with("symbol", context.exchange.instrument(instrument).symbol.as_str())
        .with("available", located - used)
        .with("reserved", Quantity::ZERO)
        .with("used", used)
}
