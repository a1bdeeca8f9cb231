//! What one request is answered.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use tokio::sync::watch;

use super::calls::Calls;
use crate::faults::{self, Line};
use crate::frame::plain;
use crate::received::Received;
use crate::stream::{Streams, Surroundings};
use crate::tokens::Endpoint;

/// Largest request for a token.
const LARGEST_TOKEN_REQUEST: usize = 64 << 10;

/// What all connections of a server share.
pub(crate) struct Service {
    pub(super) calls: Calls,
    pub(super) around: Surroundings,
    pub(super) token_endpoints: Vec<Endpoint>,
    pub(super) streams: Vec<Arc<Streams>>,
}

impl Service {
    pub(super) fn new(calls: Calls, around: Surroundings) -> Self {
        let apis = calls.routes.apis();
        let token_endpoints = apis.iter().filter_map(|api| Endpoint::new(api, &around.tokens)).collect();
        let streams = apis.iter().filter_map(|api| Streams::new(api, around.clone()));
        let streams = streams.map(Arc::new).collect();
        Self { calls, around, token_endpoints, streams }
    }

    /// Answers a request that came over `line`; what goes on after the answer ends when `ended` is true.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        line: &Line,
        ended: watch::Receiver<bool>,
    ) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let noted = |operation: &str| {
            let mut received = Received::new(request.method(), request.uri(), request.headers());
            received.operation = Some(operation.to_owned());
            self.calls.note(received)
        };
        let (noted, response) = if let Some(endpoint) = self.token_endpoints.iter().find(|it| it.path == path)
        {
            (noted(faults::TOKEN), self.token(endpoint, request, line).await)
        } else if let Some(streams) = self.streams.iter().find(|streams| streams.path == path) {
            (noted(faults::STREAM), self.upgrade(streams, request, line, ended).await)
        } else {
            return self.calls.respond(request, line, &self.around).await.map(Full::new);
        };
        self.calls.answered(&noted, response.status());
        response.map(Full::new)
    }

    async fn token(&self, endpoint: &Endpoint, request: Request<Incoming>, line: &Line) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let answer = async {
            match Limited::new(body, LARGEST_TOKEN_REQUEST).collect().await {
                Ok(body) => endpoint.answer(&head.method, &head.headers, &body.to_bytes()),
                Err(error) => plain(StatusCode::BAD_REQUEST, error.to_string()),
            }
        };
        self.around.faults.around(faults::TOKEN, &head.headers, line, plain, answer).await
    }

    async fn upgrade(
        &self,
        streams: &Arc<Streams>,
        mut request: Request<Incoming>,
        line: &Line,
        ended: watch::Receiver<bool>,
    ) -> Response<Bytes> {
        let headers = request.headers().clone();
        let answer = async { streams.upgrade(&mut request, line, ended) };
        self.around.faults.around(faults::STREAM, &headers, line, plain, answer).await
    }
}
