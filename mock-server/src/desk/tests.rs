//! What the desk answers, through both APIs, and what it tells the stream.

use std::collections::BTreeMap;
use std::time::Duration;

use clear_street_codegen::ir::{self, Bounds, Outcome};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{BookDesk, Desk, studio, trading};
use crate::book::Settings;
use crate::call::{Answer, Call, Window};
use crate::clock::Clock;
use crate::journal::Journal;
use crate::testing::api;
use crate::validate::{Strictness, Validator};

/// A desk and everything around it.
struct Office {
    apis: [ir::Api; 2],
    clock: Clock,
    journal: Journal,
    desk: BookDesk,
}

impl Office {
    /// On a Friday, an hour after the market opened.
    fn new() -> Self {
        let apis = [api("trading"), api("studio")];
        let clock = Clock::starting_at("2025-10-31T14:30:00Z".parse().unwrap());
        let journal = Journal::new(clock.clone());
        let desk = BookDesk::new(&apis, Settings::new(7, clock.now()), clock.clone(), journal.clone());
        Self { apis, clock, journal, desk }
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn operation(&self, name: &str) -> (&ir::Api, &ir::Operation) {
        let (api, name) = name.split_once('/').unwrap();
        let api = self.apis.iter().find(|known| known.name == api).unwrap();
        let operations = api.groups.iter().flat_map(|group| &group.operations);
        (api, operations.into_iter().find(|operation| operation.name == name).unwrap())
    }

    fn answer(&self, name: &str, parameters: Value, body: Value) -> Answer {
        let (api, operation) = self.operation(name);
        let Value::Object(mut parameters) = parameters else { panic!("{parameters} are no parameters") };
        let window = parameters.remove("window").map(|window| Window {
            start: window[0].as_u64().unwrap() as usize,
            size: window[1].as_u64().unwrap() as usize,
        });
        let body = Some(body).filter(|body| !body.is_null());
        let call =
            Call { api, operation, parameters, body, page: window, headers: &HeaderMap::new(), bearer: None };
        self.desk.answer(&call).unwrap()
    }

    /// What is answered, which is valid.
    fn ask(&self, name: &str, parameters: Value, body: Value) -> Value {
        let (api, operation) = self.operation(name);
        let (value, ty) = match (self.answer(name, parameters, body), &operation.result) {
            (Answer::Value(value), Outcome::Value(ty)) => (value, ty.clone()),
            (Answer::Window { items, .. }, Outcome::Page(ty)) => {
                (Value::Array(items), ir::Type::List(Box::new(ty.clone())))
            }
            (Answer::Rows { rows, .. }, Outcome::Value(ty)) => (Value::Array(rows), ty.clone()),
            (Answer::Nothing, Outcome::Nothing) => return Value::Null,
            (answer, _) => panic!("{name} answers {answer:?}"),
        };
        let mut validator = Validator::new(api, Strictness::Full);
        validator.value(&ty, &Bounds::default(), &value, "");
        assert_eq!(validator.finish(), [], "{name} answers {value}");
        value
    }

    /// Status and field of a refusal.
    fn refused(&self, name: &str, parameters: Value, body: Value) -> (u16, Option<String>) {
        match self.answer(name, parameters, body) {
            Answer::Refused(refusal) => {
                let field = refusal.violations.first().map(|violation| violation.field.clone());
                (refusal.status.as_u16(), field)
            }
            answer => panic!("{name} answers {answer:?}"),
        }
    }

    fn submit(&self, rows: Value) -> Vec<Value> {
        let answer = self.ask("trading/submit_orders", json!({ "account_id": 100_000 }), rows);
        answer.as_array().unwrap().clone()
    }
}

fn order(symbol: &str, side: &str, quantity: &str) -> Value {
    json!({ "symbol": symbol, "side": side, "quantity": quantity, "order_type": "MARKET", "time_in_force": "DAY" })
}

fn limit(symbol: &str, side: &str, quantity: &str, price: &str) -> Value {
    let mut order = order(symbol, side, quantity);
    order["order_type"] = json!("LIMIT");
    order["limit_price"] = json!(price);
    order
}

fn path(order: &Value) -> Value {
    json!({ "account_id": 100_000, "order_id": order["id"] })
}

#[test]
fn every_handler_is_of_an_operation() {
    let office = Office::new();
    for (api, table) in [("trading", trading::handlers()), ("studio", studio::handlers())] {
        for (name, _) in table {
            office.operation(&format!("{api}/{name}"));
        }
    }
}

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
    let paid: rust_decimal::Decimal = placed[0]["average_fill_price"].as_str().unwrap().parse().unwrap();
    let after = office.ask("trading/get_account_balances", account(), Value::Null);
    let cash: rust_decimal::Decimal = after["trade_cash"].as_str().unwrap().parse().unwrap();
    assert_eq!(cash, rust_decimal::Decimal::from(1_000_000) - paid * rust_decimal::Decimal::TEN);
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

/// Every operation that the desk knows is asked once with all kinds of things in the book, and answers as
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
    for (api, account, table) in
        [("studio", json!("100000"), studio::handlers()), ("trading", json!(100_000), trading::handlers())]
    {
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

/// Whoever has seen only the numbered messages knows what the book holds.
#[tokio::test(start_paused = true)]
async fn the_journal_replays_to_the_same_state() {
    let office = Office::new();
    for round in 0..30_u64 {
        let side = if round % 3 == 2 { "SELL" } else { "BUY" };
        let symbol = ["AAPL", "F", "KO"][round as usize % 3];
        let quantity = (round * 37 % 900 + 1).to_string();
        let row = if round % 2 == 0 {
            order(symbol, side, &quantity)
        } else {
            limit(symbol, side, &quantity, "25")
        };
        office.submit(json!([row]));
        if round % 7 == 0 {
            _ = office.answer("studio/delete_all_orders", json!({ "account_id": "100000" }), Value::Null);
        }
        office.pass(round % 4);
    }
    let mut orders: BTreeMap<String, Value> = BTreeMap::new();
    let mut positions: BTreeMap<String, Value> = BTreeMap::new();
    let mut trades = Vec::new();
    office.desk.advance();
    for (entry, number) in office.journal.entries("100000").iter().zip(1..) {
        assert_eq!(entry.sequence, Some(number));
        let data: Value = serde_json::from_str(entry.data.get()).unwrap();
        let key = |name: &str| data[name].as_str().unwrap().to_owned();
        match &*entry.kind {
            "order-update" => {
                let before = orders.insert(key("order_id"), data.clone());
                let version = before.map_or(0, |before| before["version"].as_i64().unwrap());
                assert_eq!(data["version"], version + 1);
            }
            "position-update" => _ = positions.insert(key("symbol"), data),
            "trade-notice" => trades.push(data),
            other => panic!("{other} has a number"),
        }
    }
    let list = |name: &str| {
        let answer = office.ask(name, json!({ "account_id": "100000" }), Value::Null);
        answer.as_array().unwrap().clone()
    };
    let shown = list("studio/list_orders")
        .into_iter()
        .map(|order| (order["order_id"].as_str().unwrap().to_owned(), order));
    assert_eq!(orders, shown.collect());
    let shown = list("studio/list_positions")
        .into_iter()
        .map(|held| (held["symbol"].as_str().unwrap().to_owned(), held));
    positions.retain(|_, held| held["quantity"] != "0");
    assert_eq!(positions, shown.collect());
    assert_eq!(trades, list("studio/list_trades"));
}
