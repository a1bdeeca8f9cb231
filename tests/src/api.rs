//! What is tested and run of each API: its cases, its operations, and a client of it.

use clap::ValueEnum;
use clear_street::operation::Operation;
use clear_street::rate_limit::RateLimits;
use clear_street::retry::RetrySettings;
use clear_street::{studio, trading};

use crate::cases::{self, OperationCase};

/// The APIs by the names of their folders in the spec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Api {
    /// The Trading API.
    #[default]
    Trading,
    /// The Studio API.
    Studio,
}

impl Api {
    /// Every operation of it.
    pub fn operations(self) -> &'static [&'static Operation] {
        match self {
            Self::Trading => trading::OPERATIONS,
            Self::Studio => studio::OPERATIONS,
        }
    }
}

/// One API with a client of the type `C`.
#[derive(Debug)]
pub struct Tested<C> {
    /// A call of each operation.
    pub cases: Vec<OperationCase<C>>,
    /// Every operation.
    pub operations: &'static [&'static Operation],
    /// Makes a client that sends everything once: a repetition would hide what failed.
    pub client: fn(base_url: &str, Secret) -> clear_street::Result<C>,
    /// An error with the message `it went wrong`, as the API writes it.
    pub error: fn(status: u16) -> String,
}

/// What a client proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// What the API's environment variables hold.
    OfEnvironment,
    /// [`SECRET`].
    MadeUp,
}

/// What stands for a secret where none is needed.
pub const SECRET: &str = "id.secret";

/// The Trading API.
pub fn trading() -> Tested<trading::Client> {
    Tested {
        cases: cases::trading::operations(),
        operations: trading::OPERATIONS,
        client: |base_url, secret| {
            let once = RetrySettings::new().max_attempts(1);
            let builder = match secret {
                Secret::OfEnvironment => trading::ClientBuilder::from_env()?,
                Secret::MadeUp => trading::Client::builder().api_key(SECRET),
            };
            builder.base_url(base_url).retries(once.clone()).order_retries(once).build()
        },
        error: |status| {
            format!(
                r#"{{"error":{{"code":{status},"message":"it went wrong","details":[]}},"metadata":{{}}}}"#
            )
        },
    }
}

/// The Studio API.
pub fn studio() -> Tested<studio::Client> {
    Tested {
        cases: cases::studio::operations(),
        operations: studio::OPERATIONS,
        client: |base_url, secret| {
            let once = RetrySettings::new().max_attempts(1);
            let builder = match secret {
                Secret::OfEnvironment => studio::ClientBuilder::from_env()?,
                // Whoever walks over all operations sends more of them than a server takes.
                Secret::MadeUp => {
                    studio::Client::builder().access_token(SECRET).rate_limits(RateLimits::off())
                }
            };
            builder.base_url(base_url).retries(once.clone()).order_retries(once).build()
        },
        error: |status| {
            format!(r#"{{"type":"about:blank","title":"No","status":{status},"detail":"it went wrong"}}"#)
        },
    }
}
