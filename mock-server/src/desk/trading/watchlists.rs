//! Watchlists.

use std::collections::BTreeMap;

use super::instruments::instrument_facts;
use crate::call::{Answer, Refusal};
use crate::desk::documents::{Watched, Watchlist};
use crate::desk::fact::{Fact, Facts};
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("get_watchlists", get_watchlists),
    ("get_watchlist_by_id", get_watchlist_by_id),
    ("create_watchlist", create_watchlist),
    ("delete_watchlist", delete_watchlist),
    ("add_watchlist_item", add_watchlist_item),
    ("delete_watchlist_item", delete_watchlist_item),
];

/// How many instruments a list may hold.
const FULL: usize = 100;

fn get_watchlists(visit: &mut Visit<'_>) -> Outcome {
    let all: Vec<u64> = visit.documents.watchlists.keys().copied().collect();
    visit.list(&all, |visit, number| {
        Some(facts(visit, *number, visit.documents.watchlists.get(number)?).into())
    })
}

fn get_watchlist_by_id(visit: &mut Visit<'_>) -> Outcome {
    let number = number(visit)?;
    let Some(watchlist) = visit.documents.watchlists.get(&number) else { return Err(none(visit)) };
    let items = watchlist.items.iter().map(|(number, item)| {
        let instrument = visit.book.instrument(item.instrument);
        Facts::new()
            .with("id", visit.book.identities().document(*number))
            .with("instrument", instrument.map(|instrument| instrument_facts(visit, instrument)))
            .with("added_at", item.added)
            .with("added_price", item.price)
    });
    visit.value(facts(visit, number, watchlist).with("items", items.collect::<Fact>()))
}

fn create_watchlist(visit: &mut Visit<'_>) -> Outcome {
    let name = visit.body().text("name").unwrap_or_default().to_owned();
    if visit.documents.watchlists.values().any(|known| known.name == name) {
        return Err(visit.refusal(&[409], "there is a watchlist of this name").of("name"));
    }
    let number = visit.documents.number();
    let watchlist = Watchlist { name, created: visit.book.now(), items: BTreeMap::new() };
    let answer = visit.value(facts(visit, number, &watchlist));
    visit.documents.watchlists.insert(number, watchlist);
    answer
}

fn delete_watchlist(visit: &mut Visit<'_>) -> Outcome {
    let number = number(visit)?;
    match visit.documents.watchlists.remove(&number) {
        Some(_) => Ok(Answer::Nothing),
        None => Err(none(visit)),
    }
}

fn add_watchlist_item(visit: &mut Visit<'_>) -> Outcome {
    let number = number(visit)?;
    let name = visit.body().text("instrument_id").unwrap_or_default();
    let instrument = visit.instrument(name);
    let instrument =
        instrument.ok_or_else(|| visit.refusal(&[404], "there is no such instrument").of("instrument_id"))?;
    let price = visit.book.quote(instrument).last;
    let item = Watched { instrument: instrument.ix, added: visit.book.now(), price };
    let Some(watchlist) = visit.documents.watchlists.get(&number) else { return Err(none(visit)) };
    if watchlist.items.values().any(|known| known.instrument == item.instrument) {
        return Err(visit.refusal(&[409], "it is on the watchlist already").of("instrument_id"));
    }
    if watchlist.items.len() >= FULL {
        return Err(visit.refusal(&[400], "the watchlist is full"));
    }
    let place = visit.documents.number();
    if let Some(watchlist) = visit.documents.watchlists.get_mut(&number) {
        watchlist.items.insert(place, item);
    }
    visit.value(Facts::new().with("item_id", visit.book.identities().document(place)))
}

fn delete_watchlist_item(visit: &mut Visit<'_>) -> Outcome {
    let number = number(visit)?;
    let item = visit.document("item_id");
    let watchlist = visit.documents.watchlists.get_mut(&number);
    match watchlist.and_then(|watchlist| watchlist.items.remove(&item?)) {
        Some(_) => Ok(Answer::Nothing),
        None => Err(none(visit)),
    }
}

/// The watchlist of the path, if it is one.
fn number(visit: &Visit<'_>) -> Result<u64, Refusal> {
    let number = visit.document("watchlist_id");
    number.filter(|number| visit.documents.watchlists.contains_key(number)).ok_or_else(|| none(visit))
}

fn none(visit: &Visit<'_>) -> Refusal {
    visit.refusal(&[404], "there is no such watchlist or item")
}

fn facts(visit: &Visit<'_>, number: u64, watchlist: &Watchlist) -> Facts {
    let facts = Facts::new().with("id", visit.book.identities().document(number));
    facts.with("name", watchlist.name.as_str()).with("created_at", watchlist.created)
}
