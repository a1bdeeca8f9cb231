//! The credentials of a client.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{CachedToken, TokenSource, Tokens};
use crate::error::{Error, ErrorKind, Result, scrub, scrub_text};

/// What a client is given to prove itself with.
#[derive(Clone)]
pub(crate) enum CredentialsConfig {
    Key(SecretString),
    Client { id: SecretString, secret: SecretString },
    Source(Arc<dyn TokenSource>),
}

/// What a client proves itself with, and the only host that may see it.
pub(crate) struct Credentials {
    authority: String,
    kind: Kind,
}

enum Kind {
    /// Sent as it is.
    Key(Arc<CachedToken>),
    /// Fetched, and fetched again; with the secret that they are fetched with, if that is known.
    Tokens(Tokens, Option<SecretString>),
}

impl Credentials {
    /// An API key; the error does not repeat it.
    pub(crate) fn key(key: SecretString, base_url: &str) -> Result<Self> {
        let held = CachedToken::new(key, 0).map_err(|fault| {
            let message = format!("the API key {fault}; it must be given exactly as it was issued");
            Error::new(ErrorKind::Configuration, message)
        })?;
        Ok(Self { authority: authority(base_url).to_owned(), kind: Kind::Key(Arc::new(held)) })
    }

    /// Tokens, and the secret that they are fetched with, if that is known.
    pub(crate) fn tokens(tokens: Tokens, secret: Option<SecretString>, base_url: &str) -> Self {
        Self { authority: authority(base_url).to_owned(), kind: Kind::Tokens(tokens, secret) }
    }

    /// What to send to this URL; waits until there is something.
    pub(crate) async fn get(&self, url: &str) -> Result<Arc<CachedToken>> {
        if authority(url) != self.authority {
            let message = format!("what was made for {} is not sent to another host", self.authority);
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        match &self.kind {
            Kind::Key(held) => Ok(Arc::clone(held)),
            Kind::Tokens(tokens, _) => tokens.get().await.map_err(|error| {
                let message = format!("there is no access token: {error}");
                Error::new(ErrorKind::Authentication, message).caused_by(Some(Box::new(error)))
            }),
        }
    }

    /// Whether another one can be had where the server refuses this one.
    pub(crate) fn is_renewable(&self) -> bool {
        matches!(self.kind, Kind::Tokens(..))
    }

    /// Begins to fetch what takes the place of what the server refused.
    pub(crate) fn begin_renewal(&self, generation: u64) {
        if let Kind::Tokens(tokens, _) = &self.kind {
            tokens.begin_renewal(generation);
        }
    }

    /// Waits for what takes the place of what the server refused: whether there is another.
    pub(crate) async fn renew(&self, generation: u64) -> bool {
        match &self.kind {
            Kind::Key(_) => false,
            Kind::Tokens(tokens, _) => tokens.renew(generation).await.is_some(),
        }
    }

    /// Removes from a text whatever must never be shown: the key, or the secret and the tokens that
    /// answers may still repeat.
    pub(crate) fn scrub<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.with_secrets(|secrets| scrub(text, secrets))
    }

    /// The same for text.
    pub(crate) fn scrub_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.with_secrets(|secrets| scrub_text(text, secrets))
    }

    fn with_secrets<T>(&self, scrub: impl FnOnce(&[&str]) -> T) -> T {
        match &self.kind {
            Kind::Key(held) => scrub(&[held.text.expose_secret()]),
            Kind::Tokens(tokens, secret) => {
                let recent = tokens.recent();
                let tokens = recent.iter().map(|held| held.text.expose_secret());
                let secrets: Vec<&str> =
                    tokens.chain(secret.iter().map(|secret| secret.expose_secret())).collect();
                scrub(&secrets)
            }
        }
    }
}

/// Host and port of a URL, as they are written.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for CredentialsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_sent_to_another_host() {
        let credentials = Credentials::key("planted".into(), "https://api.example.com/v2").unwrap();
        for url in ["https://api.example.com/v2/x", "wss://api.example.com/ws", "https://api.example.com?a"] {
            assert_eq!(credentials.get(url).await.unwrap().header.value(), "Bearer planted");
        }
        for url in [
            "https://sandbox-api.example.com/v2/x",
            "https://api.example.com.evil.example/",
            "https://api.example.com@evil.example/",
            "https://api.example.com:444/",
            "/v2/x",
            "",
        ] {
            let error = credentials.get(url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
            assert!(!format!("{error} {error:?}").contains("planted"));
        }
    }

    #[tokio::test]
    async fn a_key_is_not_renewed() {
        let key = Credentials::key("planted".into(), "https://api.example.com").unwrap();
        assert!(!key.is_renewable() && !key.renew(0).await);
    }

    #[test]
    fn keys_that_cannot_be_sent_are_refused_without_being_shown() {
        for key in ["", "a secret", "secret\n", "s\u{e9}cret", "secret\0"] {
            let error = Credentials::key(key.into(), "https://api.example.com").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!format!("{error} {error:?}").contains("cret"), "{error}");
        }
    }
}
