//! Requests to endpoints that this crate does not know.

use super::{Call, ResponseFuture};
use crate::Json;
use crate::api::Api;
use crate::client::ClientInner;
use crate::error::Result;
use crate::operation::{Answer, BodyKind, Method, Operation, Repeat};
use crate::options::RequestOptions;
use crate::record::Value;
use crate::response::Response;

/// A request to an endpoint that this crate does not know; see `request` of the clients.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UndocumentedRequest {
    call: Call,
}

impl UndocumentedRequest {
    /// `path` as in a URL: beginning with `/`, percent-encoded, without a query.
    pub(crate) fn new(
        core: &ClientInner,
        operations: &'static [Operation; 5],
        method: Method,
        path: String,
    ) -> Self {
        let [get, post, put, patch, delete] = operations;
        let operation = match method {
            Method::Get => get,
            Method::Post => post,
            Method::Put => put,
            Method::Patch => patch,
            Method::Delete => delete,
        };
        let mut call = Call::new(core, operation);
        call.path = Some(path);
        Self { call }
    }

    /// Adds a query parameter. It may be added more than once.
    pub fn query(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options(RequestOptions::new().query(name, value))
    }

    /// Sets the body.
    pub fn body(mut self, body: &Json) -> Self {
        self.call.body(body.view());
        self
    }

    /// Headers and settings of this request alone.
    pub fn options(mut self, options: RequestOptions) -> Self {
        self.call.configure(options);
        self
    }

    /// Sends the request. The response's `data` is that of the API's envelope, or the
    /// body where the API has none; its [`body`](crate::Response::body) is all of it.
    pub fn send(self) -> ResponseFuture<Json> {
        self.call.send()
    }
}

/// The same as [`send`](Self::send).
impl IntoFuture for UndocumentedRequest {
    type Output = Result<Response<Json>>;
    type IntoFuture = ResponseFuture<Json>;

    fn into_future(self) -> ResponseFuture<Json> {
        self.send()
    }
}

impl Operation {
    /// What stands for endpoints of an API that this crate does not know, one for each method in
    /// the order of [`Method`].
    pub(crate) const fn undocumented(api: &'static Api) -> [Self; 5] {
        const fn of(api: &'static Api, method: Method, repeat: Repeat) -> Operation {
            Operation {
                name: "request",
                method,
                body: BodyKind::Optional,
                repeat,
                partial: Some(207),
                answer: Answer::of::<Json>(),
                ..Operation::base(api)
            }
        }
        [
            of(api, Method::Get, Repeat::Read),
            of(api, Method::Post, Repeat::Never),
            of(api, Method::Put, Repeat::Never),
            of(api, Method::Patch, Repeat::Never),
            of(api, Method::Delete, Repeat::Never),
        ]
    }
}
