//! What the generator makes of the specs of its tests, compiled and run: one of everything, an API without
//! an envelope, and what breaks generators.

use std::fmt::Debug;

use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::library::loans::{BorrowBooks, GetLoans, Loan, NewLoan};
use self::library::members::{Member, MemberChanges};
use self::nasty::r#match::{Empty, Keyword, Keywords, Large, Single};
use self::nasty::names;
use self::nasty::recursion::{Leaf, Node, Pair, Shape, Tree, Wrapped};
use crate::Patch;
use crate::record::{Text, Value as _, check};

/// An API of the generator's tests as a module.
macro_rules! api {
    ($name:ident) => {
        #[allow(dead_code, unreachable_pub, reason = "the tests use a part of what is generated")]
        #[allow(clippy::wrong_self_convention, reason = "setters are named like their fields")]
        pub(super) mod $name {
            #[derive(Clone, Debug)]
            pub struct Client {
                pub(in crate::tests) core: crate::client::ClientInner,
            }

            clear_street_test_support::$name!();
            pub use self::generated::*;
        }
    };
}
api!(archive);
api!(library);
api!(nasty);

/// Decodes `json`, and encodes it again to the same.
#[track_caller]
fn round_trip<T: DeserializeOwned + Serialize + Debug>(json: &Value) -> T {
    let value: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), *json, "{value:?}");
    value
}

fn refusal<T: DeserializeOwned + Debug>(json: &Value) -> String {
    serde_json::from_value::<T>(json.clone()).unwrap_err().to_string()
}

fn book(size: &str) -> Value {
    json!({"id": "b", "title": "t", "size": size, "price": "9.90", "pages": 3})
}

#[test]
fn one_of_everything_is_read_and_written() {
    let mut inner = book("l");
    inner["sequel"] = book("s");
    inner["others"] = json!({"same author": [book("s"), book("l")]});
    inner["published"] = json!("1970-01-01");
    inner["weight"] = json!(0.5);
    let json = json!({
        "book": inner,
        "state": "LENT TO A FRIEND",
        "begun_at": "2025-01-02T03:04:05.000000006Z",
        "notes": [
            {"type": "stain", "page": 7},
            {"type": "free-text", "text": "dog-eared"},
            {"type": "dent", "depth": 0.1},
        ],
        "place": 12.50,
        "next": {"ask": {"type": "stain", "page": 1}},
        "extra": [null, {"any": 1}],
    });
    let loan: Loan = round_trip(&json);
    assert_eq!(loan.state.as_str(), "LENT TO A FRIEND");
    assert_eq!(loan.book.sequel.unwrap().price, Decimal::new(990, 2));
    assert!(refusal::<Loan>(&json!({"book": book("m")})).contains('m'), "a closed enum");
}

#[test]
fn what_is_deprecated_may_be_missing() {
    let member: Member = round_trip(&json!({"id": 5, "name": "Ada"}));
    assert!(!format!("{member:?}").contains("Ada"), "{member:?}");
}

#[test]
fn a_change_tells_null_from_absent() {
    let cleared = MemberChanges::new().email(Patch::Null);
    assert_eq!(serde_json::to_value(cleared).unwrap(), json!({"email": null}));
    let set = MemberChanges::new().name("Ada").email("a@b.example".to_owned());
    assert_eq!(serde_json::to_value(set).unwrap(), json!({"name": "Ada", "email": "a@b.example"}));
}

#[test]
fn rules_and_bounds_hold_before_sending() {
    let encoding = &library::api::ENCODING;
    let good = NewLoan::by_post("mine", "Ulysses", 14);
    assert!(check(good.view(), encoding).is_ok());
    for (case, bad) in [
        ("two of exactly one", good.clone().shelf("A3")),
        ("too many days", good.clone().days(91)),
        ("an empty id", good.clone().book("")),
        ("too many items", good.clone().notes(["a", "b", "c", "d"])),
        ("what the mode requires", NewLoan::new("mine", "drone").book("Ulysses")),
    ] {
        assert!(check(bad.view(), encoding).is_err(), "{case}");
    }
    assert!(check(MemberChanges::new().view(), encoding).is_err(), "at least one");
}

#[test]
fn a_keyed_operation_says_how_its_rows_are_found() {
    let lookup = BorrowBooks::OPERATION.lookup.unwrap();
    let parameter = |index: Option<usize>| index.map(|index| lookup.list.parameters[index].name);
    assert_eq!(lookup.list.name, "find_loans");
    assert_eq!((lookup.key, lookup.status), ("borrower_reference", "state"));
    assert_eq!(parameter(lookup.keys), Some("references"));
    assert_eq!(parameter(lookup.since), Some("begun_after"));
    assert_eq!(lookup.live, ["OPEN"]);
    assert_eq!(lookup.done, ["BACK", "LOST"]);
    assert_eq!(lookup.refused, ["DENIED"]);
    assert_eq!(lookup.known_key, [409, 400]);
    assert!(GetLoans::OPERATION.lookup.is_none());
}

#[test]
fn every_keyword_is_a_field_and_a_value() {
    let wire =
        ["as", "self", "Self", "super", "crate", "type", "gen", "yield", "1st", "größe", "値", "with-dash"];
    let fields = wire.iter().filter(|name| **name != "Self").map(|name| ((*name).to_owned(), json!("type")));
    let keywords: Keywords = round_trip(&Value::Object(fields.collect()));
    assert_eq!(keywords.r#type, Some(Keyword::Type));
    assert_eq!(keywords.self_, Some(Keyword::Type));
    assert_eq!(keywords._1st.as_deref(), Some("type"));
    let made = Keywords::r#match(Keyword::Crate).slot_("a field whose name is a method");
    assert_eq!(serde_json::to_value(made).unwrap()["match"], "crate");
    for text in ["self", "crate", "1d", "", "*", ">=", "größe", "値", "x²", "Err", "it's"] {
        let value = Keyword::parse(text).unwrap();
        assert!(!matches!(value, Keyword::Unrecognized(_)), "{text}");
        assert_eq!(value.as_str(), text);
    }
    assert!(matches!(Keyword::parse("UNRECOGNIZED"), Some(Keyword::Unrecognized_)));
    assert!(matches!(Keyword::parse("unheard of"), Some(Keyword::Unrecognized(_))));
    assert_eq!(Single::Only.as_str(), "ONLY");
}

#[test]
fn an_object_may_be_empty_or_large() {
    let _: Empty = round_trip(&json!({}));
    let required: serde_json::Map<String, Value> = (0..300)
        .filter_map(|index| {
            let value = match index % 20 {
                2 => json!(i64::MIN),
                8 => json!("2025-10-31"),
                9 => json!(index),
                14 => json!(0.1),
                18 => json!([["ONLY"], []]),
                19 => json!(u32::MAX),
                _ => return None,
            };
            Some((format!("field_{index}"), value))
        })
        .collect();
    let large: Large = round_trip(&Value::Object(required.clone()));
    assert_eq!(large.field_299, u32::MAX);
    let mut missing = required;
    missing.remove("field_299");
    assert!(refusal::<Large>(&Value::Object(missing)).contains("field_299"));
}

#[test]
fn a_type_may_hold_itself() {
    let leaf = json!({"list": [], "map": {}});
    let json = json!({
        "next": {"list": [leaf], "map": {"a": leaf}, "next": leaf},
        "change": null,
        "list": [leaf, leaf],
        "map": {"b": leaf},
        "even": {"odd": {"even": {"odd": {}}, "node": leaf}},
        "tree": {"kind": "pair", "left": {"kind": "leaf", "value": 1}, "right": {"kind": "oak"}},
    });
    let node: Node = round_trip(&json);
    assert_eq!(node.change, Patch::Null);
    assert!(node.next.unwrap().next.unwrap().next.is_none());
}

#[test]
fn unions_nest_and_keep_what_they_do_not_know() {
    let json = json!({"tree": {
        "kind": "pair",
        "left": {"kind": "leaf", "type": "t", "value": {"a": {"kind": "leaf", "value": [true, "x", [1.50]]}}},
        "right": {"kind": "birch", "height": 12},
    }});
    let Wrapped::Tree(Tree::Pair(pair)) = round_trip(&json) else { panic!("a pair") };
    assert!(matches!(*pair.right, Tree::Unknown(unknown) if unknown.tag() == "birch"));
    let made = Tree::from(Pair::new(Leaf::new("a"), Leaf::new(Decimal::new(150, 2))));
    let shape: Shape = serde_json::from_str("1.50").unwrap();
    assert_eq!(shape, Shape::Number(Decimal::new(150, 2)));
    assert_eq!(
        serde_json::to_string(&made).unwrap(),
        r#"{"kind":"pair","left":{"kind":"leaf","value":"a"},"right":{"kind":"leaf","value":1.50}}"#
    );
}

#[test]
fn names_that_generated_code_relies_on_are_names_of_types() {
    let json =
        json!({"text": "t", "number": "1.0", "day": "2025-10-31", "id": "i", "letter": "A", "times": {}});
    let option: names::Option = round_trip(&json);
    assert_eq!(option.number, Decimal::new(10, 1));
    let made = names::Option::new(Decimal::ONE).text("t").other([names::String::new()]);
    assert_eq!(serde_json::to_value(made).unwrap(), json!({"text": "t", "number": "1", "other": [{}]}));
}
