//! What becomes of one request.

use std::future::Future;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::Faults;
use super::line::{Ending, Line};
use super::request::RequestFault;

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
        let answered = if plan.carried_out.unwrap_or(true) { Some(answer.await) } else { None };
        let response = match plan.status {
            Some(status) => refuse(status, "this was asked for as a fault".to_owned()),
            None => answered.unwrap_or_default(),
        };
        plan.finish(response, line).await
    }
}

impl RequestFault {
    /// Adds another one; where two say something of the same, the first holds.
    pub(super) fn add(&mut self, more: &Self) {
        self.carried_out = self.carried_out.or(more.carried_out).or(more.status.map(|_| false));
        self.delay = self.delay.or(more.delay);
        self.reset_after = self.reset_after.or(more.reset_after);
        self.cut_after = self.cut_after.or(more.cut_after);
        self.status = self.status.or(more.status);
        self.retry_after = self.retry_after.or(more.retry_after);
        self.malformed |= more.malformed;
    }

    /// Does to an answer and its connection what is planned.
    async fn finish(self, mut response: Response<Bytes>, line: &Line) -> Response<Bytes> {
        if let Some(delay) = self.delay {
            tokio::time::sleep(delay).await;
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.malformed {
            let body = response.body_mut();
            *body = if body.is_empty() { Bytes::from_static(b"{") } else { body.slice(..body.len() / 2) };
        }
        if let Some(bytes) = self.cut_after {
            line.end_after(bytes, Ending::Cut);
        }
        if let Some(bytes) = self.reset_after {
            line.end_after(bytes, Ending::Reset);
        }
        response
    }
}
