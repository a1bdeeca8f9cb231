//! What stands around answers and errors.

use bytes::Bytes;
use clear_street_spec::ir::{self, Frame, Outcome, Type};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::call::{Answer, Refusal, Window};
use crate::request::token;

/// Status and body of an answer, without what HTTP adds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) status: StatusCode,
    /// None if there is nothing to say.
    pub(crate) body: Option<Value>,
}

/// Where an answer belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Framing<'a> {
    pub(crate) api: &'a ir::Api,
    /// As it came.
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
}

impl Framing<'_> {
    /// Writes an answer to a call of an operation.
    pub(crate) fn answer(&self, operation: &ir::Operation, page: Option<Window>, answer: Answer) -> Written {
        let status = StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK);
        let is_list = match &operation.result {
            Outcome::Page(_) => true,
            Outcome::Value(ty) => matches!(bare(ty), Type::List(_)),
            Outcome::Nothing => false,
        };
        match answer {
            Answer::Value(value) => self.success(status, value, is_list, Map::new()),
            Answer::Nothing => match self.api.frame {
                Frame::Envelope { .. } => self.success(status, Value::Null, false, Map::new()),
                Frame::Bare { .. } => Written { status, body: None },
            },
            Answer::Page(items) => {
                let total = items.len();
                let part = page.unwrap_or(Window { start: 0, size: total.max(1) });
                let items = items.into_iter().skip(part.start).take(part.size).collect();
                self.success(status, items, true, self.paging(operation, part, total))
            }
            Answer::Window { items, total } => {
                let part = page.unwrap_or(Window { start: 0, size: total.max(1) });
                self.success(status, items.into(), true, self.paging(operation, part, total))
            }
            Answer::Rows { status, rows } => {
                let refusal = Refusal::new(status, "not every row was accepted");
                let mut written = self.success(status, rows.into(), is_list, Map::new());
                if let (Frame::Envelope { error, .. }, Some(Value::Object(body))) =
                    (&self.api.frame, &mut written.body)
                {
                    body.insert(error.clone(), coded(&refusal));
                }
                written
            }
            Answer::Refused(refusal) => self.refusal(&refusal),
        }
    }

    /// Writes an error as the API does.
    pub(crate) fn refusal(&self, refusal: &Refusal) -> Written {
        let status = refusal.status;
        let body = match &self.api.frame {
            Frame::Envelope { error, metadata, .. } => json!({
                error.as_str(): coded(refusal),
                metadata.as_str(): { "request_id": self.request_id },
            }),
            Frame::Bare { error: ir::BareError::ProblemDetails, .. } => json!({
                "type": "about:blank",
                "title": status.canonical_reason().unwrap_or("Error"),
                "status": status.as_u16(),
                "detail": refusal.message,
                "instance": self.path,
            }),
        };
        Written { status, body: Some(body) }
    }

    fn success(
        &self,
        status: StatusCode,
        value: Value,
        is_list: bool,
        paging: Map<String, Value>,
    ) -> Written {
        let body = match &self.api.frame {
            Frame::Envelope { data, error, metadata } => {
                let mut about = paging;
                about.insert("request_id".to_owned(), json!(self.request_id));
                json!({ data.as_str(): value, error.as_str(): null, metadata.as_str(): about })
            }
            Frame::Bare { items, .. } if is_list => {
                let mut body = paging;
                body.insert(items.clone(), value);
                Value::Object(body)
            }
            Frame::Bare { .. } => value,
        };
        Written { status, body: Some(body) }
    }

    /// What is said of a page's place among the others.
    fn paging(&self, operation: &ir::Operation, part: Window, total: usize) -> Map<String, Value> {
        let names = &self.api.pagination;
        let mut about = Map::new();
        let next = part.start + part.size;
        if next < total {
            about.insert(names.next.clone(), json!(token(operation, Window { start: next, ..part })));
        }
        if let Some(previous) = names.previous.as_ref().filter(|_| part.start > 0) {
            let start = part.start.saturating_sub(part.size);
            about.insert(previous.clone(), json!(token(operation, Window { start, ..part })));
        }
        if matches!(self.api.frame, Frame::Envelope { .. }) {
            let page = part.start.div_ceil(part.size) + 1;
            about.insert("page_number".to_owned(), json!(page));
            about.insert("total_items".to_owned(), json!(total));
            about.insert("total_pages".to_owned(), json!(total.div_ceil(part.size)));
        }
        about
    }
}

/// An answer outside of the APIs.
pub(crate) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
}

/// An error of an envelope.
fn coded(refusal: &Refusal) -> Value {
    let details = refusal.violations.iter().map(|violation| {
        json!({
            "type": violation.kind.as_str(),
            "subject": violation.field,
            "description": violation.message,
        })
    });
    json!({
        "code": refusal.status.as_u16(),
        "message": refusal.message,
        "details": details.collect::<Vec<_>>(),
    })
}

/// Without what only says that a value may be missing.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner) => bare(inner),
        ty => ty,
    }
}
