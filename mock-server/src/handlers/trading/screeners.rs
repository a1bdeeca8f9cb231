//! Saved screeners.

use serde_json::{Map, Value};

use crate::call::Answer;
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::documents::Screener;
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    get_screeners, create_screener, get_screener_by_id, replace_screener, delete_screener,
}

fn get_screeners(context: &mut RequestContext<'_>) -> Outcome {
    let all: Vec<_> = context.documents.screeners.iter().collect();
    context.list(&all, |(number, screener)| fields(context, **number, screener))
}

fn create_screener(context: &mut RequestContext<'_>) -> Outcome {
    let number = context.documents.number();
    let name = context.body().text("name").map_or_else(|| format!("Screener {number}"), ToOwned::to_owned);
    let (body, now) = (body(context), context.exchange.now());
    save(context, number, Screener { name, body, created: now, updated: now })
}

fn get_screener_by_id(context: &mut RequestContext<'_>) -> Outcome {
    let (number, screener) = context.document(&context.documents.screeners, "screener_id")?;
    context.value(fields(context, number, screener))
}

fn replace_screener(context: &mut RequestContext<'_>) -> Outcome {
    let (number, before) = context.document(&context.documents.screeners, "screener_id")?;
    let name = context.body().text("name").unwrap_or(&before.name).to_owned();
    let (body, now) = (body(context), context.exchange.now());
    let created = before.created;
    save(context, number, Screener { name, body, created, updated: now })
}

fn delete_screener(context: &mut RequestContext<'_>) -> Outcome {
    let (number, _) = context.document(&context.documents.screeners, "screener_id")?;
    context.documents.screeners.remove(&number);
    Ok(Answer::Nothing)
}

fn save(context: &mut RequestContext<'_>, number: u64, screener: Screener) -> Outcome {
    let answer = context.value(fields(context, number, &screener));
    context.documents.screeners.insert(number, screener);
    answer
}

fn body(context: &RequestContext<'_>) -> Map<String, Value> {
    context.body().besides(&["name"])
}

fn fields(context: &RequestContext<'_>, number: u64, screener: &Screener) -> FieldValues {
    FieldValues::of(&screener.body)
        .with("id", context.exchange.document_id(number))
        .with("name", screener.name.as_str())
        .with("filters", FieldValue::List(Vec::new()))
        .with("created_at", screener.created)
        .with("updated_at", screener.updated)
}
