//! Additional trusted certificates.

use std::fmt;

use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::error::{Error, ErrorKind, Result};

/// Certificate authorities that are trusted in addition to the system's, such as that of a company's
/// inspecting proxy.
///
/// There is no way to accept certificates without checking them.
///
/// ```no_run
/// use clear_street::RootCertificates;
/// use clear_street::trading::Client;
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let company = RootCertificates::from_pem(std::fs::read("company-ca.pem")?)?;
/// let client = Client::builder().api_key("…").root_certificates(company).build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RootCertificates {
    certificates: Vec<CertificateDer<'static>>,
}

impl RootCertificates {
    /// Reads one or more certificates in PEM: texts that begin with `-----BEGIN CERTIFICATE-----`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if there is none, or if it is not PEM.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(pem.as_ref()).collect::<Result<_, _>>().map_err(unreadable)?;
        if certificates.is_empty() {
            return Err(Error::new(ErrorKind::Configuration, "there is no certificate in the PEM text"));
        }
        Ok(Self { certificates })
    }

    pub(super) fn der(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        self.certificates.iter().cloned()
    }
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Configuration, "the certificates are not PEM").caused_by(Some(Box::new(error)))
}

impl fmt::Debug for RootCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RootCertificates").field(&self.certificates.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_certificates_is_refused() {
        for text in ["", "no PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            let error = RootCertificates::from_pem(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert_eq!(error.to_string(), "there is no certificate in the PEM text");
        }
        let error = RootCertificates::from_pem("-----BEGIN CERTIFICATE-----\n?\n").unwrap_err();
        assert_eq!(error.to_string(), "the certificates are not PEM");
    }
}
