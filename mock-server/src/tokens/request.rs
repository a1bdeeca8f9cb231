//! What a client asks the token endpoint: RFC 6749, sections 2.3.1 and 4.4.2, or the same as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The parameters that matter; what else there is must be ignored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TokenRequest {
    pub(super) grant_type: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) audience: Option<String>,
    /// Whether the client proves itself in a header.
    pub(super) has_header: bool,
}

impl TokenRequest {
    /// Reads a request; the error says what is wrong with it.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let mut request = Self::default();
        if kind.eq_ignore_ascii_case("application/json") {
            let body =
                serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
            let Value::Object(body) = body else { return Err("the body is no JSON object".to_owned()) };
            for (name, value) in body {
                request.set(&name, value.as_str().ok_or_else(|| format!("`{name}` is no text")))?;
            }
        } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let body = std::str::from_utf8(body).map_err(|_| "the body is not text")?;
            for pair in body.split('&').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                request.set(&plain(name)?, Ok(&plain(value)?))?;
            }
        } else {
            return Err(format!("the content type `{kind}` is neither JSON nor a form"));
        }
        request.read_header(headers)?;
        Ok(request)
    }

    fn set(&mut self, name: &str, value: Result<&str, String>) -> Result<(), String> {
        let place = match name {
            "grant_type" => &mut self.grant_type,
            "client_id" => &mut self.client_id,
            "client_secret" => &mut self.client_secret,
            "audience" => &mut self.audience,
            _ => return Ok(()),
        };
        let value = value?;
        // What has no value counts as left out.
        if !value.is_empty() && place.replace(value.to_owned()).is_some() {
            return Err(format!("`{name}` comes twice"));
        }
        Ok(())
    }

    /// Identifier and secret as user and password.
    fn read_header(&mut self, headers: &HeaderMap) -> Result<(), String> {
        let Some(header) = headers.get(AUTHORIZATION) else { return Ok(()) };
        self.has_header = true;
        let credentials = header.to_str().ok().and_then(basic);
        let (id, secret) = credentials.ok_or("`Authorization` is not `Basic` with identifier and secret")?;
        if self.client_secret.is_some() {
            return Err("the client proves itself twice, in the header and in the body".to_owned());
        }
        (self.client_id, self.client_secret) = (Some(id), Some(secret));
        Ok(())
    }
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((plain(id).ok()?, plain(secret).ok()?))
}

/// A part of a form without its encoding.
fn plain(encoded: &str) -> Result<String, String> {
    let spaced = encoded.replace('+', " ");
    let decoded =
        percent_decode_str(&spaced).decode_utf8().map_err(|_| format!("`{encoded}` is not UTF-8"))?;
    Ok(decoded.into_owned())
}
