//! Sends calls: the one executor of all operations.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tracing::Span;

use super::{Attempts, Call, LastReply};
#[cfg(feature = "blocking")]
use crate::client::ClientInner;
use crate::error::{History, Result};
use crate::record::Value;
use crate::response::{Parts, Response, read};
use crate::transport::HttpResponse;

/// A request in progress: a future of its [`Response`].
///
/// Nothing is sent before it is polled. If the future is dropped, the request may or may not have reached
/// the server.
#[must_use = "a request is not sent until it is awaited"]
pub struct ResponseFuture<T> {
    pub(super) exchange: Exchange,
    answer: PhantomData<fn() -> T>,
}

/// The last answer, and the attempts that it took.
pub(super) type ReplyFuture = Pin<Box<dyn Future<Output = (Result<HttpResponse>, History)> + Send>>;

/// A result whose type only the operation knows, and the rest of its answer.
type Answered = (Box<dyn Any>, Box<Parts>);

/// All of it that does not depend on the type of the result.
pub(super) struct Exchange {
    call: Arc<Call>,
    pub(super) span: Span,
    pub(super) replying: ReplyFuture,
}

impl<T> ResponseFuture<T> {
    pub(super) fn new(call: Call) -> Self {
        Self { exchange: Exchange::new(call), answer: PhantomData }
    }

    /// The client that sends it.
    #[cfg(feature = "blocking")]
    pub(crate) fn core(&self) -> &ClientInner {
        self.exchange.call.core()
    }
}

impl<T: 'static> Future for ResponseFuture<T> {
    type Output = Result<Response<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.exchange.poll(context) {
            Poll::Ready(Ok((data, parts))) => Poll::Ready(Response::of(data, parts)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Exchange {
    fn new(call: Call) -> Self {
        let call = Arc::new(call);
        Self { replying: Box::pin(execute(Arc::clone(&call))), span: call.span(), call }
    }

    /// The result is made here, where its type is known to the operation alone: a program that
    /// calls many operations would otherwise compile the access to all of their models again.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Answered>> {
        let (reply, history) = {
            let _entered = self.span.enter();
            ready!(self.replying.as_mut().poll(context))
        };
        let mut data = self.call.answer.blank();
        let parts = self.call.conclude(&self.span, reply, history, &mut *data)?;
        Poll::Ready(Ok((data, Box::new(parts))))
    }
}

impl Call {
    /// The span of all that is done for the call.
    pub(crate) fn span(&self) -> Span {
        let operation = self.operation;
        tracing::info_span!(
            "clear_street",
            operation = operation.name,
            method = operation.method.as_str(),
            path = operation.path,
            status = tracing::field::Empty,
            request_id = tracing::field::Empty,
            attempts = tracing::field::Empty,
        )
    }

    /// Reads the reply, and the result into its place.
    pub(crate) fn conclude(
        &self,
        span: &Span,
        reply: Result<HttpResponse>,
        history: History,
        data: &mut dyn Value,
    ) -> Result<Parts> {
        let _entered = span.enter();
        let outcome = reply
            .and_then(|reply| read(self.operation, reply, self.core.credentials(), data))
            .map_err(|error| self.explain(error).after(history));
        let (status, request_id) = match &outcome {
            Ok(parts) => (Some(parts.status), parts.request_id()),
            Err(error) => (error.status(), error.request_id()),
        };
        span.record("status", status);
        span.record("request_id", request_id).record("attempts", history.attempts);
        match &outcome {
            Ok(_) => tracing::debug!("answered"),
            Err(error) => {
                tracing::debug!(kind = ?error.kind(), delivery = ?error.delivery(), "failed")
            }
        }
        outcome
    }
}

/// Sends a call, whatever its operation and its result.
async fn execute(call: Arc<Call>) -> (Result<HttpResponse>, History) {
    match Attempts::new(&call) {
        Ok(mut attempts) => {
            let LastReply { reply, reason, history } = attempts.run().await;
            tracing::debug!(attempts = history.attempts, ?reason, "ended");
            (reply, history)
        }
        Err(error) => (Err(error), History::default()),
    }
}

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResponseFuture").field(&self.exchange.call).finish()
    }
}
