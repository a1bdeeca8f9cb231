//! Sources of tokens.

use std::future::Future;
use std::pin::Pin;

use super::{Token, TokenError};

/// A token that is being fetched.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + 'a>>;

/// A source of access tokens.
///
/// The client caches the token and asks again when it needs another, so a source does not cache. It is
/// asked for one token at a time, and has a minute to answer.
///
/// ```
/// use std::time::Duration;
/// use clear_street::authentication::{TokenFuture, Token, TokenError, TokenRequest, TokenSource};
///
/// /// A file that another program renews every hour.
/// struct TokenFile(std::path::PathBuf);
///
/// impl TokenSource for TokenFile {
///     fn fetch<'a>(&'a self, _: &'a TokenRequest) -> TokenFuture<'a> {
///         Box::pin(async move {
///             let text = std::fs::read_to_string(&self.0).map_err(TokenError::new)?;
///             Ok(Token::new(text.trim()).expires_in(Duration::from_secs(3600)))
///         })
///     }
/// }
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// Fetches a new token: called when there is none, when the last one is about to expire, and when the
    /// server refused it.
    fn fetch<'a>(&'a self, request: &'a TokenRequest) -> TokenFuture<'a>;
}

/// What a token is needed for.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub(super) base_url: String,
}

impl TokenRequest {
    /// Base URL of the server that the token is sent to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}
