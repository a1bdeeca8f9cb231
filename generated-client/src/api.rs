//! What all operations of an API share.

use crate::record::{Encoding, Table};

/// One of Clear Street's APIs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Api {
    /// Name of the API and of its module: `trading`.
    pub name: &'static str,
    /// The vendor's release that this crate follows.
    pub version: &'static str,
    /// How requests prove who sends them.
    pub authentication: Authentication,
    /// Environment variable with another base URL.
    pub base_url_variable: &'static str,
    /// What stands around results.
    pub(crate) frame: Frame,
    /// How lists are cut into pages.
    pub pagination: Pagination,
    /// How values are written.
    pub(crate) encoding: &'static Encoding,
    /// How lists are written in a query.
    pub(crate) list: ListEncoding,
    /// Error statuses that every operation can answer, documented or not.
    pub errors: &'static [u16],
    /// How many requests the vendor's servers take.
    pub rate_limits: &'static [RateLimit],
}

/// How requests prove who sends them, and the environment variables that say who it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Authentication {
    /// By a key, which is sent as it is.
    ApiKey {
        /// Variable with the key.
        variable: &'static str,
    },
    /// By a token, which is fetched with the credentials of a client (OAuth 2.0, RFC 6749, section
    /// 4.4).
    ClientCredentials {
        /// Where tokens are fetched.
        token_url: &'static str,
        /// Variable with another address for that.
        token_url_variable: &'static str,
        /// Whom they are meant for.
        audience: &'static str,
        /// Variable with the identifier of the client.
        id_variable: &'static str,
        /// Variable with its secret.
        secret_variable: &'static str,
    },
}

/// How many requests the vendor's servers take of some operations.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// It covers requests whose path has this segment.
    pub segment: &'static str,
    /// Requests per second.
    pub per_second: u32,
    /// Operations that room is kept for.
    pub urgent: &'static [&'static str],
}

/// Names of the parameters and properties that cut lists into pages.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pagination {
    /// Parameter with the number of items per page.
    pub size: &'static str,
    /// Parameter with the token of the page wanted.
    pub token: &'static str,
    /// Property with the token of the next page: of the metadata, or beside the items.
    pub next: &'static str,
    /// Property with the token of the previous page, if there are such.
    pub previous: Option<&'static str>,
}

/// What stands around results.
#[derive(Debug)]
pub(crate) enum Frame {
    /// An object around every answer: the fields of result, error and metadata, in this order.
    Envelope(Table),
    /// Nothing; errors are problem details. A list is an object: the fields of its items, of the
    /// token of the next page, and, if there are such, of that of the previous page.
    Bare(Table),
}

/// How a list is written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListEncoding {
    /// `status=NEW,FILLED`
    Comma,
    /// `status=NEW&status=FILLED`
    Repeat,
}
