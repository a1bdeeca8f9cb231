//! A way through JSON text that copies nothing.
//!
//! Values that are passed over are told apart, not checked: that strings and brackets end is all
//! that matters to find what comes after them. Whoever reads a value checks it.

use std::borrow::Cow;

use crate::record::{self, DecodeError, Value};

/// A place in a text, moving forward.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// The text is no JSON at this byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) expected: &'static str,
    pub(super) at: usize,
}

type Result<T> = std::result::Result<T, Malformed>;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The text from here.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Moves over what somebody else has read.
    pub(super) fn skip(&mut self, length: usize) {
        self.at = self.at.saturating_add(length).min(self.text.len());
    }

    /// Moves back to where it was.
    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The text from `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Whether an object begins here; if so, moves into it.
    pub(super) fn enter_object(&mut self) -> bool {
        self.skip_space();
        self.eat(b'{')
    }

    /// The name of the next property of the object that the cursor is in, as it is written between
    /// its quotes; none if the object ends.
    pub(super) fn property(&mut self, is_first: bool) -> Result<Option<&'a str>> {
        self.skip_space();
        if self.eat(b'}') {
            return Ok(None);
        }
        if !is_first {
            self.expect(b',', "`,` or `}`")?;
            self.skip_space();
        }
        self.expect(b'"', "the name of a property")?;
        let start = self.at;
        self.skip_string()?;
        let name = self.text.get(start..self.at.wrapping_sub(1)).unwrap_or_default();
        self.skip_space();
        self.expect(b':', "`:`")?;
        self.skip_space();
        Ok(Some(name))
    }

    /// Moves over a value, and gives its text.
    pub(super) fn value(&mut self) -> Result<&'a str> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => {
                self.at = self.at.wrapping_add(1);
                self.skip_string()?;
            }
            Some(b'{' | b'[') => self.skip_container()?,
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.skip_word(),
            _ => return Err(self.malformed("a value")),
        }
        Ok(self.since(start))
    }

    /// Moves into a list.
    pub(super) fn enter_list(&mut self) {
        self.eat(b'[');
    }

    /// Whether the object or list that the cursor is in ends here, by this bracket; if so, moves behind it.
    pub(super) fn leaves(&mut self, bracket: u8) -> bool {
        self.skip_space();
        self.eat(bracket)
    }

    /// Whether a comma comes here; if so, moves to what follows.
    pub(super) fn separates(&mut self) -> bool {
        let separates = self.eat(b',');
        self.skip_space();
        separates
    }

    /// Moves over the colon behind the name of a property, to its value.
    pub(super) fn colon(&mut self) -> Option<()> {
        self.skip_space();
        self.eat(b':').then(|| self.skip_space())
    }

    /// Moves over a number or a word, and gives its text.
    pub(super) fn word(&mut self) -> &'a str {
        let start = self.at;
        self.skip_word();
        self.since(start)
    }

    /// Moves over a string, and gives what is between its quotes, and whether that has escapes.
    pub(super) fn string(&mut self) -> Option<(&'a str, bool)> {
        if !self.eat(b'"') {
            return None;
        }
        let start = self.at;
        let (end, has_escapes) = string_end(self.text.as_bytes(), start)?;
        self.at = end;
        Some((self.text.get(start..end.wrapping_sub(1))?, has_escapes))
    }

    /// Nothing comes any more.
    pub(super) fn end(&mut self) -> Result<()> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.malformed("nothing more")) }
    }

    fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { expected, at: self.at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_here = self.peek() == Some(byte);
        if is_here {
            self.at = self.at.wrapping_add(1);
        }
        is_here
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<()> {
        if self.eat(byte) { Ok(()) } else { Err(self.malformed(expected)) }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at = self.at.wrapping_add(1);
        }
    }

    /// A number, or `true`, `false`, `null`.
    fn skip_word(&mut self) {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        while self.peek().is_some_and(inside) {
            self.at = self.at.wrapping_add(1);
        }
    }

    /// The rest of a string and its closing quote.
    fn skip_string(&mut self) -> Result<()> {
        let end = string_end(self.text.as_bytes(), self.at).map(|(end, _)| end);
        self.skip_to(end, "the end of a text")
    }

    /// An object or a list, without a call for each level: the text may be nested as deep as it is
    /// long.
    fn skip_container(&mut self) -> Result<()> {
        self.skip_to(container_end(self.text.as_bytes(), self.at), "the end of an object or a list")
    }

    fn skip_to(&mut self, end: Option<usize>, expected: &'static str) -> Result<()> {
        self.at = end.unwrap_or(self.text.len());
        if end.is_some() { Ok(()) } else { Err(self.malformed(expected)) }
    }
}

/// What a string means whose content is `text`; it is copied only if it has escapes.
pub(super) fn unescape(text: &str) -> std::result::Result<Cow<'_, str>, DecodeError> {
    if !text.as_bytes().contains(&b'\\') {
        return Ok(Cow::Borrowed(text));
    }
    let mut unescaped = String::new();
    record::decode_text(&format!("\"{text}\""), unescaped.slot())?;
    Ok(Cow::Owned(unescaped))
}

/// Where the string ends that `at` is in: behind its closing quote. And whether it has escapes.
fn string_end(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut has_escapes = false;
    loop {
        while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            match first_special(u64::from_le_bytes(*word)) {
                None => at = at.wrapping_add(8),
                Some(offset) => {
                    at = at.wrapping_add(offset);
                    break;
                }
            }
        }
        match bytes.get(at)? {
            b'"' => return Some((at.wrapping_add(1), has_escapes)),
            b'\\' => (at, has_escapes) = (at.wrapping_add(2), true),
            _ => at = at.wrapping_add(1),
        }
    }
}

/// Where the object or list ends that begins at `at`: behind its last bracket.
fn container_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut nesting = Nesting::default();
    loop {
        let word = bytes.get(at..).and_then(<[u8]>::first_chunk).map(|word| u64::from_le_bytes(*word));
        if let Some(word) = word.filter(|word| zeros(word ^ BACKSLASHES) == 0) {
            if let Some(offset) = nesting.word(word) {
                return Some(at.wrapping_add(offset).wrapping_add(1));
            }
            at = at.wrapping_add(8);
            continue;
        }
        // At the end of the text, and where something is escaped.
        let byte = *bytes.get(at)?;
        at = at.wrapping_add(if nesting.inside && byte == b'\\' { 2 } else { 1 });
        if nesting.byte(byte) {
            return Some(at);
        }
    }
}

/// How deep one is in objects and lists, and whether in a string.
#[derive(Debug, Default)]
struct Nesting {
    depth: usize,
    inside: bool,
}

impl Nesting {
    /// Goes over eight bytes without a backslash: most of what is passed over is short texts. Says at
    /// which of them all ends, if it does.
    fn word(&mut self, word: u64) -> Option<usize> {
        // Behind an odd number of quotes is a string.
        let odd = (zeros(word ^ QUOTES) >> 7).wrapping_mul(ONES) & ONES;
        let within = if self.inside { odd ^ ONES } else { odd };
        self.inside = within >> 56 != 0;
        // These bits are what the four brackets have in common, with three letters.
        let mut brackets =
            zeros((word | const { ONES.wrapping_mul(0x26) }) ^ const { ONES.wrapping_mul(0x7F) });
        brackets &= !(within << 7);
        while brackets != 0 {
            let offset = usize::try_from(brackets.trailing_zeros() / 8).ok()?;
            if word.to_le_bytes().get(offset).is_some_and(|byte| self.bracket(*byte)) {
                return Some(offset);
            }
            brackets &= brackets.wrapping_sub(1);
        }
        None
    }

    /// Goes over one byte that is not escaped, and says whether all ends at it.
    fn byte(&mut self, byte: u8) -> bool {
        self.inside ^= byte == b'"';
        !self.inside && self.bracket(byte)
    }

    fn bracket(&mut self, byte: u8) -> bool {
        match byte {
            b'{' | b'[' => self.depth = self.depth.wrapping_add(1),
            b'}' | b']' => {
                self.depth = self.depth.wrapping_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

const ONES: u64 = u64::MAX / 0xFF;
const QUOTES: u64 = ONES.wrapping_mul(b'"' as u64);
const BACKSLASHES: u64 = ONES.wrapping_mul(b'\\' as u64);

/// The highest bit of each byte that is zero, and no other.
fn zeros(word: u64) -> u64 {
    const LOWS: u64 = !(ONES << 7);
    !(((word & LOWS).wrapping_add(LOWS)) | word | LOWS)
}

/// Where among eight bytes the first quote or backslash is.
fn first_special(word: u64) -> Option<usize> {
    match zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES) {
        0 => None,
        found => usize::try_from(found.trailing_zeros() / 8).ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_end_where_they_end() {
        for value in [
            "1",
            "-1.5e+3",
            "true",
            "null",
            r#""""#,
            r#""a\"b\\""#,
            r#""\\\\\\\"\\\\\\\\""#,
            r#""eight by""#,
            r#""größe 値 }]""#,
            "[]",
            r#"[{"a":[1,2,{}]},"]}",[[]]]"#,
            r#"{"a":{"b":"}"}}"#,
        ] {
            for rest in ["", ",", " ", "}", "]", "\n"] {
                let text = format!("{value}{rest}");
                let mut cursor = Cursor::new(&text);
                assert_eq!(cursor.value(), Ok(value), "{text}");
                assert_eq!(cursor.at(), value.len());
            }
        }
    }

    #[test]
    fn what_does_not_end_is_malformed() {
        for text in ["", "}", ",", "x", "\"", r#""\""#, r#""a\"#, "[", "{", r#"{"a":"}"#, "[[]", "é"] {
            assert!(Cursor::new(text).value().is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_is_not_recursion() {
        let deep = "[".repeat(1_000_000);
        assert!(Cursor::new(&deep).value().is_err());
        let closed = format!("{deep}{}", "]".repeat(1_000_000));
        assert_eq!(Cursor::new(&closed).value(), Ok(closed.as_str()));
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let text = || "[]\\[{}\"\\\\Yy_ é]{0,20}";
        let leaf = prop_oneof![
            text().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        let nested = leaf.prop_recursive(6, 60, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::btree_map(text(), inner, 0..6)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Value>()),
            ]
        });
        nested.prop_map(|value| serde_json::json!([value]))
    }

    proptest! {
        #[test]
        fn every_string_ends_where_serde_json_ends_it(text in any::<String>(), rest in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let all = format!("{json}{rest}");
            prop_assert_eq!(Cursor::new(&all).value(), Ok(json.as_str()));
        }

        /// Of any JSON; many brackets, quotes and backslashes.
        #[test]
        fn every_object_ends_where_serde_json_ends_it(value in json(), rest in "[]{}\",Yy_\\\\]{0,12}") {
            let json = serde_json::to_string(&value).unwrap();
            let all = format!("{json}{rest}");
            prop_assert_eq!(Cursor::new(&all).value(), Ok(json.as_str()));
        }

        #[test]
        fn the_first_quote_or_backslash_is_found(bytes in prop::array::uniform8(prop_oneof![Just(b'"'), Just(b'\\'), any::<u8>()])) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            prop_assert_eq!(first_special(u64::from_le_bytes(bytes)), expected);
        }
    }
}
