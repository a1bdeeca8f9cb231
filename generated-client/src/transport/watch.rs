//! Whether anyone began to send a request.
//!
//! An HTTP library owns a request until it is on the wire: it waits for a connection with it, puts
//! it into the queue of one, takes it back if that one closes. Its errors do not tell how far it
//! came, and a future that is dropped tells nothing at all. But whoever writes the head of a
//! request must first ask the body how long it is. So the body watches: as long as nobody asked,
//! nothing was written, and when it is dropped unasked, nothing ever will be.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// Watches the body of one request.
pub(super) struct Watch(Arc<Flags>);

/// A body, perhaps empty, that is watched.
pub(super) struct Watched {
    bytes: Bytes,
    flags: Arc<Flags>,
}

struct Flags {
    stage: AtomicU8,
    /// The body is dropped.
    gone: AtomicBool,
    begin_before: Option<Instant>,
}

/// The library may look at the body, on this side of any connection.
const PREPARED: u8 = 0;
/// The next look is that of a connection.
const ARMED: u8 = 1;
/// A connection has begun to write the request.
const BEGUN: u8 = 2;
/// A connection was about to write the request, but too late: it gets an error instead of a body.
const EXPIRED: u8 = 3;

impl Watch {
    /// A body, and what watches it. From `begin_before` on, the body refuses to be written unless
    /// that has begun.
    pub(super) fn new(bytes: impl Into<Bytes>, begin_before: Option<Instant>) -> (Self, Watched) {
        let flags =
            Arc::new(Flags { stage: AtomicU8::new(PREPARED), gone: AtomicBool::new(false), begin_before });
        (Self(Arc::clone(&flags)), Watched { bytes: bytes.into(), flags })
    }

    /// Begins to watch. To be called before the sending future is first polled.
    pub(super) fn arm(&self) {
        self.0.stage.store(ARMED, Ordering::Release);
    }

    /// Whether not one byte of the request was sent or ever will be.
    ///
    /// To be asked when the sending future has ended or is dropped. False also where it cannot be
    /// known, such as for a request in the queue of a connection.
    pub(super) fn is_unsent(&self) -> bool {
        // In this order: the stage is final once the body is gone.
        self.is_expired() || (self.0.gone.load(Ordering::Acquire) && !self.is_begun())
    }

    /// Whether a connection has begun to write the request.
    pub(super) fn is_begun(&self) -> bool {
        self.0.stage.load(Ordering::Acquire) == BEGUN
    }

    /// Whether a connection was kept from writing the request, because it was too late.
    pub(super) fn is_expired(&self) -> bool {
        self.0.stage.load(Ordering::Acquire) == EXPIRED
    }
}

impl Watched {
    /// Notes that a connection looks at the body; whether it may have it.
    fn look(&self) -> bool {
        let stage = &self.flags.stage;
        match stage.load(Ordering::Acquire) {
            ARMED => {
                let late = self.flags.begin_before.is_some_and(|end| Instant::now() >= end);
                stage.store(if late { EXPIRED } else { BEGUN }, Ordering::Release);
                !late
            }
            stage => stage != EXPIRED,
        }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.look() {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        // A connection that believes the body is at its end would write the request without it.
        self.look() && self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.look() {
            return SizeHint::default();
        }
        SizeHint::with_exact(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.flags.gone.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_body_that_is_gone_unseen_is_unsent() {
        let (watch, body) = Watch::new("body", None);
        assert_eq!(body.size_hint().exact(), Some(4));
        watch.arm();
        assert!(!watch.is_unsent() && !watch.is_begun(), "it may still be sent");
        drop(body);
        assert!(watch.is_unsent());

        let looks: [fn(&mut Watched); 3] = [
            |body| assert!(!body.is_end_stream()),
            |body| assert_eq!(body.size_hint().exact(), Some(4)),
            |body| {
                let mut context = Context::from_waker(std::task::Waker::noop());
                assert!(Pin::new(body).poll_frame(&mut context).is_ready());
            },
        ];
        for look in looks {
            let (watch, mut body) = Watch::new("body", None);
            watch.arm();
            look(&mut body);
            assert!(watch.is_begun());
            drop(body);
            assert!(!watch.is_unsent());
        }
    }
    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_late_is_never_written() {
        let end = Instant::now() + std::time::Duration::from_secs(5);
        let (watch, body) = Watch::new("body", Some(end));
        watch.arm();
        assert!(!body.is_end_stream() && watch.is_begun(), "in time");
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        assert_eq!(body.size_hint().exact(), Some(4), "it goes on");

        for bytes in ["body", ""] {
            let (watch, mut body) = Watch::new(bytes, Some(end));
            watch.arm();
            assert!(!body.is_end_stream() && body.size_hint().exact().is_none());
            let mut context = Context::from_waker(std::task::Waker::noop());
            let frame = Pin::new(&mut body).poll_frame(&mut context);
            assert!(matches!(frame, Poll::Ready(Some(Err(_)))));
            assert!(watch.is_expired() && watch.is_unsent() && !watch.is_begun());
        }
    }
}
