use crate::record::tests::sample::{Action, Filter, Leg, Order, Part};
use crate::record::{Encoding, Record, Slot, Value, decode, encode};
use crate::{Json, Patch};

/// An order with the required fields, and `more`.
fn order(more: &str) -> String {
    format!(
        r#"{{"account_id":1,"id":"o","side":"BUY","order_type":"MARKET","quantity":"2",
        "created_at":"2025-10-31T14:30:00Z","legs":[],"table":[],"marks":[]{more}}}"#
    )
}

fn read<T: Value>(json: &str) -> Result<T, String> {
    let mut value = T::blank();
    decode(json.as_bytes(), value.slot()).map(|()| value).map_err(|error| error.to_string())
}

fn refusal<T: Value>(json: &str) -> String {
    read::<T>(json).map(drop).expect_err(json)
}

fn written(value: &dyn Value) -> String {
    String::from_utf8(encode(value.view(), &Encoding::TEXT).unwrap()).unwrap()
}

#[test]
fn null_and_absent_are_the_same_and_unknown_fields_are_ignored() {
    let plain: Order = read(&order("")).unwrap();
    let nulls =
        order(r#","limit_price":null,"day":null,"parent":null,"parts":null,"action":null,"new":{"a":[{}]}"#);
    assert_eq!(read::<Order>(&nulls).unwrap(), plain);
}

#[test]
fn a_patch_tells_null_from_absent() {
    for (json, note) in
        [("", Patch::Keep), (r#","note":null"#, Patch::Null), (r#","note":"x""#, Patch::Set("x".to_owned()))]
    {
        let order: Order = read(&order(json)).unwrap();
        assert_eq!(order.note, note);
        assert_eq!(read::<Order>(&written(&order)).unwrap(), order);
    }
}

#[test]
fn errors_say_where_and_what() {
    for (json, message) in [
        (
            order(r#","limit_price":"abc""#),
            r#"$.limit_price: expected a decimal number of at most 28 digits, found `"abc"`"#,
        ),
        (
            order(r#","limit_price":{"a":1}"#),
            "$.limit_price: expected a decimal number of at most 28 digits, found an object",
        ),
        (
            order(r#","limit_price":123456789012345678901234567890"#),
            "$.limit_price: expected a decimal number of at most 28 digits, found `123456789012345678901234567890`",
        ),
        (
            order(r#","parent":{"account_id":true}"#),
            "$.parent.account_id: expected an integer of 64 bits, found `true`",
        ),
        (
            order(r#","parts":[{"type":"empty"},{"type":"leg","ratio":-1}]"#),
            "$.parts[1].ratio: expected a positive integer of 32 bits, found `-1`",
        ),
        (
            order(r#","action":{"fill":{"ratio":1.5,"type":"leg"}}"#),
            "$.action.fill.ratio: expected a positive integer of 32 bits, found `1.5`",
        ),
        (
            order(r#","tags":{"a":1,"b c":"x"}"#),
            r#"$.tags["b c"]: expected an integer of 32 bits, found `"x"`"#,
        ),
        (order(r#","tags":[]"#), "$.tags: expected an object, found a list"),
        (order(r#","parent":7"#), "$.parent: expected an object (Order), found `7`"),
        (
            order(r#","day":"2025-02-30""#),
            r#"$.day: expected a date such as 2025-10-31, found `"2025-02-30"`"#,
        ),
        (order(r#","blob":"?""#), r#"$.blob: expected base64, found `"?"`"#),
        (
            order("").replace("MARKET", "STOP"),
            r#"$.order_type: expected a value of OrderType, found `"STOP"`"#,
        ),
        (order("").replace(r#""o""#, "null"), "$.id: expected a text, found `null`"),
        (order("").replace(r#""marks":[]"#, r#""marks":null"#), "$.marks: expected a list, found `null`"),
        (order("").replace("\"id\"", "\"other\""), "$.id: is missing"),
        (order(r#","limit_price":NaN"#), "$.limit_price: expected a value at byte 166, found `NaN`"),
        (
            order(r#","limit_price":007"#),
            "$.limit_price: expected no digit behind a leading zero at byte 166, found `0`",
        ),
        (order(r#","limit_price":1 "day""#), "$: expected `,` or `}` at byte 168, found `\"`"),
        (order(r#","side":"BUY""#), "$.side: occurs twice"),
        (order(r#","day":null,"day":null"#), "$.day: occurs twice"),
        (order(r#","tags":{"a":1,"a":1}"#), "$.tags.a: occurs twice"),
        ("[]".to_owned(), "$: expected an object (Order), found a list"),
        (String::new(), "$: expected a value at byte 0, found the end"),
        (order("") + "x", "$: expected nothing more at byte 152, found `x`"),
        (order(r#","symbol":"\ud800""#), "$.symbol: has an escape that means nothing"),
    ] {
        assert_eq!(refusal::<Order>(&json), message, "{json}");
    }
    let long = order(&format!(r#","limit_price":"{}""#, "9".repeat(100_000)));
    assert!(refusal::<Order>(&long).len() < 200);
}

#[test]
fn a_byte_order_mark_is_ignored() {
    let mut value = String::new();
    decode(b"\xEF\xBB\xBF \"x\"", value.slot()).unwrap();
    assert_eq!(value, "x");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut value = Json::default();
    let error = decode(b"\"\xff\"", value.slot()).unwrap_err();
    assert_eq!(error.to_string(), "$: expected UTF-8, found other bytes at byte 1");
}

#[test]
fn what_is_personal_is_not_in_errors() {
    for json in [
        order(r#","phone":["4711"]"#),
        order(r#","phone":true"#),
        order(r#","contact":{"4711":"x"}"#),
        order(r#","contact":"4711""#),
        order(r#","contact":[4711]"#),
        order(r#","contact":{"4711":1,"4711":1}"#),
    ] {
        let message = refusal::<Order>(&json);
        assert!(!message.contains("4711") && !message.contains("true"), "{message}");
        assert!(message.starts_with("$.phone") || message.starts_with("$.contact"), "{message}");
    }
}

#[test]
fn numbers_and_texts_may_stand_for_each_other() {
    let order: Order = read(
        &order(r#","limit_price":1.50,"symbol":12.30,"sequence":"18446744073709551615","day":20251031"#)
            .replace(r#""table":[]"#, r#""table":[["1.5",2]]"#)
            .replace(r#""account_id":1"#, r#""account_id":"1""#)
            .replace(r#""2025-10-31T14:30:00Z""#, "1761921000000"),
    )
    .unwrap();
    assert_eq!(order.limit_price.unwrap().to_string(), "1.50");
    assert_eq!(order.symbol.as_deref(), Some("12.30"));
    assert_eq!(order.sequence, Some(u64::MAX));
    assert_eq!(order.account_id.0, 1);
    assert_eq!(order.table, [[1.5, 2.0]]);
    assert_eq!(order.created_at.to_string(), "2025-10-31T14:30:00Z");
    assert_eq!(order.day.unwrap().to_string(), "2025-10-31");
}

#[test]
fn the_tag_may_come_last_and_only_once() {
    let last: Part = read(r#"{"price":"1","ratio":2,"type":"leg"}"#).unwrap();
    let first: Part = read(r#"{"type":"leg","ratio":2,"price":"1"}"#).unwrap();
    assert!(last == first);
    assert_eq!(written(&last), r#"{"type":"leg","ratio":2,"price":"1"}"#);
    for (json, message) in [
        (r#"{"type":"leg","ratio":2,"type":"leg"}"#, "$.type: occurs twice"),
        (r#"{"ratio":2}"#, "$.type: is missing"),
        (r#"{"type":null}"#, "$.type: expected a text, found `null`"),
        (r#"{"type":"leg"}"#, "$.ratio: is missing"),
        (r#"["leg"]"#, "$: expected an object (Part), found a list"),
        ("null", "$: expected an object (Part), found `null`"),
    ] {
        assert_eq!(refusal::<Part>(json), message, "{json}");
    }
}

#[test]
fn a_keyed_union_has_one_property() {
    let action: Action = read(r#"{"fill":{"ratio":3,"type":"leg"}}"#).unwrap();
    let leg = Leg { ratio: 3, price: None };
    assert!(action == Action::Fill(Part::Leg(leg)));
    assert_eq!(written(&action), r#"{"fill":{"type":"leg","ratio":3}}"#);
    for (json, message) in [
        ("{}", "$: expected an object with one property (Action), found 0 properties"),
        (
            r#"{"show":{"ratio":1},"new":1}"#,
            "$: expected an object with one property (Action), found 2 properties",
        ),
        (r#"{"show":{"ratio":0.5}}"#, "$.show.ratio: expected a positive integer of 32 bits, found `0.5`"),
    ] {
        assert_eq!(refusal::<Action>(json), message, "{json}");
    }
}

#[test]
fn shapes_tell_variants_apart() {
    for json in ["1.50", r#""1.50""#, "-0.001"] {
        assert_eq!(written(&read::<Filter>(json).unwrap()), json);
    }
    assert_eq!(refusal::<Filter>("null"), "$: expected number or string, found `null`");
}

#[test]
fn what_is_unknown_comes_back_as_it_came() {
    let part = r#"{ "a": 1.0, "type": "chart" }"#;
    let action = r#"{"export": {"n":1.10}}"#;
    let filter = "[1.0,  2]";
    assert_eq!(written(&read::<Part>(part).unwrap()), part);
    assert_eq!(written(&read::<Action>(action).unwrap()), action);
    assert_eq!(written(&read::<Filter>(filter).unwrap()), filter);
    match read::<Action>(action).unwrap() {
        Action::Unknown(unknown) => assert_eq!(unknown.tag(), "export"),
        _ => panic!("it is unknown"),
    }
    let order = order(r#","details":{"z":1.000,"a":[1e2]}"#).replace("BUY", "SHORT");
    let order: Order = read(&order).unwrap();
    assert_eq!(order.side.as_str(), "SHORT");
    assert!(written(&order).contains(r#""side":"SHORT""#));
    assert!(written(&order).contains(r#""details":{"z":1.000,"a":[1e2]}"#));
}

#[test]
fn nesting_is_limited() {
    let nested = |levels: usize| {
        let mut json = order("");
        for _ in 1..levels {
            json = order(&format!(r#","parent":{json}"#));
        }
        json
    };
    assert!(read::<Order>(&nested(100)).is_ok());
    let message = refusal::<Order>(&nested(200));
    assert!(message.ends_with("nested more than 127 levels deep"), "{message}");
}

#[test]
fn a_megabyte_of_junk_is_an_error() {
    const SIZE: usize = 1 << 20;
    for unit in [
        "[",
        "{\"legs\":",
        "{\"a\":",
        "\"",
        "\\",
        "9",
        "-",
        "n",
        " ",
        "\u{1}",
        "[[],",
        "{\"parts\":[{\"type\":",
    ] {
        let junk = unit.repeat(SIZE / unit.len());
        assert!(read::<Order>(&order(&format!(",\"parent\":{junk}"))).is_err());
        assert!(read::<Order>(&order(&format!(",\"details\":{junk}x"))).is_err());
        assert!(read::<Part>(&junk).is_err());
        assert!(read::<Vec<Vec<Part>>>(&junk).is_err());
    }
}

#[test]
fn every_truncation_is_an_error() {
    let whole = order(
        r#","limit_price":1.5e1,"tags":{"a":1},"parts":[{"type":"leg","ratio":1}],"action":{"fill":{"type":"empty"}},"filter":"x\n","details":{"a":[null,true]}"#,
    );
    read::<Order>(&whole).unwrap();
    for end in 0..whole.len() {
        let part = whole.get(..end).unwrap();
        assert!(read::<Order>(part).is_err(), "{part}");
    }
}

/// A model of 300 fields.
struct Wide(Vec<Option<u32>>);

impl Record for Wide {
    fn table(&self) -> &'static crate::record::Table {
        use std::sync::LazyLock;

        use crate::record::{Field, Table};

        static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
            (0..300)
                .map(|index| {
                    let name: &'static str = Box::leak(format!("f{index}").into_boxed_str());
                    if index % 100 == 99 { Field::new(name) } else { Field::new(name).optional() }
                })
                .collect()
        });
        static TABLE: LazyLock<Table> =
            LazyLock::new(|| Table { name: "Wide", encoding: &Encoding::TEXT, fields: &FIELDS, rules: &[] });
        &TABLE
    }

    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
        self.0.get_mut(index).map(Value::slot)
    }

    fn view_at(&self, index: usize) -> Option<crate::record::View<'_>> {
        self.0.get(index).map(Value::view)
    }
}

#[test]
fn models_may_have_hundreds_of_fields() {
    let fields = |indices: &mut dyn Iterator<Item = u32>| {
        let fields: Vec<String> = indices.map(|index| format!("\"f{index}\":{index}")).collect();
        format!("{{{}}}", fields.join(","))
    };
    let read = |json: &str| {
        let mut wide = Wide(vec![None; 300]);
        decode(json.as_bytes(), Slot::Record(&mut wide)).map(|()| wide.0).map_err(|error| error.to_string())
    };
    let all: Vec<Option<u32>> = (0..300).map(Some).collect();
    assert_eq!(read(&fields(&mut (0..300))), Ok(all.clone()));
    assert_eq!(read(&fields(&mut (0..300).rev())), Ok(all));
    assert_eq!(read(&fields(&mut (0..299))), Err("$.f299: is missing".to_owned()));
    assert_eq!(read(&fields(&mut (0..300).chain([177]))), Err("$.f177: occurs twice".to_owned()));
}
