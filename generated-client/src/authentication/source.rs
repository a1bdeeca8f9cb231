//! Where tokens come from.

use std::future::Future;
use std::pin::Pin;

use super::{Token, TokenError};

/// A token that is being fetched.
pub type FetchingToken<'a> = Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + 'a>>;

/// Where a client gets its access tokens from.
///
/// The client keeps what it is given, and asks again when it needs another: a source has neither to
/// cache nor to count. It is asked one thing at a time, and given a minute.
///
/// ```
/// use std::time::Duration;
/// use clear_street::authentication::{FetchingToken, Token, TokenError, TokenRequest, TokenSource};
///
/// /// A file that another program renews every hour.
/// struct TokenFile(std::path::PathBuf);
///
/// impl TokenSource for TokenFile {
///     fn fetch<'a>(&'a self, _: &'a TokenRequest) -> FetchingToken<'a> {
///         Box::pin(async move {
///             let text = std::fs::read_to_string(&self.0).map_err(TokenError::new)?;
///             Ok(Token::new(text.trim()).expires_in(Duration::from_secs(3600)))
///         })
///     }
/// }
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// Gets a new token: called when there is none, when the last one is about to expire, and when
    /// the server refused it.
    fn fetch<'a>(&'a self, request: &'a TokenRequest) -> FetchingToken<'a>;
}

/// For whom a token is wanted.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub(super) base_url: String,
}

impl TokenRequest {
    /// Base URL of the server that the token will be sent to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}
