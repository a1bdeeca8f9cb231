//! Values of types of both APIs, and what is wrong with them.

use clear_street_spec::ir::{Kind, Name};
use serde_json::json;

use super::*;
use crate::testing::api;

fn check(api: &ir::Api, name: &str, value: &Value, strictness: Strictness) -> Vec<String> {
    let group = api.groups.iter().find(|group| group.definitions().any(|it| it.rust() == name)).unwrap();
    let kind = match api.definition_called(name).unwrap() {
        Definition::Id(ir::Id { repr: ir::IdRepr::I64, .. }) => Kind::NumberId,
        Definition::Id(_) => Kind::TextId,
        Definition::Enum(_) => Kind::Enum,
        Definition::Model(_) => Kind::Model,
        Definition::Union(_) => Kind::Union,
    };
    let name = Name { module: group.name.clone(), rust: name.to_owned(), kind };
    let mut validator = Validator::new(api, strictness);
    validator.value(&Type::Named(name), &Bounds::default(), value, "it");
    validator.finish().iter().map(|found| format!("{} {found}", found.kind.as_str())).collect()
}

#[test]
fn values_of_every_shape() {
    let chart = json!({ "open_chart": { "symbol": "AAPL", "extras": { "any": [1] } } });
    let ticket = |kind: &str| json!({ "action_type": kind, "orders": [] });
    let rating = |score: Value| json!({ "account_id": 7, "score": score });
    let cases = [
        ("StructuredAction", chart, vec![]),
        ("StructuredAction", json!({ "open_chart": {} }), vec!["REQUIRED it.open_chart.symbol: is required"]),
        (
            "StructuredAction",
            json!({}),
            vec![
                "RULE it: must have exactly one property: one of prefill_order, open_chart, \
                  open_screener, open_entitlement_consent",
            ],
        ),
        (
            "StructuredAction",
            json!({ "close_chart": {} }),
            vec![
                "UNKNOWN it.close_chart: is not known: expected one of prefill_order, open_chart, \
                  open_screener, open_entitlement_consent",
            ],
        ),
        ("StructuredAction", json!("open_chart"), vec!["TYPE it: must be an object, and is a text"]),
        ("PrefillOrderAction", ticket("CANCEL"), vec![]),
        (
            "PrefillOrderAction",
            ticket("HOLD"),
            vec!["ENUM it.action_type: must be one of NEW, CANCEL, MODIFY"],
        ),
        ("PrefillOrderAction", json!({}), vec!["REQUIRED it.action_type: is required"]),
        (
            "PrefillOrderAction",
            json!({ "action_type": 1 }),
            vec!["TYPE it.action_type: must be a text, and is the number 1"],
        ),
        ("ScreenerValue", json!(1.5), vec![]),
        ("ScreenerValue", json!("tech"), vec![]),
        ("ScreenerValue", json!(true), vec!["TYPE it: must be a number or a string, and is true or false"]),
        ("CreateFeedbackRequest", rating(json!(5)), vec![]),
        ("CreateFeedbackRequest", rating(json!(6)), vec!["RANGE it.score: must be at most 5"]),
        ("CreateFeedbackRequest", rating(json!(-2)), vec!["RANGE it.score: must be at least -1"]),
        (
            "CreateFeedbackRequest",
            rating(json!(1.5)),
            vec!["TYPE it.score: must be a whole number, and is the number 1.5"],
        ),
        (
            "CreateFeedbackRequest",
            rating(json!(3_000_000_000_i64)),
            vec!["RANGE it.score: must be between -2147483648 and 2147483647"],
        ),
        (
            "CreateFeedbackRequest",
            rating(Value::Null),
            vec!["TYPE it.score: must be a whole number, and is null"],
        ),
        ("AccountId", json!("7"), vec!["TYPE it: must be a whole number, and is a text"]),
        ("ClientOrderId", json!(7), vec!["TYPE it: must be a text, and is the number 7"]),
        ("Side", json!("BUY"), vec![]),
        ("Side", json!("buy"), vec!["ENUM it: must be one of BUY, SELL, SELL_SHORT, OTHER"]),
    ];
    let api = api("trading");
    for (name, value, expected) in cases {
        assert_eq!(check(&api, name, &value, Strictness::Full), expected, "{name} {value}");
    }
}

#[test]
fn rules_between_fields_are_for_the_strict() {
    let api = api("trading");
    let value = json!({ "value": 1, "variable": { "name": "today" } });
    let found = check(&api, "FilterValue", &value, Strictness::Full);
    assert_eq!(found, ["RULE it.value: at most one of value, variable may be given"]);
    assert_eq!(check(&api, "FilterValue", &value, Strictness::Loose), [] as [&str; 0]);
    let absent = json!({ "value": 1, "variable": null });
    assert_eq!(check(&api, "FilterValue", &absent, Strictness::Full), [] as [&str; 0]);
}

#[test]
fn scalars_of_every_encoding() {
    let (trading, studio) = (api("trading"), api("studio"));
    let number = Bounds { min: Some(2), max: Some(9), ..Bounds::default() };
    let text = Bounds { min_length: Some(2), max_length: Some(4), ..Bounds::default() };
    let none = Bounds::default();
    let cases = [
        (&trading, Type::Decimal, &none, json!("-1.50"), None),
        (&trading, Type::Decimal, &none, json!("1e3"), Some(ViolationKind::Format)),
        (&trading, Type::Decimal, &none, json!(""), Some(ViolationKind::Format)),
        (&trading, Type::Decimal, &number, json!("9.01"), Some(ViolationKind::Range)),
        (&trading, Type::Decimal, &text, json!("1.234"), Some(ViolationKind::Length)),
        (&trading, Type::Number, &number, json!(1.99), Some(ViolationKind::Range)),
        (&trading, Type::Number, &none, json!("1.5"), Some(ViolationKind::Type)),
        (&trading, Type::Date, &none, json!("2024-02-29"), None),
        (&trading, Type::Date, &none, json!("2025-02-29"), Some(ViolationKind::Format)),
        (&studio, Type::Date, &none, json!(20_240_229), None),
        (&studio, Type::Date, &none, json!(20_250_229), Some(ViolationKind::Format)),
        (&studio, Type::Date, &none, json!("2025-02-28"), Some(ViolationKind::Type)),
        (&trading, Type::Timestamp, &none, json!("2025-10-31T10:30:00.123456789-04:00"), None),
        (&trading, Type::Timestamp, &none, json!("2025-10-31"), Some(ViolationKind::Format)),
        (&studio, Type::Timestamp, &none, json!(1_761_921_000_123_i64), None),
        (&studio, Type::Timestamp, &none, json!("now"), Some(ViolationKind::Type)),
        (&trading, Type::Zoned, &none, json!("2025-10-31T10:30:00-04:00"), None),
        (&trading, Type::Duration, &none, json!("P1DT1H30M"), None),
        (&trading, Type::Duration, &none, json!("an hour"), Some(ViolationKind::Format)),
        (&trading, Type::Uuid, &none, json!("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), None),
        (&trading, Type::Uuid, &none, json!("0193a1b2"), Some(ViolationKind::Format)),
        (&trading, Type::Bytes, &none, json!("AQL/"), None),
        (&trading, Type::Bytes, &none, json!("AQL"), Some(ViolationKind::Format)),
        (&trading, Type::String, &text, json!("éé"), None),
        (&trading, Type::String, &text, json!("é"), Some(ViolationKind::Length)),
        (&trading, Type::U32, &none, json!(-1), Some(ViolationKind::Range)),
        (&trading, Type::U64, &none, json!(u64::MAX), None),
        (&trading, Type::U64, &number, json!(1), Some(ViolationKind::Range)),
        (&trading, Type::Bool, &none, json!("true"), Some(ViolationKind::Type)),
        (&trading, Type::F64, &none, json!(1), None),
        (&trading, Type::Json, &none, json!([null]), None),
    ];
    for (api, ty, bounds, value, expected) in cases {
        let mut validator = Validator::new(api, Strictness::Full);
        validator.value(&ty, bounds, &value, "");
        let found: Vec<_> = validator.finish().into_iter().map(|found| found.kind).collect();
        assert_eq!(found, Vec::from_iter(expected), "{} {ty:?} {value}", api.name);
    }
}

#[test]
fn lists_and_maps_are_looked_into() {
    let api = api("trading");
    let mut validator = Validator::new(&api, Strictness::Full);
    let bounds = Bounds { min_items: Some(2), max_items: Some(3), max_length: Some(2), ..Bounds::default() };
    let texts = Type::List(Box::new(Type::String));
    validator.value(&texts, &bounds, &json!(["a", "abc"]), "list");
    validator.value(&texts, &bounds, &json!(["a"]), "short");
    validator.value(&texts, &bounds, &json!(["a", "a", "a", "a"]), "long");
    let map = Type::Option(Box::new(Type::Map(Box::new(Type::Bool))));
    validator.value(&map, &Bounds::default(), &json!({ "a": true, "b": 1 }), "map");
    validator.value(&map, &Bounds::default(), &Value::Null, "none");
    let found: Vec<_> = validator.finish().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "list[1]: must have at most 2 characters",
            "short: must have at least 2 items",
            "long: must have at most 3 items",
            "map.b: must be true or false, and is the number 1",
        ]
    );
}
