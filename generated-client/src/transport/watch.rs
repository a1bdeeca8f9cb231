//! Knows whether a connection began to write a request, and can keep it from beginning too late.
//!
//! An HTTP library owns a request until it is on the wire: it waits for a connection with it, puts
//! it into the queue of one, takes it back if that one closes. Its errors do not tell how far it
//! came, and a future that is dropped tells nothing at all. But a connection must ask the body for
//! its length before it writes the head. So the body watches: as long as no connection has asked,
//! nothing was written. And the body can refuse: a connection that asks after the request was revoked
//! gets an error in place of the body, before it has sent any of it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// Watches the body of one request.
pub(super) struct Watch(Arc<Shared>);

/// A body, perhaps empty, that is watched.
pub(super) struct Watched {
    bytes: Bytes,
    shared: Arc<Shared>,
}

struct Shared {
    stage: AtomicU8,
    begin_before: Option<Instant>,
}

/// No connection has asked for the body.
const WAITING: u8 = 0;
/// A connection has begun to write the request.
const BEGUN: u8 = 1;
/// No connection may write the request any more.
const REVOKED: u8 = 2;

impl Watch {
    /// A body, and what watches it. A connection that asks for the body at `begin_before` or later
    /// does not get it.
    pub(super) fn new(bytes: impl Into<Bytes>, begin_before: Option<Instant>) -> (Self, Watched) {
        let shared = Arc::new(Shared { stage: AtomicU8::new(WAITING), begin_before });
        (Self(Arc::clone(&shared)), Watched { bytes: bytes.into(), shared })
    }

    /// Whether a connection has begun to write the request.
    pub(super) fn is_begun(&self) -> bool {
        self.0.stage.load(Ordering::Acquire) == BEGUN
    }

    /// Keeps connections from writing the request; whether none has begun to. If so, nothing of its
    /// body was or will be sent.
    pub(super) fn revoke(&self) -> bool {
        self.0.move_to(REVOKED) == REVOKED
    }
}

impl Shared {
    /// Moves from waiting to this stage; the stage after that.
    fn move_to(&self, stage: u8) -> u8 {
        match self.stage.compare_exchange(WAITING, stage, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => stage,
            Err(other) => other,
        }
    }

    /// Notes that a connection asks; whether it may have the body.
    fn ask(&self) -> bool {
        let stage = match self.stage.load(Ordering::Acquire) {
            WAITING => {
                let late = self.begin_before.is_some_and(|end| Instant::now() >= end);
                self.move_to(if late { REVOKED } else { BEGUN })
            }
            stage => stage,
        };
        stage == BEGUN
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.shared.ask() {
            return Poll::Ready(Some(Err(io::Error::other("the request was revoked"))));
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        // If it was revoked, the connection has to read on to the error.
        self.shared.ask() && self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.shared.ask() {
            SizeHint::with_exact(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
        } else {
            SizeHint::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_request_that_no_connection_asked_for_is_unsent() {
        let (watch, body) = Watch::new("body", None);
        assert!(!watch.is_begun());
        drop(body);
        assert!(watch.revoke());

        let asks: [fn(&mut Watched); 3] = [
            |body| assert!(!body.is_end_stream()),
            |body| assert_eq!(body.size_hint().exact(), Some(4)),
            |body| assert!(matches!(poll(body), Poll::Ready(Some(Ok(_))))),
        ];
        for ask in asks {
            let (watch, mut body) = Watch::new("body", None);
            ask(&mut body);
            assert!(watch.is_begun());
            drop(body);
            assert!(!watch.revoke());
        }
    }

    #[test]
    fn a_revoked_body_is_never_written() {
        for bytes in ["body", ""] {
            let (watch, mut body) = Watch::new(bytes, None);
            assert!(watch.revoke());
            assert_refused(&mut body);
            assert!(watch.revoke() && !watch.is_begun());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_asked_for_too_late_is_never_written() {
        let end = Instant::now() + Duration::from_secs(5);
        let (early, begun) = Watch::new("body", Some(end));
        assert!(!begun.is_end_stream() && early.is_begun());
        let (late, mut body) = Watch::new("body", Some(end));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(begun.size_hint().exact(), Some(4), "what has begun goes on");
        assert_refused(&mut body);
        assert!(late.revoke() && !late.is_begun());
    }

    fn assert_refused(body: &mut Watched) {
        assert!(!body.is_end_stream() && body.size_hint().exact().is_none());
        assert!(matches!(poll(body), Poll::Ready(Some(Err(_)))));
    }

    fn poll(body: &mut Watched) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(body).poll_frame(&mut Context::from_waker(std::task::Waker::noop()))
    }
}
