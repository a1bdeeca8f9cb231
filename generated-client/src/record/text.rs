//! Values as plain text: in paths, in queries, in rules.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, Zoned};

use super::encode::json_text;
use super::{DateEncoding, Encoding, TimestampEncoding, View};

/// The values of a parameter: none if it is absent, several if it is a list. What is neither a
/// scalar nor a list is its JSON.
pub(crate) fn texts(view: View<'_>, encoding: &Encoding) -> Vec<String> {
    match view {
        View::Absent | View::Null => Vec::new(),
        View::List(list) => list.items().flat_map(|item| texts(item, encoding)).collect(),
        _ => vec![match scalar(view, encoding) {
            Some(text) => text.into_owned(),
            None => json_text(view, encoding),
        }],
    }
}

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
    let minutes = seconds.saturating_sub(seconds.checked_rem(60).unwrap_or_default());
    let offset = Offset::from_seconds(minutes).unwrap_or(Offset::UTC);
    zoned.timestamp().display_with_offset(offset).to_string()
}
