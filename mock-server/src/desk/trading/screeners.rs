//! Saved screeners.

use serde_json::{Map, Value};

use crate::call::{Answer, Refusal};
use crate::desk::documents::Screener;
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_screeners", get_screeners),
    ("create_screener", create_screener),
    ("get_screener_by_id", get_screener_by_id),
    ("replace_screener", replace_screener),
    ("delete_screener", delete_screener),
];

fn get_screeners(visit: &mut Visit<'_>) -> Outcome {
    let all: Vec<u64> = visit.documents.screeners.keys().copied().collect();
    visit.list(&all, |visit, number| Some(facts(visit, *number)?.into()))
}

fn create_screener(visit: &mut Visit<'_>) -> Outcome {
    let number = visit.documents.number();
    let name = visit.body().text("name").map_or_else(|| format!("Screener {number}"), ToOwned::to_owned);
    let (body, now) = (body(visit), visit.book.now());
    visit.documents.screeners.insert(number, Screener { name, body, created: now, updated: now });
    answer(visit, number)
}

fn get_screener_by_id(visit: &mut Visit<'_>) -> Outcome {
    let number = visit.document("screener_id").ok_or_else(|| none(visit))?;
    answer(visit, number)
}

fn replace_screener(visit: &mut Visit<'_>) -> Outcome {
    let number = visit.document("screener_id").ok_or_else(|| none(visit))?;
    let (name, body, now) = (visit.body().text("name"), body(visit), visit.book.now());
    if let Some(screener) = visit.documents.screeners.get_mut(&number) {
        (screener.body, screener.updated) = (body, now);
        if let Some(name) = name {
            name.clone_into(&mut screener.name);
        }
    }
    answer(visit, number)
}

fn delete_screener(visit: &mut Visit<'_>) -> Outcome {
    let number = visit.document("screener_id").ok_or_else(|| none(visit))?;
    match visit.documents.screeners.remove(&number) {
        Some(_) => Ok(Answer::Nothing),
        None => Err(none(visit)),
    }
}

fn body(visit: &Visit<'_>) -> Map<String, Value> {
    visit.body().besides(&["name"]).unwrap_or_default()
}

fn answer(visit: &Visit<'_>, number: u64) -> Outcome {
    visit.value(facts(visit, number).ok_or_else(|| none(visit))?)
}

fn none(visit: &Visit<'_>) -> Refusal {
    visit.refusal(&[404], "there is no such screener")
}

fn facts(visit: &Visit<'_>, number: u64) -> Option<Facts> {
    let screener = visit.documents.screeners.get(&number)?;
    let facts = Facts::of(Some(&screener.body))
        .with("id", visit.book.identities().document(number))
        .with("name", screener.name.as_str())
        .with("filters", Fact::List(Vec::new()))
        .with("created_at", screener.created)
        .with("updated_at", screener.updated);
    Some(facts)
}
