//! State and settings shared by all clients.

#[cfg(feature = "blocking")]
mod runtime;

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "blocking")]
use std::sync::OnceLock;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "blocking")]
use self::runtime::Runtime;
use crate::api::{Api, Authentication};
use crate::authentication::{
    ClientCredentials, Credentials, CredentialsConfig, Endpoint, TokenSource, Tokens,
};
use crate::error::{Error, ErrorKind};
use crate::rate_limit::{Limiter, RateLimits};
use crate::retry::{Budget, Limits, Retry, RetryClass, RetrySettings, SystemTime, TimeSource};
use crate::transport::{BaseUrl, Header, Transport, TransportSettings};

/// The shared part of a client: cheap to clone, the same connections for all clones.
#[derive(Clone)]
#[allow(
    unreachable_pub,
    reason = "sealed: a trait that clients implement has it, in a module that is not public"
)]
pub struct ClientInner {
    inner: Arc<Inner>,
}

struct Inner {
    api: &'static Api,
    base_url: BaseUrl,
    credentials: Credentials,
    /// Sent with every request, beside what proves who sends it.
    headers: Vec<Header>,
    retry: Retry,
    limiter: Limiter,
    transport: Transport,
    /// Started when the client is first waited for.
    #[cfg(feature = "blocking")]
    runtime: OnceLock<Runtime>,
}

impl ClientInner {
    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.inner.base_url
    }

    pub(crate) fn headers(&self) -> &[Header] {
        &self.inner.headers
    }

    pub(crate) fn retry(&self) -> &Retry {
        &self.inner.retry
    }

    /// How many requests may be sent.
    pub(crate) fn limiter(&self) -> &Limiter {
        &self.inner.limiter
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

    /// What the client proves itself with.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }
}

impl fmt::Debug for ClientInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientInner")
            .field("api", &self.inner.api.name)
            .field("base_url", &self.inner.base_url)
            .field("credentials", &self.inner.credentials)
            .field("headers", &self.inner.headers)
            .field("statistics", &self.inner.retry.statistics())
            .field("transport", &self.inner.transport)
            .finish()
    }
}

/// What a client is made from.
#[derive(Clone)]
#[allow(
    unreachable_pub,
    reason = "sealed: a trait that clients implement has it, in a module that is not public"
)]
pub struct Settings {
    api: &'static Api,
    pub(crate) credentials: Option<CredentialsConfig>,
    /// Where tokens are fetched, if not where the API says.
    pub(crate) token_url: Option<String>,
    pub(crate) base_url: String,
    /// Where channels are subscribed to, if not behind the base URL.
    pub(crate) stream_url: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) order_timeout: Option<Duration>,
    pub(crate) retries: RetrySettings,
    pub(crate) order_retries: RetrySettings,
    /// For what may be repeated, and for orders.
    pub(crate) retry_budgets: (u32, u32),
    pub(crate) rate_limits: RateLimits,
    pub(crate) time: Arc<dyn TimeSource>,
    pub(crate) transport: TransportSettings,
    pub(crate) user_agent: Option<String>,
    pub(crate) headers: Vec<(String, SecretString)>,
}

impl Settings {
    /// The defaults.
    pub(crate) fn new(api: &'static Api, base_url: &str) -> Self {
        Self {
            api,
            credentials: None,
            token_url: None,
            base_url: base_url.to_owned(),
            stream_url: None,
            timeout: None,
            order_timeout: None,
            retries: RetrySettings::new(),
            order_retries: RetrySettings::new(),
            retry_budgets: (500, 100),
            rate_limits: RateLimits::default(),
            time: Arc::new(SystemTime::new(fastrand::Rng::new())),
            transport: TransportSettings::default(),
            user_agent: None,
            headers: Vec::new(),
        }
    }

    /// Takes credentials and addresses from the variables that the API names.
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
        let require = |name: &str, what: &str| {
            read(name)?.map(SecretString::from).ok_or_else(|| {
                misconfigured(format!("the environment variable {name} is not set; it holds {what}"))
            })
        };
        self.credentials = Some(match self.api.authentication {
            Authentication::ApiKey { variable } => CredentialsConfig::Key(require(variable, "the API key")?),
            Authentication::ClientCredentials { id_variable, secret_variable, .. } => {
                CredentialsConfig::Client {
                    id: require(id_variable, "the identifier of the client")?,
                    secret: require(secret_variable, "the secret of the client")?,
                }
            }
        });
        if let Authentication::ClientCredentials { token_url_variable, .. } = self.api.authentication
            && let Some(token_url) = read(token_url_variable)?
        {
            self.token_url = Some(token_url);
        }
        if let Some(base_url) = read(self.api.base_url_variable)? {
            self.base_url = base_url;
        }
        Ok(())
    }

    /// Makes the client. No connection is made yet.
    pub(crate) fn build(&self) -> Result<ClientInner, Error> {
        let retry = self.retry()?;
        self.transport.check().map_err(misconfigured)?;
        let base_url = self
            .transport
            .base_url(&self.base_url)
            .map_err(|message| misconfigured(format!("the base URL {message}")))?;
        if !base_url.is_https() && !base_url.is_loopback() {
            tracing::warn!(host = base_url.host(), "requests to this host are not encrypted");
        }
        let transport = transport(&self.transport, &base_url)?;
        let credentials = self.credentials(&base_url)?;
        let headers = self.headers()?;
        let inner = Inner {
            api: self.api,
            base_url,
            credentials,
            headers,
            retry,
            limiter: Limiter::new(self.api, self.rate_limits),
            transport,
            #[cfg(feature = "blocking")]
            runtime: OnceLock::new(),
        };
        Ok(ClientInner { inner: Arc::new(inner) })
    }

    /// The headers of every request, but what proves who sends it.
    fn headers(&self) -> Result<Vec<Header>, Error> {
        let mut headers = vec![
            Header::constant("accept", "application/json"),
            Header::constant("accept-encoding", "gzip"),
            self.user_agent_header()?,
        ];
        for (name, value) in &self.headers {
            headers.push(Header::new(name, value.expose_secret()).map_err(misconfigured)?);
        }
        Ok(headers)
    }

    fn user_agent_header(&self) -> Result<Header, Error> {
        Header::own("user-agent", &self.user_agent()).map_err(misconfigured)
    }

    /// The `User-Agent` value.
    pub(crate) fn user_agent(&self) -> String {
        let product = concat!("clear-street-rs/", env!("CARGO_PKG_VERSION"));
        match &self.user_agent {
            Some(suffix) => format!("{product} {suffix}"),
            None => product.to_owned(),
        }
    }

    fn credentials(&self, base_url: &BaseUrl) -> Result<Credentials, Error> {
        let (source, secret): (Arc<dyn TokenSource>, _) = match &self.credentials {
            Some(CredentialsConfig::Key(key)) => return Credentials::key(key.clone(), base_url.as_str()),
            Some(CredentialsConfig::Source(source)) => (Arc::clone(source), None),
            Some(CredentialsConfig::Client { id, secret }) => {
                if id.expose_secret().is_empty() || secret.expose_secret().is_empty() {
                    return Err(misconfigured("the identifier or the secret of the client is empty"));
                }
                let (id, secret) = (id.clone(), secret.clone());
                let shared = secret.clone();
                let source = ClientCredentials { id, secret, endpoint: self.endpoint(base_url)? };
                (Arc::new(source), Some(shared))
            }
            None => {
                let what = match self.api.authentication {
                    Authentication::ApiKey { .. } => "API key",
                    Authentication::ClientCredentials { .. } => "credentials",
                };
                return Err(misconfigured(format!("the client has no {what}")));
            }
        };
        let tokens = Tokens::new(source, base_url.as_str(), Arc::clone(&self.time));
        Ok(Credentials::tokens(tokens, secret, base_url.as_str()))
    }

    /// Where tokens are fetched, over connections of their own: no other request is in their way.
    ///
    /// A server without TLS is a stand-in: what is meant for it does not go to the vendor unasked, nor a
    /// token of the vendor's to it.
    fn endpoint(&self, base_url: &BaseUrl) -> Result<Endpoint, Error> {
        let Authentication::ClientCredentials { token_url, token_url_variable, audience, .. } =
            self.api.authentication
        else {
            return Err(misconfigured("this API has no tokens that could be fetched"));
        };
        if self.token_url.is_none() && (base_url.is_loopback() || !base_url.is_https()) {
            let server = if base_url.is_loopback() { "this machine" } else { "a server without TLS" };
            return Err(misconfigured(format!(
                "the base URL is {server}: say with `token_url` where tokens for it are fetched, or \
                in the environment variable {token_url_variable}"
            )));
        }
        let url = self
            .transport
            .base_url(self.token_url.as_deref().unwrap_or(token_url))
            .map_err(|message| misconfigured(format!("the token URL {message}")))?;
        let settings = TransportSettings {
            concurrent_requests: None,
            response_limit: 1 << 20,
            idle_connections: 1,
            ..self.transport.clone()
        };
        Ok(Endpoint {
            audience,
            user_agent: self.user_agent_header()?,
            transport: transport(&settings, &url)?,
            url,
            time: Arc::clone(&self.time),
            limits: Limits { connect_timeout: settings.connect_timeout, ..Limits::reads() },
            budget: Budget::new(100),
        })
    }

    fn retry(&self) -> Result<Retry, Error> {
        let class = |mut limits: Limits, timeout: Option<Duration>, changes: &RetrySettings, budget| {
            limits.call_timeout = timeout.unwrap_or(limits.call_timeout);
            changes.apply(&mut limits);
            limits.check().map_err(misconfigured)?;
            Ok(RetryClass { limits, budget: Budget::new(budget) })
        };
        let reads = Limits { connect_timeout: self.transport.connect_timeout, ..Limits::reads() };
        let orders = Limits { connect_timeout: self.transport.order_connect_timeout, ..Limits::orders() };
        let (budget, order_budget) = self.retry_budgets;
        Ok(Retry::new(
            class(reads, self.timeout, &self.retries, budget)?,
            class(orders, self.order_timeout, &self.order_retries, order_budget)?,
            Arc::clone(&self.time),
        ))
    }
}

/// Without the base URL, which may hold a password until it is checked.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("api", &self.api.name)
            .field("credentials", &self.credentials)
            .field("timeout", &self.timeout)
            .field("order_timeout", &self.order_timeout)
            .field("retries", &self.retries)
            .field("order_retries", &self.order_retries)
            .field("retry_budgets", &self.retry_budgets)
            .field("rate_limits", &self.rate_limits)
            .field("transport", &self.transport)
            .field("user_agent", &self.user_agent)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

fn transport(settings: &TransportSettings, url: &BaseUrl) -> Result<Transport, Error> {
    Transport::new(settings, url)
        .map_err(|source| misconfigured("the HTTP client cannot be made").caused_by(Some(source)))
}

fn misconfigured(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}
