//! Request headers.

use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A header of a request. Its value is never printed.
/// Cheap to clone: it is sent with every request.
#[derive(Clone)]
pub(crate) struct Header {
    name: HeaderName,
    value: HeaderValue,
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
        Ok(Self::own(name, value)?.sensitive())
    }

    /// A header that the client itself sets.
    pub(crate) fn own(name: &str, value: &str) -> Result<Self, String> {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("{name:?} is no name of a header"));
        }
        if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
            return Err(format!("the value of header `{name}` has characters other than printable ASCII"));
        }
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|error| format!("{name:?} is no name of a header: {error}"))?;
        let value = HeaderValue::from_str(value)
            .map_err(|error| format!("the value of header `{name}` cannot be sent: {error}"))?;
        Ok(Self { name, value })
    }

    /// A header that never changes.
    pub(crate) fn constant(name: &'static str, value: &'static str) -> Self {
        Self { name: HeaderName::from_static(name), value: HeaderValue::from_static(value) }
    }

    /// The header that proves who sends a request.
    pub(crate) fn bearer(key: &str) -> Result<Self, String> {
        Ok(Self::own("authorization", &format!("Bearer {key}"))?.sensitive())
    }

    /// It must be kept out of logs and compression tables.
    fn sensitive(mut self) -> Self {
        self.value.set_sensitive(true);
        self
    }

    #[cfg(test)]
    pub(crate) fn value(&self) -> &str {
        self.value.to_str().unwrap_or_default()
    }

    /// Puts it beside the others of a request.
    pub(super) fn append_to(&self, headers: &mut HeaderMap) {
        headers.append(self.name.clone(), self.value.clone());
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
        let header = Header::new("X-Token", "secret").unwrap();
        assert_eq!(format!("{header:?}"), "x-token: [redacted]");
    }
}
