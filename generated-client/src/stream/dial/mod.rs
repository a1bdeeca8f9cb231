//! Makes connections: name lookup, TCP, proxy, TLS and upgrade, each within its time limit.
//!
//! A failure names its stage. Redirects are not followed: the token must only go to the host that was
//! configured.

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
use tokio::time::{Instant, timeout_at};

use self::address::Address;
use self::proxy::Proxy;
use self::tls::Tls;
use super::connection::Wire;
use super::machine::{DialFailure, Settings, Stage};
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
        Self { stage: settings.dial_timeout / 2, all: settings.dial_timeout }
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
        let (url, roots) = (address::parse(url, settings)?, &settings.root_certificates);
        let address = Address::new(&url);
        let (mut tls, mut proxy) = (None, None);
        if address.is_encrypted() {
            tls = Some(Tls::new(address.host(), roots)?);
            proxy = match settings.proxy_to(&url) {
                Some(url) => Some(Proxy::new(url.expose_secret(), roots)?),
                None => None,
            };
        }
        Ok(Self { address, tls, proxy, user_agent: user_agent.to_owned() })
    }

    async fn connect(&self, limits: Deadlines) -> Result<Wire, DialFailure> {
        let first = self.proxy.as_ref().map_or(&self.address, |proxy| &proxy.address);
        let addresses = limits.keep(Stage::Resolve, tcp::resolve(first.host(), first.port())).await?;
        let stream = limits.keep(Stage::Tcp, tcp::connect(addresses)).await?;
        let Some(tls) = &self.tls else { return self.upgrade(limits, stream).await };
        let Some(proxy) = &self.proxy else { return self.encrypt(limits, tls, stream).await };
        match &proxy.tls {
            Some(to_proxy) => {
                let stream = limits.keep(Stage::Proxy, to_proxy.connect(stream)).await?;
                let stream = limits.keep(Stage::Proxy, proxy.tunnel(stream, &self.address)).await?;
                self.encrypt(limits, tls, stream).await
            }
            None => {
                let stream = limits.keep(Stage::Proxy, proxy.tunnel(stream, &self.address)).await?;
                self.encrypt(limits, tls, stream).await
            }
        }
    }

    async fn encrypt<S>(&self, limits: Deadlines, tls: &Tls, stream: S) -> Result<Wire, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let stream = limits.keep(Stage::Tls, tls.connect(stream)).await?;
        self.upgrade(limits, stream).await
    }

    async fn upgrade<S>(&self, limits: Deadlines, mut stream: S) -> Result<Wire, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let upgrade = upgrade::upgrade(&mut stream, &self.address, &self.user_agent);
        let early = limits.keep(Stage::Upgrade, upgrade).await?;
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
pub(crate) fn host(url: &str, settings: &TransportSettings) -> Result<String, Error> {
    Ok(address::parse(url, settings)?.host().to_owned())
}

impl Dial for Server {
    async fn dial(&self, limits: DialLimits) -> Result<Wire, DialFailure> {
        let end = Instant::now().checked_add(limits.all);
        self.connect(Deadlines { stage: limits.stage, end }).await
    }
}

/// The time that is left of a dial.
#[derive(Clone, Copy)]
struct Deadlines {
    stage: Duration,
    /// The end of the whole dial.
    end: Option<Instant>,
}

impl Deadlines {
    /// Gives up the work of a stage when the time of the stage or of the dial is over.
    async fn keep<T>(
        self,
        stage: Stage,
        work: impl Future<Output = Result<T, DialFailure>>,
    ) -> Result<T, DialFailure> {
        let of_stage = Instant::now().checked_add(self.stage);
        match of_stage.into_iter().chain(self.end).min() {
            Some(end) => timeout_at(end, work).await.unwrap_or(Err(DialFailure::TimedOut(Some(stage)))),
            None => work.await,
        }
    }
}
