//! Whether anyone began to send a request.
//!
//! An HTTP library owns a request until it is on the wire: it waits for a connection with it, puts
//! it into the queue of one, takes it back if that one closes. Its errors do not tell how far it
//! came, and a future that is dropped tells nothing at all. But whoever writes the head of a
//! request must first ask the body how long it is. So the body watches: as long as nobody asked,
//! nothing was written, and when it is dropped unasked, nothing ever will be.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Watches the body of one request.
pub(super) struct Watch(Arc<Flags>);

/// A body, perhaps empty, that is watched.
pub(super) struct Watched {
    bytes: Bytes,
    flags: Arc<Flags>,
}

#[derive(Default)]
struct Flags {
    /// Before, it is the library that looks at it on this side of any connection.
    armed: AtomicBool,
    begun: AtomicBool,
    gone: AtomicBool,
}

impl Watch {
    /// A body, and what watches it.
    pub(super) fn new(bytes: impl Into<Bytes>) -> (Self, Watched) {
        let flags = Arc::new(Flags::default());
        (Self(Arc::clone(&flags)), Watched { bytes: bytes.into(), flags })
    }

    /// Begins to watch. To be called before the sending future is first polled.
    pub(super) fn arm(&self) {
        self.0.armed.store(true, Ordering::Release);
    }

    /// Whether not one byte of the request was sent or ever will be.
    ///
    /// To be asked when the sending future has ended or is dropped. False also where it cannot be
    /// known, such as for a request in the queue of a connection.
    pub(super) fn is_unsent(&self) -> bool {
        // In this order: whoever drops the body has looked before.
        self.0.gone.load(Ordering::Acquire) && !self.0.begun.load(Ordering::Acquire)
    }

    /// Whether somebody began to send it.
    pub(super) fn is_begun(&self) -> bool {
        self.0.begun.load(Ordering::Acquire)
    }
}

impl Watched {
    fn looked_at(&self) {
        if self.flags.armed.load(Ordering::Acquire) {
            self.flags.begun.store(true, Ordering::Release);
        }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.looked_at();
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.looked_at();
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.looked_at();
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
        let (watch, body) = Watch::new("body");
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
            let (watch, mut body) = Watch::new("body");
            watch.arm();
            look(&mut body);
            assert!(watch.is_begun());
            drop(body);
            assert!(!watch.is_unsent());
        }
    }
}
