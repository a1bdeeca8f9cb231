//! TLS.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ClientConfig};

use super::address::misconfigured;
use crate::RootCertificates;
use crate::error::Error;
use crate::stream::machine::{DialFailure, Stage};

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
        let config = config(roots).map_err(|error| {
            misconfigured("there are no certificates to trust").caused_by(Some(Box::new(error)))
        })?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), host: name })
    }

    pub(super) async fn connect<S>(&self, stream: S) -> Result<TlsStream<S>, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.connector.connect(self.host.clone(), stream).await.map_err(|error| failure(&error))
    }
}

fn config(roots: &[RootCertificates]) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(default_provider());
    let extra = roots.iter().flat_map(RootCertificates::der);
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // What is upgraded is HTTP/1.1.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
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
