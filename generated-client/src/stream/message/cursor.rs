//! A way through JSON text that copies nothing.
//!
//! Values that are passed over are told apart, not checked: that strings and brackets end is all
//! that matters to find what comes after them. Whoever reads a value checks it.

use std::borrow::Cow;

use super::hash;

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
        let (start, mut rest, mut hash, mut has_escapes) = (self.rest, self.rest, hash::TEXT, false);
        loop {
            let (word, length) = hash::until_special(rest);
            // A text of whole words has no rest that counts, as in `hash::of`.
            if length > 0 {
                hash = hash::mix(hash ^ word);
            }
            rest = rest.get(length..).ok_or("the end of a text")?;
            match rest {
                _ if length == 8 => {}
                [b'"', after @ ..] => {
                    self.rest = after;
                    let written = start.get(..start.len().wrapping_sub(rest.len())).unwrap_or_default();
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
    written: &'a [u8],
    /// Of what is written.
    hash: u64,
    has_escapes: bool,
}

impl<'a> Text<'a> {
    /// What it means, or what is written if that means nothing. It is copied only if it has escapes.
    pub(super) fn read(&self) -> Cow<'a, [u8]> {
        let quoted = || [b"\"", self.written, b"\""].concat();
        let unescaped = self.has_escapes.then(|| serde_json::from_slice(&quoted()).ok()).flatten();
        unescaped.map_or(Cow::Borrowed(self.written), |text: String| Cow::Owned(text.into_bytes()))
    }

    /// A hash of what it means.
    #[inline(always)]
    pub(super) fn hash(&self) -> u64 {
        match self.has_escapes {
            true => self.hash_unescaped(),
            false => hash::end(self.hash, self.written),
        }
    }

    #[cold]
    fn hash_unescaped(&self) -> u64 {
        hash::of(hash::TEXT, &self.read())
    }
}
