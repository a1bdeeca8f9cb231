//! A connection that is a part of another one: what comes on that is handed to it, and what it is
//! to write is asked of that.
//!
//! Nothing that is handed over is ever thrown away, and no more than [`MESSAGES`] or [`BYTES`] wait,
//! and one message: whoever hands over asks for room before.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::Arrival;
use super::outbox::{Inbox, Item, Next};
use crate::stream::SubscribeMessage;
use crate::stream::core::Closed;

/// With so many messages waiting there is no room for another one.
const MESSAGES: usize = 1_024;

/// With so many bytes of messages waiting there is no room for another one.
const BYTES: usize = 4 << 20;

/// Something that came; where several connections are told, they share it.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Text(Arc<str>),
    Binary(Arc<[u8]>),
    Pong,
}

impl Piece {
    /// What came; none if it tells no more than that the server is there.
    pub(crate) fn of(arrival: Arrival<'_>) -> Option<Self> {
        Some(match arrival {
            Arrival::Text(text) => Self::Text(text.into()),
            // No server should send it; if one does, it means the same.
            Arrival::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Self::Text(text.into()),
                Err(_) => Self::Binary(bytes.into()),
            },
            Arrival::Pong => Self::Pong,
            Arrival::Other => return None,
        })
    }

    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Pong => 0,
        }
    }
}

/// What is asked of the other connection.
#[derive(Debug)]
pub(crate) enum Asked {
    Subscribe(SubscribeMessage),
    Ping,
    /// To be told of the end; nothing else is of interest.
    Close,
    /// Nobody is there any more.
    Gone,
}

/// The end at which things are handed over. Dropping it ends the connection without a word.
#[derive(Debug)]
pub(crate) struct Relay {
    queue: Arc<Queue>,
    inbox: Inbox,
}

/// The end at which they are read.
#[derive(Debug)]
pub(super) struct Relayed {
    queue: Arc<Queue>,
    /// What was read last.
    piece: Option<Piece>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    drained: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// With the time at which each was read from the network.
    pieces: VecDeque<(Piece, Timestamp)>,
    bytes: usize,
    /// Something came on the other connection, whatever it was.
    heard: bool,
    ended: Option<Closed>,
    /// Who waits for something to read.
    reader: Option<Waker>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what waits, and lets the reader know.
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let reader = {
            let mut waiting = self.lock();
            change(&mut waiting);
            waiting.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The next thing; none if nothing has come. Without a piece: something came that is for others.
    fn take(&self) -> Option<Result<Option<Piece>, Closed>> {
        let mut waiting = self.lock();
        if let Some((piece, _)) = waiting.pieces.pop_front() {
            waiting.bytes = waiting.bytes.saturating_sub(piece.size());
            waiting.heard = false;
            if waiting.is_drained() {
                self.drained.notify_waiters();
            }
            return Some(Ok(Some(piece)));
        }
        match waiting.ended {
            Some(how) => Some(Err(how)),
            None => std::mem::take(&mut waiting.heard).then_some(Ok(None)),
        }
    }

    fn poll_filled(&self, context: &Context<'_>) -> Poll<()> {
        let mut waiting = self.lock();
        if waiting.heard || waiting.ended.is_some() || !waiting.pieces.is_empty() {
            return Poll::Ready(());
        }
        // It stays when the future that asked is dropped.
        waiting.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Waiting {
    fn is_drained(&self) -> bool {
        self.pieces.len() <= MESSAGES / 2 && self.bytes <= BYTES / 2
    }
}

pub(super) fn pair(inbox: Inbox) -> (Relayed, Relay) {
    let queue = Arc::new(Queue::default());
    (Relayed { queue: Arc::clone(&queue), piece: None }, Relay { queue, inbox })
}

impl Relay {
    /// Whether something can be handed over.
    pub(crate) fn has_room(&self) -> bool {
        let waiting = self.queue.lock();
        waiting.pieces.len() < MESSAGES && waiting.bytes < BYTES
    }

    /// Waits until half of what may wait has been read.
    pub(crate) async fn drained(&self) {
        loop {
            let drained = self.queue.drained.notified();
            if self.queue.lock().is_drained() {
                return;
            }
            drained.await;
        }
    }

    /// Hands over something that came, and was read from the network at this time.
    pub(crate) fn put(&self, piece: Piece, read_at: Timestamp) {
        self.queue.change(|waiting| {
            waiting.bytes = waiting.bytes.saturating_add(piece.size());
            waiting.pieces.push_back((piece, read_at));
        });
    }

    /// Something came that is not for it: the server is there.
    pub(crate) fn heard(&self) {
        self.queue.change(|waiting| waiting.heard = true);
    }

    /// It is over, when what was handed over has been read. What is said first holds.
    pub(crate) fn end(&self, how: Closed) {
        self.queue.change(|waiting| _ = waiting.ended.get_or_insert(how));
    }

    pub(crate) fn is_over(&self) -> bool {
        self.queue.lock().ended.is_some()
    }

    /// Waits for what is asked, and is safe to cancel.
    pub(crate) async fn asked(&mut self) -> Asked {
        loop {
            return match self.inbox.next().await {
                Next::Write(Item::Subscribe(message)) => Asked::Subscribe(message),
                Next::Write(Item::Ping) => Asked::Ping,
                // The other connection answers pings.
                Next::Write(Item::Pong(_) | Item::Wake) => continue,
                Next::Close(_) => Asked::Close,
                Next::Over => Asked::Gone,
            };
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.end(Closed::Eof);
    }
}

impl Relayed {
    pub(super) fn read_at(&self) -> Timestamp {
        self.queue.lock().pieces.front().map_or_else(Timestamp::now, |(_, read_at)| *read_at)
    }

    pub(super) async fn next(&mut self) -> Result<Arrival<'_>, Closed> {
        loop {
            if let Some(came) = self.queue.take() {
                self.piece = came?;
                return Ok(self.arrival());
            }
            self.fill().await;
        }
    }

    pub(super) fn take(&mut self) -> Option<Result<Arrival<'_>, Closed>> {
        Some(match self.queue.take()? {
            Ok(piece) => {
                self.piece = piece;
                Ok(self.arrival())
            }
            Err(how) => Err(how),
        })
    }

    pub(super) async fn fill(&mut self) {
        poll_fn(|context| self.queue.poll_filled(context)).await;
    }

    fn arrival(&self) -> Arrival<'_> {
        match &self.piece {
            Some(Piece::Text(text)) => Arrival::Text(text),
            Some(Piece::Binary(bytes)) => Arrival::Binary(bytes),
            Some(Piece::Pong) => Arrival::Pong,
            None => Arrival::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::super::outbox::queue;
    use super::*;
    use std::time::Duration;

    fn relayed() -> (Relayed, Relay) {
        let (_outbox, inbox) = queue(1);
        pair(inbox)
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_bounded_by_number_and_by_size() {
        for (size, most) in [(1, MESSAGES), (BYTES / 4, 4), (4 * BYTES, 1)] {
            let (mut reader, relay) = relayed();
            let message = "x".repeat(size);
            let mut waits = 0;
            while relay.has_room() {
                relay.put(text(&message), Timestamp::UNIX_EPOCH);
                waits += 1;
            }
            assert_eq!(waits, most, "{size}");
            for _ in 0..most.div_ceil(2) {
                assert!(timeout(Duration::ZERO, relay.drained()).await.is_err());
                assert_eq!(reader.next().await, Ok(Arrival::Text(&message)));
            }
            assert!(relay.has_room() && timeout(Duration::ZERO, relay.drained()).await.is_ok(), "{size}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_woken_also_after_his_future_was_dropped() {
        let (mut reader, relay) = relayed();
        let waits = tokio::spawn(async move {
            poll_fn(|context| std::pin::pin!(reader.fill()).poll(context)).await;
            reader.take().map(|came| came.map(drop))
        });
        tokio::task::yield_now().await;
        relay.put(text("news"), Timestamp::UNIX_EPOCH);
        assert_eq!(timeout(Duration::from_secs(1), waits).await.unwrap().unwrap(), Some(Ok(())));
    }

    #[tokio::test]
    async fn the_end_comes_last_and_stays() {
        let (mut reader, relay) = relayed();
        relay.heard();
        relay.heard();
        assert_eq!(reader.next().await, Ok(Arrival::Other));
        relay.heard();
        relay.put(text("news"), Timestamp::UNIX_EPOCH);
        relay.put(Piece::Pong, Timestamp::UNIX_EPOCH);
        relay.end(Closed::LostPlace);
        drop(relay);
        assert_eq!(reader.read_at(), Timestamp::UNIX_EPOCH);
        assert_eq!(reader.next().await, Ok(Arrival::Text("news")));
        assert_eq!(reader.next().await, Ok(Arrival::Pong));
        for _ in 0..3 {
            assert_eq!(reader.next().await, Err(Closed::LostPlace));
        }
        let (mut reader, relay) = relayed();
        drop(relay);
        assert_eq!(reader.next().await, Err(Closed::Eof));
    }
}
