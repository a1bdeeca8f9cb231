//! Builders of clients.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::RootCertificates;
use crate::api::Api;
use crate::authentication::{CredentialsConfig, TokenSource};
use crate::client::Settings;
use crate::error::Result;
use crate::rate_limit::RateLimits;
use crate::retry::RetrySettings;
use crate::transport::ProxySettings;

/// Settings of a client of type `C`.
#[must_use = "settings have no effect until the client is built"]
pub struct ClientBuilder<C> {
    pub(crate) settings: Settings,
    client: PhantomData<fn() -> C>,
}

/// A client of one of the APIs.
#[allow(unreachable_pub, reason = "sealed: nobody else can name it")]
pub trait ApiClient: Sized {
    /// The vendor's servers.
    type Environment: Copy + Default;

    /// The base URL of a server.
    fn base_url(environment: Self::Environment) -> &'static str;

    /// What all operations share.
    fn api() -> &'static Api;

    /// Makes the client. No connection is made yet.
    fn build(settings: &Settings) -> Result<Self>;
}

impl<C: ApiClient> ClientBuilder<C> {
    /// The defaults.
    pub(crate) fn new() -> Self {
        let settings = Settings::new(C::api(), C::base_url(C::Environment::default()));
        Self { settings, client: PhantomData }
    }

    /// Settings from the environment, to be changed before [`build`](Self::build); see the client's
    /// `from_env`. A proxy is not among them; see [`proxy_from_env`](Self::proxy_from_env).
    ///
    /// # Errors
    ///
    /// Those of the client's `from_env`.
    pub fn from_env() -> Result<Self> {
        let mut builder = Self::new();
        builder.settings.read_environment(&|name| std::env::var_os(name))?;
        Ok(builder)
    }

    /// The vendor's server to use. Default: production.
    pub fn environment(self, environment: C::Environment) -> Self {
        self.base_url(C::base_url(environment))
    }

    /// The server's URL: https, or http to this machine (`localhost` and names below it, loopback
    /// addresses); see also [`plain_http_host`](Self::plain_http_host). A path in the URL is a prefix of
    /// every path.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.settings.base_url = base_url.into();
        self
    }

    /// Time limit for connecting, for reads and idempotent requests. Default: 5 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.connect_timeout = timeout;
        self
    }

    /// Time limit for connecting, for orders and all other writes. Default: 3 seconds.
    pub fn order_connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.order_connect_timeout = timeout;
        self
    }

    /// Time limit of a whole call, for reads and idempotent requests: all attempts and the waits between
    /// them. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Time limit of a whole call, for orders and all other writes: all attempts and the waits between
    /// them. Default: 10 seconds.
    pub fn order_timeout(mut self, timeout: Duration) -> Self {
        self.settings.order_timeout = Some(timeout);
        self
    }

    /// Changes when and how reads and idempotent requests are retried; see [`retry`](crate::retry).
    pub fn retries(mut self, changes: RetrySettings) -> Self {
        self.settings.retries.merge(changes);
        self
    }

    /// The same for orders, and for all other writes.
    pub fn order_retries(mut self, changes: RetrySettings) -> Self {
        self.settings.order_retries.merge(changes);
        self
    }

    /// Retry budgets: of reads and idempotent requests (default: 500), and of orders and all other writes
    /// (default: 100). See [`retry`](crate::retry).
    pub fn retry_budgets(mut self, reads: u32, orders: u32) -> Self {
        self.settings.retry_budgets = (reads, orders);
        self
    }

    /// What happens to requests beyond the vendor's rate limits; see [`rate_limit`](crate::rate_limit).
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.settings.rate_limits = limits;
        self
    }

    /// A source of access tokens, instead of a key or client credentials; see
    /// [`authentication`](crate::authentication).
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.settings.credentials = Some(CredentialsConfig::Source(Arc::new(source)));
        self
    }

    /// Size limit of a response in bytes, before and after decompression. Default: 64 MiB.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.settings.transport.response_limit = bytes;
        self
    }

    /// Limit of concurrent requests; more requests wait, within their own time limit. Default: no limit.
    pub fn concurrent_requests(mut self, count: usize) -> Self {
        self.settings.transport.concurrent_requests = Some(count);
        self
    }

    /// Limit of idle connections that are kept open, for each of the two kinds of requests that have an
    /// [`idle_timeout`](Self::idle_timeout). Default: 64.
    pub fn idle_connections(mut self, count: usize) -> Self {
        self.settings.transport.idle_connections = count;
        self
    }

    /// How long an idle connection stays usable for reads and idempotent requests. Default: 60 seconds, or
    /// one second less than the server announces in its `Keep-Alive` header, at most 60 seconds. If the
    /// server announces less than this setting, the announcement wins. Zero: connections are not reused.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.idle_timeout = Some(timeout);
        self
    }

    /// The same for orders and all other writes. Default: 4 seconds, or one second less than the server
    /// announces, at most 60 seconds.
    ///
    /// An order that is sent just as the server closes the connection is in doubt. Set a shorter time for a
    /// server that closes idle connections earlier without announcing it.
    pub fn order_idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.order_idle_timeout = Some(timeout);
        self
    }

    /// Maximum age of a connection that is used for a request, so that changes of the server's address are
    /// noticed. Default: 10 minutes.
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.settings.transport.max_connection_age = age;
        self
    }

    /// Whether to use HTTP/2 with servers that offer it. Default: yes.
    pub fn http2(mut self, wanted: bool) -> Self {
        self.settings.transport.http2 = wanted;
        self
    }

    /// The proxy for requests and streams: an `http://` or `https://` URL, optionally with user name and
    /// password. It only sees encrypted traffic: connections without TLS bypass it. Default: none;
    /// environment variables such as `HTTPS_PROXY` have no effect.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.transport.proxy = Some(ProxySettings::new(url.into()));
        self
    }

    /// Takes the [`proxy`](Self::proxy) from the environment: `HTTPS_PROXY`, else `ALL_PROXY`. Hosts listed
    /// in `NO_PROXY` bypass it: names including their subdomains, addresses, and networks such as
    /// `10.0.0.0/8`, separated by commas; `*` matches all hosts. An upper-case variable takes precedence
    /// over its lower-case form, and an empty variable counts as unset. If none is set, there is no proxy.
    pub fn proxy_from_env(mut self) -> Self {
        self.settings.transport.proxy = ProxySettings::from_environment(&|name| std::env::var_os(name));
        self
    }

    /// Allows `http://`, and `ws://` for streams, to one host other than this machine: its name or address,
    /// without port. Anyone who can read the traffic sees keys and orders, so use it only for something
    /// like a mock server in a container. Building such a client logs a warning. Every other host still
    /// requires `https://`. Default: none.
    ///
    /// ```
    /// use clear_street::trading::Client;
    ///
    /// # fn run() -> clear_street::Result<Client> {
    /// Client::builder().api_key("…").plain_http_host("mock").base_url("http://mock:4010").build()
    /// # }
    /// ```
    pub fn plain_http_host(mut self, host: impl Into<String>) -> Self {
        self.settings.transport.plain_http_host = Some(host.into());
        self
    }

    /// Trusts these certificates in addition to the system's.
    pub fn root_certificates(mut self, certificates: RootCertificates) -> Self {
        self.settings.transport.root_certificates.push(certificates);
        self
    }

    /// The program's name, added to the `User-Agent` of every request.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.settings.user_agent = Some(product.into());
        self
    }

    /// Adds a header to every request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.headers.push((name.into(), SecretString::from(value.into())));
        self
    }

    /// Makes the client. No connection is made yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the key is missing or invalid, the
    /// base URL is invalid or not private, or a header cannot be sent.
    pub fn build(self) -> Result<C> {
        C::build(&self.settings)
    }
}

impl<C> Clone for ClientBuilder<C> {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), client: PhantomData }
    }
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientBuilder").field(&self.settings).finish()
    }
}
