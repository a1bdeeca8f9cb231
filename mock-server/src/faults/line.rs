//! The bytes under a connection, which can be cut.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::lock::lock;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// FIN.
    Cut,
    /// RST.
    Reset,
}

/// Ends a connection. Clones are of the same connection.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How many bytes are still written, and what comes then.
    limit: Option<(u64, Ending)>,
    /// Who reads, to be told that there is nothing more.
    reader: Option<Waker>,
}

impl Line {
    /// Ends it when so many bytes more were written; at once, if none.
    pub(crate) fn end_after(&self, bytes: u64, ending: Ending) {
        let mut state = self.state();
        state.limit = Some((bytes, ending));
        state.wake_reader();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    fn is_over(&self) -> bool {
        matches!(self.limit, Some((0, _)))
    }

    fn is_reset(&self) -> bool {
        matches!(self.limit, Some((0, Ending::Reset)))
    }

    fn wake_reader(&mut self) {
        if let Some(waker) = self.reader.take().filter(|_| self.is_over()) {
            waker.wake();
        }
    }
}

/// A connection that its [`Line`] can end.
pub(crate) struct Tapped<I> {
    io: I,
    line: Line,
    /// Makes what closes it a reset, where there are resets.
    reset: fn(&I),
}

impl<I> Tapped<I> {
    pub(crate) fn new(io: I, reset: fn(&I)) -> Self {
        Self { io, line: Line::default(), reset }
    }

    pub(crate) fn line(&self) -> Line {
        self.line.clone()
    }
}

impl<I> Drop for Tapped<I> {
    fn drop(&mut self) {
        if self.line.state().is_reset() {
            (self.reset)(&self.io);
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Tapped<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut state = this.line.state();
        if state.is_over() {
            return Poll::Ready(Ok(()));
        }
        state.reader = Some(context.waker().clone());
        drop(state);
        Pin::new(&mut this.io).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Tapped<I> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let left = this.line.state().limit.map_or(u64::MAX, |(left, _)| left);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let written = ready!(Pin::new(&mut this.io).poll_write(context, &bytes[..length]))?;
        let mut state = this.line.state();
        if let Some((left, _)) = &mut state.limit {
            *left -= written as u64;
            state.wake_reader();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A reset comes without a goodbye.
        if self.line.state().is_reset() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn it_ends_in_the_middle_of_what_is_written_and_reading_ends_with_it() {
        let (ours, mut theirs) = duplex(64);
        let mut tapped = Tapped::new(ours, |_| {});
        let line = tapped.line();
        tapped.write_all(b"free ").await.unwrap();
        line.end_after(3, Ending::Cut);
        assert!(tapped.write_all(b"hello").await.is_err());
        assert_eq!(tapped.read(&mut [0]).await.unwrap(), 0);
        drop(tapped);
        let mut read = String::new();
        theirs.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "free hel");
    }

    #[tokio::test]
    async fn who_reads_is_told_of_an_end_at_once() {
        let (ours, _theirs) = duplex(64);
        let mut tapped = Tapped::new(ours, |_| {});
        let line = tapped.line();
        let mut buffer = [0];
        let (read, ()) = tokio::join!(tapped.read(&mut buffer), async { line.end_after(0, Ending::Reset) });
        assert_eq!(read.unwrap(), 0);
    }
}
