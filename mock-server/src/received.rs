//! What a server received.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, Method, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::lock::lock;

/// A request that a server received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// HTTP method.
    pub method: String,
    /// Path as it came.
    pub path: String,
    /// Query as it came.
    pub query: String,
    /// All headers as they came.
    pub headers: HeaderMap,
    /// The body, if it is JSON; that of a request for a token is not kept.
    pub body: Option<Value>,
    /// The API that it is for, by the name of its folder in the spec, if the path is known.
    pub api: Option<String>,
    /// Name of the operation, if the path is known; `token` of a request for a token, `stream` of the
    /// upgrade to a WebSocket.
    pub operation: Option<String>,
    /// Path and query parameters by their names on the wire, if the request agrees with the spec.
    pub parameters: Map<String, Value>,
    /// Status of the answer, once there is one.
    pub status: Option<u16>,
    /// How long the answer took, once there is one.
    pub took: Option<Duration>,
}

impl Received {
    pub(crate) fn new(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        Self {
            method: method.to_string(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers: headers.clone(),
            body: None,
            api: None,
            operation: None,
            parameters: Map::new(),
            status: None,
            took: None,
        }
    }

    /// The body as a type of the generated crate, or any other.
    ///
    /// # Errors
    ///
    /// If the body is none of these.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(self.body.as_ref().unwrap_or(&Value::Null))
    }

    /// A parameter of path or query; one that was not given is like null.
    ///
    /// # Errors
    ///
    /// If it is none of these.
    pub fn parameter<T: DeserializeOwned>(&self, name: &str) -> Result<T, serde_json::Error> {
        T::deserialize(self.parameters.get(name).unwrap_or(&Value::Null))
    }
}

/// `GET /v1/accounts/7/orders?page_size=2 get_orders 200 1.2ms`
impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, query, operation, status, took, .. } = self;
        write!(f, "{method} {path}")?;
        if !query.is_empty() {
            write!(f, "?{query}")?;
        }
        if let Some(operation) = operation {
            write!(f, " {operation}")?;
        }
        if let Some(status) = status {
            write!(f, " {status}")?;
        }
        if let Some(took) = took {
            write!(f, " {took:.1?}")?;
        }
        Ok(())
    }
}

/// A request of a [`Record`], to which its answer is added.
pub(crate) type Entry = Arc<Mutex<Received>>;

/// The last requests of a server.
pub(crate) struct Record {
    entries: Mutex<VecDeque<Entry>>,
    limit: usize,
}

impl Record {
    pub(crate) fn new(limit: usize) -> Self {
        Self { entries: Mutex::default(), limit }
    }

    /// Keeps a request, if any are kept.
    pub(crate) fn add(&self, received: Received) -> Entry {
        let entry = Arc::new(Mutex::new(received));
        let mut entries = lock(&self.entries);
        entries.push_back(Arc::clone(&entry));
        if entries.len() > self.limit {
            entries.pop_front();
        }
        entry
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        lock(&self.entries).iter().map(|entry| lock(entry).clone()).collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.entries).clear();
    }
}
