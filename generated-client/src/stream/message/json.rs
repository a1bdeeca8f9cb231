//! A way through JSON text that copies nothing, and a hash of JSON values.
//!
//! Values that are passed over are told apart, not checked: that strings and brackets end is all
//! that matters to find what comes after them. The reader of a value checks it.
//!
//! The hash is of what values mean, not of how they are written: the order of members, spaces, escapes,
//! and the spelling of numbers do not count. It is made in one pass over the text, and allocates only
//! where a text has escapes.

use std::borrow::Cow;

/// The error is what should stand at the cursor.
type Result<T> = std::result::Result<T, &'static str>;

/// A place in a text, moving forward.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    pub(super) fn at(&self) -> usize {
        self.text.len().wrapping_sub(self.rest.len())
    }

    /// Moves to the next byte that is no space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    /// Whether this byte is next; if so, moves behind it.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.rest.first() == Some(&byte) || self.peek() == Some(byte);
        if is_next {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        is_next
    }

    /// Moves to the next item of the list, or member of the object, that the cursor is in; false if
    /// this bracket ends it.
    #[inline]
    pub(super) fn next(&mut self, bracket: u8, is_first: &mut bool) -> Result<bool> {
        let is_first = std::mem::take(is_first);
        if !is_first && self.eat(b',') {
            return Ok(true);
        }
        match self.eat(bracket) {
            false if !is_first => Err("`,` or the end of an object or a list"),
            ends => Ok(!ends),
        }
    }

    /// The name of the next member of the object that the cursor is in, whose value is next; none if
    /// the object ends.
    #[inline(always)]
    pub(super) fn member(&mut self, is_first: &mut bool) -> Result<Option<Text<'a>>> {
        if !self.next(b'}', is_first)? {
            return Ok(None);
        }
        let name = self.string()?;
        self.eat(b':').then_some(Some(name)).ok_or("`:`")
    }

    /// Moves over a string.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text<'a>> {
        if !self.eat(b'"') {
            return Err("a text");
        }
        let (start, mut rest, mut hash, mut has_escapes) = (self.at(), self.rest, TEXT, false);
        loop {
            let (word, length) = until_special(rest);
            // A text of whole words has no rest that counts, as in [`hash_of`].
            if length > 0 {
                hash = mix(hash ^ word);
            }
            rest = rest.get(length..).ok_or("the end of a text")?;
            match rest {
                _ if length == 8 => {}
                [b'"', after @ ..] => {
                    self.rest = after;
                    let end = self.text.len().wrapping_sub(rest.len());
                    let written = self.text.get(start..end).unwrap_or_default();
                    return Ok(Text { written, hash, has_escapes });
                }
                [_, _, after @ ..] => (rest, has_escapes) = (after, true),
                _ => return Err("the end of a text"),
            }
        }
    }

    /// Moves over a value, and gives its text. Without a call for each level: it may be nested as deep
    /// as it is long.
    pub(super) fn value(&mut self) -> Result<&'a str> {
        let first = self.peek();
        let start = self.at();
        let mut depth: usize = 0;
        if !matches!(first, Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) {
            return Err("a value");
        }
        loop {
            match self.rest {
                [b'"', ..] => _ = self.string()?,
                [b'{' | b'[', rest @ ..] => (self.rest, depth) = (rest, depth.wrapping_add(1)),
                [b'}' | b']', rest @ ..] => (self.rest, depth) = (rest, depth.wrapping_sub(1)),
                [_, ..] if depth == 0 => _ = self.word(),
                [_, rest @ ..] => {
                    self.rest = rest;
                    continue;
                }
                [] => return Err("the end of an object or a list"),
            }
            if depth == 0 {
                return Ok(self.text.get(start..self.at()).unwrap_or_default());
            }
        }
    }

    /// Moves over a number, or `true`, `false`, `null`, and gives its text.
    pub(super) fn word(&mut self) -> &'a str {
        let start = self.at();
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = self.rest.iter().position(|byte| !is_inside(byte)).unwrap_or(self.rest.len());
        self.rest = self.rest.get(length..).unwrap_or_default();
        self.text.get(start..self.at()).unwrap_or_default()
    }
}

/// A string.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// What is between its quotes.
    written: &'a str,
    /// Of what is written.
    hash: u64,
    has_escapes: bool,
}

impl<'a> Text<'a> {
    /// What it means, or what is written if that means nothing. It is copied only if it has escapes.
    pub(super) fn read(&self) -> Cow<'a, str> {
        let quoted = || format!("\"{}\"", self.written);
        let unescaped = self.has_escapes.then(|| serde_json::from_str(&quoted()).ok()).flatten();
        unescaped.map_or(Cow::Borrowed(self.written), Cow::Owned)
    }

    /// A hash of what it means.
    #[inline(always)]
    pub(super) fn hash(&self) -> u64 {
        match self.has_escapes {
            true => self.hash_unescaped(),
            false => end_hash(self.hash, self.written.as_bytes()),
        }
    }

    #[cold]
    fn hash_unescaped(&self) -> u64 {
        hash_of(TEXT, self.read().as_bytes())
    }
}

/// Deeper values are hashed as they are written: without a limit, the nesting of a text would decide
/// how much memory it takes.
const MOST_DEPTH: u32 = 64;

/// Kinds of values; different ones with the same text have different hashes.
pub(super) const TEXT: u64 = 1;
const NUMBER: u64 = 2;
const WORD: u64 = 3;
const OBJECT: u64 = 4;
const LIST: u64 = 5;
pub(crate) const RAW: u64 = 6;

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Moves over a value, which is `depth` objects and lists deep, and hashes it. None if it is malformed;
/// the cursor is somewhere in it then.
pub(super) fn hash_value(cursor: &mut Cursor<'_>, depth: u32) -> Option<u64> {
    let mut is_first = true;
    match cursor.peek()? {
        b'"' => Some(cursor.string().ok()?.hash()),
        b'{' if depth < MOST_DEPTH => {
            cursor.eat(b'{');
            let mut members = OBJECT;
            while let Some(name) = cursor.member(&mut is_first).ok()? {
                // A sum, because the order of the members does not count.
                let member = join(name.hash(), hash_value(cursor, depth.wrapping_add(1))?);
                members = members.wrapping_add(member);
            }
            Some(mix(members))
        }
        b'[' if depth < MOST_DEPTH => {
            cursor.eat(b'[');
            let mut items = LIST;
            while cursor.next(b']', &mut is_first).ok()? {
                items = join(items, hash_value(cursor, depth.wrapping_add(1))?);
            }
            Some(mix(items))
        }
        b'-' | b'0'..=b'9' => Some(hash_number(cursor.word())),
        b't' | b'f' | b'n' => Some(hash_of(WORD, cursor.word().as_bytes())),
        _ => cursor.value().ok().map(|text| hash_of(RAW, text.as_bytes())),
    }
}

/// Joins two hashes; the order counts.
pub(super) fn join(one: u64, other: u64) -> u64 {
    mix(one.rotate_left(32) ^ other)
}

/// The hash of a number by its digits and exponent: 10, 10.0 and 1e1 are the same.
fn hash_number(written: &str) -> u64 {
    let (sign, positive) = written.strip_prefix('-').map_or((NUMBER, written), |digits| (!NUMBER, digits));
    let (mantissa, exponent) = positive.split_once(['e', 'E']).unwrap_or((positive, "0"));
    let Ok(exponent) = exponent.parse::<i64>() else { return hash_of(RAW, written.as_bytes()) };
    let digits = match mantissa.trim_matches(['0', '.']) {
        "" => return join(digit(NUMBER, b'0'), 0),
        significant => significant.bytes().filter(|byte| *byte != b'.').fold(sign, digit),
    };
    // The exponent of the last digit that counts.
    let point = mantissa.find('.').unwrap_or(mantissa.len());
    let end = mantissa.trim_end_matches(['0', '.']).len();
    let place = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
    let shift = place(point).wrapping_sub(place(end)).wrapping_add(u64::from(end > point));
    join(digits, exponent.cast_unsigned().wrapping_add(shift))
}

fn digit(hash: u64, digit: u8) -> u64 {
    hash.wrapping_mul(ODD).wrapping_add(u64::from(digit))
}

/// Fast, as every message of a stream is hashed, and enough to tell two honest messages apart.
pub(crate) fn hash_of(kind: u64, text: &[u8]) -> u64 {
    let (words, rest) = text.as_chunks();
    let hash = words.iter().fold(kind, |hash, word| mix(hash ^ u64::from_le_bytes(*word)));
    let hash = if rest.is_empty() { hash } else { mix(hash ^ partial(rest)) };
    end_hash(hash, text)
}

/// The hash of a whole text.
fn end_hash(hash: u64, text: &[u8]) -> u64 {
    mix(hash ^ u64::try_from(text.len()).unwrap_or(u64::MAX))
}

/// Less than eight bytes.
fn partial(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// The first eight bytes, or those before the first quote or backslash, and how many they are.
#[inline]
fn until_special(bytes: &[u8]) -> (u64, usize) {
    let word = bytes.first_chunk().map_or_else(|| partial(bytes), |word| u64::from_le_bytes(*word));
    // The highest bit of each byte that is one; behind the first, also of some others.
    let [quotes, backslashes] = [QUOTES, BACKSLASHES].map(|byte| (word ^ byte).wrapping_sub(ONES));
    match (quotes | backslashes) & !word & (ONES << 7) {
        0 => (word, 8),
        found => {
            let before = (found ^ found.wrapping_sub(1)) >> 8;
            (word & before, usize::try_from(found.trailing_zeros() / 8).unwrap_or_default())
        }
    }
}

const ONES: u64 = u64::MAX / 0xFF;
const QUOTES: u64 = ONES.wrapping_mul(b'"' as u64);
const BACKSLASHES: u64 = ONES.wrapping_mul(b'\\' as u64);

fn mix(word: u64) -> u64 {
    let mixed = word.wrapping_mul(ODD);
    mixed ^ (mixed >> 32)
}
