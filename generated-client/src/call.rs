//! One call of an operation, from its parameters to its answer.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::client::Core;
use crate::error::Error;
use crate::operation::Operation;
use crate::options::RequestOptions;
use crate::record::{Value, View};
use crate::response::Response;

/// An operation and what it is called with.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    core: Core,
    operation: &'static Operation,
    options: RequestOptions,
}

impl Call {
    /// A call without parameters.
    pub(crate) fn new(core: &Core, operation: &'static Operation) -> Self {
        Self { core: core.clone(), operation, options: RequestOptions::default() }
    }

    /// Sets the parameter at this index of the operation's table.
    pub(crate) fn set(&mut self, _index: usize, _value: View<'_>) {}

    /// Sets the body.
    pub(crate) fn body(&mut self, _body: View<'_>) {}

    /// Adds settings of this call alone.
    pub(crate) fn configure(&mut self, options: RequestOptions) {
        self.options = options;
    }

    /// Sends it.
    pub(crate) fn send<T: Value>(self) -> Sending<T> {
        Sending { answer: PhantomData }
    }
}

/// A request that is being sent: a future of the response.
///
/// Nothing is sent before it is polled.
#[must_use = "a request is not sent until it is awaited"]
#[derive(Debug)]
pub struct Sending<T> {
    answer: PhantomData<fn() -> T>,
}

impl<T: Value> Future for Sending<T> {
    type Output = Result<Response<T>, Error>;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Pending
    }
}
