//! TLS.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;

use super::address::misconfigured;
use crate::RootCertificates;
use crate::error::Error;
use crate::stream::machine::{DialFailure, Stage};
use crate::transport::tls_config;

/// TLS 1.2 or 1.3 to one host, whose certificate is checked as that of requests is: with the
/// authorities of the system, and those given.
pub(super) struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl Tls {
    pub(super) fn new(host: &str, roots: &[RootCertificates]) -> Result<Self, Error> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| misconfigured("the URL of the stream has no host that a certificate can name"))?;
        let mut config = tls_config(roots).map_err(|error| {
            misconfigured("there are no certificates to trust").caused_by(Some(Box::new(error)))
        })?;
        // What is upgraded is HTTP/1.1.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), host: name })
    }

    pub(super) async fn connect<S>(&self, stream: S) -> Result<TlsStream<S>, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.connector.connect(self.host.clone(), stream).await.map_err(|error| failure(&error))
    }
}

fn failure(error: &io::Error) -> DialFailure {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(_)) => DialFailure::Certificate,
        _ => DialFailure::Failed(Stage::Tls),
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("host", &self.host).finish_non_exhaustive()
    }
}
