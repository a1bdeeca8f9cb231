//! What all streams of a client have in common.

use std::sync::{Arc, OnceLock};

use super::core::DialLimit;
use super::dial::{Server, host};
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
        if host(&url)? != base_url.host() {
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
        Ok(Arc::clone(self.server.get_or_init(|| Arc::new(server))))
    }

    /// A hundred accounts are paced by one limit.
    pub(crate) fn shared(&self) -> &Shared {
        self.shared.get_or_init(|| Shared { limit: DialLimit::default(), clock: tokio::time::Instant::now() })
    }
}

/// Where streams are, if nothing else is said: as far behind the base URL as at the vendor's.
pub(crate) fn derived(base_url: &BaseUrl, path: &str) -> String {
    let url = base_url.as_str();
    // `http` becomes `ws`, and `https` `wss`.
    let rest = url.strip_prefix("http").unwrap_or(url);
    format!("ws{rest}{path}")
}
