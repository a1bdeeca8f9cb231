//! Requests for operations of the APIs.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::call::{Answer, Call, Refusal};
use crate::faults::Line;
use crate::frame::{Framing, Written};
use crate::generate::{Fullness, Generator};
use crate::hooks::{Hooks, NoSuchOperation, Reply, Target};
use crate::lock::lock;
use crate::received::{Entry, Received, Record};
use crate::request::{Found, Missed, Routes, read};
use crate::stream::Surroundings;
use crate::tokens::Tokens;
use crate::validate::Strictness;

/// Longest body that is read.
const BODY_LIMIT: usize = 16 << 20;

/// What answers requests for operations.
pub(super) struct Calls {
    pub(super) routes: Routes,
    /// The moment that generated answers are about.
    pub(super) moment: Timestamp,
    pub(super) seed: u64,
    pub(super) fullness: Fullness,
    pub(super) strictness: Strictness,
    pub(super) record: Record,
    pub(super) hooks: Hooks,
    pub(super) log: Option<Log>,
    /// How many requests came.
    pub(super) requests: AtomicU64,
}

pub(super) type Log = Box<dyn Fn(&Received) + Send + Sync>;

/// An answer before it is bytes.
struct Outgoing {
    written: Written,
    reply: Reply,
}

impl From<Written> for Outgoing {
    fn from(written: Written) -> Self {
        Self { written, reply: Reply::default() }
    }
}

/// A request of which is noted that it came.
pub(super) struct Noted {
    entry: Entry,
    begun: Instant,
}

impl Calls {
    /// Notes that a request came.
    pub(super) fn note(&self, received: Received) -> Noted {
        Noted { entry: self.record.add(received), begun: Instant::now() }
    }

    /// Notes how it was answered, and logs it.
    pub(super) fn answered(&self, noted: &Noted, status: StatusCode) {
        let mut received = lock(&noted.entry);
        (received.status, received.took) = (Some(status.as_u16()), Some(noted.begun.elapsed()));
        let answered = self.log.as_ref().map(|log| (log, received.clone()));
        drop(received);
        if let Some((log, received)) = answered {
            log(&received);
        }
    }

    /// Answers a request for an operation, which came over `line`.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        line: &Line,
        around: &Surroundings,
    ) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let count = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let request_id = format!("request-{count}");
        let path = head.uri.path();
        let body = whole(body).await;
        let mut received = Received::new(&head.method, &head.uri, &head.headers);
        received.body = body.as_ref().ok().and_then(|body| serde_json::from_slice(body).ok());
        let found = match self.routes.find(&head.method, path) {
            Ok(found) => found,
            Err(missed) => {
                let response = self.missed(missed, &head.method, path, &request_id).into_response();
                self.answered(&self.note(received), response.status());
                return response;
            }
        };
        received.api = Some(found.api.name.clone());
        received.operation = Some(found.operation.name.clone());
        let noted = self.note(received);
        let framing = Framing { api: found.api, path, request_id: &request_id };
        let refuse =
            |status, text| Outgoing::from(framing.refusal(&Refusal::new(status, text))).into_response();
        let answer = async {
            let outgoing = match self.call(&found, &head, &body, &around.tokens) {
                Ok(call) => {
                    lock(&noted.entry).parameters.clone_from(&call.parameters);
                    self.outgoing(&call, &framing, around)
                }
                Err(refusal) => framing.refusal(&refusal).into(),
            };
            if !outgoing.reply.delay.is_zero() {
                tokio::time::sleep(outgoing.reply.delay).await;
            }
            outgoing.into_response()
        };
        let response = around.faults.around(&found.operation.name, &head.headers, line, refuse, answer).await;
        self.answered(&noted, response.status());
        response
    }

    /// What a call is answered: as a test wants it, as the handlers say, or as the spec allows.
    fn outgoing(&self, call: &Call<'_>, framing: &Framing<'_>, around: &Surroundings) -> Outgoing {
        let reply = self.hooks.reply(call).unwrap_or_default();
        let answer = match &reply {
            Reply { answer: Some(answer), .. } => answer.clone(),
            // A status of its own, and nothing to say with it.
            Reply { status: Some(status), .. } => {
                let message = status.canonical_reason().unwrap_or("as the test wants it");
                Refusal::new(*status, message).into()
            }
            Reply { answer: None, status: None, .. } => {
                let stateful = around.handlers.as_ref().and_then(|handlers| handlers.answer(call));
                let generator = || Generator::new(call.api, self.seed, self.moment, self.fullness);
                stateful.unwrap_or_else(|| generator().answer(call))
            }
        };
        let answer = match answer {
            Answer::Value(Value::Array(items)) if call.page.is_some() => Answer::Page(items),
            answer => answer,
        };
        let written = framing.answer(call.operation, call.page, answer);
        Outgoing { written, reply }
    }

    /// The answer to a path or method that no operation has.
    fn missed(&self, missed: Missed, method: &Method, path: &str, request_id: &str) -> Outgoing {
        let mut reply = Reply::default();
        let refusal = match missed {
            Missed::Path => Refusal::new(StatusCode::NOT_FOUND, format!("there is no path {path}")),
            Missed::Method(known) => {
                let known = known.join(", ");
                reply.headers.extend(HeaderValue::from_str(&known).map(|known| (ALLOW, known)));
                let message = format!("{path} has no {method}, only {known}");
                Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message)
            }
        };
        let written = match self.routes.api_of(path) {
            Some(api) => Framing { api, path, request_id }.refusal(&refusal),
            None => Written { status: refusal.status, body: None },
        };
        Outgoing { written, reply }
    }

    /// What a request says, if it may say it.
    fn call<'a>(
        &self,
        found: &Found<'a>,
        head: &'a Parts,
        body: &Result<Bytes, Refusal>,
        tokens: &Tokens,
    ) -> Result<Call<'a>, Refusal> {
        let Some(bearer) = bearer(head) else {
            let message = "`Authorization: Bearer …` is missing";
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, message));
        };
        if !tokens.admits(bearer) {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "the access token is not valid any more"));
        }
        let body = body.as_ref().map_err(Clone::clone)?;
        read(found, head, bearer, body, self.strictness)
    }

    /// The operation of this name.
    pub(super) fn target(&self, name: &str) -> Result<Target, NoSuchOperation> {
        let target = Target::parse(name);
        let known: Vec<_> = self.operations().collect();
        if known.iter().any(|(api, operation)| target.is(api, operation)) {
            return Ok(target);
        }
        Err(NoSuchOperation::new(name, known.into_iter().map(|(_, operation)| operation)))
    }

    /// Every operation with its API, by their names.
    fn operations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.routes.apis().iter().flat_map(|api| {
            let operations = api.groups.iter().flat_map(|group| &group.operations);
            operations.map(|operation| (api.name.as_str(), operation.name.as_str()))
        })
    }
}

/// A body, if it comes whole and is not too long.
async fn whole(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("the body is longer than {BODY_LIMIT} bytes");
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Err(error) => {
            Err(Refusal::new(StatusCode::BAD_REQUEST, format!("the body did not come whole: {error}")))
        }
    }
}

fn bearer(head: &Parts) -> Option<&str> {
    let value = head.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl Outgoing {
    fn into_response(self) -> Response<Bytes> {
        let Self { written, reply } = self;
        let is_raw = reply.body.is_some();
        let body = reply.body.or_else(|| written.body.map(|body| Bytes::from(body.to_string())));
        let mut response = Response::new(body.clone().unwrap_or_default());
        *response.status_mut() = reply.status.unwrap_or(written.status);
        let headers = response.headers_mut();
        if body.is_some() && !(is_raw && reply.headers.contains_key(CONTENT_TYPE)) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &reply.headers {
            headers.append(name, value.clone());
        }
        response
    }
}
