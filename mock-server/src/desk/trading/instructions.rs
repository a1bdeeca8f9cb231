//! Instructions to exercise options, or not to. They are kept and accepted; no position changes by them.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::orders::account_number;
use crate::book::account::AccountIx;
use crate::book::amount::Quantity;
use crate::call::Answer;
use crate::desk::documents::Instruction;
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Said, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_position_instructions", get_position_instructions),
    ("submit_position_instructions", submit_position_instructions),
    ("cancel_position_instruction", cancel_position_instruction),
];

/// How long the clearing house takes to accept one.
const ACCEPTING: SignedDuration = SignedDuration::from_secs(10);

const DUPLICATE: &str = "the instruction_id names another instruction";

fn get_position_instructions(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let name = visit.parameters().text("instrument_id");
    let instrument = name.map(|name| visit.instrument(name).map(|instrument| instrument.ix));
    let own = visit.documents.instructions.iter().filter(|(_, instruction)| {
        instruction.account == account && instrument.is_none_or(|ix| ix == Some(instruction.instrument))
    });
    let own: Vec<u64> = own.map(|(number, _)| *number).collect();
    visit.list(&own, |visit, number| Some(facts(visit, *number)?.into()))
}

fn submit_position_instructions(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let rows: Vec<Said<'_>> = visit.rows().collect();
    let mut answers = Vec::new();
    let mut refusals = Vec::new();
    for row in rows {
        let number = visit.documents.number();
        match read(visit, account, row, number) {
            Ok(instruction) => {
                visit.documents.instructions.insert(number, instruction);
                answers.extend(facts(visit, number));
            }
            Err(reason) => {
                answers.push(refused(visit, account, row, reason));
                refusals.push(reason);
            }
        }
    }
    let status = match refusals.as_slice() {
        [] => return visit.list(&answers, |_, facts| Some(facts.clone().into())),
        some if some.len() < answers.len() => StatusCode::MULTI_STATUS,
        all if all.iter().all(|reason| *reason == DUPLICATE) => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    match visit.list(&answers, |_, facts| Some(facts.clone().into()))? {
        Answer::Value(serde_json::Value::Array(rows)) => Ok(Answer::Rows { status, rows }),
        other => Ok(other),
    }
}

fn cancel_position_instruction(visit: &mut Visit<'_>) -> Outcome {
    let account = visit.account()?;
    let now = visit.book.now();
    let none = |visit: &Visit<'_>| visit.refusal(&[404], "there is no such instruction");
    let number = visit.document("instruction_id").ok_or_else(|| none(visit))?;
    let instruction = visit.documents.instructions.get_mut(&number).filter(|known| known.account == account);
    match instruction {
        None => return Err(none(visit)),
        Some(instruction) if status(instruction, now) != "SENT" => {
            return Err(visit.refusal(&[409], "the instruction has ended already"));
        }
        Some(instruction) => instruction.canceled = Some(now),
    }
    visit.value(facts(visit, number))
}

/// What a row asks for, or why it is refused.
fn read(
    visit: &Visit<'_>,
    account: AccountIx,
    row: Said<'_>,
    number: u64,
) -> Result<Instruction, &'static str> {
    let key = row.text("instruction_id").map(ToOwned::to_owned);
    let key = key.unwrap_or_else(|| visit.book.identities().document(number));
    let mut known = visit.documents.instructions.values();
    if known.any(|known| known.account == account && known.key == key) {
        return Err(DUPLICATE);
    }
    let instrument = row.text("instrument_id").and_then(|name| visit.instrument(name));
    let instrument = instrument.ok_or("there is no such instrument")?;
    let contract = instrument.contract().ok_or("the instrument is not an option")?;
    let quantity = row.decimal("quantity").and_then(Quantity::from_decimal).unwrap_or_default();
    let held = visit.book.account(account).map(|account| account.position(instrument.ix).quantity);
    if quantity.is_zero() || held.is_none_or(|held| held < quantity) {
        return Err("not so many contracts are held");
    }
    let kind = row.text("instruction_type").unwrap_or_default();
    if kind != "EXERCISE" && contract.expiry != visit.book.day() {
        return Err("it can be said on the day on which the contract expires only");
    }
    let (kind, created) = (kind.to_owned(), visit.book.now());
    Ok(Instruction { account, key, instrument: instrument.ix, kind, quantity, created, canceled: None })
}

fn status(instruction: &Instruction, now: Timestamp) -> &'static str {
    match instruction.canceled {
        Some(_) => "CANCELLED",
        None if now.duration_since(instruction.created) < ACCEPTING => "SENT",
        None => "ACCEPTED",
    }
}

fn facts(visit: &Visit<'_>, number: u64) -> Option<Facts> {
    let instruction = visit.documents.instructions.get(&number)?;
    let status = status(instruction, visit.book.now());
    let accepted = instruction.created.checked_add(ACCEPTING).ok().filter(|_| status == "ACCEPTED");
    let instrument = visit.book.instrument(instruction.instrument)?;
    let facts = Facts::new()
        .with("id", visit.book.identities().document(number))
        .with("instruction_id", instruction.key.as_str())
        .with("account_id", account_number(visit, instruction.account))
        .with("instrument_id", visit.book.identities().instrument(instruction.instrument))
        .with("symbol", instrument.symbol.as_str())
        .with("instruction_type", instruction.kind.as_str())
        .with("quantity", instruction.quantity)
        .with("accepted_quantity", accepted.map(|_| instruction.quantity))
        .with("status", status)
        .with("created_at", instruction.created)
        .with("updated_at", instruction.canceled.or(accepted).unwrap_or(instruction.created));
    Some(facts)
}

/// A row that was refused, which is not kept.
fn refused(visit: &Visit<'_>, account: AccountIx, row: Said<'_>, reason: &str) -> Facts {
    let instrument = row.text("instrument_id").and_then(|name| visit.instrument(name));
    let quantity = row.decimal("quantity").map_or(Fact::Absent, Fact::Decimal);
    Facts::new()
        .with("id", row.text("instruction_id"))
        .with("instruction_id", row.text("instruction_id"))
        .with("account_id", account_number(visit, account))
        .with("instrument_id", row.text("instrument_id"))
        .with("symbol", instrument.map(|instrument| instrument.symbol.as_str()))
        .with("instruction_type", row.text("instruction_type"))
        .with("quantity", quantity)
        .with("status", "REJECTED")
        .with("rejection_reason", reason)
}
