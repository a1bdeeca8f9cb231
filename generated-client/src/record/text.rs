//! Values as plain text: in paths, in queries, in rules.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, Zoned};
use rust_decimal::Decimal;

use super::{DateEncoding, Encoding, TimestampEncoding, View};

/// The text of a single value; none if it has no such text.
pub(super) fn scalar<'a>(view: View<'a>, encoding: &Encoding) -> Option<Cow<'a, str>> {
    Some(match view {
        View::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        View::Text(value) => Cow::Borrowed(value),
        View::I64(value) => value.to_string().into(),
        View::U64(value) => value.to_string().into(),
        View::F64(value) => value.to_string().into(),
        View::Decimal(value) => value.to_string().into(),
        View::Date(value) => date(value, encoding).into(),
        View::Timestamp(value) => timestamp(value, encoding).into(),
        View::Zoned(value) => zoned(value).into(),
        View::Duration(value) => value.to_string().into(),
        View::Uuid(value) => value.to_string().into(),
        View::Bytes(value) => BASE64_STANDARD.encode(value).into(),
        View::Absent
        | View::Null
        | View::Json(_)
        | View::List(_)
        | View::Map(_)
        | View::Record(_)
        | View::Union(_) => return None,
    })
}

/// The usual price, in a fraction of the time that printing it takes: none if it has more
/// digits than fit.
pub(super) fn short_decimal(value: Decimal, buffer: &mut [u8; 24]) -> Option<&str> {
    let mut rest = u64::try_from(value.mantissa().unsigned_abs()).ok()?;
    let mut digit = || {
        let digit = b'0' | (rest % 10) as u8;
        rest /= 10;
        (digit, rest > 0)
    };
    let mut places = buffer.iter_mut().rev();
    if value.scale() > 0 {
        for _ in 0..value.scale() {
            *places.next()? = digit().0;
        }
        *places.next()? = b'.';
    }
    let mut more = true;
    while more {
        let place = places.next()?;
        (*place, more) = digit();
    }
    if value.is_sign_negative() {
        *places.next()? = b'-';
    }
    let start = places.len();
    std::str::from_utf8(buffer.get(start..)?).ok()
}

fn date(date: Date, encoding: &Encoding) -> String {
    match encoding.date {
        DateEncoding::Iso8601 => date.to_string(),
        DateEncoding::Yyyymmdd => date.strftime("%Y%m%d").to_string(),
    }
}

fn timestamp(timestamp: Timestamp, encoding: &Encoding) -> String {
    match encoding.timestamp {
        TimestampEncoding::Rfc3339 => timestamp.to_string(),
        TimestampEncoding::UnixMillis => timestamp.as_millisecond().to_string(),
    }
}

/// RFC 3339 has no seconds in offsets: those of an old local time are dropped, the instant stays.
fn zoned(zoned: &Zoned) -> String {
    let seconds = zoned.offset().seconds();
    let minutes = seconds - seconds % 60;
    let offset = Offset::from_seconds(minutes).unwrap_or(Offset::UTC);
    let text = zoned.timestamp().display_with_offset(offset).to_string();
    match zoned.time_zone().iana_name() {
        Some(name) if minutes == seconds => format!("{text}[{name}]"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::{DecimalEncoding, Value, texts};

    const INTEGERS: Encoding = Encoding {
        decimal: DecimalEncoding::Number,
        timestamp: TimestampEncoding::UnixMillis,
        date: DateEncoding::Yyyymmdd,
    };

    #[test]
    fn parameters_are_plain_text() {
        let time: Timestamp = "2025-10-31T14:30:00.5Z".parse().unwrap();
        let values: [(&dyn Value, &[&str], &[&str]); 7] = [
            (&None::<i32>, &[], &[]),
            (&true, &["true"], &["true"]),
            (&Decimal::new(150, 2), &["1.50"], &["1.50"]),
            (&time, &["2025-10-31T14:30:00.5Z"], &["1761921000500"]),
            (&jiff::civil::date(2025, 1, 2), &["2025-01-02"], &["20250102"]),
            (&vec!["a".to_owned(), "b,c".to_owned()], &["a", "b,c"], &["a", "b,c"]),
            (&crate::Json::new(&[1]).unwrap(), &["[1]"], &["[1]"]),
        ];
        for (value, text, integers) in values {
            assert_eq!(texts(value.view(), &Encoding::TEXT), text);
            assert_eq!(texts(value.view(), &INTEGERS), integers);
        }
    }

    #[test]
    fn seconds_of_an_offset_do_not_move_the_instant() {
        let offset = Offset::from_seconds(-17_762).unwrap();
        let time = Timestamp::UNIX_EPOCH.to_zoned(offset.to_time_zone());
        let written = zoned(&time);
        assert_eq!(written, "1969-12-31T19:04:00-04:56");
        assert_eq!(written.parse::<Timestamp>().unwrap(), Timestamp::UNIX_EPOCH);
    }

    proptest! {
        #[test]
        fn short_decimals_are_printed_like_all(digits in any::<i64>(), fewer in 0_u32..63, scale in 0_u32..=28) {
            let value = Decimal::from_i128_with_scale(i128::from(digits.wrapping_shr(fewer)), scale);
            if let Some(text) = short_decimal(value, &mut [0; 24]) {
                prop_assert_eq!(text, value.to_string());
            } else {
                prop_assert!(scale > 20);
            }
        }
    }
}
