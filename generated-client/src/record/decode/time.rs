//! Times from text, whichever way they are written.

use jiff::civil::Date;
use jiff::fmt::temporal::Pieces;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, Zoned};

/// An instant: RFC 3339 with any offset, or milliseconds since 1970.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(milliseconds) => Timestamp::from_millisecond(milliseconds).ok(),
        Err(_) => text.parse().ok(),
    }
}

/// A day: `2025-10-31` or `20251031`. A time of day is not dropped but refused.
pub(super) fn date(text: &str) -> Option<Date> {
    matches!(text.len(), 8 | 10).then(|| text.parse().ok()).flatten()
}

/// An instant with its offset from UTC.
pub(super) fn zoned(text: &str) -> Option<Zoned> {
    let pieces = Pieces::parse(text).ok()?;
    let offset = pieces.to_numeric_offset()?;
    let civil = pieces.date().to_datetime(pieces.time()?);
    let timestamp = offset.to_timestamp(civil).ok()?;
    Some(timestamp.to_zoned(offset.to_time_zone()))
}

/// ISO 8601, a day counted as 24 hours. Months and years have no length and are refused.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    if !text.trim_start_matches(['-', '+']).starts_with(['P', 'p']) {
        return None;
    }
    text.parse().ok().or_else(|| {
        let span: Span = text.parse().ok()?;
        span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
    })
}
