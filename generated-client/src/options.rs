//! Settings of one request.

use std::time::Duration;

use crate::Json;

/// Settings of one request, and what this crate does not know about it.
#[derive(Clone, Debug, Default)]
pub struct RequestOptions {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) fields: Vec<(String, Json)>,
    pub(crate) timeout: Option<Duration>,
}
