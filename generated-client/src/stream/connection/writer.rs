//! The half that writes.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::frame;
use super::outbox::{Inbox, Item, Next};
use crate::stream::core::Closed;

/// Writes to a connection what its [`Outbox`](super::Outbox) takes.
pub(crate) struct Writer {
    write: Box<dyn AsyncWrite + Send + Unpin>,
    inbox: Inbox,
    timeout: Duration,
}

impl Writer {
    pub(super) fn new(write: Box<dyn AsyncWrite + Send + Unpin>, inbox: Inbox, timeout: Duration) -> Self {
        Self { write, inbox, timeout }
    }

    /// Writes until a close was written, or everything that could want something is gone.
    ///
    /// # Errors
    /// [`Closed::WriteTimeout`] or [`Closed::Reset`], if a frame could not be written. The
    /// connection is of no use after that, also if something could still be read from it.
    pub(crate) async fn run(mut self) -> Result<(), Closed> {
        loop {
            match self.inbox.next().await {
                Next::Write(Item::Subscribe(message)) => {
                    self.frame(OpCode::Data(Data::Text), message.expose().as_bytes()).await?;
                }
                Next::Write(Item::Ping) => self.frame(OpCode::Control(Control::Ping), &[]).await?,
                Next::Write(Item::Pong(payload)) => {
                    self.frame(OpCode::Control(Control::Pong), &payload).await?;
                }
                Next::Write(Item::Wake) => {}
                Next::Close(code) => {
                    self.frame(OpCode::Control(Control::Close), &u16::from(code).to_be_bytes()).await?;
                    return self.end().await;
                }
                Next::Over => return self.end().await,
            }
        }
    }

    async fn frame(&mut self, opcode: OpCode, payload: &[u8]) -> Result<(), Closed> {
        let writing = async {
            let frame = frame::write(opcode, payload)?;
            self.write.write_all(&frame).await?;
            self.write.flush().await
        };
        in_time(self.timeout, writing).await
    }

    async fn end(&mut self) -> Result<(), Closed> {
        in_time(self.timeout, self.write.shutdown()).await
    }
}

async fn in_time(time: Duration, writing: impl Future<Output = io::Result<()>>) -> Result<(), Closed> {
    match timeout(time, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Closed::Reset),
        Err(_) => Err(Closed::WriteTimeout),
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
