//! How clients are made.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::RootCertificates;
use crate::api::Api;
use crate::authentication::{Given, TokenSource};
use crate::client::Settings;
use crate::error::Result;
use crate::rate_limit::RateLimits;
use crate::retry::RetrySettings;
use crate::transport::ProxySettings;

/// Settings of a client of the type `C`.
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

    /// What holds for all operations.
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

    /// Which of the vendor's servers to use; production if nothing is said.
    pub fn environment(self, environment: C::Environment) -> Self {
        self.base_url(C::base_url(environment))
    }

    /// Another server: https, or http to this machine (`localhost`, names below it, loopback addresses);
    /// see also [`plain_http_host`](Self::plain_http_host). A path in it is put before every path.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.settings.base_url = base_url.into();
        self
    }

    /// Longest time for making a connection, for requests that may be repeated; 5 seconds if nothing
    /// is said.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.connect_timeout = timeout;
        self
    }

    /// The same for orders and for all other writes that are not simply repeated; 3 seconds if
    /// nothing is said.
    pub fn order_connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.order_connect_timeout = timeout;
        self
    }

    /// Longest time of a call that may be repeated, as those that only read: all attempts and the
    /// waiting between them; 30 seconds if nothing is said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Longest time of a call that sends orders, and of all other writes, all attempts and the
    /// waiting between them; 10 seconds if nothing is said.
    pub fn order_timeout(mut self, timeout: Duration) -> Self {
        self.settings.order_timeout = Some(timeout);
        self
    }

    /// Changes when and how requests that may be repeated are repeated; see
    /// [`retry`](crate::retry).
    pub fn retries(mut self, changes: RetrySettings) -> Self {
        self.settings.retries.merge(changes);
        self
    }

    /// The same for orders, and for all other writes.
    pub fn order_retries(mut self, changes: RetrySettings) -> Self {
        self.settings.order_retries.merge(changes);
        self
    }

    /// What repetitions may cost while nothing succeeds: those of requests that may be repeated, 500
    /// if nothing is said, and those of orders and all other writes, 100.
    pub fn retry_budgets(mut self, reads: u32, orders: u32) -> Self {
        self.settings.retry_budgets = (reads, orders);
        self
    }

    /// What happens to requests that come too early for the vendor's limits; see
    /// [`rate_limit`](crate::rate_limit).
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.settings.rate_limits = limits;
        self
    }

    /// Where access tokens come from, in place of a key or of the credentials of a client; see
    /// [`authentication`](crate::authentication).
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.settings.credentials = Some(Given::Source(Arc::new(source)));
        self
    }

    /// Largest answer that is accepted, in bytes, before and after decompression. Default: 64 MiB.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.settings.transport.response_limit = bytes;
        self
    }

    /// Most requests that are on their way at once; more of them wait, within their own time. Default: no
    /// limit.
    pub fn concurrent_requests(mut self, count: usize) -> Self {
        self.settings.transport.concurrent_requests = Some(count);
        self
    }

    /// Most connections that are kept open without being used, for each of the two kinds of requests that
    /// have an [`idle_timeout`](Self::idle_timeout) of their own. Default: 64.
    pub fn idle_connections(mut self, count: usize) -> Self {
        self.settings.transport.idle_connections = count;
        self
    }

    /// How long a connection may be idle before a request that may be repeated is sent on it. Default: 60
    /// seconds, or one second less than the server announces in its header `Keep-Alive`, at most 60
    /// seconds. A server that announces less than this setting is believed. Zero: connections are not used
    /// again.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.idle_timeout = Some(timeout);
        self
    }

    /// The same for orders and for all other writes that are not simply repeated. Default: 4 seconds, or
    /// one second less than the server announces, at most 60 seconds.
    ///
    /// An order that is sent at the moment at which the server closes the connection is in doubt. Set
    /// less for a server that closes idle connections earlier, without announcing it.
    pub fn order_idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.transport.order_idle_timeout = Some(timeout);
        self
    }

    /// How old a connection may be when a request is sent on it, so that a change of the server's address
    /// is noticed. Default: 10 minutes.
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.settings.transport.max_connection_age = age;
        self
    }

    /// Whether HTTP/2 is used with servers that offer it; it is if nothing is said.
    pub fn http2(mut self, wanted: bool) -> Self {
        self.settings.transport.http2 = wanted;
        self
    }

    /// A proxy through which the server is reached, by requests and streams: an `http://` or `https://`
    /// URL, perhaps with user name and password. It sees only what is encrypted: connections without TLS
    /// are made directly. Default: none; environment variables such as `HTTPS_PROXY` have no effect.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.transport.proxy = Some(ProxySettings::new(url.into()));
        self
    }

    /// Takes the proxy from the environment, as [`proxy`](Self::proxy) does from its argument:
    /// `HTTPS_PROXY`, else `ALL_PROXY`. Hosts that `NO_PROXY` lists are reached directly: names with all
    /// names below them, addresses, and networks such as `10.0.0.0/8`, separated by commas; `*` stands
    /// for all hosts. A name in capital letters goes before the same in small letters, and a variable
    /// that is empty counts as not set. Without any of them there is no proxy.
    pub fn proxy_from_env(mut self) -> Self {
        self.settings.transport.proxy = ProxySettings::from_environment(&|name| std::env::var_os(name));
        self
    }

    /// Allows `http://`, and `ws://` for streams, to one host beside this machine: its name or address,
    /// without port. Whoever can read the traffic to it sees the keys and the orders, so this is for a mock
    /// server in a container of its own. The client logs a warning when it is built. Every other host
    /// still needs `https://`. Default: none.
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

    /// Adds certificates that are trusted as well as those of the system.
    pub fn root_certificates(mut self, certificates: RootCertificates) -> Self {
        self.settings.transport.root_certificates.push(certificates);
        self
    }

    /// What this program is called: it is added to the `User-Agent` of every request.
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
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the key is missing or
    /// cannot be one, if the base URL is none or not private, or if a header cannot be sent.
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
