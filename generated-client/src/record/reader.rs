//! Reading JSON text step by step.
//!
//! The reader follows the grammar of RFC 8259 to the letter, copies nothing, and never calls itself,
//! so that a text may be nested as deep as it is long. What to do with a value is up to the caller.
//!
//! `jiter` and `sonic-rs` read step by step, too. Neither compares a key where it stands, and neither
//! hashes texts on the way, which each stream message needs.

use std::borrow::Cow;

/// An error says what is expected where the reader stands.
type Result<T> = std::result::Result<T, &'static str>;

/// A place in a JSON text, moving forward.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    /// How many bytes of the text are behind the reader.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// What was read since the reader was at `start`.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at()).unwrap_or_default()
    }

    /// Moves to the next byte that is no space.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        match self.rest.first() {
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.skip_spaces(),
        }
    }

    fn skip_spaces(&mut self) -> Option<u8> {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    /// Whether this byte is next; if so, moves behind it.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.rest.first() == Some(&byte) || self.peek() == Some(byte);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    /// Moves to the next item of the list, or member of the object, that the reader is in; false if
    /// this bracket ends it.
    #[inline]
    pub(crate) fn next(&mut self, bracket: u8, is_first: &mut bool) -> Result<bool> {
        let is_first = std::mem::take(is_first);
        if !is_first && self.eat(b',') {
            return Ok(true);
        }
        match self.eat(bracket) {
            false if !is_first => Err(if bracket == b'}' { "`,` or `}`" } else { "`,` or `]`" }),
            ends => Ok(!ends),
        }
    }

    /// Whether the next member of an object has this name, written without escapes; if so, moves
    /// behind it.
    #[inline]
    pub(crate) fn eat_name(&mut self, name: &str) -> bool {
        if let Some([b'"', rest @ ..]) = self.rest.get(..name.len() + 3)
            && let Some(b"\":") = rest.strip_prefix(name.as_bytes())
        {
            self.rest = &self.rest[name.len() + 3..];
            return true;
        }
        false
    }

    /// The name of a member, whose value is next.
    #[inline(always)]
    pub(crate) fn name(&mut self) -> Result<Text<'a>> {
        let name = self.string()?;
        if self.eat(b':') { Ok(name) } else { Err("`:`") }
    }

    /// Moves over a string.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> Result<Text<'a>> {
        if !self.eat(b'"') {
            return Err("a text");
        }
        let (start, mut rest, mut hash, mut has_escapes) = (self.rest, self.rest, TEXT, false);
        loop {
            let word = first_word(rest);
            let found = specials(word);
            if found == 0 {
                (hash, rest) = (mix(hash ^ word), &rest[8..]);
                continue;
            }
            let before = (found ^ (found - 1)) >> 8;
            // A text of whole words has no rest that counts, as in [`hash_of`].
            if before > 0 {
                hash = mix(hash ^ (word & before));
            }
            rest = &rest[(found.trailing_zeros() / 8) as usize..];
            match rest {
                [b'"', after @ ..] => {
                    self.rest = after;
                    let from = self.text.len() - start.len();
                    let length = start.len() - rest.len();
                    return Ok(Text { text: self.text, from, length, hash, has_escapes });
                }
                [b'\\', escape @ ..] => (rest, has_escapes) = (escaped(escape)?, true),
                [] => return Err("the end of a text"),
                _ => return Err("no control character in a text"),
            }
        }
    }

    /// Moves over a number.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<&'a str> {
        self.peek();
        let start = self.at();
        let rest = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        let mut rest = match rest {
            [b'0', b'0'..=b'9', ..] => return Err("no digit behind a leading zero"),
            _ => digits(rest)?,
        };
        if let [b'.', fraction @ ..] = rest {
            rest = digits(fraction)?;
        }
        if let [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] = rest {
            rest = digits(exponent)?;
        }
        self.rest = rest;
        Ok(self.since(start))
    }

    /// Moves over `true`, `false` or `null`, if one of them is next.
    #[inline]
    pub(crate) fn literal(&mut self) -> Option<&'static str> {
        self.peek();
        let literal =
            ["null", "true", "false"].into_iter().find(|word| self.rest.starts_with(word.as_bytes()))?;
        self.rest = &self.rest[literal.len()..];
        Some(literal)
    }

    /// Moves over a value of any kind, and gives its text.
    pub(crate) fn skip(&mut self) -> Result<&'a str> {
        self.peek();
        let start = self.at();
        let mut open = Brackets::default();
        loop {
            match self.peek() {
                Some(b'"') => _ = self.string()?,
                Some(b'-' | b'0'..=b'9') => _ = self.number()?,
                Some(bracket @ (b'{' | b'[')) => {
                    self.rest = &self.rest[1..];
                    let is_object = bracket == b'{';
                    open.push(is_object);
                    if self.next(open.due(), &mut true)? {
                        if is_object {
                            self.name()?;
                        }
                        continue;
                    }
                    open.pop();
                }
                _ => _ = self.literal().ok_or("a value")?,
            }
            loop {
                if open.depth == 0 {
                    return Ok(self.since(start));
                }
                if self.next(open.due(), &mut false)? {
                    break;
                }
                open.pop();
            }
            if open.due() == b'}' {
                self.name()?;
            }
        }
    }

    /// Moves over a value without looking what is in it but texts and brackets, and gives its text.
    pub(crate) fn skip_unchecked(&mut self) -> Result<&'a str> {
        let first = self.peek();
        let start = self.at();
        match first {
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => return Ok(self.word()),
            Some(b'"' | b'{' | b'[') => {}
            _ => return Err("a value"),
        }
        let mut depth = 0;
        loop {
            let (byte, rest) = self.rest.split_first().ok_or("the end of an object or a list")?;
            self.rest = rest;
            match byte {
                b'"' => self.skip_text()?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => continue,
            }
            if depth == 0 {
                return Ok(self.since(start));
            }
        }
    }

    /// Moves behind the end of a text.
    fn skip_text(&mut self) -> Result<()> {
        loop {
            let found = specials(first_word(self.rest));
            let length = (found.trailing_zeros() / 8) as usize;
            self.rest = match &self.rest[length..] {
                rest if found == 0 => rest,
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return Ok(());
                }
                [b'\\', _, rest @ ..] | [_, rest @ ..] => rest,
                [] => return Err("the end of a text"),
            };
        }
    }

    /// Moves over what looks like a number or a literal, and gives its text.
    pub(crate) fn word(&mut self) -> &'a str {
        let start = self.at();
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length = digits + self.rest[digits..].iter().take_while(|byte| is_inside(byte)).count();
        self.rest = &self.rest[length..];
        self.since(start)
    }
}

/// The objects and lists that a reader is in. Takes memory only where they are nested deep.
#[derive(Default)]
struct Brackets {
    depth: usize,
    /// The innermost, the last one in the lowest bit; one for an object.
    last: u64,
    /// Those around them, 64 at a time.
    outer: Vec<u64>,
}

impl Brackets {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.last);
        }
        self.last = (self.last << 1) | u64::from(is_object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.last >>= 1;
        if self.depth > 0
            && self.depth.is_multiple_of(64)
            && let Some(outer) = self.outer.pop()
        {
            self.last = outer;
        }
    }

    /// What ends the innermost.
    fn due(&self) -> u8 {
        if self.last & 1 == 1 { b'}' } else { b']' }
    }
}

/// A string.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    text: &'a str,
    from: usize,
    length: usize,
    /// Of what is written.
    hash: u64,
    has_escapes: bool,
}

impl<'a> Text<'a> {
    /// What is between its quotes.
    #[inline]
    pub(crate) fn written(&self) -> &'a str {
        self.text.get(self.from..self.from + self.length).unwrap_or_default()
    }

    /// What it means; none if its escapes mean nothing, as half of a surrogate pair does. It is copied
    /// only if it has escapes.
    #[inline]
    pub(crate) fn read(&self) -> Option<Cow<'a, str>> {
        match self.has_escapes {
            true => self.unescaped().map(Cow::Owned),
            false => Some(Cow::Borrowed(self.written())),
        }
    }

    #[cold]
    fn unescaped(&self) -> Option<String> {
        serde_json::from_str(&format!("\"{}\"", self.written())).ok()
    }

    /// A hash of what it means.
    #[inline(always)]
    pub(crate) fn hash(&self) -> u64 {
        match self.has_escapes {
            true => self.hash_unescaped(),
            false => end_hash(self.hash, self.length),
        }
    }

    #[cold]
    fn hash_unescaped(&self) -> u64 {
        hash_of(TEXT, self.unescaped().as_deref().unwrap_or(self.written()).as_bytes())
    }
}

/// What follows on digits, of which there is one at least.
#[inline]
fn digits(text: &[u8]) -> Result<&[u8]> {
    let mut rest = text;
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    if rest.len() < text.len() { Ok(rest) } else { Err("a digit") }
}

/// What follows on an escape, of which this is what stands behind the backslash.
#[cold]
fn escaped(escape: &[u8]) -> Result<&[u8]> {
    match escape {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => Ok(rest),
        [b'u', one, two, three, four, rest @ ..]
            if [one, two, three, four].into_iter().all(u8::is_ascii_hexdigit) =>
        {
            Ok(rest)
        }
        _ => Err("an escape of JSON"),
    }
}

/// The kind of a text; see [`hash_of`].
pub(crate) const TEXT: u64 = 1;

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// A hash of bytes; those of different kinds have different hashes. Fast, as every message of a stream is
/// hashed, and enough to tell two honest messages apart.
pub(crate) fn hash_of(kind: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let hash = words.iter().fold(kind, |hash, word| mix(hash ^ u64::from_le_bytes(*word)));
    let hash = if rest.is_empty() { hash } else { mix(hash ^ partial(rest)) };
    end_hash(hash, bytes.len())
}

/// The hash of a whole text of this length.
#[inline]
fn end_hash(hash: u64, length: usize) -> u64 {
    mix(hash ^ length as u64)
}

#[inline]
pub(crate) fn mix(word: u64) -> u64 {
    let mixed = word.wrapping_mul(ODD);
    mixed ^ (mixed >> 32)
}

/// Less than eight bytes.
fn partial(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// The first eight bytes. Behind the end of the text are zeros, which are control characters.
#[inline(always)]
fn first_word(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or_else(|| partial(bytes), |word| u64::from_le_bytes(*word))
}

/// The highest bit of each byte that is a quote, a backslash or a control character; behind the first of
/// them, also of some others.
#[inline(always)]
fn specials(word: u64) -> u64 {
    let [quotes, backslashes] = [QUOTES, BACKSLASHES].map(|byte| (word ^ byte).wrapping_sub(ONES));
    let controls = word.wrapping_sub(ONES * 0x20);
    (quotes | backslashes | controls) & !word & (ONES << 7)
}

const ONES: u64 = u64::MAX / 0xFF;
const QUOTES: u64 = ONES * b'"' as u64;
const BACKSLASHES: u64 = ONES * b'\\' as u64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::Reader;

    fn whole(text: &str) -> Option<&str> {
        let mut reader = Reader::new(text);
        let value = reader.skip().ok()?;
        (reader.peek().is_none()).then_some(value)
    }

    fn accepts(text: &str) -> bool {
        serde_json::from_str::<&RawValue>(text).is_ok()
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        for text in [
            "",
            " ",
            "null",
            "nul",
            "nulll",
            "true",
            "tru",
            "0",
            "-0",
            "00",
            "01",
            "-",
            "1.",
            ".5",
            "1.5",
            "1e5",
            "1E+5",
            "1e-",
            "1e5.0",
            "+1",
            "NaN",
            "Infinity",
            "\"\"",
            "\"",
            "\"a",
            "\"\\n\"",
            "\"\\x\"",
            "\"\\u00e9\"",
            "\"\\u00g9\"",
            "\"\\u00e\"",
            "\"\u{1}\"",
            "\"\u{7f}é😀\"",
            "\"1234567\"",
            "\"12345678\"",
            "[]",
            "[",
            "]",
            "[1]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1,2]",
            "{}",
            "{",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "{\"a\" : [ { } ] }",
            "[}",
            "{\"a\":[}]",
            "[[]",
            "[]]",
            "{\"a\":1 \"b\":2}",
            "[{},[[1],\"x\"]]",
        ] {
            assert_eq!(whole(text).is_some(), accepts(text), "{text}");
            let spaced = format!(" \r\n\t{text} \n");
            assert_eq!(whole(&spaced), accepts(text).then_some(text), "{text}");
        }
    }

    #[test]
    fn a_megabyte_of_brackets_is_read_without_recursion() {
        for unit in ["[", "{\"a\":"] {
            let text = unit.repeat(1 << 20);
            assert_eq!(whole(&text), None);
        }
        let nested = format!("{}1{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert_eq!(whole(&nested), Some(&*nested));
    }

    proptest! {
        #[test]
        fn what_serde_json_accepts_is_accepted(text in "[\\[\\]{}\",:\\\\ntu0-9.eE+\\- a]{0,24}") {
            prop_assert_eq!(whole(&text).is_some(), accepts(&text));
        }

        #[test]
        fn texts_mean_what_they_mean_to_serde_json(value: String) {
            let json = serde_json::to_string(&value).unwrap();
            let read = Reader::new(&json).string().unwrap().read().unwrap().into_owned();
            prop_assert_eq!(read, value);
        }
    }
}
