//! Who sends requests, and how many of them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Text;
use crate::decode::ShortOrLong;
use crate::source::Spanned;

/// How requests prove who sends them: by a key that is sent as it is, or by a token that is fetched.
pub type Authentication = ShortOrLong<Scheme, ClientCredentials>;

/// How a key is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// `Authorization: Bearer <key>`.
    Bearer,
}

/// Where tokens come from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// What a token is given for.
    pub grant: Spanned<Grant>,
    /// Where it is asked for.
    pub token_url: Text,
    /// Whom it is meant for.
    pub audience: Text,
}

/// What a token is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Identifier and secret of the client (RFC 6749, section 4.4).
    ClientCredentials,
}

/// Environment variables that `from_env` reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Variable with the API key.
    pub api_key: Option<Text>,
    /// Variable with the identifier of the client.
    pub client_id: Option<Text>,
    /// Variable with the secret of the client.
    pub client_secret: Option<Text>,
    /// Variable with another address at which tokens are asked for.
    pub token_url: Option<Text>,
    /// Variable with another base URL.
    pub base_url: Text,
}

/// How many requests the server takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests per second.
    pub per_second: Spanned<u32>,
    /// Operations that room is kept for.
    #[serde(default)]
    pub urgent: Vec<Text>,
}
