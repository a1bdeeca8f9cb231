//! HTTP headers, without a type of the HTTP library in the public interface.

use std::fmt;

/// Headers of an answer, in the order in which they came.
///
/// Names are compared without regard to case. Bytes that are not UTF-8 are replaced by `U+FFFD`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    entries: Vec<(String, String)>,
}

impl Headers {
    /// The first value of this header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All names, in lower case, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Headers {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, shown(name, value)))).finish()
    }
}

/// What `Debug` shows of an answer's header: cookies are credentials.
fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    if name.eq_ignore_ascii_case("set-cookie") { "[redacted]" } else { value }
}

/// A header of a request. Its value is never printed.
#[derive(Clone)]
pub(crate) struct Header {
    name: String,
    value: String,
    sensitive: bool,
}

/// Headers that the client itself sets or that frame the message.
const RESERVED: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl Header {
    /// A header that the caller adds; the error says what is wrong with it, without its value.
    pub(crate) fn new(name: &str, value: &str) -> Result<Self, String> {
        if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            return Err(format!("header `{name}` is set by the client itself"));
        }
        Ok(Self { sensitive: true, ..Self::own(name, value)? })
    }

    /// A header that the client itself sets.
    pub(crate) fn own(name: &str, value: &str) -> Result<Self, String> {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("{name:?} is no name of a header"));
        }
        if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
            return Err(format!("the value of header `{name}` has characters other than printable ASCII"));
        }
        Ok(Self { name: name.to_ascii_lowercase(), value: value.to_owned(), sensitive: false })
    }

    /// A header that never changes.
    pub(crate) fn constant(name: &'static str, value: &'static str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), sensitive: false }
    }

    /// The header that proves who sends a request.
    pub(crate) fn bearer(key: &str) -> Result<Self, String> {
        Ok(Self { sensitive: true, ..Self::own("authorization", &format!("Bearer {key}"))? })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// Whether it must be kept out of logs and compression tables.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.sensitive
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [redacted]", self.name)
    }
}

/// Whether a name of a header may contain the byte (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case() {
        let headers = Headers::from_iter([("x-request-id".to_owned(), "1".to_owned())]);
        assert_eq!(headers.get("X-Request-ID"), Some("1"));
        assert_eq!(headers.get("x-request"), None);
    }

    #[test]
    fn what_would_break_the_message_is_refused_without_its_value() {
        for (name, value) in [
            ("", "v"),
            ("a b", "v"),
            ("a:b", "v"),
            ("a", "secret\r\nb: c"),
            ("a", "secret\0"),
            ("a", "secret\u{fc}"),
            ("Authorization", "secret"),
            ("HOST", "secret"),
            ("Content-Length", "7"),
        ] {
            let message = Header::new(name, value).unwrap_err();
            assert!(!message.contains("secret"), "{message}");
        }
        assert!(Header::new("X-Trace", "a b\t~").is_ok());
    }

    #[test]
    fn values_are_not_printed() {
        let header = Header::new("x-token", "secret").unwrap();
        assert_eq!(format!("{header:?}"), "x-token: [redacted]");
        let headers = Headers::from_iter([("set-cookie".to_owned(), "secret".to_owned())]);
        assert_eq!(format!("{headers:?}"), r#"{"set-cookie": "[redacted]"}"#);
    }
}
