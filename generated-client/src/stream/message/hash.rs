//! A hash of JSON values: of what they mean, not of how they are written.
//!
//! The order of members, spaces, escapes, and the spelling of numbers do not count. It is made in one
//! pass over the text, and allocates only where a text has escapes.

use super::cursor::Cursor;

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
pub(super) fn value(cursor: &mut Cursor<'_>, depth: u32) -> Option<u64> {
    let mut is_first = true;
    match cursor.peek()? {
        b'"' => Some(cursor.string().ok()?.hash()),
        b'{' if depth < MOST_DEPTH => {
            cursor.eat(b'{');
            let mut members = OBJECT;
            while let Some(name) = cursor.member(&mut is_first).ok()? {
                // A sum, because the order of the members does not count.
                let member = join(name.hash(), value(cursor, depth.wrapping_add(1))?);
                members = members.wrapping_add(member);
            }
            Some(mix(members))
        }
        b'[' if depth < MOST_DEPTH => {
            cursor.eat(b'[');
            let mut items = LIST;
            while cursor.next(b']', &mut is_first).ok()? {
                items = join(items, value(cursor, depth.wrapping_add(1))?);
            }
            Some(mix(items))
        }
        b'-' | b'0'..=b'9' => Some(number(cursor.word())),
        b't' | b'f' | b'n' => Some(of(WORD, cursor.word().as_bytes())),
        _ => cursor.value().ok().map(|text| of(RAW, text.as_bytes())),
    }
}

/// Joins two hashes; the order counts.
pub(super) fn join(one: u64, other: u64) -> u64 {
    mix(one.rotate_left(32) ^ other)
}

/// The hash of a number by its digits and exponent: 10, 10.0 and 1e1 are the same.
fn number(written: &str) -> u64 {
    // The usual one, in a fraction of the time.
    let whole =
        written.bytes().try_fold(NUMBER, |hash, byte| byte.is_ascii_digit().then(|| digit(hash, byte)));
    if let Some(digits) = whole.filter(|_| !written.ends_with('0')) {
        return join(digits, 0);
    }
    let (sign, positive) = written.strip_prefix('-').map_or((NUMBER, written), |digits| (!NUMBER, digits));
    let (mantissa, exponent) = positive.split_once(['e', 'E']).unwrap_or((positive, "0"));
    let Ok(exponent) = exponent.parse::<i64>() else { return of(RAW, written.as_bytes()) };
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
pub(crate) fn of(kind: u64, text: &[u8]) -> u64 {
    let (words, rest) = text.as_chunks();
    let hash = words.iter().fold(kind, |hash, word| mix(hash ^ u64::from_le_bytes(*word)));
    let hash = if rest.is_empty() { hash } else { mix(hash ^ partial(rest)) };
    end(hash, text)
}

/// The hash of a whole text.
pub(super) fn end(hash: u64, text: &[u8]) -> u64 {
    mix(hash ^ u64::try_from(text.len()).unwrap_or(u64::MAX))
}

/// Less than eight bytes.
fn partial(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// The first eight bytes, or those before the first quote or backslash, and how many they are.
#[inline]
pub(super) fn until_special(bytes: &[u8]) -> (u64, usize) {
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

pub(super) fn mix(word: u64) -> u64 {
    let mixed = word.wrapping_mul(ODD);
    mixed ^ (mixed >> 32)
}
