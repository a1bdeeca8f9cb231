//! How streams are started, and what all streams of a client have in common.

use std::error::Error as _;
use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

use super::dial::{DialLimit, Server, parse};
use super::machine::{NoToken, ResumePoint, Settings};
use super::supervisor::{Bearer, Shared, TokenProvider, start};
use super::{ChannelMessage, EventStream};
use crate::authentication;
use crate::client::{self, ClientInner};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BaseUrl, TransportSettings};

/// What all streams of a client have in common: its tokens, the server, and how often it may be dialled.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(super) client: ClientInner,
    url: String,
    user_agent: String,
    transport: TransportSettings,
    server: OnceLock<Arc<Server>>,
    /// A hundred accounts are paced by one limit.
    pub(crate) shared: Shared,
}

impl Streams {
    /// Streams as far behind the base URL as `path` says, unless the settings have another URL on the
    /// same host: a token is sent to no other.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] if the URL is on another host, or is not allowed.
    pub(crate) fn new(client: &ClientInner, settings: &client::Settings, path: Option<&str>) -> Result<Self> {
        let base_url = client.base_url();
        let url = settings.stream_url.clone().or_else(|| Some(derived(base_url, path?)));
        let url = url.ok_or_else(|| Error::new(ErrorKind::Configuration, "this API has no streams"))?;
        if parse(&url, &settings.transport)?.host() != base_url.host() {
            let message = "the URL of the stream is on another host than the base URL: \
                access tokens for the one are not sent to the other";
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        Ok(Self {
            client: client.clone(),
            url,
            user_agent: settings.user_agent(),
            transport: settings.transport.clone(),
            server: OnceLock::new(),
            shared: Shared { limit: DialLimit::new(), clock: Instant::now() },
        })
    }

    /// Where connections are made to. Looks for the certificates to trust, the first time.
    pub(crate) fn server(&self) -> Result<Arc<Server>> {
        if let Some(server) = self.server.get() {
            return Ok(Arc::clone(server));
        }
        let server = Server::new(&self.url, &self.user_agent, &self.transport)?;
        Ok(Arc::clone(self.server.get_or_init(|| server)))
    }
}

/// The default URL of streams: as far behind the base URL as at the vendor's.
fn derived(base_url: &BaseUrl, path: &str) -> String {
    // `http` becomes `ws`, and `https` `wss`.
    format!("{}{path}", base_url.as_str().replacen("http", "ws", 1))
}

/// A stream that is about to be started.
#[derive(Debug)]
#[must_use = "nothing happens until it is started"]
pub struct StreamBuilder<M: ChannelMessage> {
    streams: Arc<Streams>,
    subscription: M::Subscription,
    settings: Settings,
    from: ResumePoint,
}

impl<M: ChannelMessage> StreamBuilder<M> {
    pub(crate) fn new(streams: Arc<Streams>, subscription: M::Subscription) -> Self {
        let (settings, from) = (Settings::default(), ResumePoint::default());
        Self { streams, subscription, settings, from }
    }

    /// Goes on where another stream of the same account stopped, also in another process: see
    /// [`ResumePoint`]. Without it, the stream delivers everything of the day.
    pub fn resume(mut self, from: ResumePoint) -> Self {
        self.from = from;
        self
    }

    /// Changes the settings of the stream.
    ///
    /// ```no_run
    /// # use clear_street::studio::{Client, activity::ActivitySubscription};
    /// # async fn run(client: Client, subscription: ActivitySubscription) -> clear_street::Result<()> {
    /// let stream = client.stream(subscription).settings(|it| it.max_attempts = Some(20)).start()?;
    /// # Ok(()) }
    /// ```
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Starts the stream, which connects by itself and goes on until it is closed, dropped, or has
    /// failed. It does not wait: see [`Handle::wait_until_live`](super::Handle::wait_until_live).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the subscription breaks one of its rules.
    /// [`ErrorKind::Configuration`] outside of a Tokio runtime, if there are no certificates to trust,
    /// or if a setting is out of range.
    pub fn start(self) -> Result<EventStream<M>> {
        let Self { streams, subscription, settings, from } = self;
        check("stream", &settings)?;
        let tokens = ClientTokens(streams.client.clone());
        start(subscription, streams.server()?, tokens, settings, &streams.shared, from)
    }
}

/// Whether something with these settings can be started here.
pub(super) fn check(what: &str, settings: &Settings) -> Result<()> {
    let misconfigured = |message| Err(Error::new(ErrorKind::Configuration, message));
    if tokio::runtime::Handle::try_current().is_err() {
        return misconfigured(format!("a {what} needs a Tokio runtime to run on"));
    }
    settings.check().or_else(|message| misconfigured(format!("the settings of the {what}: {message}")))
}

/// The tokens of a client, which its requests use, too. They are for the host of its base URL, and so
/// are its streams.
#[derive(Debug)]
pub(crate) struct ClientTokens(pub(crate) ClientInner);

impl TokenProvider for ClientTokens {
    async fn token(&self, newer_than: Option<u64>) -> std::result::Result<Bearer, NoToken> {
        let (credentials, url) = (self.0.credentials(), self.0.base_url().as_str());
        let mut held = credentials.get(url).await.map_err(refusal)?;
        if newer_than.is_some_and(|old| held.generation <= old) {
            if !credentials.is_renewable() {
                return Err(NoToken::Refused("the access token cannot be renewed".into()));
            }
            // Whether it worked shows in what is held afterwards.
            credentials.renew(held.generation).await;
            held = credentials.get(url).await.map_err(refusal)?;
        }
        let expires = held.expires.map(Instant::from_std);
        Ok(Bearer { text: held.text.clone(), generation: held.generation, expires })
    }
}

fn refusal(error: Error) -> NoToken {
    match error.source().and_then(|source| source.downcast_ref::<authentication::NoToken>()) {
        Some(none) if !none.is_refused() => NoToken::Unavailable(none.retry_after()),
        Some(none) => NoToken::Refused(none.to_string().into()),
        // Not for this host: asking again does not help.
        None => NoToken::Refused(error.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::{Client, Environment};

    fn streams(url: &str, base_url: &str) -> Result<Arc<Streams>> {
        let client = Client::builder().access_token("token").base_url(base_url).stream_url(url).build();
        client.map(|client| client.streams)
    }

    #[test]
    fn streams_are_behind_the_base_url() {
        for (base_url, url) in [
            ("https://api.example.com", "wss://api.example.com/ws"),
            ("https://api.example.com/gateway/v2/", "wss://api.example.com/gateway/v2/ws"),
            ("http://127.0.0.1:8080/studio/v2", "ws://127.0.0.1:8080/studio/v2/ws"),
            ("http://localhost:8080", "ws://localhost:8080/ws"),
            ("http://[::1]:8080", "ws://[::1]:8080/ws"),
        ] {
            assert_eq!(derived(&BaseUrl::parse(base_url, None).unwrap(), "/ws"), url);
            assert!(streams(url, base_url).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_derived_is_what_the_vendor_says() {
        for environment in [Environment::Production, Environment::Sandbox] {
            let builder = Client::builder().access_token("token").environment(environment);
            assert_eq!(builder.build().unwrap().streams.url, environment.stream_url());
        }
    }

    #[test]
    fn streams_are_on_the_host_of_the_base_url() {
        for url in ["wss://api.example.com/ws", "wss://api.example.com:444", "WSS://API.example.com/a/b"] {
            assert!(streams(url, "https://api.example.com/v2").is_ok(), "{url}");
        }
        for url in [
            "wss://example.com/ws",
            "wss://api.example.com.evil.example",
            "ws://127.0.0.1:9/ws",
            "ws://api.example.com/ws",
            "wss://u:p@api.example.com/ws",
            "ftp://api.example.com",
            "",
        ] {
            let error = streams(url, "https://api.example.com/v2").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
        }
    }

    #[test]
    fn another_place_can_be_said_if_it_is_on_the_host() {
        let builder = Client::builder().access_token("token").base_url("http://127.0.0.1:8080");
        let client = builder.clone().stream_url("ws://127.0.0.1:9/streams").build().unwrap();
        assert_eq!(client.streams.url, "ws://127.0.0.1:9/streams");
        assert!(builder.stream_url("wss://api.example.com/ws").build().is_err());
    }
}
