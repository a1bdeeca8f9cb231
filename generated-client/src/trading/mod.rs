//! Clear Street's Trading API: accounts, orders, positions, instruments and their data.
//!
//! Start with a [`Client`]. It has a handle for each group of operations, and a handle has a request for
//! each operation. Send a request with `send`, or walk a list with `pages` and `items`.

use std::fmt;

use secrecy::SecretString;

use self::generated::api::API;
pub use self::generated::api::Environment;
pub use self::generated::*;
use crate::api::Api;
use crate::authentication::CredentialsConfig;
use crate::builder::ApiClient;
use crate::call::UndocumentedRequest;
use crate::client::{ClientInner, Settings};
use crate::error::Result;
use crate::operation::{Method, Operation};
use crate::retry::Statistics;


#[rustfmt::skip]
#[path = "../generated/trading/mod.rs"]
mod generated;

/// Placeholders for endpoints that this crate does not know.
static UNDOCUMENTED: [Operation; 5] = Operation::undocumented(&API);

/// A client of the Trading API.
///
/// Cheap to clone; clones share their connections. Use one client for the lifetime of the program.
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
    core: ClientInner,
}

impl Client {
    /// Builds a client; at least an API key is required.
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

    /// Builds a client from the environment: the API key from `CLEAR_STREET_API_KEY`, and the base URL from
    /// `CLEAR_STREET_BASE_URL`. Default base URL: production.
    ///
    /// No other variable has an effect; for `HTTPS_PROXY` see
    /// [`ClientBuilder::proxy_from_env`](crate::ClientBuilder::proxy_from_env).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), which names the missing or invalid
    /// variable.
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
    /// `path` begins with `/`, is percent-encoded and has no query.
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
    /// The API key, exactly as issued.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.credentials = Some(CredentialsConfig::Key(SecretString::from(key.into())));
        self
    }
}
