//! Where a server is.

use crate::error::{Error, ErrorKind};
use crate::transport::{BaseUrl, TransportSettings, Url};

/// The address of a server, from a URL with the same rules as those of requests.
#[derive(Debug)]
pub(super) struct Address {
    url: Url,
}

/// Reads the URL of a stream.
pub(super) fn parse(text: &str, settings: &TransportSettings) -> Result<BaseUrl, Error> {
    let text = text.trim();
    // Where requests go over http, streams go over ws; the libraries know the former.
    let http = match text.split_at_checked(2) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http{rest}"),
        _ => text.to_owned(),
    };
    settings.base_url(&http).map_err(|problem| misconfigured(format!("the URL of the stream {problem}")))
}

impl Address {
    pub(super) fn new(url: &BaseUrl) -> Self {
        Self { url: url.address("", "") }
    }

    /// The address of a proxy, whose URL may hold a name and a password: they are not kept.
    pub(super) fn of_proxy(mut url: Url) -> Self {
        // Neither can fail for a URL with a host.
        _ = url.set_username("");
        _ = url.set_password(None);
        Self { url }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Name or address, with brackets if that has colons.
    pub(super) fn bracketed_host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Name or address, without brackets.
    pub(super) fn host(&self) -> &str {
        self.bracketed_host().trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        // Both schemes have one.
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// As it stands in the header `Host`.
    pub(super) fn authority(&self) -> &str {
        self.url.authority()
    }

    pub(super) fn path(&self) -> &str {
        self.url.path()
    }
}

pub(super) fn misconfigured(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (text, encrypted, host, port, authority, path) in [
            ("wss://api.example.com/v2/ws", true, "api.example.com", 443, "api.example.com", "/v2/ws"),
            ("https://api.example.com:8443", true, "api.example.com", 8443, "api.example.com:8443", "/"),
            ("WS://localhost:80/", false, "localhost", 80, "localhost", "/"),
            (" ws://[::1]:9/x ", false, "::1", 9, "[::1]:9", "/x"),
        ] {
            let address = Address::new(&parse(text, &TransportSettings::default()).unwrap());
            assert_eq!(address.is_encrypted(), encrypted, "{text}");
            assert_eq!((address.host(), address.port()), (host, port), "{text}");
            assert_eq!((address.authority(), address.path()), (authority, path), "{text}");
        }
    }

    #[test]
    fn what_is_not_encrypted_or_holds_a_secret_is_refused() {
        for text in ["", "ws://api.example.com", "ftp://localhost", "wss://u:p@localhost", "wss://a/?token=b"]
        {
            let error = parse(text, &TransportSettings::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
        }
    }
}
