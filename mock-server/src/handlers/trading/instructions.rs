//! Instructions to exercise options, or not to. They are kept and accepted; no position changes by them.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::call::Answer;
use crate::exchange::amount::Quantity;
use crate::exchange::index::AccountIx;
use crate::handlers::context::{Arguments, Outcome, RequestContext};
use crate::handlers::documents::Instruction;
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    get_position_instructions, submit_position_instructions, cancel_position_instruction,
}

/// How long the clearing house takes to accept one.
const ACCEPTING: SignedDuration = SignedDuration::from_secs(10);

const DUPLICATE: &str = "the instruction_id names another instruction";

fn get_position_instructions(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let name = context.parameters().text("instrument_id");
    let wanted = name.map(|name| context.exchange.instrument_called(name).map(|instrument| instrument.ix));
    let own = context.documents.instructions.iter().filter(|(_, instruction)| {
        instruction.account == account && wanted.is_none_or(|ix| ix == Some(instruction.instrument))
    });
    let own: Vec<_> = own.map(|(number, _)| *number).collect();
    context.list(&own, |number| fields(context, *number))
}

fn submit_position_instructions(context: &mut RequestContext<'_>) -> Outcome {
    let account = context.account()?.ix;
    let mut answers = Vec::new();
    let mut refusals = Vec::new();
    for row in context.rows() {
        let number = context.documents.number();
        match read(context, account, row, number) {
            Ok(instruction) => {
                context.documents.instructions.insert(number, instruction);
                answers.push(fields(context, number));
            }
            Err(reason) => {
                answers.push(refused(context, account, row, reason));
                refusals.push(reason);
            }
        }
    }
    let answer = context.list(&answers, Clone::clone)?;
    let status = match refusals.as_slice() {
        [] => return Ok(answer),
        some if some.len() < answers.len() => StatusCode::MULTI_STATUS,
        all if all.iter().all(|reason| *reason == DUPLICATE) => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    Ok(match answer {
        Answer::Value(serde_json::Value::Array(rows)) => Answer::Rows { status, rows },
        other => other,
    })
}

fn cancel_position_instruction(context: &mut RequestContext<'_>) -> Outcome {
    let (account, now) = (context.account()?.ix, context.exchange.now());
    let (number, instruction) = context.document(&context.documents.instructions, "instruction_id")?;
    if instruction.account != account {
        return Err(context.refusal(&[404], "there is no such instruction"));
    }
    if status(instruction, now) != "SENT" {
        return Err(context.refusal(&[409], "the instruction has ended already"));
    }
    context.documents.instructions.entry(number).and_modify(|it| it.canceled = Some(now));
    context.value(fields(context, number))
}

/// What a row asks for, or why it is refused.
fn read(
    context: &RequestContext<'_>,
    account: AccountIx,
    row: Arguments<'_>,
    number: u64,
) -> Result<Instruction, &'static str> {
    let key = row.text("instruction_id").map(ToOwned::to_owned);
    let key = key.unwrap_or_else(|| context.exchange.document_id(number));
    let mut known = context.documents.instructions.values();
    if known.any(|known| known.account == account && known.key == key) {
        return Err(DUPLICATE);
    }
    let instrument = row.text("instrument_id").and_then(|name| context.exchange.instrument_called(name));
    let instrument = instrument.ok_or("there is no such instrument")?;
    let contract = instrument.contract().ok_or("the instrument is not an option")?;
    let quantity = row.decimal("quantity").and_then(Quantity::from_decimal).unwrap_or_default();
    let held = context.exchange.account(account).position(instrument.ix).quantity;
    if quantity.is_zero() || held < quantity {
        return Err("not so many contracts are held");
    }
    let kind = row.text("instruction_type").unwrap_or_default();
    if kind != "EXERCISE" && contract.expiry != context.exchange.day() {
        return Err("it can be said on the day on which the contract expires only");
    }
    let (kind, created) = (kind.to_owned(), context.exchange.now());
    Ok(Instruction { account, key, instrument: instrument.ix, kind, quantity, created, canceled: None })
}

fn status(instruction: &Instruction, now: Timestamp) -> &'static str {
    match instruction.canceled {
        Some(_) => "CANCELLED",
        None if now.duration_since(instruction.created) < ACCEPTING => "SENT",
        None => "ACCEPTED",
    }
}

fn fields(context: &RequestContext<'_>, number: u64) -> FieldValues {
    let instruction = &context.documents.instructions[&number];
    let status = status(instruction, context.exchange.now());
    let accepted = instruction.created.checked_add(ACCEPTING).ok().filter(|_| status == "ACCEPTED");
    FieldValues::new()
        .with("id", context.exchange.document_id(number))
        .with("instruction_id", instruction.key.as_str())
        .with("account_id", context.exchange.account(instruction.account).opening.number)
        .with("instrument_id", context.exchange.instrument_id(instruction.instrument))
        .with("symbol", context.exchange.instrument(instruction.instrument).symbol.as_str())
        .with("instruction_type", instruction.kind.as_str())
        .with("quantity", instruction.quantity)
        .with("accepted_quantity", accepted.map(|_| instruction.quantity))
        .with("status", status)
        .with("created_at", instruction.created)
        .with("updated_at", instruction.canceled.or(accepted).unwrap_or(instruction.created))
}

/// A row that was refused, which is not kept.
fn refused(
    context: &RequestContext<'_>,
    account: AccountIx,
    row: Arguments<'_>,
    reason: &'static str,
) -> FieldValues {
    let instrument = row.text("instrument_id").and_then(|name| context.exchange.instrument_called(name));
    let quantity = row.decimal("quantity").map_or(FieldValue::Absent, FieldValue::Decimal);
    FieldValues::new()
        .with("id", row.text("instruction_id"))
        .with("instruction_id", row.text("instruction_id"))
        .with("account_id", context.exchange.account(account).opening.number)
        .with("instrument_id", row.text("instrument_id"))
        .with("symbol", instrument.map(|instrument| instrument.symbol.as_str()))
        .with("instruction_type", row.text("instruction_type"))
        .with("quantity", quantity)
        .with("status", "REJECTED")
        .with("rejection_reason", reason)
}
