//! TLS settings, shared by requests and streams.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, Error};

use super::certificates::RootCertificates;

/// TLS 1.2 or 1.3, with the authorities of the system and those given. It offers no protocol.
///
/// This loads the certificates of the system, which takes milliseconds. A clone shares them, and the
/// sessions that can be resumed.
pub(crate) fn config(roots: &[RootCertificates]) -> Result<ClientConfig, Error> {
    // A program may have chosen another provider, such as a certified one.
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(default_provider()));
    let extra = roots.iter().flat_map(RootCertificates::der);
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}
