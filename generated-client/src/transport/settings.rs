//! Settings of connections.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use url::Url;

use super::BoxError;
use super::base_url::BaseUrl;
use super::certificates::RootCertificates;
use super::connect::{Connector, ProxyRoute};
use super::tls;

/// How connections are made, and how many.
#[derive(Clone)]
pub(crate) struct TransportSettings {
    /// Longest time for making a connection, for requests that may be repeated.
    pub(crate) connect_timeout: Duration,
    /// The same for orders and all other writes.
    pub(crate) order_connect_timeout: Duration,
    /// Longest answer, before and after it is decompressed.
    pub(crate) response_limit: usize,
    /// Most requests that are on their way at once; more of them wait.
    pub(crate) concurrent_requests: Option<usize>,
    /// Most connections that are kept without being used.
    pub(crate) idle_connections: usize,
    /// How long an idle connection is used for requests that may be repeated, if that is set.
    pub(crate) idle_timeout: Option<Duration>,
    /// The same for orders and all other writes.
    pub(crate) order_idle_timeout: Option<Duration>,
    /// How old a connection may be when a request is put on it.
    pub(crate) max_connection_age: Duration,
    pub(crate) http2: bool,
    pub(crate) proxy: Option<ProxySettings>,
    pub(crate) root_certificates: Vec<RootCertificates>,
    /// The host that may be reached without TLS, beside this machine.
    pub(crate) plain_http_host: Option<String>,
    /// A server in this process, which takes the place of the library.
    #[cfg(test)]
    pub(crate) memory: Option<std::sync::Arc<dyn super::memory::MemoryServer>>,
}

/// A proxy, and the hosts that are reached without it.
#[derive(Clone)]
pub(crate) struct ProxySettings {
    /// May hold a password.
    url: SecretString,
    no_proxy: String,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            order_connect_timeout: Duration::from_secs(3),
            response_limit: 64 << 20,
            concurrent_requests: None,
            idle_connections: 64,
            idle_timeout: None,
            order_idle_timeout: None,
            max_connection_age: Duration::from_secs(600),
            http2: true,
            proxy: None,
            root_certificates: Vec::new(),
            plain_http_host: None,
            #[cfg(test)]
            memory: None,
        }
    }
}

impl TransportSettings {
    /// What is wrong with them, as far as can be known beforehand.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.concurrent_requests == Some(0) {
            return Err("`concurrent_requests` must be at least 1".to_owned());
        }
        if let Some(proxy) = &self.proxy {
            proxy.check()?;
        }
        match &self.plain_http_host {
            Some(host) if !is_host(host) => Err(format!(
                "`plain_http_host` must be the name or address of one host, without scheme and port; it is \
                {host:?}"
            )),
            _ => Ok(()),
        }
    }

    /// Reads a base URL by these settings; the error says what is wrong with it.
    pub(crate) fn base_url(&self, text: &str) -> Result<BaseUrl, String> {
        BaseUrl::parse(text, self.plain_http_host.as_deref())
    }

    /// The way to the proxy through which a server is reached. What is not encrypted end to end goes through
    /// none.
    pub(crate) fn proxy_to(&self, server: &BaseUrl) -> Result<Option<ProxyRoute>, String> {
        self.proxy.as_ref().filter(|proxy| proxy.carries(server)).map(ProxySettings::route).transpose()
    }

    /// As many requests as may be on their way at once, if there is a limit to be kept.
    pub(super) fn permits(&self) -> Option<Semaphore> {
        self.concurrent_requests.filter(|count| *count <= Semaphore::MAX_PERMITS).map(Semaphore::new)
    }

    /// What makes connections to a server. With TLS it loads the certificates of the system.
    pub(super) fn connector(&self, server: &BaseUrl) -> Result<Connector, BoxError> {
        // Also of connections that go on being made when the request has found another.
        let timeout = self.connect_timeout.max(self.order_connect_timeout);
        if !server.is_https() {
            return Ok(Connector::plain(timeout));
        }
        let config = tls::config(&self.root_certificates)?;
        Ok(Connector::tls(config, self.http2, self.proxy_to(server)?, timeout))
    }
}

impl ProxySettings {
    /// A proxy for all hosts.
    pub(crate) fn new(url: String) -> Self {
        Self { url: SecretString::from(url), no_proxy: String::new() }
    }

    /// The proxy that environment variables name, if one does.
    ///
    /// The variables are looked up through a function, so that tests need not change those of the
    /// process.
    pub(crate) fn from_environment(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
        let read = |names: [&str; 2]| {
            let mut texts = names.iter().filter_map(|name| variable(name));
            // What is no Unicode text is no URL either, and refused when the client is built.
            texts.find(|text| !text.is_empty()).map(|text| text.to_string_lossy().into_owned())
        };
        let url = read(["HTTPS_PROXY", "https_proxy"]).or_else(|| read(["ALL_PROXY", "all_proxy"]))?;
        let url = if url.contains("://") { url } else { format!("http://{url}") };
        let no_proxy = read(["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Some(Self { url: SecretString::from(url), no_proxy })
    }

    /// The message must not show the URL, which may hold a password.
    fn check(&self) -> Result<(), String> {
        let supported = "the supported schemes are http:// and https://";
        match Url::parse(self.url.expose_secret()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
            Ok(url) if url.has_host() => {
                Err(format!("the scheme {}:// of the proxy is not supported: {supported}", url.scheme()))
            }
            Ok(_) => Err(format!("the proxy is not the URL of a host: {supported}")),
            Err(error) => Err(format!("the proxy is not a URL: {error}; {supported}")),
        }
    }

    /// Whether a server is reached through the proxy.
    fn carries(&self, server: &BaseUrl) -> bool {
        // The matcher takes it for a name, which no address has.
        if self.no_proxy.split(',').any(|host| host.trim() == "*") {
            return false;
        }
        // Only the list is asked: a proxy that cannot be used must not make connections direct.
        let matcher = Matcher::builder().https("http://proxy").no(self.no_proxy.as_str()).build();
        server.as_str().parse().is_ok_and(|server| matcher.intercept(&server).is_some())
    }

    fn route(&self) -> Result<ProxyRoute, String> {
        let any = Uri::from_static("https://server");
        let url = Url::parse(self.url.expose_secret()).map_err(|error| error.to_string())?;
        let found = Matcher::builder().https(url.as_str()).build().intercept(&any);
        let found = found.ok_or("the URL of the proxy cannot be used")?;
        Ok(ProxyRoute { uri: found.uri().clone(), authorization: found.basic_auth().cloned() })
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySettings").field("url", &self.url).field("no_proxy", &self.no_proxy).finish()
    }
}

/// Whether the text is a host as it stands in a URL.
fn is_host(text: &str) -> bool {
    Url::parse(&format!("http://{text}/"))
        .is_ok_and(|url| url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(text)))
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
            .field("order_idle_timeout", &self.order_idle_timeout)
            .field("max_connection_age", &self.max_connection_age)
            .field("http2", &self.http2)
            .field("proxy", &self.proxy)
            .field("root_certificates", &self.root_certificates)
            .field("plain_http_host", &self.plain_http_host)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)]) -> Option<ProxySettings> {
        ProxySettings::from_environment(&|name| {
            let mut found = variables.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_proxy_of_the_environment_is_found() {
        for (variables, url) in [
            ([("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:1")].as_slice(), Some("http://a:1")),
            (&[("HTTPS_PROXY", ""), ("https_proxy", "http://b:1")], Some("http://b:1")),
            (&[("ALL_PROXY", "http://c:1"), ("https_proxy", "http://b:1")], Some("http://b:1")),
            (&[("all_proxy", "proxy.example:3128")], Some("http://proxy.example:3128")),
            (&[("HTTP_PROXY", "http://a:1"), ("NO_PROXY", "x")], None),
            (&[], None),
        ] {
            let found = proxy(variables);
            assert_eq!(found.as_ref().map(|proxy| proxy.url.expose_secret()), url, "{variables:?}");
            assert!(found.is_none_or(|proxy| proxy.check().is_ok()));
        }
    }

    #[test]
    fn hosts_that_need_no_proxy_are_reached_directly() {
        let carries = |no_proxy: &str, server: &str| {
            let proxy = proxy(&[("ALL_PROXY", "http://a:1"), ("no_proxy", no_proxy)]).unwrap();
            proxy.carries(&BaseUrl::parse(server, None).unwrap())
        };
        for (no_proxy, server) in [
            (".example", "https://api.example"),
            ("other, example", "https://api.example/path"),
            ("10.0.0.0/8", "https://10.1.2.3"),
            ("::1", "https://[::1]:8443"),
            ("a, *", "https://api.example"),
            ("*", "https://10.1.2.3"),
        ] {
            assert!(!carries(no_proxy, server), "{no_proxy} {server}");
        }
        for (no_proxy, server) in [
            ("", "https://api.example"),
            (".example", "https://api.example.com"),
            ("pi.example", "https://api.example"),
            ("10.0.0.0/8", "https://11.1.2.3"),
        ] {
            assert!(carries(no_proxy, server), "{no_proxy} {server}");
        }
        // Without TLS there is none.
        assert!(!carries("", "http://127.0.0.1:1"));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_and_never_left_out() {
        for url in ["socks5://u:planted@a:1", "ftp://a", "http:", "no URL", ""] {
            let settings = TransportSettings {
                proxy: Some(ProxySettings::new(url.to_owned())),
                ..TransportSettings::default()
            };
            let message = settings.check().unwrap_err();
            assert!(message.contains("http://") && !message.contains("planted"), "{message}");
            let server = BaseUrl::parse("https://api.example", None).unwrap();
            assert!(settings.proxy.is_some_and(|proxy| proxy.carries(&server)));
        }
        let route = ProxySettings::new("https://us%3Aer:p%40ss@pr\u{f6}xy.example".to_owned()).route();
        let route = route.unwrap();
        assert_eq!(route.uri, "https://xn--prxy-6qa.example/");
        assert_eq!(route.authorization.unwrap(), "Basic dXM6ZXI6cEBzcw==");
    }
}
