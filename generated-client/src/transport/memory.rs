//! A server in the same process, for tests in simulated time.
//!
//! It takes the place of the HTTP library: connections, timeouts, and what is known of a request that
//! failed are as they are over a network.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Fault, HttpRequest, HttpResponse, TransportError};
use crate::error::Delivery;
use crate::headers::Headers;

/// Answers requests.
///
/// The future may be dropped at any time. After [`RequestProgress::begin`] the request is under way all
/// the same.
pub(crate) trait MemoryServer: Send + Sync {
    fn serve<'a>(&'a self, request: &'a HttpRequest, progress: &'a RequestProgress) -> ServeFuture<'a>;
}

pub(crate) type ServeFuture<'a> =
    Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'a>>;

/// How far a request has come.
pub(crate) struct RequestProgress {
    connect_timeout: Duration,
    begin_before: Option<Instant>,
    reached: Mutex<Stage>,
}

#[derive(Default)]
struct Stage {
    begun: bool,
    head: Option<(u16, Headers)>,
}

impl RequestProgress {
    /// Takes so long to connect, then begins to write the request.
    pub(crate) async fn begin(&self, connecting: Duration) -> Result<(), TransportError> {
        let connected = timeout(self.connect_timeout, sleep(connecting));
        let connected = match self.begin_before {
            Some(latest) => timeout_at(latest, connected).await,
            None => Ok(connected.await),
        };
        match connected {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(self.failure(Fault::Connect)),
            Err(_) => return Err(self.failure(Fault::Timeout)),
        }
        self.reached.lock().unwrap().begun = true;
        Ok(())
    }

    /// The head of the answer has arrived.
    pub(crate) fn head(&self, status: u16, headers: Headers) {
        self.reached.lock().unwrap().head = Some((status, headers));
    }

    /// The failure of a request that has come as far as this one.
    pub(crate) fn failure(&self, fault: Fault) -> TransportError {
        let mut reached = self.reached.lock().unwrap();
        let delivery = match fault {
            Fault::TooLarge | Fault::Corrupt => Delivery::Answered,
            _ if reached.begun => Delivery::MaybeSent,
            _ => Delivery::NotSent,
        };
        TransportError { fault, delivery, head: reached.head.take(), source: None }
    }

    /// The failure of a request that the server said it did not process.
    pub(crate) fn unprocessed(&self) -> TransportError {
        TransportError { delivery: Delivery::NotSent, ..self.failure(Fault::Broken) }
    }
}

pub(super) async fn send(
    server: &Arc<dyn MemoryServer>,
    request: HttpRequest,
) -> Result<HttpResponse, TransportError> {
    let (connect_timeout, begin_before) = (request.connect_timeout, request.begin_before);
    let progress = RequestProgress { connect_timeout, begin_before, reached: Mutex::default() };
    let serving = server.serve(&request, &progress);
    let Some(deadline) = Instant::now().checked_add(request.timeout) else { return serving.await };
    match timeout_at(deadline, serving).await {
        Ok(answer) => answer,
        Err(_) => Err(progress.failure(Fault::Timeout)),
    }
}
