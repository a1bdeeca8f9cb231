//! Authentication: keys, tokens, and sources of tokens.
//!
//! The Trading API takes an API key as it is. The Studio API takes access tokens, which the client fetches
//! with its client id and secret. A program that gets tokens elsewhere implements [`TokenSource`].
//!
//! # When a token is fetched
//!
//! - With the first request, and only once, however many requests wait for it.
//! - In the background, after four fifths of its lifetime; requests continue with the old token.
//! - A minute before it expires, or a tenth of its lifetime if that is less, requests wait for a new token.
//!   If there is none, they use the old one until it expires.
//! - After a 401: once, and at most every 30 seconds. Then any request is sent again, because a 401 has no
//!   effect. A second 401 is returned.
//!
//! Failures of the token endpoint are retried with growing waits. Refusals (400, 401, 403) are not, and the
//! client does not ask again for half a minute. A `Retry-After` of the token endpoint is followed up to a
//! minute. A token without a valid `expires_in` is kept until the server refuses it. Waiting for a token
//! counts towards the time limit of a call.
//!
//! Expiry uses a monotonic clock: setting the system's clock has no effect.
//!
//! # Where it is sent
//!
//! Only to the host of the client's base URL, and only over TLS (except to this machine). Every client has
//! its own tokens: a sandbox token never reaches production, even if two clients share a [`TokenSource`],
//! because its request names the server.
//!
//! # What is shown of it
//!
//! Nothing. Keys, secrets and tokens are wiped from memory, and headers that hold them are marked as
//! sensitive. If a server or token endpoint repeats the key, the secret, or the current or previous token,
//! it is removed from errors and log events, however JSON escapes it. Only successful responses are
//! returned unchanged.

mod client_credentials;
mod credentials;
mod held;
mod refresh;
mod source;
mod token;
mod tokens;

pub(crate) use self::client_credentials::{ClientCredentials, Endpoint};
pub(crate) use self::credentials::{Credentials, CredentialsConfig};
pub(crate) use self::held::CachedToken;
pub use self::source::{TokenFuture, TokenRequest, TokenSource};
#[cfg(feature = "stream")]
pub(crate) use self::token::NoToken;
pub use self::token::{Token, TokenError};
pub(crate) use self::tokens::Tokens;
