//! Making a connection: name, TCP, TLS, upgrade, each within its time.
//!
//! Whatever fails is told by its stage and kind, never by a text. Redirects are not followed: the
//! token must not go to a place that nobody chose.

mod address;
mod proxy;
mod tcp;
#[cfg(test)]
pub(super) mod tests;
mod tls;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use self::address::Address;
use self::proxy::Proxy;
use self::tls::Tls;
use super::connection::Wire;
use super::core::{DialFailure, Settings, Stage};
use crate::error::Error;
use crate::transport::TransportSettings;

/// Makes connections to one server. In tests without sockets there is another one.
pub(crate) trait Dial: Send + Sync + 'static {
    /// Makes a connection. Dropping the future gives up.
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
    /// For what is encrypted; it could read what is not.
    proxy: Option<Proxy>,
    user_agent: String,
}

impl Server {
    /// The server with this URL: `wss`, or `ws` to this machine. Of the settings it takes the
    /// certificates and the proxy; `user_agent` has to be text that a header can hold.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the URL is not allowed, or
    /// no certificates can be found to trust.
    pub(crate) fn new(url: &str, user_agent: &str, settings: &TransportSettings) -> Result<Self, Error> {
        let (address, roots) = (Address::parse(url)?, &settings.root_certificates);
        let (mut tls, mut proxy) = (None, None);
        if address.is_encrypted() {
            tls = Some(Tls::new(address.host(), roots)?);
            proxy = match &settings.proxy {
                Some(url) => Some(Proxy::new(url.expose_secret(), roots)?),
                None => None,
            };
        }
        Ok(Self { address, tls, proxy, user_agent: user_agent.to_owned() })
    }

    async fn connect(&self, limit: Duration) -> Result<Wire, DialFailure> {
        let first = self.proxy.as_ref().map_or(&self.address, |proxy| &proxy.address);
        let addresses = stage(limit, Stage::Resolve, tcp::resolve(first.host(), first.port())).await?;
        let stream = stage(limit, Stage::Tcp, tcp::connect(addresses)).await?;
        let Some(tls) = &self.tls else { return self.upgrade(limit, stream).await };
        let Some(proxy) = &self.proxy else { return self.encrypt(limit, tls, stream).await };
        match &proxy.tls {
            Some(to_proxy) => {
                let stream = stage(limit, Stage::Tls, to_proxy.connect(stream)).await?;
                let stream = stage(limit, Stage::Tcp, proxy.tunnel(stream, &self.address)).await?;
                self.encrypt(limit, tls, stream).await
            }
            None => {
                let stream = stage(limit, Stage::Tcp, proxy.tunnel(stream, &self.address)).await?;
                self.encrypt(limit, tls, stream).await
            }
        }
    }

    async fn encrypt<S>(&self, limit: Duration, tls: &Tls, stream: S) -> Result<Wire, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let stream = stage(limit, Stage::Tls, tls.connect(stream)).await?;
        self.upgrade(limit, stream).await
    }

    async fn upgrade<S>(&self, limit: Duration, mut stream: S) -> Result<Wire, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let upgrade = upgrade::upgrade(&mut stream, &self.address, &self.user_agent);
        let early = stage(limit, Stage::Upgrade, upgrade).await?;
        Ok(Wire::with_early(stream, early))
    }
}

impl<D: Dial> Dial for Arc<D> {
    async fn dial(&self, limits: DialLimits) -> Result<Wire, DialFailure> {
        self.as_ref().dial(limits).await
    }
}

/// Name or address of the server with this URL.
///
/// # Errors
/// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the URL is not allowed.
pub(crate) fn host(url: &str) -> Result<String, Error> {
    Ok(Address::parse(url)?.bracketed_host().to_owned())
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
