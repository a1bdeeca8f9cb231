//! Made answers against the spec that they were made from.

use http::HeaderMap;

use super::*;
use crate::request::token;
use crate::testing::api;

const SEEDS: std::ops::Range<u64> = 0..12;

/// Every operation of both APIs.
fn operations(apis: &[ir::Api]) -> impl Iterator<Item = (&ir::Api, &ir::Operation)> {
    apis.iter().flat_map(|api| {
        api.groups.iter().flat_map(move |group| group.operations.iter().map(move |it| (api, it)))
    })
}

fn apis() -> [ir::Api; 2] {
    [api("trading"), api("studio")]
}

fn named<'a>(apis: &'a [ir::Api], name: &str) -> (&'a ir::Api, &'a ir::Operation) {
    operations(apis).find(|(_, operation)| operation.name == name).unwrap()
}

fn generator(api: &ir::Api, seed: u64) -> Generator<'_> {
    let now = "2025-10-31T14:30:00Z".parse().unwrap();
    Generator::new(api, seed, now, Fullness::Most)
}

fn call<'a>(
    api: &'a ir::Api,
    operation: &'a ir::Operation,
    headers: &'a HeaderMap,
    parameters: Value,
    body: Option<Value>,
) -> Call<'a> {
    let Value::Object(parameters) = parameters else { panic!("no object") };
    let page =
        matches!(operation.result, Outcome::Page(_)).then_some(crate::call::Window { start: 0, size: 7 });
    Call { api, operation, parameters, body, page, headers, bearer: Some("key") }
}

/// A call with what an operation requires, and some of what it takes, made as answers are.
fn made_call<'a>(
    generator: &Generator<'_>,
    api: &'a ir::Api,
    operation: &'a ir::Operation,
    headers: &'a HeaderMap,
) -> Call<'a> {
    let scope = Scope::default();
    let fields: Vec<_> = operation.parameters.iter().map(|parameter| parameter.field.clone()).collect();
    let model = ir::Model {
        rust: "Parameters".to_owned(),
        doc: String::new(),
        fields,
        direction: ir::Direction::default(),
        rules: operation.rules.clone(),
        constructors: Vec::new(),
        setters: Vec::new(),
        deprecated: None,
    };
    let subject = Subject::of_answer(generator, &scope, 0);
    let at = At {
        scope: &scope,
        subject: &subject,
        seed: generator.seed,
        name: "",
        bounds: &Bounds::default(),
        depth: 0,
        index: 0,
        nth: 0,
        asked_for: true,
    };
    let parameters = generator.model(&model, at);
    let body = operation.body.as_ref().map(|body| generator.value(&body.ty, at));
    call(api, operation, headers, parameters, body)
}

fn problems(api: &ir::Api, ty: &Type, value: &Value) -> String {
    let mut validator = Validator::new(api, Strictness::Full);
    validator.value(ty, &Bounds::default(), value, "");
    validator.finish().iter().map(|violation| format!("{violation}\n")).collect()
}

#[test]
fn every_answer_is_what_the_spec_says() {
    let apis = apis();
    let headers = HeaderMap::new();
    for (api, operation) in operations(&apis) {
        for seed in SEEDS {
            let generator = generator(api, seed);
            let call = made_call(&generator, api, operation, &headers);
            if let (Some(body), Some(expected)) = (&call.body, &operation.body) {
                assert_eq!(problems(api, &expected.ty, body), "", "{} {seed}: its body", operation.name);
            }
            let found = match (generator.answer(&call), &operation.result) {
                (Answer::Value(value), Outcome::Value(ty)) => problems(api, ty, &value),
                (Answer::Window { items, total }, Outcome::Page(item)) => {
                    assert!(items.len() <= 7 && items.len() <= total, "{}", operation.name);
                    items.iter().map(|value| problems(api, item, value)).collect()
                }
                (Answer::Nothing, Outcome::Nothing) => String::new(),
                (other, _) => panic!("{}: {other:?}", operation.name),
            };
            assert_eq!(found, "", "{} {seed}", operation.name);
        }
    }
}

#[test]
fn the_same_seed_says_the_same_and_another_something_else() {
    let apis = apis();
    let headers = HeaderMap::new();
    let all = |seed| -> Vec<Answer> {
        let answer = |(api, operation)| {
            let generator = generator(api, seed);
            generator.answer(&made_call(&generator, api, operation, &headers))
        };
        operations(&apis).map(answer).collect()
    };
    let (first, again, other) = (all(1), all(1), all(2));
    assert!(first == again);
    let same = first.iter().zip(&other).filter(|(a, b)| a == b).count();
    // Those without a result, and those that only say what was asked for.
    assert!(same < first.len() / 5, "{same} of {}", first.len());
}

#[test]
fn a_thing_of_a_list_is_the_same_by_itself() {
    let apis = apis();
    let headers = HeaderMap::new();
    let pairs = [
        ("get_accounts", json!({}), "get_account_by_id", "account_id", "id"),
        ("get_orders", json!({ "account_id": 5 }), "get_order_by_id", "order_id", "id"),
        ("get_instruments", json!({}), "get_instrument_by_id", "instrument_id", "id"),
        ("get_watchlists", json!({}), "get_watchlist_by_id", "watchlist_id", "id"),
    ];
    for (list, given, single, parameter, field) in pairs {
        let (api, lists) = named(&apis, list);
        let (_, reads) = named(&apis, single);
        let mut generator = generator(api, 3);
        // What both have is compared; what is left out of one may be in the other.
        generator.fullness = Fullness::Everything;
        let Answer::Window { items, .. } = generator.answer(&call(api, lists, &headers, given.clone(), None))
        else {
            panic!("{list} has no pages")
        };
        for item in items.iter().take(5) {
            let mut asked = given.clone();
            asked[parameter] = item[field].clone();
            let Answer::Value(alone) = generator.answer(&call(api, reads, &headers, asked, None)) else {
                panic!("{single} has no value")
            };
            let (Value::Object(alone), Value::Object(item)) = (alone, item) else { panic!("no objects") };
            assert_eq!(alone.get(field), item.get(field), "{single}");
            let same = |name: &&String| alone.get(*name) == item.get(*name);
            let common: Vec<_> = item.keys().filter(|name| alone.contains_key(*name)).collect();
            let differing: Vec<_> = common.iter().filter(|name| !same(name)).collect();
            assert!(differing.is_empty(), "{single}: {differing:?}");
            assert!(common.len() >= 3, "{single}: {common:?}");
        }
    }
}

#[test]
fn what_is_said_comes_back() {
    let apis = apis();
    let headers = HeaderMap::new();
    let (api, submit) = named(&apis, "submit_orders");
    let generator = generator(api, 0);
    let row = |id: &str, symbol: &str| {
        json!({
            "id": id, "symbol": symbol, "side": "BUY", "quantity": "12", "order_type": "LIMIT",
            "limit_price": "3.25", "time_in_force": "DAY",
        })
    };
    let body = json!([row("mine-1", "AAPL"), row("mine-2", "OTHER")]);
    let answer = generator.answer(&call(api, submit, &headers, json!({ "account_id": 77 }), Some(body)));
    let Answer::Value(Value::Array(rows)) = answer else { panic!("{answer:?}") };
    assert_eq!(rows.len(), 2);
    for (row, (id, symbol)) in rows.iter().zip([("mine-1", "AAPL"), ("mine-2", "OTHER")]) {
        assert_eq!(row["client_order_id"], id);
        assert_eq!(row["symbol"], symbol);
        assert_eq!(row["account_id"], 77);
        assert_eq!((&row["quantity"], &row["limit_price"]), (&json!("12"), &json!("3.25")));
        assert_eq!((&row["side"], &row["order_type"]), (&json!("BUY"), &json!("LIMIT")));
    }
}

#[test]
fn values_are_plausible_together() {
    let apis = apis();
    let headers = HeaderMap::new();
    let (api, orders) = named(&apis, "get_orders");
    let answer = generator(api, 9).answer(&call(api, orders, &headers, json!({ "account_id": 5 }), None));
    let Answer::Window { items, total } = answer else { panic!("{answer:?}") };
    assert_eq!((items.len(), total), (7, THINGS));
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let mut newest = String::from("9999");
    for order in &items {
        let (created, updated) =
            (order["created_at"].as_str().unwrap(), order["updated_at"].as_str().unwrap());
        assert!(created < updated, "{order}");
        assert!(created < newest.as_str(), "newest first: {order}");
        newest = created.to_owned();
        let (filled, left) = (number(&order["filled_quantity"]), number(&order["leaves_quantity"]));
        assert!(filled + left == number(&order["quantity"]), "{order}");
        if let Some(price) = order.get("limit_price") {
            assert!((1.0..2000.0).contains(&number(price)), "{order}");
        }
        assert_ne!(order["status"], "OTHER");
    }
}

#[test]
fn pages_hold_what_their_windows_say() {
    let apis = apis();
    let headers = HeaderMap::new();
    let (api, orders) = named(&apis, "get_orders");
    let generator = generator(api, 4);
    let page = |start, size| {
        let mut call = call(api, orders, &headers, json!({ "account_id": 5 }), None);
        call.page = Some(crate::call::Window { start, size });
        match generator.answer(&call) {
            Answer::Window { items, .. } => items,
            other => panic!("{other:?}"),
        }
    };
    let all = page(0, 1000);
    assert_eq!(all.len(), THINGS);
    assert_eq!(page(10, 5), all[10..15]);
    assert_eq!(page(58, 5), all[58..]);
    assert_eq!(page(600, 5), [] as [Value; 0]);
    assert!(!token(orders, crate::call::Window { start: 5, size: 5 }).contains(' '));
}
