//! Passing over JSON, and its hash.

use proptest::prelude::*;

use super::hash::hash_value;
use crate::record::reader::Reader;
use crate::tests::messages::any_json;

/// Moves over a value, and says where that ends.
fn end(text: &str) -> Result<usize, &'static str> {
    let mut reader = Reader::new(text);
    reader.skip_unchecked().map(|value| {
        assert_eq!(Some(value), text.get(..reader.at()));
        value.len()
    })
}

#[test]
fn what_is_malformed_has_no_hash() {
    for text in ["", "}", ",", "x", "\"", r#""\""#, r#""a\"#, "[", "{", r#"{"a":"}"#, "[[]", "é", r#"[":"#] {
        assert_eq!((end(text).is_err(), hash_of(text)), (true, None), "{text}");
    }
    // Inside of a value it is passed over.
    for text in [r#"{"a":NaN,é}"#, "[}", r#"{"a"}"#, r#"{"a":}"#, "[1 2]", r#"{"a":1 "b":2}"#, "{1:2}"] {
        assert_eq!((end(&format!("{text},")), hash_of(text)), (Ok(text.len()), None), "{text}");
    }
    for text in [r#"["\é\u12"]"#, "-1.5x"] {
        assert_eq!(end(&format!("{text},")), Ok(text.len()), "{text}");
    }
}

#[test]
fn nesting_is_not_recursion() {
    let [open, close] = ["[", "]"].map(|bracket| bracket.repeat(1_000_000));
    assert!(end(&open).is_err() && hash_of(&open).is_none());
    assert_eq!(end(&format!("{open}{close}")), Ok(2_000_000));
    let [one, other] = ["1", "2"].map(|inner| hash_of(&format!("{open}{inner}{close}")));
    assert!(one.is_some() && other.is_some() && one != other);
}

fn hash_of(text: &str) -> Option<u64> {
    hash_value(&mut Reader::new(text), 0)
}

/// Resume points of earlier versions hold it.
#[test]
fn the_hash_never_changes() {
    let text = r#"{"order_id":"o-1","price":"10","quantity":12.50,"flags":[true,null,-3],"x":{"y":"é\n"}}"#;
    assert_eq!(hash_of(text), Some(6_027_106_390_443_666_172));
}

#[test]
fn one_value_has_one_hash_however_it_is_written() {
    for group in [
        r#"{"a":1,"b":[1,2]} | { "b" : [ 1 , 2 ] , "a" : 1 } | {"\u0061":1.0,"b":[1,0.2e1] }"#,
        "10 | 1e1 | 10.0 | 0.001E+4 | 100e-1",
        "-0.5 | -5e-1 | -0.50",
        "0 | -0 | 0.0e7",
        "123456789012345678901234567890 | 1.2345678901234567890123456789E29 | 123456789012345678901234567890.00",
        r#""ABCD" | "\u0041BCD" | "AB\u0043\u0044""#,
        r#""ABCDEFGH" | "\u0041BCDEFGH""#,
        r#""größe" | "gr\u00f6ße" | "gr\u00F6\u00DFe""#,
        r#"{"x":{"p":"}","q":{}}} | {"x":{"q":{},"p":"}"}} | {"x":{"q":{ },"p":"\u007d"}}"#,
    ] {
        let mut hashes = group.split(" | ").map(hash_of);
        let first = hashes.next().flatten().unwrap();
        assert!(hashes.all(|hash| hash == Some(first)), "{group}");
    }
}

#[test]
fn different_values_have_different_hashes() {
    let values = r#"
        1 -1 10 0.1 0 1.5 105 "1" true "true" null "null" [] {} "" "12345678" "12345678\u0000" [1,2] [2,1]
        [[1],2] [1,[2]] [null] [[]] ["a","b"] {"a":"b"} {"b":"a"} {"a":1,"b":2} {"a":2,"b":1} {"a":{"b":1}}
        {"b":{"a":1}} {"a":1,"c":{"b":2}} {"b":2,"c":{"a":1}} 1e99999999999999999999 1e99999999999999999998"#;
    let values: Vec<&str> = values.split_whitespace().collect();
    let hashes: std::collections::BTreeMap<_, _> =
        values.iter().map(|value| (hash_of(value).unwrap(), value)).collect();
    assert_eq!(hashes.len(), values.len(), "{hashes:?}");
}

proptest! {
    #[test]
    fn values_end_where_serde_json_ends_them_and_the_hash_tells_them_apart(
        one in any_json(),
        other in any_json(),
        rest in "[]{}\",\\\\]{0,12}",
    ) {
        let [compact, pretty] = [one.to_string(), serde_json::to_string_pretty(&one).unwrap()];
        // Numbers and words end only where something else begins.
        let gap = if compact.ends_with(['"', ']', '}']) { "" } else { " " };
        let text = format!("{compact}{gap}{rest}");
        prop_assert_eq!(end(&text), Ok(compact.len()));
        let mut reader = Reader::new(&text);
        let hash = hash_value(&mut reader, 0);
        prop_assert_eq!((reader.at(), hash), (compact.len(), hash_of(&pretty)));
        prop_assert_eq!(hash == hash_of(&other.to_string()), one == other);
        if let serde_json::Value::String(text) = one {
            prop_assert_eq!(&*Reader::new(&compact).string().unwrap().read().unwrap(), text);
        }
    }
}
