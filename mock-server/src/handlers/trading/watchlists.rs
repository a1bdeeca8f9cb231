//! Watchlists.

use std::collections::BTreeMap;

use super::instruments::instrument_fields;
use crate::call::Answer;
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::documents::{Watched, Watchlist};
use crate::handlers::field_values::{FieldValue, FieldValues};

handlers! {
    get_watchlists, get_watchlist_by_id, create_watchlist, delete_watchlist, add_watchlist_item,
    delete_watchlist_item,
}

/// How many instruments a list may hold.
const FULL: usize = 100;

fn get_watchlists(context: &mut RequestContext<'_>) -> Outcome {
    let all: Vec<_> = context.documents.watchlists.iter().collect();
    context.list(&all, |(number, watchlist)| fields(context, **number, watchlist))
}

fn get_watchlist_by_id(context: &mut RequestContext<'_>) -> Outcome {
    let (number, watchlist) = context.document(&context.documents.watchlists, "watchlist_id")?;
    let items = watchlist.items.iter().map(|(number, item)| {
        FieldValues::new()
            .with("id", context.exchange.document_id(*number))
            .with("instrument", instrument_fields(context, context.exchange.instrument(item.instrument)))
            .with("added_at", item.added)
            .with("added_price", item.price)
    });
    context.value(fields(context, number, watchlist).with("items", items.collect::<FieldValue>()))
}

fn create_watchlist(context: &mut RequestContext<'_>) -> Outcome {
    let name = context.body().text("name").unwrap_or_default().to_owned();
    if context.documents.watchlists.values().any(|known| known.name == name) {
        return Err(context.refusal(&[409], "there is a watchlist of this name").of("name"));
    }
    let number = context.documents.number();
    let watchlist = Watchlist { name, created: context.exchange.now(), items: BTreeMap::new() };
    let answer = context.value(fields(context, number, &watchlist));
    context.documents.watchlists.insert(number, watchlist);
    answer
}

fn delete_watchlist(context: &mut RequestContext<'_>) -> Outcome {
    let (number, _) = context.document(&context.documents.watchlists, "watchlist_id")?;
    context.documents.watchlists.remove(&number);
    Ok(Answer::Nothing)
}

fn add_watchlist_item(context: &mut RequestContext<'_>) -> Outcome {
    let (number, watchlist) = context.document(&context.documents.watchlists, "watchlist_id")?;
    let refusal = |status, message: &str| context.refusal(&[status], message).of("instrument_id");
    let name = context.body().text("instrument_id").unwrap_or_default();
    let instrument = context.exchange.instrument_called(name);
    let instrument = instrument.ok_or_else(|| refusal(404, "there is no such instrument"))?.ix;
    if watchlist.items.values().any(|known| known.instrument == instrument) {
        return Err(refusal(409, "it is on the watchlist already"));
    }
    if watchlist.items.len() >= FULL {
        return Err(context.refusal(&[400], "the watchlist is full"));
    }
    let (added, price) = (context.exchange.now(), context.exchange.quote(instrument).last);
    let item = context.documents.number();
    let watched = Watched { instrument, added, price };
    context.documents.watchlists.entry(number).and_modify(|it| _ = it.items.insert(item, watched));
    context.value(FieldValues::new().with("item_id", context.exchange.document_id(item)))
}

fn delete_watchlist_item(context: &mut RequestContext<'_>) -> Outcome {
    let (number, watchlist) = context.document(&context.documents.watchlists, "watchlist_id")?;
    let (item, _) = context.document(&watchlist.items, "item_id")?;
    context.documents.watchlists.entry(number).and_modify(|watchlist| _ = watchlist.items.remove(&item));
    Ok(Answer::Nothing)
}

fn fields(context: &RequestContext<'_>, number: u64, watchlist: &Watchlist) -> FieldValues {
    FieldValues::new()
        .with("id", context.exchange.document_id(number))
        .with("name", watchlist.name.as_str())
        .with("created_at", watchlist.created)
}
