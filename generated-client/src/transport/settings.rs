//! How connections are made.

use std::fmt;
use std::time::Duration;

use reqwest::Proxy;
use secrecy::{ExposeSecret, SecretString};

use super::certificates::RootCertificates;

/// How connections are made, and how many.
#[derive(Clone)]
pub(crate) struct TransportSettings {
    /// Longest time for making a connection, for requests that may be repeated.
    pub(crate) connect_timeout: Duration,
    /// The same for orders and all other writes.
    pub(crate) order_connect_timeout: Duration,
    /// Longest answer, decompressed.
    pub(crate) response_limit: usize,
    /// Most requests that are on their way at once; more of them wait.
    pub(crate) concurrent_requests: Option<usize>,
    /// Most connections that are kept without being used.
    pub(crate) idle_connections: usize,
    /// How long they are kept.
    pub(crate) idle_timeout: Duration,
    pub(crate) http2: bool,
    /// Its URL may hold a password.
    pub(crate) proxy: Option<SecretString>,
    pub(crate) root_certificates: Vec<RootCertificates>,
    /// A server in this process, which takes the place of the library.
    #[cfg(test)]
    pub(crate) memory: Option<std::sync::Arc<dyn super::memory::MemoryServer>>,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            order_connect_timeout: Duration::from_secs(3),
            response_limit: 64 << 20,
            concurrent_requests: None,
            idle_connections: 64,
            idle_timeout: Duration::from_secs(90),
            http2: true,
            proxy: None,
            root_certificates: Vec::new(),
            #[cfg(test)]
            memory: None,
        }
    }
}

impl TransportSettings {
    /// What is wrong with them, as far as can be known beforehand.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.concurrent_requests == Some(0) {
            return Err("with no request at once nothing can be sent".to_owned());
        }
        if let Some(url) = &self.proxy {
            check_proxy(url.expose_secret())?;
        }
        Ok(())
    }

    /// The library's client.
    pub(super) fn client(&self, https_only: bool) -> Result<reqwest::Client, reqwest::Error> {
        #[cfg(test)]
        if self.memory.is_some() {
            // Never used, and slow to make.
            static IDLE: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
            return Ok(IDLE.get_or_init(reqwest::Client::new).clone());
        }
        let mut builder = reqwest::Client::builder()
            .https_only(https_only)
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .tls_certs_merge(self.root_certificates.iter().flat_map(RootCertificates::all))
            // Also of connections that go on being made when the request has found another.
            .connect_timeout(self.connect_timeout.max(self.order_connect_timeout))
            .pool_max_idle_per_host(self.idle_connections)
            .pool_idle_timeout(self.idle_timeout)
            // A connection that died unnoticed is found out while a request waits on it, not by
            // every request after it.
            .http2_keep_alive_interval(Duration::from_secs(5))
            .http2_keep_alive_timeout(Duration::from_secs(5))
            // A redirect would carry an order, or its answer, to a place that nobody chose.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Whether something is sent again is never decided here.
            .retry(reqwest::retry::never())
            // Decompressing is this crate's own, also where another one switches the library's on.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            // The environment is read by `from_env` alone.
            .no_proxy();
        if !self.http2 {
            builder = builder.http1_only();
        }
        if let Some(url) = &self.proxy {
            // Only what is encrypted end to end goes through a proxy.
            builder = builder.proxy(Proxy::https(url.expose_secret())?);
        }
        builder.build()
    }
}

/// The message must not show the URL, which may hold a password.
fn check_proxy(text: &str) -> Result<(), String> {
    match reqwest::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        Ok(_) => Err("the proxy must be an http:// or https:// URL".to_owned()),
        Err(error) => Err(format!("the proxy is no URL: {error}")),
    }
}

impl fmt::Debug for TransportSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportSettings")
            .field("connect_timeout", &self.connect_timeout)
            .field("order_connect_timeout", &self.order_connect_timeout)
            .field("response_limit", &self.response_limit)
            .field("concurrent_requests", &self.concurrent_requests)
            .field("idle_connections", &self.idle_connections)
            .field("idle_timeout", &self.idle_timeout)
            .field("http2", &self.http2)
            .field("proxy", &self.proxy)
            .field("root_certificates", &self.root_certificates)
            .finish()
    }
}
