//! Clear Street's Trading API: accounts, orders, positions, instruments and their data.
//!
//! Everything begins with a [`Client`]. It gives a handle for each group of operations, the handle
//! a request for each operation, and the request is sent with `send`, or walked with `pages` and
//! `items`.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use self::generated::api::API;
pub use self::generated::api::Environment;
pub use self::generated::*;
use crate::RootCertificates;
use crate::call::UndocumentedRequest;
use crate::client::{Core, Settings};
use crate::error::Result;
use crate::operation::{Method, Operation};
use crate::retry::{RetrySettings, Statistics};

mod read_back;

#[rustfmt::skip]
#[path = "../generated/trading/mod.rs"]
mod generated;

/// What stands for endpoints that this crate does not know.
static UNDOCUMENTED: [Operation; 5] = Operation::undocumented(&API);

/// A client of the Trading API.
///
/// Cheap to clone; clones share their connections. Use one client for as long as the program runs.
///
/// ```no_run
/// use clear_street::trading::Client;
///
/// # async fn run() -> clear_street::Result<()> {
/// let client = Client::from_env()?;
/// let mut accounts = client.accounts().get_accounts().items();
/// while let Some(account) = accounts.next().await {
///     println!("{:?}", account?);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    core: Core,
}

impl Client {
    /// Begins a client; it needs at least an API key.
    ///
    /// ```
    /// use clear_street::trading::{Client, Environment};
    ///
    /// # fn make(key: String) -> clear_street::Result<()> {
    /// let client = Client::builder().api_key(key).environment(Environment::Development).build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder { settings: Settings::new(&API, Environment::default().base_url()) }
    }

    /// Makes a client from the environment: the API key from `CLEAR_STREET_API_KEY`, and, if it is
    /// set, the base URL from `CLEAR_STREET_BASE_URL`. Without the latter it is production.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), naming the variable that is
    /// missing or unusable.
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }

    /// What this client and its clones have done so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.core.retry().statistics()
    }

    /// A request to an endpoint that this crate does not know.
    ///
    /// `path` is as in a URL: it begins with `/`, is percent-encoded and has no query.
    ///
    /// ```no_run
    /// # async fn run(client: clear_street::trading::Client) -> clear_street::Result<()> {
    /// use clear_street::operation::Method;
    ///
    /// let response = client.request(Method::Get, "/v1/new-thing").query("depth", "5").send().await?;
    /// println!("{}", response.data);
    /// # Ok(()) }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> UndocumentedRequest {
        UndocumentedRequest::new(&self.core, &UNDOCUMENTED, method, path.into())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.core).finish()
    }
}

/// Settings of a [`Client`].
#[derive(Clone)]
#[must_use = "settings have no effect until the client is built"]
pub struct ClientBuilder {
    settings: Settings,
}

impl ClientBuilder {
    /// Settings from the environment, to be changed before [`build`](Self::build); see
    /// [`Client::from_env`].
    ///
    /// # Errors
    ///
    /// Those of [`Client::from_env`].
    pub fn from_env() -> Result<Self> {
        let mut builder = Client::builder();
        builder.settings.read_environment(&|name| std::env::var_os(name))?;
        Ok(builder)
    }

    /// The API key, exactly as it was issued.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.key = Some(SecretString::from(key.into()));
        self
    }

    /// Which of the vendor's servers to use; production if nothing is said.
    pub fn environment(self, environment: Environment) -> Self {
        self.base_url(environment.base_url())
    }

    /// Another server: https, or http to this machine. A path in it is put before every path.
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

    /// Largest answer that is accepted, in bytes after decompression; 64 MiB if nothing is said.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.settings.transport.response_limit = bytes;
        self
    }

    /// Most requests that are on their way at once; more of them wait, within their own time. No
    /// limit if nothing is said.
    pub fn concurrent_requests(mut self, count: usize) -> Self {
        self.settings.transport.concurrent_requests = Some(count);
        self
    }

    /// Most connections that are kept open without being used, 64 if nothing is said, and how long
    /// they are, 90 seconds if nothing is said.
    pub fn idle_connections(mut self, count: usize, timeout: Duration) -> Self {
        self.settings.transport.idle_connections = count;
        self.settings.transport.idle_timeout = timeout;
        self
    }

    /// Whether HTTP/2 is used with servers that offer it; it is if nothing is said.
    pub fn http2(mut self, wanted: bool) -> Self {
        self.settings.transport.http2 = wanted;
        self
    }

    /// A proxy through which the server is reached: an `http://` or `https://` URL, perhaps with
    /// user name and password. It sees only what is encrypted: requests to this machine without TLS
    /// are sent directly. No proxy is taken from the environment.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.transport.proxy = Some(SecretString::from(url.into()));
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
    pub fn build(self) -> Result<Client> {
        Ok(Client { core: self.settings.build()? })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientBuilder").field(&self.settings).finish()
    }
}
