//! Reads the `Retry-After` header.

use std::time::{Duration, SystemTime};

use httpdate::parse_http_date;

use crate::headers::Headers;

/// Reads `Retry-After`, which is a number of seconds or a date; anything else, and a number that is
/// too large, asks for nothing that could be followed.
///
/// A date is compared with the server's own clock (`Date`) where it sends one, else with ours. A
/// date that has passed asks for no waiting at all.
pub(crate) fn retry_after(headers: &Headers) -> Option<Duration> {
    let text = headers.get("retry-after")?.trim();
    if text.starts_with(|first: char| first.is_ascii_digit())
        && let Ok(seconds) = text.parse()
    {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(text)?;
    let now = headers.get("date").and_then(date).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn date(text: &str) -> Option<SystemTime> {
    parse_http_date(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (value, expected) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("86400", Some(86400)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("Sun, 99 Nov 1994 08:49:07 GMT", None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(252_618_189_022)),
            ("+7", None),
            ("-9223372036854775808", None),
        ] {
            let headers = [date, ("retry-after", value)];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let found = retry_after(&Headers::from_iter(headers));
            assert_eq!(found, expected.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&Headers::default()), None);
    }
}
