//! Proving who sends a request.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, ErrorKind};
use crate::headers::Header;

/// An API key, as the account holder made it. It is wiped from memory when it is dropped, and
/// never printed.
#[derive(Clone)]
pub(crate) struct ApiKey(SecretString);

impl ApiKey {
    /// Takes a key; the error does not repeat it.
    pub(crate) fn new(key: SecretString) -> Result<Self, Error> {
        let text = key.expose_secret();
        if text.is_empty() {
            return Err(Error::new(ErrorKind::Configuration, "the API key is empty"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the API key contains a space, a line break or a character that is not ASCII; \
                 it must be given exactly as it was issued",
            ));
        }
        Ok(Self(key))
    }

    /// The header that goes with every request.
    pub(crate) fn header(&self) -> Result<Header, Error> {
        Header::bearer(self.0.expose_secret())
            .map_err(|message| Error::new(ErrorKind::Configuration, message))
    }

    /// The text that must never be shown.
    pub(crate) fn secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_be_sent_are_refused_without_being_shown() {
        for key in ["", "a secret", "secret\n", "s\u{e9}cret", "secret\0"] {
            let error = ApiKey::new(key.into()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!format!("{error} {error:?}").contains("cret"), "{error}");
        }
        let key = ApiKey::new("id.secret".into()).unwrap();
        assert_eq!(key.header().unwrap().value(), "Bearer id.secret");
        assert_eq!(format!("{key:?}"), "[redacted]");
    }
}
