//! What is done through one API is seen in the other and on the stream.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Office, limit, order, path};

#[tokio::test(start_paused = true)]
async fn an_order_is_the_same_in_both_apis_and_on_the_stream() {
    let office = Office::new();
    let placed = office.submit(json!([order("AAPL", "BUY", "10")])).remove(0);
    assert_eq!(placed["status"], "FILLED");
    let shown = office.ask("trading/get_order_by_id", path(&placed), Value::Null);
    assert_eq!(shown, placed);
    let studio = json!({ "account_id": "CS00100000", "order_id": placed["id"] });
    let other = office.ask("studio/get_order", studio, Value::Null)["order"].take();
    assert_eq!(other["order_id"], placed["id"]);
    assert_eq!((other["status"].as_str(), other["state"].as_str()), (Some("filled"), Some("closed")));
    assert_eq!(other["filled_quantity"], placed["filled_quantity"]);
    let entries = office.journal.entries("100000");
    let told: Vec<&str> = entries.iter().map(|entry| &*entry.kind).collect();
    assert_eq!(told, ["order-update", "trade-notice", "order-update", "position-update"]);
    let last: Value = serde_json::from_str(entries[2].data.get()).unwrap();
    assert_eq!(last, other, "what the stream tells is what is answered");
    let position: Value = serde_json::from_str(entries[3].data.get()).unwrap();
    let held = office.ask("studio/list_positions", json!({ "account_id": "100000" }), Value::Null);
    assert_eq!(held, json!([position]));
    let fill = office.ask("trading/get_executions", json!({ "account_id": 100_000 }), Value::Null)[0].take();
    let trade = office.ask("studio/list_trades", json!({ "account_id": "100000" }), Value::Null)[0].take();
    assert_eq!((&fill["id"], &fill["price"]), (&trade["trade_id"], &trade["price"]));
}

#[tokio::test(start_paused = true)]
async fn cash_and_positions_follow_from_fills() {
    let office = Office::new();
    let account = || json!({ "account_id": 100_000 });
    let before = office.ask("trading/get_account_balances", account(), Value::Null);
    assert_eq!((&before["equity"], &before["buying_power"]), (&json!("1000000"), &json!("2000000")));
    let placed = office.submit(json!([order("AAPL", "BUY", "10"), limit("MSFT", "BUY", "5", "100")]));
    let paid: Decimal = placed[0]["average_fill_price"].as_str().unwrap().parse().unwrap();
    let after = office.ask("trading/get_account_balances", account(), Value::Null);
    let cash: Decimal = after["trade_cash"].as_str().unwrap().parse().unwrap();
    assert_eq!(cash, Decimal::from(1_000_000) - paid * Decimal::TEN);
    assert_eq!(after["open_order_adjustment"], "-500.05");
    let held = office.ask("trading/get_positions", account(), Value::Null);
    assert_eq!(held.as_array().unwrap().len(), 1);
    assert_eq!(
        (&held[0]["quantity"], &held[0]["avg_price"]),
        (&json!("10"), &placed[0]["average_fill_price"])
    );
    let closed = office.ask("trading/close_positions", account(), json!({ "cancel_orders": true }));
    assert_eq!((&closed[0]["side"], &closed[0]["status"]), (&json!("SELL"), &json!("FILLED")));
    assert_eq!(office.ask("trading/get_positions", account(), Value::Null), json!([]));
    assert_eq!(office.refused("trading/get_positions", json!({ "account_id": 1 }), Value::Null), (403, None));
}

#[tokio::test(start_paused = true)]
async fn a_key_names_one_order() {
    let office = Office::new();
    let mut row = limit("AAPL", "BUY", "1", "100");
    row["id"] = json!("mine");
    let placed = office.submit(json!([row]));
    assert_eq!(office.submit(json!([row])), placed, "the same order again is that order");
    row["quantity"] = json!("2");
    let refused = |rows| office.refused("trading/submit_orders", json!({ "account_id": 100_000 }), rows);
    assert_eq!(refused(json!([order("AAPL", "BUY", "1"), row])), (422, Some("[1].id".to_owned())));
    row["id"] = json!("other");
    let mut twice = row.clone();
    twice["side"] = json!("SELL");
    assert_eq!(refused(json!([row, twice])), (422, Some("[1].id".to_owned())));
    let all = office.ask("trading/get_orders", json!({ "account_id": 100_000 }), Value::Null);
    assert_eq!(all, Value::Array(placed), "what was refused left nothing");
    let mut elsewhere = order("NONE", "BUY", "1");
    assert_eq!(refused(json!([elsewhere])), (422, Some("[0].symbol".to_owned())));
    elsewhere["symbol"] = json!("F");
    elsewhere["quantity"] = json!("0.0000001");
    assert_eq!(refused(json!([elsewhere])), (422, Some("[0].quantity".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn orders_are_changed_cancelled_and_refused() {
    let office = Office::new();
    let placed = office.submit(json!([
        limit("AAPL", "BUY", "1", "100"),
        limit("AAPL", "BUY", "2", "101"),
        limit("F", "BUY", "3", "1"),
        order("F", "SELL", "1"),
    ]));
    let statuses: Vec<_> = placed.iter().map(|order| order["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["NEW", "NEW", "NEW", "REJECTED"]);
    assert_eq!(placed[3]["details"], json!(["not so much is held"]));
    let changed = office.ask(
        "trading/replace_order",
        path(&placed[0]),
        json!({ "limit_price": "102", "quantity": "4" }),
    );
    assert_eq!(
        (&changed["id"], &changed["limit_price"], &changed["quantity"]),
        (&placed[0]["id"], &json!("102"), &json!("4"))
    );
    assert_eq!(
        office.refused("trading/replace_order", path(&placed[0]), json!({ "stop_price": "1" })).0,
        400
    );
    let canceled = office.ask("trading/cancel_open_order", path(&placed[0]), Value::Null);
    assert_eq!((&canceled["status"], &canceled["leaves_quantity"]), (&json!("CANCELED"), &json!("0")));
    assert_eq!(office.refused("trading/cancel_open_order", path(&placed[0]), Value::Null), (404, None));
    let all = json!({ "account_id": 100_000, "instrument_ids": ["F"] });
    let canceled = office.ask("trading/cancel_all_open_orders", all.clone(), Value::Null);
    assert_eq!(canceled[0]["id"], placed[2]["id"]);
    assert_eq!(office.refused("trading/cancel_all_open_orders", all, Value::Null), (404, None));
    let orders = |filter: (&str, Value)| {
        let answer = office.ask(
            "trading/get_orders",
            json!({ "account_id": 100_000, filter.0: filter.1 }),
            Value::Null,
        );
        answer.as_array().unwrap().iter().map(|order| order["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(orders(("status", json!(["NEW"]))), [placed[1]["id"].clone()]);
    assert_eq!(orders(("symbol", json!("F"))), [placed[2]["id"].clone(), placed[3]["id"].clone()]);
    assert_eq!(orders(("window", json!([1, 2]))), [placed[1]["id"].clone(), placed[2]["id"].clone()]);
    assert_eq!(orders(("order_ids", json!([placed[3]["id"], "none"]))), [placed[3]["id"].clone()]);
    assert_eq!(orders(("to", json!("2025-10-31T14:00:00Z"))), Vec::<Value>::new());
    assert_eq!(orders(("instrument_type", json!("OPTION"))), Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn orders_are_found_by_their_ids_and_by_those_of_the_client() {
    let office = Office::new();
    let with_key = |key: &str| {
        let mut order = limit("AAPL", "BUY", "1", "100");
        order["id"] = json!(key);
        order
    };
    let placed = office.submit(json!([with_key("a"), with_key("b"), limit("F", "BUY", "1", "1")]));
    let elsewhere = json!({ "account_id": 100_001 });
    _ = office.ask("trading/submit_orders", elsewhere, json!([with_key("c")]));
    let found = |names: Value| {
        let filter = json!({ "account_id": 100_000, "order_ids": names });
        let answer = office.ask("trading/get_orders", filter, Value::Null);
        answer.as_array().unwrap().iter().map(|order| order["id"].clone()).collect::<Vec<_>>()
    };
    let id = |index: usize| placed[index]["id"].clone();
    assert_eq!(found(json!(["b"])), [id(1)]);
    assert_eq!(found(json!(["b", id(2), "a"])), [id(0), id(1), id(2)]);
    assert_eq!(found(json!([id(0), "a"])), [id(0)], "once, by whatever names");
    assert_eq!(found(json!([placed[2]["client_order_id"]])), [id(2)], "it had no key");
    assert_eq!(found(json!(["c", "A", ""])), Vec::<Value>::new(), "of another account, or of none");
}

#[tokio::test(start_paused = true)]
async fn studio_places_what_trading_shows() {
    let office = Office::new();
    let account = || json!({ "account_id": "100000" });
    let row = |symbol: &str, quantity: &str| {
        json!({
            "reference_id": "mine", "order_type": "limit", "side": "buy", "quantity": quantity, "price": "10",
            "time_in_force": "day", "symbol": symbol, "strategy": { "type": "vwap", "max_percent": 20 },
        })
    };
    let created = office.ask("studio/create_order", account(), row("AAPL", "3"));
    let order = json!({ "account_id": "100000", "order_id": created["order_id"] });
    let shown = office.ask("studio/get_order", order.clone(), Value::Null)["order"].take();
    assert_eq!((&shown["strategy"]["max_percent"], &shown["reference_id"]), (&json!(20), &json!("mine")));
    let other = office.ask("trading/get_orders", json!({ "account_id": 100_000 }), Value::Null)[0].take();
    assert_eq!((&other["id"], &other["limit_price"]), (&created["order_id"], &json!("10")));
    office.ask("studio/update_order", order.clone(), json!({ "quantity": "5", "price": "11" }));
    let shown = office.ask("studio/get_order", order.clone(), Value::Null)["order"].take();
    assert_eq!((&shown["version"], &shown["order_update_reason"]), (&json!(2), &json!("modify")));
    office.ask("studio/delete_order", order.clone(), Value::Null);
    assert_eq!(office.refused("studio/delete_order", order, Value::Null).0, 400);
    let rows = json!({ "orders": [row("AAPL", "1"), row("NONE", "1"), row("AAPL", "100000000")] });
    let bulk = office.ask("studio/create_bulk_orders", account(), rows);
    assert_eq!((&bulk["submitted"], &bulk["rejected"]), (&json!(1), &json!(2)));
    assert_eq!(bulk["data"][2]["reason"], "not enough buying power");
    let canceled = office.ask("studio/delete_all_orders", account(), Value::Null);
    assert_eq!(canceled, json!([bulk["data"][0]["order_id"]]));
    office.pass(24 * 3_600);
    assert_eq!(office.ask("studio/list_orders", account(), Value::Null), json!([]), "it is another day");
}
