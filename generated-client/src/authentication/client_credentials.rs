//! Fetches tokens with client credentials: OAuth 2.0, RFC 6749, section 4.4, with a JSON body.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{Token, TokenError, TokenFuture, TokenRequest, TokenSource};
use crate::Json;
use crate::error::{Delivery, Error, excerpt, redirection, retry_after, scrub, scrub_text, shown};
use crate::operation::{Method, Repeat};
use crate::retry::{AttemptOutcome, Budget, Limits, RetryDecision, Situation, TimeSource, decide};
use crate::transport::{
    BaseUrl, ConnectionClass, Header, HttpRequest, HttpResponse, Transport, TransportError,
};
use crate::value::Object;

/// The credentials of a client.
pub(crate) struct ClientCredentials {
    pub(crate) id: SecretString,
    pub(crate) secret: SecretString,
    pub(crate) endpoint: Endpoint,
}

/// Where tokens are fetched, and how.
pub(crate) struct Endpoint {
    pub(crate) url: BaseUrl,
    pub(crate) audience: &'static str,
    pub(crate) user_agent: Header,
    pub(crate) transport: Transport,
    pub(crate) time: Arc<dyn TimeSource>,
    pub(crate) limits: Limits,
    /// What repetitions may cost while nothing succeeds.
    pub(crate) budget: Budget,
}

/// Why an attempt brought no token, and what that means for another.
struct Failure {
    error: TokenError,
    happened: AttemptOutcome,
}

impl TokenSource for ClientCredentials {
    fn fetch<'a>(&'a self, _: &'a TokenRequest) -> TokenFuture<'a> {
        Box::pin(self.fetch_with_repetitions())
    }
}

impl ClientCredentials {
    async fn fetch_with_repetitions(&self) -> Result<Token, TokenError> {
        let Endpoint { time, limits, budget, .. } = &self.endpoint;
        let began = time.now();
        let (mut attempt, mut spent) = (0u32, 0u32);
        loop {
            attempt += 1;
            let left = || limits.call_timeout.saturating_sub(time.now().saturating_duration_since(began));
            let Failure { error, happened } = match self.fetch_once(left()).await {
                Ok(token) => {
                    budget.succeeded(spent);
                    return Ok(token);
                }
                Err(failure) => failure,
            };
            let situation = Situation {
                class: Repeat::Read,
                attempt,
                outcome: happened,
                budget: budget.left(),
                left: left(),
                limits,
                random: time.random(),
            };
            let RetryDecision::Retry { after, cause } = decide(&situation) else { return Err(error) };
            let cost = limits.cost(cause);
            if !budget.take(cost) {
                return Err(error);
            }
            spent += cost;
            tracing::debug!(%error, attempt, ?after, "repeating");
            time.sleep(after).await;
        }
    }

    async fn fetch_once(&self, left: Duration) -> Result<Token, Failure> {
        let request = self.request(left).map_err(|error| Failure::new(error, AttemptOutcome::Refused))?;
        let response = self.endpoint.transport.send(request).await.map_err(unanswered)?;
        if (200..300).contains(&response.status) {
            // Whatever stands in between said something: another try may get through.
            return token(&response.body).map_err(|message| {
                Failure::new(
                    TokenError::new(format!("the token endpoint {message}")),
                    AttemptOutcome::MaybeSent,
                )
            });
        }
        Err(self.refusal(response))
    }

    fn request(&self, left: Duration) -> Result<HttpRequest, TokenError> {
        let Endpoint { url, audience, user_agent, limits, .. } = &self.endpoint;
        let mut body = Object::default();
        for (name, value) in [
            ("grant_type", "client_credentials"),
            ("client_id", self.id.expose_secret()),
            ("client_secret", self.secret.expose_secret()),
            ("audience", audience),
        ] {
            body.set(name, Json::new(value).map_err(TokenError::refused)?);
        }
        Ok(HttpRequest {
            method: Method::Post,
            url: url.address("", ""),
            headers: vec![
                Header::constant("accept", "application/json"),
                Header::constant("content-type", "application/json"),
                user_agent.clone(),
            ],
            body: Some(body.write().map_err(TokenError::refused)?),
            connect_timeout: limits.connect_timeout,
            timeout: limits.attempt_timeout.min(left),
            begin_before: None,
            class: ConnectionClass::Reads,
        })
    }

    /// An answer without success.
    fn refusal(&self, response: HttpResponse) -> Failure {
        let said = said(&response, self.secret.expose_secret());
        let HttpResponse { status, headers, .. } = response;
        let message = format!("the token endpoint answered with status {status}: {said}");
        let error = if matches!(status, 400 | 401 | 403) {
            TokenError::refused(message)
        } else {
            TokenError::new(message)
        };
        let retry_after = retry_after(&headers);
        Failure::new(error.asking(retry_after), AttemptOutcome::Answered { status, retry_after })
    }
}

/// What an answer without success says, without the secret.
fn said(response: &HttpResponse, secret: &str) -> String {
    let said = match response.status {
        300..400 => redirection(&response.headers),
        _ => reason(&scrub(&response.body, &[secret])),
    };
    scrub_text(&said, &[secret]).into_owned()
}

impl Failure {
    fn new(error: TokenError, happened: AttemptOutcome) -> Self {
        Self { error, happened }
    }
}

fn unanswered(failure: TransportError) -> Failure {
    let happened = match failure.delivery {
        Delivery::NotSent => AttemptOutcome::NotSent,
        Delivery::MaybeSent | Delivery::Answered => AttemptOutcome::MaybeSent,
    };
    Failure::new(TokenError::new(Unanswered(failure.into_error())), happened)
}

/// The token in an answer; the error does not repeat the answer, which may hold one.
fn token(body: &[u8]) -> Result<Token, &'static str> {
    let answer = Object::read(body).ok_or("answered something that is no JSON object")?;
    let is_bearer = || answer.text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    if answer.get("token_type").is_some() && !is_bearer() {
        return Err("answered a token that is no bearer token");
    }
    let token = Token::new(answer.text("access_token").ok_or("answered no token")?);
    Ok(match life(&answer) {
        Some(life) => token.expires_in(life),
        None => token,
    })
}

/// How long the token is valid: seconds, as a number or as its text. None if that is no positive
/// number, or one that no clock can count to.
fn life(answer: &Object) -> Option<Duration> {
    let seconds = answer.text("expires_in").or_else(|| answer.get("expires_in").map(str::to_owned))?;
    Duration::try_from_secs_f64(seconds.trim().parse().ok()?).ok()
}

/// What the endpoint says: RFC 6749, section 5.2, or else what it sent.
fn reason(body: &[u8]) -> String {
    let answer = Object::read(body);
    let text = |name: &str| answer.as_ref()?.text(name);
    let said = match (text("error"), text("error_description")) {
        (Some(error), Some(description)) => format!("{error} ({description})"),
        (Some(error), None) => error,
        _ => return excerpt(body).into_owned(),
    };
    shown(&said).into_owned()
}

/// The token endpoint has no answer.
#[derive(Debug)]
struct Unanswered(Error);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token endpoint has no answer: {}", self.0)
    }
}

impl StdError for Unanswered {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_from_what_is_answered() {
        let day = Some(Duration::from_secs(86_400));
        for (answer, life) in [
            (r#"{"access_token": "t", "expires_in": 86400, "token_type": "Bearer"}"#, day),
            (r#"{"access_token": "t", "expires_in": "86400", "token_type": "bearer", "scope": "x"}"#, day),
            (r#"{"access_token": "t", "expires_in": 86400.0}"#, day),
            (r#"{"access_token": "t"}"#, None),
            (r#"{"access_token": "t", "expires_in": null}"#, None),
            (r#"{"access_token": "t", "expires_in": -5}"#, None),
            (r#"{"access_token": "t", "expires_in": 1e300}"#, None),
            (r#"{"access_token": "t", "expires_in": 18446744073709551615}"#, None),
            (r#"{"access_token": "t", "expires_in": 0}"#, Some(Duration::ZERO)),
            (r#"{"access_token": "t", "expires_in": 1.5}"#, Some(Duration::from_millis(1500))),
            (r#"{"access_token": "t", "expires_in": "NaN"}"#, None),
            (r#"{"access_token": "t", "expires_in": "inf"}"#, None),
            (r#"{"access_token": "t", "expires_in": {}}"#, None),
            (r#"{"access_token": "t", "expires_in": "soon"}"#, None),
        ] {
            let token = token(answer.as_bytes()).unwrap();
            assert_eq!((token.text.expose_secret(), token.life), ("t", life), "{answer}");
        }
        for answer in [
            "",
            "<html>planted</html>",
            "[]",
            "{}",
            r#"{"access_token": null}"#,
            r#"{"access_token": 5}"#,
            r#"{"access_token": "planted", "token_type": "mac"}"#,
            r#"{"access_token": "planted", "token_type": null}"#,
        ] {
            assert!(!token(answer.as_bytes()).unwrap_err().contains("planted"), "{answer}");
        }
    }

    #[test]
    fn an_error_repeats_the_answer_without_the_secret() {
        let moved = "the server redirects to https://b.example/t, which is not followed: check the base URL";
        for (status, body, expected) in [
            (401, r#"{"error": "invalid_client"}"#, "invalid_client"),
            (400, r#"{"error": "invalid_client", "error_description": "no"}"#, "invalid_client (no)"),
            (500, r#"{"message": "planted"}"#, r#"{"message": "[redacted]"}"#),
            (503, "<html>", "<html>"),
            (302, "<html>", moved),
        ] {
            let headers = [("location", "https://b.example/t?planted")].into_iter().collect();
            let response = HttpResponse { status, headers, body: body.as_bytes().to_vec() };
            assert_eq!(said(&response, "planted"), expected);
        }
    }
}
