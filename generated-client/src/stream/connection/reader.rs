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
        Self { read, assembly, outbox, pong: None, read_at, ended: None }
    }

    /// When the last bytes of what came last were read, by the clock of the system.
    pub(crate) fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// Waits for the next thing that comes, and is safe to cancel.
    ///
    /// # Errors
    /// How the connection ended: said once more whenever it is asked again. The server is told what
    /// it did wrong, and its close is answered, as far as the [`Writer`](super::Writer) still runs.
    pub(crate) async fn next(&mut self) -> Result<Arrival<'_>, Closed> {
        if let Some(closed) = self.ended {
            return Err(closed);
        }
        match self.advance().await {
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

    async fn advance(&mut self) -> Result<Came, Closed> {
        let mut read = false;
        loop {
            match self.assembly.step() {
                Ok(Some(Step::Text(place))) => return Ok(Came::Text(place)),
                Ok(Some(Step::Binary(place))) => return Ok(Came::Binary(place)),
                Ok(Some(Step::Pong)) => return Ok(Came::Pong),
                Ok(Some(Step::Part)) => return Ok(Came::Other),
                Ok(Some(Step::Ping(range))) => {
                    self.pong = Some(self.assembly.bytes(&range).to_vec());
                    return Ok(Came::Other);
                }
                Ok(Some(Step::Close(code))) => {
                    self.outbox.close_with(code.map_or(CloseCode::Normal, CloseCode::from));
                    return Err(Closed::Code(code));
                }
                Ok(None) if read => return Ok(Came::Other),
                Ok(None) => {}
                Err(broken) => return Err(refuse(&self.outbox, broken)),
            }
            if let Some(payload) = self.pong.take() {
                self.outbox.pong(&payload);
            }
            match self.read.read_buf(self.assembly.room()).await {
                Ok(0) => return Err(Closed::Eof),
                Ok(_) => (read, self.read_at) = (true, Timestamp::now()),
                Err(error) => return Err(ended(&error)),
            }
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
        f.debug_struct("Reader").field("ended", &self.ended).finish_non_exhaustive()
    }
}
