//! HTTP headers, without a type of the HTTP library in the public interface.

use std::fmt;

/// Headers of a response, in the order received.
///
/// Names are compared without regard to case. Bytes that are not UTF-8 are replaced by `U+FFFD`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Names and values, one after the other: there are many of them, and few are looked at.
    text: String,
    /// Where each name ends, and its value.
    ends: Vec<(usize, usize)>,
}

impl Headers {
    /// The first value of this header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All names, in lower case, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        begins
            .zip(&self.ends)
            .map(|(begin, (middle, end))| (&self.text[begin..*middle], &self.text[*middle..*end]))
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let (count, _) = entries.size_hint();
        let text = String::with_capacity(count * USUAL);
        let mut headers = Self { text, ends: Vec::with_capacity(count) };
        for (name, value) in entries {
            headers.text.push_str(name.as_ref());
            let middle = headers.text.len();
            headers.text.push_str(value.as_ref());
            headers.ends.push((middle, headers.text.len()));
        }
        headers
    }
}

/// So long is a header in most cases.
const USUAL: usize = 48;

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, shown(name, value)))).finish()
    }
}

/// What `Debug` shows of an answer's header: cookies are credentials.
fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    if name.eq_ignore_ascii_case("set-cookie") { "[redacted]" } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case() {
        let headers = Headers::from_iter([("x-request-id", "1"), ("empty", ""), ("x-more", "2")]);
        assert_eq!(headers.get("X-Request-ID"), Some("1"));
        assert_eq!(headers.get("x-request"), None);
        let all: Vec<_> = headers.iter().collect();
        assert_eq!(all, [("x-request-id", "1"), ("empty", ""), ("x-more", "2")]);
    }

    #[test]
    fn cookies_are_not_printed() {
        let headers = Headers::from_iter([("set-cookie", "secret")]);
        assert_eq!(format!("{headers:?}"), r#"{"set-cookie": "[redacted]"}"#);
    }
}
