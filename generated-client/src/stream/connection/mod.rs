//! One connection, once it is made: frames in both directions over any stream of bytes.
//!
//! The two halves know nothing of each other: a write that is stuck never stops the reading. Neither
//! spawns a task. What the halves report is in the words of [`core`](super::core).
//!
//! The library for WebSockets prints every frame that passes through it, at the level `trace`: also
//! the one with the access token, and also what a server sends back of it. So it is asked for the
//! heads of frames only; what is in a frame is read and written here, and nobody prints it.

mod assembly;
mod frame;
mod outbox;
mod reader;
#[cfg(test)]
pub(super) mod tests;
mod writer;

use std::fmt;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use self::outbox::Outbox;
pub(crate) use self::reader::{Arrival, Reader};
pub(crate) use self::writer::Writer;
use super::core::Settings;

/// What carries bytes in both directions.
trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A connection that was made and upgraded, on which no frame has been read or written yet.
pub(crate) struct Wire {
    bytes: Box<dyn Bytes>,
    /// What was read behind the upgrade.
    early: BytesMut,
}

impl Wire {
    #[cfg(test)]
    pub(crate) fn new(bytes: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self::with_early(bytes, BytesMut::new())
    }

    /// With what was read of the first frames already.
    pub(crate) fn with_early(
        bytes: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        early: BytesMut,
    ) -> Self {
        Self { bytes: Box::new(bytes), early }
    }

    /// The two halves, and the box into which is put what is to be written. [`Writer::run`] has to
    /// be polled for anything to be written, [`Reader::next`] for anything to be read.
    pub(crate) fn open(self, limits: Limits) -> (Reader, Writer, Outbox) {
        let (read, write) = tokio::io::split(self.bytes);
        let (outbox, inbox) = outbox::queue(limits.write_queue);
        let reader = Reader::new(Box::new(read), self.early, limits.max_message, outbox.clone());
        (reader, Writer::new(Box::new(write), inbox, limits.write_timeout), outbox)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

/// The numbers of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Largest message that is read, and so the largest frame.
    pub(crate) max_message: usize,
    /// Most frames that wait to be written.
    pub(crate) write_queue: usize,
    /// Longest time to write one frame.
    pub(crate) write_timeout: Duration,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Self {
            max_message: settings.max_message,
            write_queue: settings.write_queue,
            write_timeout: settings.write_timeout,
        }
    }
}
