//! Clear Street's Studio API: orders with execution strategies, positions, locates, profit and loss,
//! and margin with its simulations.
//!
//! Start with a [`Client`]. It has a handle for each group of operations, and a handle has a request for
//! each operation. Send a request with `send`, or walk a list with `pages` and `items`.

use std::fmt;
#[cfg(feature = "stream")]
use std::sync::Arc;

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
#[cfg(feature = "stream")]
use crate::stream::{Protocol, SocketBuilder, StreamBuilder, Streams, Subscription};

#[rustfmt::skip]
#[path = "../generated/studio/mod.rs"]
mod generated;

/// Placeholders for endpoints that this crate does not know.
static UNDOCUMENTED: [Operation; 5] = Operation::undocumented(&API);

/// A client of the Studio API.
///
/// Cheap to clone; clones share their connections. Use one client for the lifetime of the program.
///
/// ```no_run
/// use clear_street::studio::Client;
///
/// # async fn run() -> clear_street::Result<()> {
/// let client = Client::from_env()?;
/// for account in client.accounts().list_accounts().send().await?.data {
///     println!("{account:?}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    core: ClientInner,
    #[cfg(feature = "stream")]
    pub(crate) streams: Arc<Streams>,
}

impl Client {
    /// Builds a client; at least credentials are required.
    ///
    /// ```
    /// use clear_street::studio::{Client, Environment};
    ///
    /// # fn make(id: String, secret: String) -> clear_street::Result<()> {
    /// let client =
    ///     Client::builder().credentials(id, secret).environment(Environment::Sandbox).build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Builds a client from the environment: the credentials from `CLEAR_STREET_CLIENT_ID` and
    /// `CLEAR_STREET_CLIENT_SECRET`, the base URL from `CLEAR_STREET_STUDIO_BASE_URL`, and the token URL
    /// from `CLEAR_STREET_TOKEN_URL`. Default URLs: production.
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

    /// A stream of events, as they happen. The type of the subscription selects the messages.
    ///
    /// It connects and reconnects automatically, and reports anything that is missing. See
    /// [`stream`](crate::stream#what-the-stream-guarantees) for the guarantees, and for what to do when.
    ///
    /// ```no_run
    /// use clear_street::stream::Event;
    /// use clear_street::studio::accounts::AccountId;
    /// use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
    ///
    /// # async fn run(client: clear_street::studio::Client) -> clear_street::Result<()> {
    /// let mut stream = client.stream(ActivitySubscription::new(AccountId::new("100000"))).start()?;
    /// while let Some(event) = stream.next().await {
    ///     match event? {
    ///         Event::Message(received) => match received.message {
    ///             ActivityMessage::OrderUpdate(order) => println!("{order:?}"),
    ///             other => println!("something else: {other:?}"),
    ///         },
    ///         Event::Gap(gap) => println!("{gap}: ask for orders and positions"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "stream")]
    pub fn stream<S: Subscription>(&self, subscription: S) -> StreamBuilder<S::Message> {
        StreamBuilder::new(Arc::clone(&self.streams), subscription)
    }

    /// Several subscriptions on one connection, without the guarantees of a stream. See
    /// [`Socket`](crate::stream::Socket).
    #[cfg(feature = "stream")]
    pub fn socket(&self) -> SocketBuilder {
        let protocol = Protocol { layout: &generated::api::LAYOUT, channels: generated::CHANNELS };
        SocketBuilder::new(Arc::clone(&self.streams), protocol)
    }

    /// A request to an endpoint that this crate does not know.
    ///
    /// `path` begins with `/`, is percent-encoded and has no query.
    ///
    /// ```no_run
    /// # async fn run(client: clear_street::studio::Client) -> clear_street::Result<()> {
    /// use clear_street::operation::Method;
    ///
    /// let response = client.request(Method::Get, "/new-thing").query("depth", "5").send().await?;
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
        let core = settings.build()?;
        Ok(Self {
            #[cfg(feature = "stream")]
            streams: Arc::new(Streams::new(&core, settings, stream_path())?),
            core,
        })
    }
}

/// Where channels are below the base URL.
#[cfg(feature = "stream")]
fn stream_path() -> Option<&'static str> {
    let environment = Environment::default();
    let base = environment.base_url().strip_prefix("https")?;
    environment.stream_url().strip_prefix("wss")?.strip_prefix(base)
}

impl ClientBuilder {
    /// Client id and secret, as issued for the environment. The client fetches access tokens with them when
    /// needed: see [`authentication`](crate::authentication).
    pub fn credentials(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        let (id, secret) = (SecretString::from(id.into()), SecretString::from(secret.into()));
        self.settings.credentials = Some(CredentialsConfig::Client { id, secret });
        self
    }

    /// The token URL: https, or http to this machine. Required if the base URL is this machine, because the
    /// vendor's tokens must not go there.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.settings.token_url = Some(url.into());
        self
    }

    /// The stream URL: wss, or ws to this machine, on the host of the base URL. Default: derived from the
    /// base URL, as `ws://127.0.0.1:8080/ws` for `http://127.0.0.1:8080`.
    #[cfg(feature = "stream")]
    pub fn stream_url(mut self, url: impl Into<String>) -> Self {
        self.settings.stream_url = Some(url.into());
        self
    }

    /// An access token, exactly as issued, instead of credentials. It is not renewed.
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.settings.credentials = Some(CredentialsConfig::Key(SecretString::from(token.into())));
        self
    }
}
