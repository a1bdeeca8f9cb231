//! What all clients are made of.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "blocking")]
use std::sync::OnceLock;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::api::{Api, Authentication};
use crate::authentication::ApiKey;
#[cfg(feature = "blocking")]
use crate::blocking::Runtime;
use crate::error::{Error, ErrorKind};
use crate::headers::Header;
use crate::retry::{Budget, Lane, Limits, Pace, RealPace, Retry, RetrySettings};
use crate::transport::{BaseUrl, Transport, TransportSettings};

/// The shared part of a client: cheap to clone, the same connections for all clones.
#[derive(Clone)]
#[allow(
    unreachable_pub,
    reason = "sealed: a trait that clients implement has it, in a module that is not public"
)]
pub struct Core {
    inner: Arc<Inner>,
}

struct Inner {
    api: &'static Api,
    base_url: BaseUrl,
    key: ApiKey,
    /// Sent with every request, authentication included.
    headers: Vec<Header>,
    retry: Retry,
    transport: Transport,
    /// Started when the client is first waited for.
    #[cfg(feature = "blocking")]
    runtime: OnceLock<Runtime>,
}

impl Core {
    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.inner.base_url
    }

    pub(crate) fn headers(&self) -> &[Header] {
        &self.inner.headers
    }

    pub(crate) fn retry(&self) -> &Retry {
        &self.inner.retry
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    /// What waits for this client and its clones.
    #[cfg(feature = "blocking")]
    pub(crate) fn runtime(&self) -> Result<&Runtime, Error> {
        if let Some(runtime) = self.inner.runtime.get() {
            return Ok(runtime);
        }
        let runtime = Runtime::start()?;
        Ok(self.inner.runtime.get_or_init(|| runtime))
    }

    /// The text that must never be shown.
    pub(crate) fn secret(&self) -> &str {
        self.inner.key.secret()
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("api", &self.inner.api.name)
            .field("base_url", &self.inner.base_url)
            .field("key", &self.inner.key)
            .field("headers", &self.inner.headers)
            .field("statistics", &self.inner.retry.statistics())
            .field("transport", &self.inner.transport)
            .finish()
    }
}

/// What a client is made from.
#[derive(Clone)]
pub(crate) struct Settings {
    api: &'static Api,
    pub(crate) key: Option<SecretString>,
    pub(crate) base_url: String,
    pub(crate) timeout: Option<Duration>,
    pub(crate) order_timeout: Option<Duration>,
    pub(crate) retries: RetrySettings,
    pub(crate) order_retries: RetrySettings,
    /// For what may be repeated, and for orders.
    pub(crate) retry_budgets: (u32, u32),
    pub(crate) pace: Arc<dyn Pace>,
    pub(crate) transport: TransportSettings,
    pub(crate) user_agent: Option<String>,
    pub(crate) headers: Vec<(String, SecretString)>,
}

impl Settings {
    /// The defaults.
    pub(crate) fn new(api: &'static Api, base_url: &str) -> Self {
        Self {
            api,
            key: None,
            base_url: base_url.to_owned(),
            timeout: None,
            order_timeout: None,
            retries: RetrySettings::new(),
            order_retries: RetrySettings::new(),
            retry_budgets: (500, 100),
            pace: Arc::new(RealPace::new(fastrand::Rng::new())),
            transport: TransportSettings::default(),
            user_agent: None,
            headers: Vec::new(),
        }
    }

    /// Takes key and base URL from the variables that the API names.
    ///
    /// The variables are looked up through a function, so that tests need not change those of the
    /// process.
    pub(crate) fn read_environment(
        &mut self,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<(), Error> {
        let read = |name: &str| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) if text.trim().is_empty() => {
                Err(misconfigured(format!("{name} is set but empty")))
            }
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(misconfigured(format!("{name} is not Unicode text"))),
        };
        let Authentication::ApiKey { variable: key } = self.api.authentication else {
            return Err(misconfigured("this API has no keys"));
        };
        let Some(text) = read(key)? else {
            return Err(misconfigured(format!(
                "the environment variable {key} is not set; it holds the API key"
            )));
        };
        self.key = Some(text.into());
        if let Some(base_url) = read(self.api.base_url_variable)? {
            self.base_url = base_url;
        }
        Ok(())
    }

    /// Makes the client. No connection is made yet.
    pub(crate) fn build(self) -> Result<Core, Error> {
        let retry = self.retry()?;
        let key = self.key.ok_or_else(|| misconfigured("the client has no API key"))?;
        let key = ApiKey::new(key)?;
        let base_url = BaseUrl::parse(&self.base_url)
            .map_err(|message| misconfigured(format!("the base URL {message}")))?;
        self.transport.check().map_err(misconfigured)?;
        let transport = Transport::new(&self.transport, base_url.is_https())
            .map_err(|source| misconfigured("the HTTP client cannot be made").caused_by(Some(source)))?;
        let headers = headers(&key, self.user_agent.as_deref(), &self.headers)?;
        let inner = Inner {
            api: self.api,
            base_url,
            key,
            headers,
            retry,
            transport,
            #[cfg(feature = "blocking")]
            runtime: OnceLock::new(),
        };
        Ok(Core { inner: Arc::new(inner) })
    }

    fn retry(&self) -> Result<Retry, Error> {
        let lane = |mut limits: Limits, timeout: Option<Duration>, changes: &RetrySettings, budget| {
            limits.call_timeout = timeout.unwrap_or(limits.call_timeout);
            changes.apply(&mut limits);
            limits.check().map_err(misconfigured)?;
            Ok(Lane { limits, budget: Budget::new(budget) })
        };
        let reads = Limits { connect_timeout: self.transport.connect_timeout, ..Limits::reads() };
        let orders = Limits { connect_timeout: self.transport.order_connect_timeout, ..Limits::orders() };
        let (budget, order_budget) = self.retry_budgets;
        Ok(Retry::new(
            lane(reads, self.timeout, &self.retries, budget)?,
            lane(orders, self.order_timeout, &self.order_retries, order_budget)?,
            Arc::clone(&self.pace),
        ))
    }
}

/// Without the base URL, which may hold a password until it is checked.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("api", &self.api.name)
            .field("key", &self.key)
            .field("timeout", &self.timeout)
            .field("order_timeout", &self.order_timeout)
            .field("retries", &self.retries)
            .field("order_retries", &self.order_retries)
            .field("retry_budgets", &self.retry_budgets)
            .field("transport", &self.transport)
            .field("user_agent", &self.user_agent)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// The headers of every request.
fn headers(
    key: &ApiKey,
    user_agent: Option<&str>,
    others: &[(String, SecretString)],
) -> Result<Vec<Header>, Error> {
    let product = concat!("clear-street-rs/", env!("CARGO_PKG_VERSION"));
    let agent = match user_agent {
        Some(suffix) => format!("{product} {suffix}"),
        None => product.to_owned(),
    };
    let mut headers = vec![
        key.header()?,
        Header::constant("accept", "application/json"),
        Header::constant("accept-encoding", "gzip"),
        Header::own("user-agent", &agent).map_err(misconfigured)?,
    ];
    for (name, value) in others {
        headers.push(Header::new(name, value.expose_secret()).map_err(misconfigured)?);
    }
    Ok(headers)
}

fn misconfigured(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}
