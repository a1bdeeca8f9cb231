//! What is answered is what the spec says.

use std::collections::BTreeMap;

use clear_street_spec::ir;
use serde_json::{Map, Value, json};

use super::{Office, limit, order};
use crate::handlers::{studio, trading};

#[test]
fn every_handler_is_of_an_operation() {
    let office = Office::new();
    for (api, table) in [("trading", trading::HANDLERS.concat()), ("studio", studio::HANDLERS.concat())] {
        for (name, _) in table {
            office.operation(&format!("{api}/{name}"));
        }
    }
}

/// Every operation with a handler is called once with all kinds of things in the exchange, and answers as
/// the spec says.
#[tokio::test(start_paused = true)]
async fn every_answer_is_valid() {
    let office = Office::new();
    let option = "AAPL 251121C00252000";
    let mut trailing = order("AAPL", "SELL", "1");
    trailing["order_type"] = json!("TRAILING_STOP_LIMIT");
    trailing["trailing_offset"] = json!("25");
    trailing["trailing_offset_type"] = json!("BPS");
    trailing["limit_offset"] = json!("-0.05");
    let bought = office.submit(json!([
        order("AAPL", "BUY", "5"),
        order(option, "BUY", "2"),
        order("KO", "SELL_SHORT", "7")
    ]));
    assert!(bought.iter().all(|order| order["status"] == "FILLED"), "{bought:?}");
    let placed = office.submit(json!([trailing, limit(option, "SELL", "1", "99")]));
    let watchlist = office.ask("trading/create_watchlist", json!({}), json!({ "name": "Mine" }));
    let items = json!({ "watchlist_id": watchlist["id"] });
    let item = office.ask("trading/add_watchlist_item", items.clone(), json!({ "instrument_id": "AAPL" }));
    assert_eq!(
        office.refused("trading/add_watchlist_item", items, json!({ "instrument_id": "AAPL" })).0,
        409
    );
    assert_eq!(office.refused("trading/create_watchlist", json!({}), json!({ "name": "Mine" })).0, 409);
    let screener = json!({ "name": "Cheap", "filters": [{ "left": { "name": "price" } }] });
    let screener = office.ask("trading/create_screener", json!({}), screener);
    let asked = json!({ "account_id": 100_000, "type": "instant", "text": "What now?" });
    let asked = office.ask("trading/create_thread", json!({}), asked);
    let again = json!({ "account_id": 100_000, "text": "And then?" });
    let thread = json!({ "thread_id": asked["thread_id"] });
    assert_eq!(office.refused("trading/create_message", thread.clone(), again.clone()).0, 409);
    office.pass(3);
    office.ask("trading/create_message", thread, again);
    let row = |key: &str, quantity: &str| json!({ "instruction_id": key, "instrument_id": option, "instruction_type": "EXERCISE", "quantity": quantity });
    let instructed = json!([row("one", "1"), row("two", "9")]);
    let instructed =
        office.ask("trading/submit_position_instructions", json!({ "account_id": 100_000 }), instructed);
    let locate = json!({ "symbol": "GME", "quantity": "100", "mpid": "MOCK", "reference_id": "l" });
    let locate = office.ask("studio/create_locate_order", json!({ "account_id": "100000" }), locate);
    office.pass(2);
    let own = json!({ "account_id": "100000", "locate_order_id": locate["locate_order_id"] });
    office.ask("studio/update_locate_order", own, json!({ "accept": true }));
    let parameters = json!({
        "order_id": placed[0]["id"], "trade_id": office.ask("studio/list_trades", json!({ "account_id": "100000" }), Value::Null)[0]["trade_id"],
        "watchlist_id": watchlist["id"], "item_id": item["item_id"], "screener_id": screener["id"],
        "thread_id": asked["thread_id"], "message_id": asked["user_message_id"], "response_id": asked["response_id"],
        "instrument_id": option, "symbol": "AAPL", "underlier": "AAPL", "q": "apple", "entity_id": "2001",
        "instrument_ids": ["AAPL", option, "SPX"], "top_margin_contributors_limit": 3,
        "start_date": "2025-10-01", "locate_order_id": locate["locate_order_id"],
        "include_options_expiry_dates": true,
    });
    let bodies = BTreeMap::from([
        ("replace_order", json!({ "quantity": "2" })),
        ("patch_account_by_id", json!({ "risk": { "max_notional": "5000" } })),
        ("replace_screener", json!({ "filters": [] })),
        ("close_positions", json!({ "cancel_orders": true })),
    ]);
    // What changes or ends something comes last.
    let is_read =
        |name: &str| name.starts_with("get_") || name.starts_with("list_") || name.starts_with("search_");
    let mut asked_for = 0;
    for (api, account, table) in [
        ("studio", json!("100000"), studio::HANDLERS.concat()),
        ("trading", json!(100_000), trading::HANDLERS.concat()),
    ] {
        let mut table: Vec<_> = table.into_iter().map(|(name, _)| name).collect();
        table.sort_by_key(|name| {
            (!is_read(name), name.contains("all_open"), name.starts_with("delete_watchlist"))
        });
        for name in table.into_iter().filter(|name| is_read(name) || bodies.contains_key(name)) {
            let (_, operation) = office.operation(&format!("{api}/{name}"));
            let known = operation.parameters.iter().map(|parameter| parameter.field.wire.as_str());
            let mut given: Map<String, Value> = known
                .filter(|name| *name != "symbol" || api == "studio")
                .filter_map(|name| Some((name.to_owned(), parameters.get(name)?.clone())))
                .collect();
            if operation.parameters.iter().any(|parameter| parameter.field.wire == "account_id")
                && name != "get_accounts"
            {
                given.insert("account_id".to_owned(), account.clone());
            }
            if name == "get_positions" || name == "get_orders" {
                given.remove("instrument_ids");
            }
            let answer = office.ask(
                &format!("{api}/{name}"),
                Value::Object(given),
                bodies.get(name).cloned().unwrap_or_default(),
            );
            assert!(answer != json!([]), "{name} answers an empty list");
            asked_for += 1;
        }
    }
    assert!(asked_for > 45, "{asked_for} operations were asked");
    let cancel = json!({ "account_id": 100_000, "instruction_id": instructed[0]["id"] });
    assert_eq!(
        office.ask("trading/cancel_position_instruction", cancel.clone(), Value::Null)["status"],
        "CANCELLED"
    );
    assert_eq!(office.refused("trading/cancel_position_instruction", cancel, Value::Null).0, 409);
}

#[tokio::test(start_paused = true)]
async fn a_field_that_no_handler_knows_is_made_and_one_that_is_gone_is_left_out() {
    let mut office = Office::new();
    let orders = office.apis[0].groups.iter_mut().find(|group| group.name == "orders").unwrap();
    let order_model = orders.models.iter_mut().find(|model| model.rust == "Order").unwrap();
    let status = order_model.fields.iter().find(|field| field.wire == "status").unwrap();
    let new = ir::Field { wire: "settlement".to_owned(), ..status.clone() };
    order_model.fields.retain(|field| field.wire != "venue");
    order_model.fields.push(new);
    let placed = office.submit(json!([order("AAPL", "BUY", "1")])).remove(0);
    assert!(placed["settlement"].is_string() && placed.get("venue").is_none(), "{placed}");
}
