//! The base URL, to which paths are appended.

use std::fmt;
use std::net::IpAddr;

use url::Url;

use super::resolve::is_localhost;

/// A base URL: https, or http to this machine or to a host that the caller has named; perhaps with a
/// path, never with a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    text: String,
    url: Url,
}

impl BaseUrl {
    /// Reads it; `plain_host` may be reached without TLS. The error says what is wrong with it.
    pub(crate) fn parse(text: &str, plain_host: Option<&str>) -> Result<Self, String> {
        let url = Url::parse(text.trim()).map_err(|error| format!("is no URL: {error}"))?;
        let is_named =
            || url.host_str().zip(plain_host).is_some_and(|(host, named)| host.eq_ignore_ascii_case(named));
        let is_private =
            url.scheme() == "https" || (url.scheme() == "http" && (is_loopback(&url) || is_named()));
        if !is_private {
            return Err("must begin with https:// (http:// is allowed to this machine, and to the one host \
                that `ClientBuilder::plain_http_host` names)"
                .to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not contain a query or fragment".to_owned());
        }
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), url })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of a path behind it, and a query; both are percent-encoded and may be empty, the
    /// query begins with `?`.
    ///
    /// Whatever they are, they lead to no other host.
    pub(crate) fn address(&self, path: &str, query: &str) -> Url {
        let mut url = self.url.clone();
        match self.url.path().trim_end_matches('/') {
            "" => url.set_path(path),
            prefix => url.set_path(&[prefix, path].concat()),
        }
        if let Some(query) = query.strip_prefix('?') {
            url.set_query(Some(query));
        }
        url
    }

    /// Name or address of the server.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    is_localhost(host) || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_are_dropped_and_paths_kept() {
        for (given, kept) in [
            ("https://api.example.com", "https://api.example.com"),
            ("https://api.example.com/", "https://api.example.com"),
            (" https://API.example.com/gateway/v2/\n", "https://api.example.com/gateway/v2"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:1/x", "http://127.0.0.1:1/x"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://App.localhost:1", "http://app.localhost:1"),
        ] {
            assert_eq!(BaseUrl::parse(given, None).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn paths_and_queries_are_put_behind_it() {
        for (base, path, query, address) in [
            ("https://h", "/v1/a", "", "https://h/v1/a"),
            ("https://h/", "/v1/a", "?b=c%20d,e", "https://h/v1/a?b=c%20d,e"),
            ("https://h:8/x/y/", "/v1/a%2Fb", "?q=%3F%23&r=1", "https://h:8/x/y/v1/a%2Fb?q=%3F%23&r=1"),
            ("https://h/x", "", "", "https://h/x"),
            ("https://h", "", "", "https://h/"),
            ("https://h", "//other/a", "?//other", "https://h//other/a?//other"),
            ("https://h/x", "//other@a", "", "https://h/x//other@a"),
        ] {
            assert_eq!(BaseUrl::parse(base, None).unwrap().address(path, query).as_str(), address);
        }
    }

    #[test]
    fn what_is_not_private_or_not_a_base_is_refused() {
        for given in [
            "",
            "api.example.com",
            "http://api.example.com",
            "http://localhost.example.com",
            "http://notlocalhost",
            "http://mock.example.com",
            "http://a.mock",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "ftp://localhost",
            "https://user@api.example.com",
            "https://:password@api.example.com",
            "https://api.example.com/?a=b",
            "https://api.example.com/#a",
            "file:///etc/passwd",
        ] {
            assert!(BaseUrl::parse(given, Some("mock")).is_err(), "{given}");
        }
    }

    #[test]
    fn one_host_may_be_named_that_is_reached_without_tls() {
        let base_url = BaseUrl::parse("http://Mock:4010/x", Some("mock")).unwrap();
        assert_eq!(base_url.as_str(), "http://mock:4010/x");
        assert!(!base_url.is_loopback() && !base_url.is_https());
        assert!(BaseUrl::parse("http://10.0.0.7:4010", Some("10.0.0.7")).is_ok());
        let message = BaseUrl::parse("http://other:4010", Some("mock")).unwrap_err();
        assert!(message.contains("plain_http_host"), "{message}");
    }
}
