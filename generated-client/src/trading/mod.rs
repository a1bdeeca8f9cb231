//! Clear Street's Trading API: accounts, orders, positions, instruments and their data.
//!
//! Everything begins with a [`Client`]. It gives a handle for each group of operations, the handle
//! a request for each operation, and the request is sent with `send`, or walked with `pages` and
//! `items`.

use std::fmt;

use secrecy::SecretString;

use self::generated::api::API;
pub use self::generated::api::Environment;
pub use self::generated::*;
use crate::api::Api;
use crate::authentication::Given;
use crate::builder::ApiClient;
use crate::call::UndocumentedRequest;
use crate::client::{Core, Settings};
use crate::error::Result;
use crate::operation::{Method, Operation};
use crate::retry::Statistics;


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
        ClientBuilder::new()
    }

    /// Makes a client from the environment: the API key from `CLEAR_STREET_API_KEY`, and, if it is
    /// set, the base URL from `CLEAR_STREET_BASE_URL`. Without the latter it is production.
    ///
    /// No other variable has an effect, `HTTPS_PROXY` neither, unless
    /// [`ClientBuilder::proxy_from_env`](crate::ClientBuilder::proxy_from_env) asks for it.
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
pub type ClientBuilder = crate::ClientBuilder<Client>;

impl ApiClient for Client {
    type Environment = Environment;

    fn base_url(environment: Environment) -> &'static str {
        environment.base_url()
    }

    fn api() -> &'static Api {
        &API
    }

    fn build(settings: &Settings) -> Result<Self> {
        Ok(Self { core: settings.build()? })
    }
}

impl ClientBuilder {
    /// The API key, exactly as it was issued.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.credentials = Some(Given::Key(SecretString::from(key.into())));
        self
    }
}
