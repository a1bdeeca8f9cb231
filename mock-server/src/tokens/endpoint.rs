//! The token endpoint: RFC 6749, section 4.4, and section 5 for its answers.

use bytes::Bytes;
use clear_street_spec::ir::{Api, Authentication};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::json;

use super::Tokens;
use super::request::TokenRequest;
use crate::frame::plain;

const GRANT: &str = "client_credentials";

/// Where the clients of an API get their tokens.
pub(crate) struct Endpoint {
    /// `/oauth/token`
    pub(crate) path: String,
    audience: String,
    tokens: Tokens,
}

/// Why there is no token: status, error code of the RFC, and what to tell people.
type Refusal = (StatusCode, &'static str, String);

impl Endpoint {
    /// The endpoint that the spec names, if the API has tokens.
    pub(crate) fn new(api: &Api, tokens: &Tokens) -> Option<Self> {
        let Authentication::ClientCredentials { token_url, audience, .. } = &api.authentication else {
            return None;
        };
        let path = token_url.parse::<Uri>().ok()?.path().to_owned();
        Some(Self { path, audience: audience.clone(), tokens: tokens.clone() })
    }

    /// What a request is answered.
    pub(crate) fn answer(&self, method: &Method, headers: &HeaderMap, body: &[u8]) -> Response<Bytes> {
        if method != Method::POST {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let request = TokenRequest::read(headers, body).map_err(invalid_request);
        let has_header = request.as_ref().is_ok_and(|request| request.has_header);
        let (status, answer) = match request.and_then(|request| self.token(&request)) {
            Ok(token) => {
                let seconds = self.tokens.lifetime().as_secs();
                let answer = json!({ "access_token": token, "expires_in": seconds, "token_type": "Bearer" });
                (StatusCode::OK, answer)
            }
            Err((status, code, message)) => (status, json!({ "error": code, "error_description": message })),
        };
        let mut response = plain(status, answer.to_string());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        if status == StatusCode::UNAUTHORIZED && has_header {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"mock\""));
        }
        response
    }

    fn token(&self, request: &TokenRequest) -> Result<String, Refusal> {
        let TokenRequest { grant_type, client_id, client_secret, audience, has_header: _ } = request;
        let given = |parameter: &Option<String>, name| {
            parameter.clone().ok_or_else(|| invalid_request(format!("`{name}` is missing")))
        };
        let grant_type = given(grant_type, "grant_type")?;
        if grant_type != GRANT {
            let message = format!("this server grants `{GRANT}` only, not `{grant_type}`");
            return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type", message));
        }
        let (id, secret) = (given(client_id, "client_id")?, given(client_secret, "client_secret")?);
        if !self.tokens.knows(&id, &secret) {
            let message = "no client has this identifier and secret".to_owned();
            return Err((StatusCode::UNAUTHORIZED, "invalid_client", message));
        }
        if let Some(other) = audience.as_ref().filter(|audience| **audience != self.audience) {
            return Err(invalid_request(format!("`audience` is `{}`, not `{other}`", self.audience)));
        }
        Ok(self.tokens.issue())
    }
}

fn invalid_request(message: String) -> Refusal {
    (StatusCode::BAD_REQUEST, "invalid_request", message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    const GOOD: &str = r#"{"grant_type": "client_credentials", "client_id": "id", "client_secret": "s:1"}"#;

    fn endpoint() -> Endpoint {
        let tokens = Tokens::new();
        tokens.set_clients([("id", "s:1")]);
        Endpoint { path: "/token".into(), audience: "https://api.example.com".into(), tokens }
    }

    fn post(endpoint: &Endpoint, headers: &[(&'static str, &str)], body: &str) -> (u16, Value, HeaderMap) {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let response = endpoint.answer(&Method::POST, &headers, body.as_bytes());
        let answer = serde_json::from_slice(response.body()).unwrap();
        (response.status().as_u16(), answer, response.headers().clone())
    }

    #[tokio::test]
    async fn tokens_are_given_for_json_for_forms_and_for_a_header() {
        let endpoint = endpoint();
        endpoint.tokens.set_lifetime(Duration::from_secs(600));
        let with_audience = GOOD.replace('}', r#", "audience": "https://api.example.com", "scope": "x"}"#);
        let basic = ("authorization", "Basic aWQ6cyUzQTE=");
        for (headers, body) in [
            (&[("content-type", JSON)][..], GOOD),
            (&[("content-type", "application/json; charset=utf-8")], &with_audience),
            (&[("content-type", FORM)], "grant_type=client_credentials&client_id=id&client_secret=s%3A1"),
            (&[("content-type", FORM), basic], "grant_type=client_credentials"),
        ] {
            let (status, answer, headers) = post(&endpoint, headers, body);
            assert_eq!(status, 200, "{answer}");
            assert_eq!((&answer["expires_in"], &answer["token_type"]), (&json!(600), &json!("Bearer")));
            assert_eq!(headers[CACHE_CONTROL], "no-store");
            assert!(endpoint.tokens.accepts(answer["access_token"].as_str().unwrap()));
        }
    }

    #[tokio::test]
    async fn refusals_are_those_of_the_rfc() {
        let other = |name: &str, value: &str| {
            let mut body: Value = serde_json::from_str(GOOD).unwrap();
            body[name] = json!(value);
            body.to_string()
        };
        for (kind, body, status, code, says) in [
            (JSON, "{", 400, "invalid_request", "not JSON"),
            (JSON, "[]", 400, "invalid_request", "no JSON object"),
            (JSON, r#"{"grant_type": 5}"#, 400, "invalid_request", "`grant_type` is no text"),
            (JSON, "{}", 400, "invalid_request", "`grant_type` is missing"),
            (JSON, &other("client_secret", ""), 400, "invalid_request", "`client_secret` is missing"),
            (
                JSON,
                &other("audience", "x"),
                400,
                "invalid_request",
                "`audience` is `https://api.example.com`",
            ),
            (JSON, &other("grant_type", "password"), 400, "unsupported_grant_type", "not `password`"),
            (JSON, &other("client_secret", "wrong"), 401, "invalid_client", "no client has"),
            (JSON, &other("client_id", "wrong"), 401, "invalid_client", "no client has"),
            (FORM, "client_id=a&client_id=b", 400, "invalid_request", "`client_id` comes twice"),
            (FORM, "client_id=%FF", 400, "invalid_request", "not UTF-8"),
            ("text/plain", GOOD, 400, "invalid_request", "neither JSON nor a form"),
        ] {
            let (answered, answer, headers) = post(&endpoint(), &[("content-type", kind)], body);
            assert_eq!((answered, answer["error"].as_str()), (status, Some(code)), "{body}: {answer}");
            assert!(answer["error_description"].as_str().unwrap().contains(says), "{body}: {answer}");
            assert!(!headers.contains_key(WWW_AUTHENTICATE));
        }
    }

    #[tokio::test]
    async fn a_client_that_proves_itself_in_a_header_is_challenged_there() {
        let basic = |text: &str| {
            format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text))
        };
        let (form, body) = (("content-type", FORM), "grant_type=client_credentials");
        let (status, _, headers) = post(&endpoint(), &[form, ("authorization", &basic("id:wrong"))], body);
        assert_eq!((status, headers.contains_key(WWW_AUTHENTICATE)), (401, true));
        let twice = format!("{body}&client_id=id&client_secret=s");
        for (header, body) in [("Bearer x", body), ("Basic !", body), (&basic("id:s%3A1"), &twice)] {
            let (status, answer, _) = post(&endpoint(), &[form, ("authorization", header)], body);
            assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")), "{header}: {answer}");
        }
    }

    #[test]
    fn it_is_asked_with_post() {
        let response = endpoint().answer(&Method::GET, &HeaderMap::new(), b"");
        assert_eq!(
            (response.status(), &response.headers()[ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("POST"))
        );
    }
}
