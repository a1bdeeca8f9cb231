//! A proxy that carries what it cannot read.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::address::{Address, misconfigured};
use super::tls::Tls;
use crate::RootCertificates;
use crate::error::Error;
use crate::stream::machine::{DialFailure, Stage};
use crate::transport::Url;

/// Longest answer of a proxy.
const HEAD: usize = 16 << 10;

/// A proxy, with the same URL as for requests.
pub(super) struct Proxy {
    pub(super) address: Address,
    /// To the proxy itself.
    pub(super) tls: Option<Tls>,
    /// The header with name and password, if it wants them.
    authorization: Zeroizing<String>,
}

impl Proxy {
    /// The message must not show the URL, which may hold a password.
    pub(super) fn new(url: &str, roots: &[RootCertificates]) -> Result<Self, Error> {
        let url =
            Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| misconfigured("the proxy must be an http:// or https:// URL"))?;
        let authorization = authorization(&url);
        let address = Address::of_proxy(url);
        let tls = match address.is_encrypted() {
            true => Some(Tls::new(address.host(), roots)?),
            false => None,
        };
        Ok(Self { address, tls, authorization })
    }

    /// Has the proxy connect to a server; what is read and written after that is the server's.
    pub(super) async fn tunnel<S>(&self, mut stream: S, server: &Address) -> Result<S, DialFailure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let failed = |_| DialFailure::Failed(Stage::Proxy);
        let (host, port) = (server.bracketed_host(), server.port());
        let request = Zeroizing::new(format!(
            "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{}\r\n",
            *self.authorization,
        ));
        stream.write_all(request.as_bytes()).await.map_err(failed)?;
        stream.flush().await.map_err(failed)?;
        let mut head = Vec::new();
        // One by one: what follows is not for the proxy.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > HEAD {
                return Err(DialFailure::Failed(Stage::Proxy));
            }
            head.push(stream.read_u8().await.map_err(failed)?);
        }
        // A refusal is the proxy's, not the server's: its status says nothing of a token.
        match status(&head) {
            Some(200..=299) => Ok(stream),
            Some(status) => Err(DialFailure::Proxy { status }),
            None => Err(DialFailure::Failed(Stage::Proxy)),
        }
    }
}

/// The status of an answer over HTTP/1.
fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head).ok()?.strip_prefix("HTTP/1.")?;
    let digits = line.split(' ').nth(1)?.lines().next()?;
    digits.parse().ok().filter(|_| digits.len() == 3)
}

fn authorization(url: &Url) -> Zeroizing<String> {
    let (name, password) = (url.username(), url.password().unwrap_or_default());
    if name.is_empty() && password.is_empty() {
        return Zeroizing::default();
    }
    let mut both = Zeroizing::new(percent_decode_str(name).collect::<Vec<u8>>());
    both.push(b':');
    both.extend(percent_decode_str(password));
    let encoded = Zeroizing::new(STANDARD.encode(&*both));
    Zeroizing::new(format!("Proxy-Authorization: Basic {}\r\n", *encoded))
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("host", &self.address.host()).finish_non_exhaustive()
    }
}
