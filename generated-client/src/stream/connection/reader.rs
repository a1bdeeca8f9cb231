//! The half that reads.

use std::io::{self, ErrorKind};

use bytes::BytesMut;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt};
use tungstenite::protocol::frame::coding::CloseCode;

use super::Outbox;
use super::assembly::{Assembly, Broken, Place, Step};
use crate::stream::core::Closed;

/// What came from the server. Texts and bytes are in the reader's buffer until it reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Pong,
    /// A ping, which is answered already, or a part of something larger: the server is there.
    Other,
}

/// Reads from a connection.
pub(crate) struct Reader {
    read: Box<dyn AsyncRead + Send + Unpin>,
    assembly: Assembly,
    outbox: Outbox,
    /// What the last ping said that has not been answered. Of many that come together only the last
    /// one is answered, so that a flood of them is no flood of answers.
    pong: Option<Vec<u8>>,
    read_at: Timestamp,
    /// There may be more in what was read.
    has_more: bool,
    /// Nothing was made of what was read last.
    is_fresh: bool,
    ended: Option<Closed>,
}

impl Reader {
    pub(super) fn new(
        read: Box<dyn AsyncRead + Send + Unpin>,
        early: BytesMut,
        limit: usize,
        outbox: Outbox,
    ) -> Self {
        let (assembly, read_at) = (Assembly::new(early, limit), Timestamp::now());
        Self { read, assembly, outbox, pong: None, read_at, has_more: true, is_fresh: false, ended: None }
    }

    /// When the last bytes of what can be [taken](Self::take) were read, by the clock of the system.
    pub(crate) fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// Waits for the next thing that comes, and is safe to cancel.
    ///
    /// # Errors
    /// How the connection ended: said once more whenever it is asked again. The server is told what
    /// it did wrong, and its close is answered, as far as the [`Writer`](super::Writer) still runs.
    pub(crate) async fn next(&mut self) -> Result<Arrival<'_>, Closed> {
        loop {
            if let Some(came) = self.step() {
                return self.arrival(came);
            }
            self.fill().await;
        }
    }

    /// The next of what has been read; none if more has to be read first. Errors as
    /// [`next`](Self::next) has.
    pub(crate) fn take(&mut self) -> Option<Result<Arrival<'_>, Closed>> {
        let came = self.step()?;
        Some(self.arrival(came))
    }

    /// Reads once, unless there may be more to [`take`](Self::take). Safe to cancel.
    pub(crate) async fn fill(&mut self) {
        if self.has_more || self.ended.is_some() {
            return;
        }
        if let Some(payload) = self.pong.take() {
            self.outbox.pong(&payload);
        }
        match self.read.read_buf(self.assembly.room()).await {
            Ok(0) => self.ended = Some(Closed::Eof),
            Ok(_) => (self.is_fresh, self.has_more, self.read_at) = (true, true, Timestamp::now()),
            Err(error) => self.ended = Some(ended(&error)),
        }
    }

    /// Where the next thing is.
    fn step(&mut self) -> Option<Result<Came, Closed>> {
        if let Some(closed) = self.ended {
            return Some(Err(closed));
        }
        let came = match self.assembly.step() {
            Ok(None) => {
                self.has_more = false;
                // Bytes came, if no more than that.
                return std::mem::take(&mut self.is_fresh).then_some(Ok(Came::Other));
            }
            Ok(Some(Step::Text(place))) => Ok(Came::Text(place)),
            Ok(Some(Step::Binary(place))) => Ok(Came::Binary(place)),
            Ok(Some(Step::Pong)) => Ok(Came::Pong),
            Ok(Some(Step::Part)) => Ok(Came::Other),
            Ok(Some(Step::Ping(range))) => {
                self.pong = Some(self.assembly.bytes(&range).to_vec());
                Ok(Came::Other)
            }
            Ok(Some(Step::Close(code))) => {
                self.outbox.close_with(code.map_or(CloseCode::Normal, CloseCode::from));
                Err(Closed::Code(code))
            }
            Err(broken) => Err(refuse(&self.outbox, broken)),
        };
        self.is_fresh = false;
        Some(came)
    }

    fn arrival(&mut self, came: Result<Came, Closed>) -> Result<Arrival<'_>, Closed> {
        match came {
            Ok(Came::Text(place)) => match std::str::from_utf8(self.assembly.message(&place)) {
                Ok(text) => Ok(Arrival::Text(text)),
                Err(_) => Err(*self.ended.insert(refuse(&self.outbox, Broken::NoText))),
            },
            Ok(Came::Binary(place)) => Ok(Arrival::Binary(self.assembly.message(&place))),
            Ok(Came::Pong) => Ok(Arrival::Pong),
            Ok(Came::Other) => Ok(Arrival::Other),
            Err(closed) => Err(*self.ended.insert(closed)),
        }
    }
}

/// As [`Arrival`], before the text is known to be one.
enum Came {
    Text(Place),
    Binary(Place),
    Pong,
    Other,
}

fn refuse(outbox: &Outbox, broken: Broken) -> Closed {
    outbox.close_with(broken.code());
    broken.into()
}

fn ended(error: &io::Error) -> Closed {
    match error.kind() {
        // TLS that was cut off without its own end.
        ErrorKind::UnexpectedEof => Closed::Eof,
        // TLS that is none.
        ErrorKind::InvalidData => Closed::Protocol,
        _ => Closed::Reset,
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
