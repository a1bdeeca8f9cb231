//! Proving who sends a request: keys, tokens, and where tokens come from.
//!
//! The Trading API takes an API key as it is. The Studio API takes access tokens, which a client
//! fetches by itself with the identifier and the secret that it was given. A program that gets its
//! tokens elsewhere implements [`TokenSource`].
//!
//! # When a token is fetched
//!
//! - With the first request, and only once, however many requests wait for it.
//! - In the background, when four fifths of its life are over; requests go on with the old one.
//! - No longer used by itself a minute before its end, or a tenth of its life if that is less. If no
//!   other can be had, it is used to its end.
//! - When the server answers 401: once, and not more often than every 30 seconds. Then the request is
//!   sent again, whatever it is, because it had no effect. A second 401 is the answer.
//!
//! What the token endpoint fails to answer is asked again, with growing pauses; what it refuses (400,
//! 401, 403) is not, and the client does not ask again for half a minute. A `Retry-After` of the token
//! endpoint is followed up to a minute. A token is kept until the server refuses it if it has no
//! `expires_in`, or one that is no positive number of seconds or more than a clock can count. Waiting
//! for a token is part of the time of a call.
//!
//! Time is that of a clock that only goes forward: setting the system's clock changes nothing.
//!
//! # Where it is sent
//!
//! To the host of the client's base URL, and to no other; over TLS, to this machine also without.
//! Every client has its own tokens: those of the sandbox never go to production, even where two
//! clients share a [`TokenSource`]: its request names the server.
//!
//! # What is shown of it
//!
//! Nothing: keys, secrets and tokens are wiped from memory, headers that hold them are marked as
//! sensitive, and what a server or token endpoint repeats of the key, of the secret, or of the current
//! and the previous token is removed from errors and log events, however JSON escapes it. Only a
//! success is given to the caller as it came.

mod client_credentials;
mod credentials;
mod held;
mod refresh;
mod source;
mod token;
mod tokens;

pub(crate) use self::client_credentials::{ClientCredentials, Endpoint};
pub(crate) use self::credentials::{Credentials, Given};
pub(crate) use self::held::Held;
pub use self::source::{FetchingToken, TokenRequest, TokenSource};
#[cfg(feature = "stream")]
pub(crate) use self::token::NoToken;
pub use self::token::{Token, TokenError};
pub(crate) use self::tokens::Tokens;
