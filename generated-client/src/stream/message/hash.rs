//! A hash of JSON values by what they mean: the order of members, spaces, escapes, and the spelling of
//! numbers do not count. It is made in one pass over the text, and allocates only where a text has
//! escapes.

use crate::record::reader::{Reader, hash_of, mix};

/// Deeper values are hashed as they are written: without a limit, the nesting of a text would decide
/// how much memory it takes.
const MOST_DEPTH: u32 = 64;

/// Kinds of values; different ones with the same text have different hashes.
const NUMBER: u64 = 2;
const WORD: u64 = 3;
const OBJECT: u64 = 4;
const LIST: u64 = 5;
pub(crate) const RAW: u64 = 6;

/// Moves over a value, which is `depth` objects and lists deep, and hashes it. None if it is malformed;
/// the reader is somewhere in it then.
#[inline]
pub(super) fn hash_value(reader: &mut Reader<'_>, depth: u32) -> Option<u64> {
    match reader.peek()? {
        b'"' => Some(reader.string().ok()?.hash()),
        b'{' | b'[' if depth < MOST_DEPTH => hash_container(reader, depth),
        b'-' | b'0'..=b'9' => reader.number().ok().map(hash_number),
        b't' | b'f' | b'n' => Some(hash_of(WORD, reader.literal()?.as_bytes())),
        _ => reader.skip_unchecked().ok().map(|text| hash_of(RAW, text.as_bytes())),
    }
}

fn hash_container(reader: &mut Reader<'_>, depth: u32) -> Option<u64> {
    let mut is_first = true;
    if reader.eat(b'{') {
        let mut members = OBJECT;
        while reader.next(b'}', &mut is_first).ok()? {
            // A sum, because the order of the members does not count.
            let name = reader.name().ok()?.hash();
            members = members.wrapping_add(join(name, hash_value(reader, depth + 1)?));
        }
        return Some(mix(members));
    }
    reader.eat(b'[');
    let mut items = LIST;
    while reader.next(b']', &mut is_first).ok()? {
        items = join(items, hash_value(reader, depth + 1)?);
    }
    Some(mix(items))
}

/// Joins two hashes; the order counts.
pub(super) fn join(one: u64, other: u64) -> u64 {
    mix(one.rotate_left(32) ^ other)
}

/// The hash of a number by its digits and exponent: 10, 10.0 and 1e1 are the same.
fn hash_number(written: &str) -> u64 {
    let digits = written.strip_prefix('-').unwrap_or(written);
    let Some((mut mantissa, mut exponent)) = short(digits).or_else(|| long(digits)) else {
        return hash_of(RAW, written.as_bytes());
    };
    if mantissa == 0 {
        return join(NUMBER, 0);
    }
    while mantissa.is_multiple_of(10) {
        (mantissa, exponent) = (mantissa / 10, exponent.wrapping_add(1));
    }
    let sign = if digits.len() < written.len() { !NUMBER } else { NUMBER };
    join(join(sign, mantissa), exponent.cast_unsigned())
}

/// The digits of a number as it is usually written, and the exponent of the last one.
fn short(digits: &str) -> Option<(u64, i64)> {
    if digits.len() > MOST_DIGITS {
        return None;
    }
    let (mut mantissa, mut point) = (0_u64, None);
    for (at, byte) in digits.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let exponent = point.map_or(0, |point| point as i64 + 1 - digits.len() as i64);
    Some((mantissa, exponent))
}

/// The same of any number; a hash of its digits if they are too many.
fn long(digits: &str) -> Option<(u64, i64)> {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_end_matches('0');
    let shift = (all.len() - significant.len()) as i64 - fraction.len() as i64;
    let exponent = exponent.parse::<i64>().ok()?.wrapping_add(shift);
    let mantissa = match significant.trim_start_matches('0') {
        "" => 0,
        few if few.len() <= MOST_DIGITS => few.parse().ok()?,
        many => hash_of(NUMBER, many.as_bytes()) | 1,
    };
    Some((mantissa, exponent))
}

/// As many digits always fit into 64 bits.
const MOST_DIGITS: usize = 19;
