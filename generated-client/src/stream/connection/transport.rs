//! What lies between the WebSocket library and the network.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest close frame: its head, the size of its payload in two bytes, and the payload.
const CLOSE: usize = 129;

/// A stream of bytes in both directions.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// The stream that the WebSocket library reads from and writes to. It sees what the library does not
/// tell: that bytes came of which there is no message yet, and the code of a close that the library
/// rejects. And it writes frames of which the library does not know.
pub(super) struct Transport {
    bytes: Box<dyn ByteStream>,
    /// Bytes that were read.
    count: u64,
    read_at: Timestamp,
    /// The last bytes that were read.
    tail: Tail,
    /// Frames that wait until the library has none half-written.
    waiting: VecDeque<Frame>,
    /// Frames that are written before anything else, the first of them from `written` on.
    admitted: VecDeque<Frame>,
    written: usize,
    /// Something was written and not flushed.
    is_unflushed: bool,
}

/// A whole frame, which may hold the token: it is wiped from memory when it is written.
type Frame = Zeroizing<Vec<u8>>;

impl Transport {
    /// `early` was read already.
    pub(super) fn new(bytes: Box<dyn ByteStream>, early: &[u8]) -> Self {
        let mut tail = Tail::default();
        tail.push(early);
        Self {
            bytes,
            count: 0,
            read_at: Timestamp::now(),
            tail,
            waiting: VecDeque::new(),
            admitted: VecDeque::new(),
            written: 0,
            is_unflushed: false,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// The code of the close frame that was read last.
    pub(super) fn close_code(&self) -> Option<u16> {
        self.tail.close_code()
    }

    /// Queues a frame.
    pub(super) fn push(&mut self, frame: Frame) {
        self.waiting.push_back(frame);
    }

    /// Gives up all frames that are not half-written.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.admitted.truncate(usize::from(self.written > 0));
    }

    /// Lets the frames that wait be written before anything of the library.
    pub(super) fn admit(&mut self) {
        self.admitted.append(&mut self.waiting);
    }

    /// Whether anything waits to be written or flushed.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_unflushed || !self.waiting.is_empty() || !self.admitted.is_empty()
    }

    fn poll_admitted(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(frame) = self.admitted.front() {
            let rest = frame.get(self.written..).unwrap_or_default();
            if rest.is_empty() {
                self.admitted.pop_front();
                self.written = 0;
                continue;
            }
            self.is_unflushed = true;
            match ready!(Pin::new(&mut self.bytes).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                written => self.written = self.written.saturating_add(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.bytes).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        if !read.is_empty() {
            this.count = this.count.wrapping_add(read.len() as u64);
            this.tail.push(read);
            this.read_at = Timestamp::now();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.is_unflushed = true;
        ready!(this.poll_admitted(context))?;
        Pin::new(&mut this.bytes).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_admitted(context))?;
        ready!(Pin::new(&mut this.bytes).poll_flush(context))?;
        this.is_unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().bytes).poll_shutdown(context)
    }
}

/// The last bytes of a stream.
#[derive(Debug)]
struct Tail {
    bytes: [u8; CLOSE],
    length: usize,
}

impl Default for Tail {
    fn default() -> Self {
        Self { bytes: [0; CLOSE], length: 0 }
    }
}

impl Tail {
    fn push(&mut self, new: &[u8]) {
        let new = new.get(new.len().saturating_sub(CLOSE)..).unwrap_or_default();
        let kept = self.length.min(CLOSE.saturating_sub(new.len()));
        self.bytes.copy_within(self.length.saturating_sub(kept)..self.length, 0);
        self.length = kept.saturating_add(new.len());
        if let Some(room) = self.bytes.get_mut(kept..self.length) {
            room.copy_from_slice(new);
        }
    }

    /// The code of the close frame with which it ends. Nothing comes after one.
    fn close_code(&self) -> Option<u16> {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        (0..bytes.len()).rev().find_map(|at| match bytes.get(at..)? {
            [0x88, length, payload @ ..] | [0x88, 126, 0, length, payload @ ..]
                if usize::from(*length) == payload.len() =>
            {
                payload.first_chunk().map(|code| u16::from_be_bytes(*code))
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tail(pieces: &[&[u8]]) -> Tail {
        let mut tail = Tail::default();
        pieces.iter().for_each(|piece| tail.push(piece));
        tail
    }

    #[test]
    fn the_code_is_read_from_the_last_frame() {
        for (pieces, code) in [
            (&[&[0x88, 2, 3, 0xf6][..]][..], Some(1014)),
            (&[b"before", &[0x88, 5], &[3], b"\xf6why"], Some(1014)),
            (&[&[0x88, 126, 0, 5, 3, 0xf6, b'w', b'h', b'y']], Some(1014)),
            (&[&[0x88, 0]], None),
            (&[&[0x88, 3, 3, 0xf6]], None),
            (&[], None),
        ] {
            assert_eq!(tail(pieces).close_code(), code, "{pieces:02x?}");
        }
        let longest = [&[0x88, 126, 0, 125, 3, 0xf6][..], &[b'.'; 123]].concat();
        assert_eq!(tail(&[&[b'x'; 500], &longest]).close_code(), Some(1014));
    }

    proptest! {
        #[test]
        fn the_tail_is_the_end_of_all_pieces(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
            let all = pieces.concat();
            let tail = tail(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(&tail.bytes[..tail.length], &all[all.len().saturating_sub(CLOSE)..]);
        }
    }
}
