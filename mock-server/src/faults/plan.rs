//! What becomes of one request.

use std::future::Future;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::Faults;
use super::line::{Ending, Line};
use super::request::{Effect, RequestFault};

impl Faults {
    /// Answers a call of an operation, with what is to go wrong with it; `refuse` writes an error.
    pub(crate) async fn around(
        &self,
        operation: &str,
        headers: &HeaderMap,
        line: &Line,
        refuse: impl FnOnce(StatusCode, String) -> Response<Bytes>,
        answer: impl Future<Output = Response<Bytes>>,
    ) -> Response<Bytes> {
        let plan = match self.plan(operation, headers) {
            Ok(plan) => plan,
            Err(invalid) => return refuse(StatusCode::BAD_REQUEST, invalid.to_string()),
        };
        let answered = if plan.is_carried_out() { Some(answer.await) } else { None };
        let response = match plan.0.status {
            Some(status) => refuse(status, "this was asked for as a fault".to_owned()),
            None => answered.unwrap_or_default(),
        };
        plan.finish(response, line).await
    }
}

/// What is to go wrong with one request.
#[derive(Debug, Default)]
pub(super) struct Plan(Effect);

impl Plan {
    /// Adds a fault; where two say something of the same, the first holds.
    pub(super) fn add(&mut self, fault: &RequestFault) {
        let (all, more) = (&mut self.0, fault.effect.clone());
        all.carried_out = all.carried_out.or(more.carried_out).or(more.status.map(|_| false));
        all.delay = all.delay.or(more.delay);
        all.reset_after = all.reset_after.or(more.reset_after);
        all.cut_after = all.cut_after.or(more.cut_after);
        all.status = all.status.or(more.status);
        all.retry_after = all.retry_after.or(more.retry_after);
        all.malformed |= more.malformed;
    }

    /// Whether what the request asks for is to be done.
    fn is_carried_out(&self) -> bool {
        self.0.carried_out.unwrap_or(true)
    }

    /// Does to an answer and its connection what is planned.
    async fn finish(self, mut response: Response<Bytes>, line: &Line) -> Response<Bytes> {
        let Effect { delay, reset_after, cut_after, status: _, retry_after, malformed, carried_out: _ } =
            self.0;
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if malformed {
            let body = response.body_mut();
            *body = if body.is_empty() { Bytes::from_static(b"{") } else { body.slice(..body.len() / 2) };
        }
        if let Some(bytes) = cut_after {
            line.end_after(bytes, Ending::Cut);
        }
        if let Some(bytes) = reset_after {
            line.end_after(bytes, Ending::Reset);
        }
        response
    }
}
