//! A hash of JSON values: of what they mean, not of how they are written.
//!
//! The order of members, spaces, escapes, and the spelling of numbers do not count. It is made in one
//! pass over the text, and allocates only where a text has escapes.

use super::cursor::{Cursor, unescape};

/// Deeper values are hashed as they are written: without a limit, the nesting of a text would decide
/// how much memory it takes.
const MOST_DEPTH: u32 = 64;

/// Kinds of values; different ones with the same text have different hashes.
const TEXT: u64 = 1;
const NUMBER: u64 = 2;
const WORD: u64 = 3;
const OBJECT: u64 = 4;
const LIST: u64 = 5;
const RAW: u64 = 6;

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Moves over a value and hashes it. None if it is malformed; the cursor is somewhere in it then.
pub(super) fn value(cursor: &mut Cursor<'_>) -> Option<u64> {
    nested(cursor, 0)
}

/// The hash of a text as it is written.
pub(crate) fn raw(text: &str) -> u64 {
    bytes(RAW, text.as_bytes())
}

/// The hash of the content of a JSON string.
pub(super) fn text(content: &str) -> u64 {
    bytes(TEXT, content.as_bytes())
}

/// Joins two hashes; the order counts.
pub(super) fn join(one: u64, other: u64) -> u64 {
    mix(one.rotate_left(32) ^ other)
}

fn nested(cursor: &mut Cursor<'_>, depth: u32) -> Option<u64> {
    match cursor.peek()? {
        b'"' => string(cursor),
        b'{' | b'[' if depth >= MOST_DEPTH => cursor.value().ok().map(raw),
        b'{' => {
            cursor.enter_object();
            let (mut members, mut is_first) = (OBJECT, true);
            while !cursor.leaves(b'}') {
                if !is_first && !cursor.separates() {
                    return None;
                }
                let name = string(cursor)?;
                cursor.colon()?;
                let value = nested(cursor, depth.wrapping_add(1))?;
                // A sum, because the order of the members does not count.
                members = members.wrapping_add(join(name, value));
                is_first = false;
            }
            Some(mix(members))
        }
        b'[' => {
            cursor.enter_list();
            let (mut items, mut is_first) = (LIST, true);
            while !cursor.leaves(b']') {
                if !is_first && !cursor.separates() {
                    return None;
                }
                items = join(items, nested(cursor, depth.wrapping_add(1))?);
                is_first = false;
            }
            Some(mix(items))
        }
        b'-' | b'0'..=b'9' => Some(number(cursor.word())),
        b't' | b'f' | b'n' => Some(bytes(WORD, cursor.word().as_bytes())),
        _ => None,
    }
}

/// Moves over a string and hashes its content.
fn string(cursor: &mut Cursor<'_>) -> Option<u64> {
    let (content, has_escapes) = cursor.string()?;
    if !has_escapes {
        return Some(text(content));
    }
    Some(unescape(content).map_or_else(|_| raw(content), |content| text(&content)))
}

/// The hash of a number by its digits and exponent: 10, 10.0 and 1e1 are the same.
fn number(written: &str) -> u64 {
    let (is_negative, digits) = match written.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, written),
    };
    let is_whole = !digits.as_bytes().iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_whole && !digits.ends_with('0') && digits.len() < 20 {
        return of_digits(is_negative, digits.bytes(), 0);
    }
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Ok(exponent) = exponent.parse::<i64>() else { return bytes(RAW, written.as_bytes()) };
    let all = || whole.bytes().chain(fraction.bytes());
    let significant = || all().skip_while(|digit| *digit == b'0');
    let zeros = all().rev().take_while(|digit| *digit == b'0').count();
    let count = significant().count().saturating_sub(zeros);
    if count == 0 {
        return of_digits(false, "0".bytes(), 0);
    }
    let shift = i64::try_from(zeros).unwrap_or(i64::MAX).saturating_sub_unsigned(u64::try_from(fraction.len()).unwrap_or(u64::MAX));
    of_digits(is_negative, significant().take(count), exponent.saturating_add(shift))
}

fn of_digits(is_negative: bool, digits: impl Iterator<Item = u8>, exponent: i64) -> u64 {
    let sign = if is_negative { !NUMBER } else { NUMBER };
    let digits = digits.fold(sign, |hash, digit| hash.wrapping_mul(ODD).wrapping_add(u64::from(digit)));
    join(digits, exponent.cast_unsigned())
}

/// Fast, as every message of a stream is hashed, and enough to tell two honest messages apart.
fn bytes(kind: u64, bytes: &[u8]) -> u64 {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut hash = kind.wrapping_mul(ODD) ^ length;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        hash = mix(hash ^ word);
    }
    mix(hash)
}

fn mix(word: u64) -> u64 {
    let mixed = word.wrapping_mul(ODD);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash(text: &str) -> u64 {
        value(&mut Cursor::new(text)).unwrap()
    }

    /// Resume points of earlier versions hold it.
    #[test]
    fn the_hash_never_changes() {
        let text = r#"{"order_id":"o-1","price":"10","quantity":12.50,"flags":[true,null,-3],"x":{"y":"é\n"}}"#;
        assert_eq!(hash(text), 4_583_743_501_543_009_115);
    }

    #[test]
    fn one_value_has_one_hash_however_it_is_written() {
        for group in [
            [r#"{"a":1,"b":[1,2]}"#, r#"{ "b" : [ 1 , 2 ] , "a" : 1 }"#, "{\"\\u0061\":1.0,\"b\":[1,0.2e1]\n}"],
            ["10", "1e1", "10.0"],
            ["-0.5", "-5e-1", "-0.50"],
            ["0", "-0", "0.0e7"],
            ["123456789012345678901234567890", "1.2345678901234567890123456789E29", "123456789012345678901234567890.00"],
            [r#""ABCD""#, r#""\u0041BCD""#, r#""AB\u0043\u0044""#],
            [r#""größe""#, r#""gr\u00f6ße""#, r#""gr\u00F6\u00DFe""#],
            [r#"{"x":{"p":"}","q":{}}}"#, r#"{"x":{"q":{},"p":"}"}}"#, r#"{"x":{"q":{ },"p":"\u007d"}}"#],
        ] {
            let [one, other, third] = group.map(hash);
            assert_eq!((one, one), (other, third), "{group:?}");
        }
    }

    #[test]
    fn different_values_have_different_hashes() {
        let values = [
            "1", "-1", "10", "0.1", "0", r#""1""#, "true", r#""true""#, "null", "[]", "{}", r#""""#, "[1,2]", "[2,1]", "[[1],2]",
            "[1,[2]]", r#"{"a":"b"}"#, r#"{"b":"a"}"#, r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#, r#"["a","b"]"#,
            r#"{"a":{"b":1}}"#, r#"{"b":{"a":1}}"#, r#"{"a":1,"c":{"b":2}}"#, r#"{"b":2,"c":{"a":1}}"#, "[null]", "[[]]",
        ];
        let hashes: std::collections::BTreeMap<_, _> = values.map(|value| (hash(value), value)).into();
        assert_eq!(hashes.len(), values.len(), "{hashes:?}");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_ne!(hash(&deep("1")), hash(&deep("2")));
        assert_eq!(value(&mut Cursor::new(&"[".repeat(100_000))), None);
    }

    #[test]
    fn what_is_malformed_has_no_hash() {
        for text in ["", "{", "[", "{\"a\"}", "{\"a\":}", "[1 2]", "{\"a\":1 \"b\":2}", "x", "\"", "}", "{1:2}"] {
            assert_eq!(value(&mut Cursor::new(text)), None, "{text}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            "[a-c\\\\\"é ]{0,12}".prop_map(serde_json::Value::from),
            (-200i64..200).prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-c]{0,2}", inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_hash_tells_values_apart_and_not_spellings(one in json(), other in json()) {
            let [compact, pretty] = [one.to_string(), serde_json::to_string_pretty(&one).unwrap()];
            prop_assert_eq!(hash(&compact), hash(&pretty));
            prop_assert_eq!(hash(&compact) == hash(&other.to_string()), one == other);
            let text = format!("{compact}, and more");
            let mut cursor = Cursor::new(&text);
            value(&mut cursor);
            prop_assert_eq!(cursor.at(), compact.len());
        }
    }
}
