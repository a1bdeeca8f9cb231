//! Who sends requests, and how many of them.

/// How requests prove who sends them, with the environment variables that say who it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Authentication {
    ApiKey {
        variable: String,
    },
    ClientCredentials {
        token_url: String,
        /// Variable with another one.
        token_url_variable: String,
        audience: String,
        id_variable: String,
        secret_variable: String,
    },
}

/// How many requests the server takes whose path has this segment.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    pub segment: String,
    pub per_second: u32,
    /// Names of operations that room is kept for.
    pub urgent: Vec<String>,
}
