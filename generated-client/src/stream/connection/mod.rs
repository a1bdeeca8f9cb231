//! One WebSocket connection, from the upgrade to its end.
//!
//! A [`Dial`](super::dial::Dial) makes a [`Connection`]: a plain value without a task. Its owner polls
//! it, and all reading and writing happens there.
//!
//! - [`poll_next`](Connection::poll_next) gives the next [`Arrival`]: a message, a ping (already
//!   answered), a pong, or bytes of a message that is not complete. An error says how the connection
//!   ended, and comes again whenever it is polled.
//! - [`take`](Connection::take) gives what can be had without waiting.
//! - [`subscribe`](Connection::subscribe), [`ping`](Connection::ping) and
//!   [`close`](Connection::close) never wait: the next poll writes.
//!
//! tokio-tungstenite reads and writes the frames. It prints at the level `trace` what passes through
//! it, so the frames of this client, of which one holds the access token, are masked here and go to
//! the stream below it, always between two frames of the library.

#[cfg(test)]
pub(super) mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_util::{Sink, Stream};
use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

use super::SubscribeMessage;
use super::machine::{Closed, Settings};

/// Most bytes of one read. The library clears so much memory before each of them.
const READ: usize = 16 << 10;

/// Most bytes of pongs and a close that wait to be written.
const WRITE: usize = 1 << 10;

/// Longest close frame: its head, the size of its payload in two bytes, and the payload.
const CLOSE: usize = 129;

/// Something that came from the server: a message, a ping that is answered already, or a pong. None: bytes of
/// a message that is not complete.
pub(crate) type Arrival = Option<Message>;

/// An open connection.
pub(crate) struct Connection {
    /// Large, and moved about.
    socket: Box<WebSocketStream<Transport>>,
    /// Longest time in which nothing that waits to be written can be.
    write_timeout: Duration,
    /// Runs while something cannot be written.
    stuck: Option<Pin<Box<Sleep>>>,
    ended: Option<Closed>,
}

impl Connection {
    /// A connection over a stream of bytes after the upgrade, on which nothing was written yet; `early`
    /// was read of it already. Waits for nothing.
    pub(crate) async fn new(bytes: Box<dyn ByteStream>, early: &[u8], settings: &Settings) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE)
            .max_message_size(Some(settings.max_message))
            .max_frame_size(Some(settings.max_message));
        let transport = Transport::new(bytes, early);
        let socket =
            WebSocketStream::from_partially_read(transport, early.to_vec(), Role::Client, Some(config));
        Self {
            socket: Box::new(socket.await),
            write_timeout: settings.write_timeout,
            stuck: None,
            ended: None,
        }
    }

    /// Polls for the next thing from the server, and writes what waits to be written. It has to be
    /// polled for either to happen.
    ///
    /// # Errors
    /// How the connection ended. A close of the server is answered, and the server is told with a
    /// close code if it broke the protocol or sent too much.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, Closed>> {
        let polled = match self.ended {
            Some(closed) => return Poll::Ready(Err(closed)),
            None => self.poll_socket(cx),
        };
        if let Poll::Ready(Err(closed)) = polled {
            self.ended = Some(closed);
            self.say_goodbye(closed, cx);
        }
        polled
    }

    /// What can be had without waiting; none if nothing can. Whoever gets none has to poll with
    /// [`poll_next`](Self::poll_next) before it waits.
    pub(crate) fn take(&mut self) -> Option<Result<Arrival, Closed>> {
        match self.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(arrival) => Some(arrival),
            Poll::Pending => None,
        }
    }

    /// When bytes were last read, by the clock of the system.
    pub(crate) fn read_at(&self) -> Timestamp {
        self.socket.get_ref().read_at
    }

    pub(crate) fn subscribe(&mut self, message: &SubscribeMessage) {
        self.write(OpCode::Data(Data::Text), message.expose().as_bytes());
    }

    pub(crate) fn ping(&mut self) {
        self.write(OpCode::Control(Control::Ping), &[]);
    }

    /// Begins the close handshake. What waits to be written is given up, unless it has begun. What
    /// comes until the server has closed, too, is still to be polled.
    pub(crate) fn close(&mut self) {
        let transport = self.socket.get_mut();
        transport.own.truncate(usize::from(transport.written > 0));
        self.send_close(CloseCode::Normal);
    }

    fn write(&mut self, opcode: OpCode, payload: &[u8]) {
        if self.socket.get_mut().push(opcode, payload).is_err() {
            // Without randomness nothing can be written.
            self.ended = self.ended.or(Some(Closed::Reset));
        }
    }

    fn send_close(&mut self, code: CloseCode) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static("") };
        // Where it cannot be sent, the connection is cut without it.
        _ = Pin::new(&mut *self.socket).start_send(Message::Close(Some(frame)));
    }

    fn poll_socket(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, Closed>> {
        let written = self.poll_write(cx);
        if written == Err(Closed::WriteTimeout) {
            return Poll::Ready(Err(Closed::WriteTimeout));
        }
        // What the server said before it went away is still there when nothing can be written.
        if let Poll::Ready(read) = Pin::new(&mut *self.socket).poll_next(cx) {
            self.socket.get_mut().has_read = false;
            return Poll::Ready(match read {
                Some(Ok(message)) => self.arrival(message),
                Some(Err(error)) => Err(ended(&error)),
                None => Err(Closed::Eof),
            });
        }
        // Reading may have left a pong that cannot be written.
        written.and_then(|()| self.poll_write(cx))?;
        match std::mem::take(&mut self.socket.get_mut().has_read) {
            true => Poll::Ready(Ok(None)),
            false => Poll::Pending,
        }
    }

    fn arrival(&self, message: Message) -> Result<Arrival, Closed> {
        let Message::Close(frame) = message else { return Ok(Some(message)) };
        Err(Closed::Code(frame.map(|frame| match frame.code {
            // It may be another code, in whose place the library has put this one.
            CloseCode::Protocol => self.socket.get_ref().close_code().unwrap_or(CloseCode::Protocol.into()),
            code => code.into(),
        })))
    }

    /// Writes what waits to be written, as far as that is possible now.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), Closed> {
        let transport = self.socket.get_ref();
        if transport.is_unflushed || !transport.own.is_empty() {
            match Pin::new(&mut *self.socket).poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Err(Closed::Reset),
                Poll::Pending => {
                    let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(self.write_timeout)));
                    return match stuck.as_mut().poll(cx) {
                        Poll::Ready(()) => Err(Closed::WriteTimeout),
                        Poll::Pending => Ok(()),
                    };
                }
            }
        }
        self.stuck = None;
        Ok(())
    }

    /// Tells the server how the connection ended, as far as that is possible without waiting.
    fn say_goodbye(&mut self, closed: Closed, cx: &mut Context<'_>) {
        match closed {
            Closed::Protocol => self.send_close(CloseCode::Protocol),
            Closed::TooLarge => self.send_close(CloseCode::Size),
            // The library answers it.
            Closed::Code(_) => {}
            Closed::Reset | Closed::Eof | Closed::WriteTimeout => return,
        }
        if Pin::new(&mut *self.socket).poll_flush(cx).is_ready() {
            _ = Pin::new(self.socket.get_mut()).poll_shutdown(cx);
        }
    }
}

/// How a connection ended whose reading failed. The text of the error is never shown: it may hold
/// what the server sent.
fn ended(error: &Error) -> Closed {
    match error {
        // TLS that was cut off without its own end.
        Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => Closed::Eof,
        // TLS that is none.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => Closed::Protocol,
        Error::Io(_) => Closed::Reset,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::ConnectionClosed => Closed::Eof,
        Error::Capacity(_) => Closed::TooLarge,
        _ => Closed::Protocol,
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// A stream of bytes in both directions.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// The stream that the WebSocket library reads from and writes to. It sees what the library does not
/// tell: that bytes came of which there is no message yet, and the code of a close that the library
/// rejects. And it writes frames of which the library does not know.
pub(super) struct Transport {
    bytes: Box<dyn ByteStream>,
    /// Bytes were read since this was last reset.
    has_read: bool,
    /// When bytes were last read, by the clock of the system.
    read_at: Timestamp,
    /// The last bytes that were read.
    tail: Vec<u8>,
    /// Frames of which the library does not know, the first of them written up to `written`. They may
    /// hold the token, so they are wiped from memory when they are dropped.
    own: VecDeque<Zeroizing<Vec<u8>>>,
    written: usize,
    /// The library has written a part of what it has to write; nothing may come in between.
    is_in_frame: bool,
    /// Something was written and not flushed.
    is_unflushed: bool,
}

impl Transport {
    /// `early` was read already.
    fn new(bytes: Box<dyn ByteStream>, early: &[u8]) -> Self {
        Self {
            bytes,
            has_read: false,
            read_at: Timestamp::now(),
            tail: early.to_vec(),
            own: VecDeque::new(),
            written: 0,
            is_in_frame: false,
            is_unflushed: false,
        }
    }

    /// The code of the close frame that was read last. Nothing comes after one.
    fn close_code(&self) -> Option<u16> {
        (0..self.tail.len()).rev().find_map(|at| match self.tail.get(at..)? {
            [0x88, length, payload @ ..] | [0x88, 126, 0, length, payload @ ..]
                if usize::from(*length) == payload.len() =>
            {
                payload.first_chunk().map(|code| u16::from_be_bytes(*code))
            }
            _ => None,
        })
    }

    /// Queues a frame, masked with random bytes, without the library's knowledge.
    ///
    /// # Errors
    /// If there is no randomness to mask it with.
    fn push(&mut self, opcode: OpCode, payload: &[u8]) -> io::Result<()> {
        let mut mask = [0; 4];
        getrandom::fill(&mut mask).map_err(io::Error::other)?;
        let head = FrameHeader { opcode, mask: Some(mask), ..FrameHeader::default() };
        let length = payload.len() as u64;
        // With room for all of it: growing would leave a copy behind, and the mask stands beside it.
        let mut frame = Zeroizing::new(Vec::with_capacity(head.len(length) + payload.len()));
        head.format(length, &mut *frame).map_err(io::Error::other)?;
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.own.push_back(frame);
        Ok(())
    }

    fn poll_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(frame) = self.own.front() {
            self.is_unflushed = true;
            let rest = &frame[self.written..];
            match ready!(Pin::new(&mut self.bytes).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                part if part < rest.len() => self.written += part,
                _ => {
                    self.own.pop_front();
                    self.written = 0;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.bytes).poll_read(cx, buffer))?;
        let read = &buffer.filled()[before..];
        if !read.is_empty() {
            this.tail.extend_from_slice(&read[read.len().saturating_sub(CLOSE)..]);
            this.tail.drain(..this.tail.len().saturating_sub(CLOSE));
            (this.has_read, this.read_at) = (true, Timestamp::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.is_unflushed = true;
        if !this.is_in_frame {
            ready!(this.poll_own(cx))?;
        }
        let written = ready!(Pin::new(&mut this.bytes).poll_write(cx, bytes))?;
        // The library always gives all that it has to write.
        this.is_in_frame = written < bytes.len();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The library flushes when it has nothing left to write.
        ready!(this.poll_own(cx))?;
        ready!(Pin::new(&mut this.bytes).poll_flush(cx))?;
        this.is_unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().bytes).poll_shutdown(cx)
    }
}
