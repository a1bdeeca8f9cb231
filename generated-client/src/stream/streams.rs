//! What all streams of a client have in common.

use std::sync::{Arc, OnceLock};

use super::dial::{Server, parse};
use super::dial_limit::DialLimit;
use super::supervisor::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BaseUrl, TransportSettings};

/// What all streams of a client have in common: the server, and how often it may be dialled. Made
/// when it is first needed.
#[derive(Debug)]
pub(crate) struct Streams {
    url: String,
    user_agent: String,
    transport: TransportSettings,
    server: OnceLock<Arc<Server>>,
    shared: OnceLock<Shared>,
}

impl Streams {
    /// Streams at this URL, which is on the host of the base URL: a token is sent to no other.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] if it is not, or is not allowed.
    pub(crate) fn new(
        url: String,
        base_url: &BaseUrl,
        user_agent: String,
        transport: &TransportSettings,
    ) -> Result<Self> {
        if parse(&url, transport)?.host() != base_url.host() {
            let message = "the URL of the stream is on another host than the base URL: \
                access tokens for the one are not sent to the other";
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        Ok(Self {
            url,
            user_agent,
            transport: transport.clone(),
            server: OnceLock::new(),
            shared: OnceLock::new(),
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

    /// A hundred accounts are paced by one limit.
    pub(crate) fn shared(&self) -> &Shared {
        self.shared.get_or_init(|| Shared { limit: DialLimit::new(), clock: tokio::time::Instant::now() })
    }
}

/// Where streams are, if nothing else is said: as far behind the base URL as at the vendor's.
pub(crate) fn derived(base_url: &BaseUrl, path: &str) -> String {
    let url = base_url.as_str();
    // `http` becomes `ws`, and `https` `wss`.
    let rest = url.strip_prefix("http").unwrap_or(url);
    format!("ws{rest}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::{Client, Environment};

    fn streams(url: &str, base_url: &str) -> Result<Streams> {
        let base_url = BaseUrl::parse(base_url, None).unwrap();
        Streams::new(url.to_owned(), &base_url, "test/1".to_owned(), &TransportSettings::default())
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
            let core = builder.settings.build().unwrap();
            assert_eq!(core.streams().unwrap().url, environment.stream_url());
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
        let core = builder.clone().stream_url("ws://127.0.0.1:9/streams").settings.build().unwrap();
        assert_eq!(core.streams().unwrap().url, "ws://127.0.0.1:9/streams");
        let error = builder.stream_url("wss://api.example.com/ws").build().unwrap_err();
        assert!(error.to_string().contains("another host"), "{error}");
    }
}
