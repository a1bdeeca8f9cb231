//! Times from text, whichever way they are written.

use jiff::civil::Date;
use jiff::fmt::temporal::{Pieces, PiecesOffset, SpanParser};
use jiff::tz::Offset;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp, Zoned};

/// An instant: RFC 3339 with any offset, or milliseconds since 1970.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(milliseconds) => Timestamp::from_millisecond(milliseconds).ok(),
        Err(_) => instant(text).map(|(timestamp, ..)| timestamp),
    }
}

/// A day: `2025-10-31` or `20251031`. A time of day is not dropped but refused.
pub(super) fn date(text: &str) -> Option<Date> {
    matches!(text.len(), 8 | 10).then(|| text.parse().ok()).flatten()
}

/// An instant in the time zone that stands behind it in brackets (RFC 9557), else with its offset from
/// UTC. A zone that is not known, or that has another offset at that time, is refused; `Z` says
/// nothing about the offset.
pub(super) fn zoned(text: &str) -> Option<Zoned> {
    let (timestamp, offset, pieces) = instant(text)?;
    let Some(zone) = pieces.to_time_zone().ok()? else {
        return Some(timestamp.to_zoned(offset.to_time_zone()));
    };
    let zoned = timestamp.to_zoned(zone);
    let agrees = zoned.offset() == offset || matches!(pieces.offset(), Some(PiecesOffset::Zulu));
    agrees.then_some(zoned)
}

/// RFC 3339. The one call of a parser that is compiled anew wherever it is called: it is large.
fn instant(text: &str) -> Option<(Timestamp, Offset, Pieces<'_>)> {
    let pieces = Pieces::parse(text).ok()?;
    let offset = pieces.to_numeric_offset()?;
    let civil = pieces.date().to_datetime(pieces.time()?);
    Some((offset.to_timestamp(civil).ok()?, offset, pieces))
}

/// ISO 8601, a day counted as 24 hours. Months and years have no length and are refused.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    if !text.trim_start_matches(['-', '+']).starts_with(['P', 'p']) {
        return None;
    }
    let span = SpanParser::new().parse_span(text).ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    use super::{date, duration, timestamp, zoned};

    #[test]
    fn instants_with_any_offset_and_precision() {
        let expected: Timestamp = "2025-10-31T14:30:00.123456789Z".parse().unwrap();
        for text in [
            "2025-10-31T14:30:00.123456789Z",
            "2025-10-31T14:30:00.123456789+00:00",
            "2025-10-31T10:30:00.123456789-04:00",
            "2025-10-31T20:00:00.123456789+05:30",
            "2025-10-31t14:30:00.123456789z",
        ] {
            assert_eq!(timestamp(text), Some(expected), "{text}");
        }
        assert_eq!(timestamp("1761921000123").unwrap().to_string(), "2025-10-31T14:30:00.123Z");
        assert_eq!(timestamp("-1").unwrap().to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn no_instant_without_offset_and_none_is_rounded() {
        for text in [
            "",
            "2025-10-31",
            "2025-10-31T14:30:00",
            "2025-13-31T14:30:00Z",
            "2025-10-31T14:30:00.1234567891Z",
            "1761921000123.5",
            "99999999999999999",
            "now",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_are_kept() {
        let time = zoned("2025-10-31T10:30:00.000000001-04:00").unwrap();
        assert_eq!(time.timestamp().to_string(), "2025-10-31T14:30:00.000000001Z");
        assert_eq!(time.offset().seconds(), -4 * 3600);
        assert_eq!(zoned("2025-10-31T14:30:00Z").unwrap().offset().seconds(), 0);
        for text in ["", "2025-10-31", "2025-10-31T10:30:00", "2025-10-31T10:30:00[America/New_York]", "x"] {
            assert_eq!(zoned(text), None, "{text}");
        }
    }

    #[test]
    fn a_named_zone_is_kept() {
        let time = zoned("2026-03-06T09:30:00-05:00[America/New_York]").unwrap();
        assert_eq!(time.time_zone().iana_name(), Some("America/New_York"));
        let later = time.checked_add(jiff::Span::new().days(3)).unwrap();
        assert_eq!(later.timestamp().to_string(), "2026-03-09T13:30:00Z");
        let time = zoned("2026-03-06T14:30:00Z[America/New_York]").unwrap();
        assert_eq!(time.to_string(), "2026-03-06T09:30:00-05:00[America/New_York]");
        // Another offset than that of the zone, and a zone that is none.
        for text in ["2026-03-06T09:30:00-04:00[America/New_York]", "2026-03-06T09:30:00-05:00[Depot/Gate]"] {
            assert_eq!(zoned(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_days() {
        let expected = jiff::civil::date(2025, 10, 31);
        assert_eq!(date("2025-10-31"), Some(expected));
        assert_eq!(date("20251031"), Some(expected));
        for text in ["", "2025-10-31T00:00:00", "2025-02-30", "20251301", "2025-1-1", "31.10.2025", "2025103"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_iso_8601() {
        for (text, seconds) in [
            ("PT1H30M", 5400),
            ("P1DT2H", 93_600),
            ("P2W", 1_209_600),
            ("-PT5S", -5),
            ("PT0S", 0),
            ("PT100000H", 360_000_000),
        ] {
            assert_eq!(duration(text), Some(SignedDuration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("PT0.000000001S"), Some(SignedDuration::from_nanos(1)));
        for text in ["", "P", "PT", "1h 30m", "P1M", "P1Y", "90", "PT1H30"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9TZPHMSDWYtz:.\\[\\]/]{0,40}") {
            timestamp(&text);
            zoned(&text);
            date(&text);
            duration(&text);
        }
    }
}
