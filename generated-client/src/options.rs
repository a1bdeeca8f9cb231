//! Settings of one request.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::Json;
use crate::retry::RetrySettings;

/// Settings of one request, and parts of it that this crate does not know.
///
/// Use them for additions to the API that this crate does not know yet:
///
/// ```
/// use std::time::Duration;
/// use clear_street::RequestOptions;
///
/// let options = RequestOptions::new()
///     .timeout(Duration::from_secs(2))
///     .query("new_filter", "value")
///     .header("x-correlation-id", "42");
/// ```
#[derive(Clone, Default)]
#[must_use = "options have no effect until they are given to a request"]
pub struct RequestOptions {
    pub(crate) headers: Vec<(String, SecretString)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) fields: Vec<(String, Json)>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) retries: RetrySettings,
}

impl RequestOptions {
    /// No settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header. A header that the client itself sets is refused when the request is sent.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), SecretString::from(value.into())));
        self
    }

    /// Adds a query parameter without a setter. It may be added more than once.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a body field that the type does not have. If the body is a list, the request is refused.
    pub fn body_field(mut self, name: impl Into<String>, value: Json) -> Self {
        self.fields.push((name.into(), value));
        self
    }

    /// Time limit of the whole call: all attempts and the waits between them. Default: the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Time limit for connecting. Default: the client's.
    ///
    /// It can only shorten the time: requests share connections, and a connection attempt never lasts
    /// longer than the longer of the client's two limits.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Changes when and how this request is retried.
    pub fn retries(mut self, changes: RetrySettings) -> Self {
        self.retries.merge(changes);
        self
    }

    /// Merges other settings into these; the others take precedence.
    pub(crate) fn merge(&mut self, others: Self) {
        self.headers.extend(others.headers);
        self.query.extend(others.query);
        self.fields.extend(others.fields);
        self.timeout = others.timeout.or(self.timeout);
        self.connect_timeout = others.connect_timeout.or(self.connect_timeout);
        self.retries.merge(others.retries);
    }
}

/// Names only: values may be personal.
impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn names<T>(entries: &[(String, T)]) -> Vec<&str> {
            entries.iter().map(|(name, _)| name.as_str()).collect()
        }
        f.debug_struct("RequestOptions")
            .field("headers", &names(&self.headers))
            .field("query", &names(&self.query))
            .field("body_fields", &names(&self.fields))
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("retries", &self.retries)
            .finish()
    }
}
