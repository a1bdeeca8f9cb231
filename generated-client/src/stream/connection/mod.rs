//! One WebSocket connection, from the upgrade to its end.
//!
//! A [`Dial`](super::dial::Dial) makes a [`Wire`], and [`Wire::open`] makes a [`Connection`] of it. A
//! connection is a plain value without a task: its owner polls it, and all reading and writing
//! happens there.
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

mod frame;
#[cfg(test)]
pub(super) mod tests;
mod transport;

use std::fmt;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Sink, Stream};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

use self::transport::{ByteStream, Transport};
use super::SubscribeMessage;
use super::machine::{Closed, Settings};

/// Most bytes of one read. The library clears so much memory before each of them.
const READ: usize = 16 << 10;

/// Most bytes of pongs and a close that wait to be written.
const WRITE: usize = 1 << 10;

/// The limits of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Largest message that is read, in bytes; also the largest frame.
    pub(crate) max_message: usize,
    /// Longest time in which nothing that waits to be written can be.
    pub(crate) write_timeout: Duration,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Self { max_message: settings.max_message, write_timeout: settings.write_timeout }
    }
}

/// A stream of bytes after the upgrade, on which no frame was read or written yet.
pub(crate) struct Wire {
    bytes: Box<dyn ByteStream>,
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

    /// Begins to speak WebSocket. Waits for nothing.
    pub(crate) async fn open(self, limits: Limits) -> Connection {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE)
            .max_message_size(Some(limits.max_message))
            .max_frame_size(Some(limits.max_message));
        let transport = Transport::new(self.bytes, &self.early);
        let socket =
            WebSocketStream::from_partially_read(transport, self.early.into(), Role::Client, Some(config));
        Connection {
            socket: Box::new(socket.await),
            write_timeout: limits.write_timeout,
            stuck: None,
            seen: 0,
            ended: None,
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

/// Something that came from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Text(Utf8Bytes),
    Binary(Bytes),
    /// It is answered already.
    Ping,
    Pong,
    /// Bytes of a message that is not complete.
    Part,
}

/// An open connection.
pub(crate) struct Connection {
    /// Large, and moved about.
    socket: Box<WebSocketStream<Transport>>,
    write_timeout: Duration,
    /// Runs while something cannot be written.
    stuck: Option<Pin<Box<Sleep>>>,
    /// How many of the bytes that were read the owner knows of.
    seen: u64,
    ended: Option<Closed>,
}

impl Connection {
    /// Polls for the next thing from the server, and writes what waits to be written. It has to be
    /// polled for either to happen.
    ///
    /// # Errors
    /// How the connection ended. A close of the server is answered, and the server is told with a
    /// close code if it broke the protocol or sent too much.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Arrival, Closed>> {
        let polled = match self.ended {
            Some(closed) => return Poll::Ready(Err(closed)),
            None => self.poll_socket(context),
        };
        if let Poll::Ready(Err(closed)) = polled {
            self.ended = Some(closed);
            self.say_goodbye(closed, context);
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
        self.socket.get_ref().read_at()
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
        self.socket.get_mut().clear();
        self.send_close(CloseCode::Normal);
    }

    fn write(&mut self, opcode: OpCode, payload: &[u8]) {
        match frame::write(opcode, payload) {
            Ok(frame) => self.socket.get_mut().push(frame),
            // There is no randomness to mask it with, and so nothing can be written.
            Err(_) => self.ended = self.ended.or(Some(Closed::Reset)),
        }
    }

    fn send_close(&mut self, code: CloseCode) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static("") };
        // Where it cannot be sent, the connection is cut without it.
        _ = Pin::new(&mut *self.socket).start_send(Message::Close(Some(frame)));
    }

    fn poll_socket(&mut self, context: &mut Context<'_>) -> Poll<Result<Arrival, Closed>> {
        let written = self.poll_write(context);
        if written == Err(Closed::WriteTimeout) {
            return Poll::Ready(Err(Closed::WriteTimeout));
        }
        // What the server said before it went away is still there when nothing can be written.
        if let Poll::Ready(read) = Pin::new(&mut *self.socket).poll_next(context) {
            self.seen = self.socket.get_ref().count();
            return Poll::Ready(match read {
                Some(Ok(message)) => self.arrival(message),
                Some(Err(error)) => Err(ended(&error)),
                None => Err(Closed::Eof),
            });
        }
        // Reading may have left a pong that cannot be written.
        written.and_then(|()| self.poll_write(context))?;
        let count = self.socket.get_ref().count();
        match std::mem::replace(&mut self.seen, count) == count {
            true => Poll::Pending,
            false => Poll::Ready(Ok(Arrival::Part)),
        }
    }

    fn arrival(&self, message: Message) -> Result<Arrival, Closed> {
        match message {
            Message::Text(text) => Ok(Arrival::Text(text)),
            Message::Binary(bytes) => Ok(Arrival::Binary(bytes)),
            Message::Pong(_) => Ok(Arrival::Pong),
            Message::Close(None) => Err(Closed::Code(None)),
            Message::Close(Some(CloseFrame { code: CloseCode::Protocol, .. })) => {
                // It may be another code, in whose place the library has put this one.
                let sent = self.socket.get_ref().close_code();
                Err(Closed::Code(Some(sent.unwrap_or(CloseCode::Protocol.into()))))
            }
            Message::Close(Some(frame)) => Err(Closed::Code(Some(frame.code.into()))),
            // The library never gives out a frame.
            Message::Ping(_) | Message::Frame(_) => Ok(Arrival::Ping),
        }
    }

    /// Writes what waits to be written, as far as that is possible now.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Result<(), Closed> {
        while self.socket.get_ref().is_waiting() {
            match Pin::new(&mut *self.socket).poll_flush(context) {
                // Nothing of the library is half-written here.
                Poll::Ready(Ok(())) => self.socket.get_mut().admit(),
                Poll::Ready(Err(_)) => return Err(Closed::Reset),
                Poll::Pending => {
                    let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(self.write_timeout)));
                    return match stuck.as_mut().poll(context) {
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
    fn say_goodbye(&mut self, closed: Closed, context: &mut Context<'_>) {
        match closed {
            Closed::Protocol => self.send_close(CloseCode::Protocol),
            Closed::TooLarge => self.send_close(CloseCode::Size),
            // The library answers it.
            Closed::Code(_) => {}
            Closed::Reset | Closed::Eof | Closed::WriteTimeout => return,
        }
        if Pin::new(&mut *self.socket).poll_flush(context).is_ready() {
            _ = Pin::new(self.socket.get_mut()).poll_shutdown(context);
        }
    }
}

/// How a connection ended whose reading failed. The text of the error is never shown: it may hold
/// what the server sent.
fn ended(error: &Error) -> Closed {
    match error {
        Error::Io(error) => match error.kind() {
            // TLS that was cut off without its own end.
            ErrorKind::UnexpectedEof => Closed::Eof,
            // TLS that is none.
            ErrorKind::InvalidData => Closed::Protocol,
            _ => Closed::Reset,
        },
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
