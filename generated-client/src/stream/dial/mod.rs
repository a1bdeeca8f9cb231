//! Making a connection: name, TCP, TLS, upgrade, each within its time.
//!
//! Whatever fails is told by its stage and kind, never by a text. Redirects are not followed: the
//! token must not go to a place that nobody chose.

mod address;
mod tcp;
#[cfg(test)]
mod tests;
mod tls;
mod upgrade;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use self::address::Address;
use self::tls::Tls;
use super::connection::Wire;
use super::core::{DialFailure, Settings, Stage};
use crate::error::Error;
use crate::transport::TransportSettings;

/// Makes connections to one server. In tests without sockets there is another one.
pub(crate) trait Dial: Send + Sync + 'static {
    /// Makes a connection, or says why there is none. Dropping it gives up.
    fn dial(&self, limits: DialLimits) -> impl Future<Output = Result<Wire, DialFailure>> + Send;
}

/// How long making a connection may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DialLimits {
    /// Each stage.
    pub(crate) stage: Duration,
    /// All together.
    pub(crate) all: Duration,
}

impl From<&Settings> for DialLimits {
    fn from(settings: &Settings) -> Self {
        Self { stage: settings.dial_stage_timeout, all: settings.dial_timeout }
    }
}

/// A server on the network.
#[derive(Debug)]
pub(crate) struct Server {
    address: Address,
    /// None to this machine, without TLS.
    tls: Option<Tls>,
    user_agent: String,
}

impl Server {
    /// The server with this URL: `wss`, or `ws` to this machine. Of the settings it takes the
    /// certificates; `user_agent` has to be text that a header can hold.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the URL is not allowed, no
    /// certificates can be found to trust, or a proxy is set, which streams cannot use.
    pub(crate) fn new(url: &str, user_agent: &str, settings: &TransportSettings) -> Result<Self, Error> {
        let address = Address::parse(url)?;
        if settings.proxy.is_some() {
            return Err(address::misconfigured("a stream cannot go through a proxy"));
        }
        let tls = match address.is_encrypted() {
            true => Some(Tls::new(address.host(), &settings.root_certificates)?),
            false => None,
        };
        Ok(Self { address, tls, user_agent: user_agent.to_owned() })
    }

    async fn connect(&self, limit: Duration) -> Result<Wire, DialFailure> {
        let addresses = stage(limit, Stage::Resolve, tcp::resolve(self.address.host(), self.address.port()));
        let addresses = addresses.await?;
        let stream = stage(limit, Stage::Tcp, tcp::connect(addresses)).await?;
        match &self.tls {
            Some(tls) => {
                let stream = stage(limit, Stage::Tls, tls.connect(stream)).await?;
                self.upgrade(limit, stream).await
            }
            None => self.upgrade(limit, stream).await,
        }
    }

    async fn upgrade<S>(&self, limit: Duration, mut stream: S) -> Result<Wire, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let upgrade = upgrade::upgrade(&mut stream, &self.address, &self.user_agent);
        let early = stage(limit, Stage::Upgrade, upgrade).await?;
        Ok(Wire::new(stream).with_early(early))
    }
}

impl Dial for Server {
    async fn dial(&self, limits: DialLimits) -> Result<Wire, DialFailure> {
        match timeout(limits.all, self.connect(limits.stage)).await {
            Ok(result) => result,
            Err(_) => Err(DialFailure::TimedOut(None)),
        }
    }
}

async fn stage<T>(
    limit: Duration,
    stage: Stage,
    work: impl Future<Output = Result<T, DialFailure>>,
) -> Result<T, DialFailure> {
    timeout(limit, work).await.unwrap_or(Err(DialFailure::TimedOut(Some(stage))))
}
