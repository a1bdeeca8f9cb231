//! Tokens, and errors of their sources.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::error::scrub_text;

/// An access token. It is wiped from memory when it is dropped, and never printed.
#[derive(Clone)]
pub struct Token {
    pub(super) text: SecretString,
    pub(super) life: Option<Duration>,
}

impl Token {
    /// A token that is valid until the server refuses it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: SecretString::from(text.into()), life: None }
    }

    /// Sets its lifetime, counted from the start of the fetch.
    #[must_use]
    pub fn expires_in(self, life: Duration) -> Self {
        Self { life: Some(life), ..self }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("text", &"[redacted]").field("expires_in", &self.life).finish()
    }
}

/// Why there is no token. Its text becomes part of an error, so it must not contain secrets.
pub struct TokenError {
    source: Box<dyn StdError + Send + Sync>,
    refused: bool,
    pub(super) retry_after: Option<Duration>,
}

impl TokenError {
    /// A failure that a retry may avoid.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: source.into(), refused: false, retry_after: None }
    }

    /// The credentials were refused: a retry would not help soon.
    pub fn refused(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { refused: true, ..Self::new(source) }
    }

    /// Sets how long the server asks to wait.
    pub(super) fn asking(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// Without these secrets, which its source may have been answered.
    pub(super) fn scrubbed(mut self, secrets: &[&str]) -> Self {
        let is_clean = |text: &str| matches!(scrub_text(text, secrets), Cow::Borrowed(_));
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&*self.source);
        while let Some(error) = cause {
            if !is_clean(&format!("{error} {error:?}")) {
                self.source = scrub_text(&self.source.to_string(), secrets).into();
                return self;
            }
            cause = error.source();
        }
        self
    }

    /// Whether the credentials are not accepted.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refused
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError").field("source", &self.source).field("refused", &self.refused).finish()
    }
}

impl StdError for TokenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.source()
    }
}

/// Why there is no token, for all who wait for it.
#[derive(Clone)]
pub(crate) struct NoToken(Arc<TokenError>);

impl NoToken {
    pub(super) fn new(error: TokenError) -> Self {
        Self(Arc::new(error))
    }
}

#[cfg(feature = "stream")]
impl NoToken {
    /// Whether asking again does not help.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.is_refused()
    }

    /// How long not to ask again, as the server said.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for NoToken {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
