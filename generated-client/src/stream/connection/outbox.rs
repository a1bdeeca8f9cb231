//! What waits to be written.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{self, Receiver, Sender};
use tungstenite::protocol::frame::coding::CloseCode;

use crate::stream::SubscribeMessage;

/// What is to be written.
#[derive(Debug)]
pub(super) enum Item {
    Subscribe(SubscribeMessage),
    Ping,
    Pong(Vec<u8>),
    /// Nothing: there is something else to be seen.
    Wake,
}

/// Takes what is to be written on a connection. Cheap to clone; never waits.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    items: Sender<Item>,
    /// The code of the close, once that is wanted.
    close: Arc<OnceLock<CloseCode>>,
}

/// The other end of it.
#[derive(Debug)]
pub(super) struct Inbox {
    items: Receiver<Item>,
    close: Arc<OnceLock<CloseCode>>,
}

/// What the writer has to do next.
#[derive(Debug)]
pub(super) enum Next {
    Write(Item),
    Close(CloseCode),
    /// Nobody can want anything any more.
    Over,
}

pub(super) fn queue(length: usize) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::channel(length.max(1));
    let close = Arc::new(OnceLock::new());
    (Outbox { items: sender, close: Arc::clone(&close) }, Inbox { items: receiver, close })
}

impl Outbox {
    /// Subscribes. `false` if the queue is full, or nothing is written any more.
    pub(crate) fn subscribe(&self, message: SubscribeMessage) -> bool {
        self.items.try_send(Item::Subscribe(message)).is_ok()
    }

    /// Asks the server for a sign of life. `false` if the queue is full, and it is lost: what is
    /// before it is not written either.
    pub(crate) fn ping(&self) -> bool {
        self.items.try_send(Item::Ping).is_ok()
    }

    pub(super) fn pong(&self, payload: &[u8]) {
        _ = self.items.try_send(Item::Pong(payload.to_vec()));
    }

    /// Says goodbye after the frame that is being written; what waits is not written any more.
    pub(crate) fn close(&self) {
        self.close_with(CloseCode::Normal);
    }

    /// The first code is the one that is sent.
    pub(super) fn close_with(&self, code: CloseCode) {
        _ = self.close.set(code);
        // In a full queue there is enough to wake the writer.
        _ = self.items.try_send(Item::Wake);
    }
}

impl Inbox {
    pub(super) async fn next(&mut self) -> Next {
        let item = self.items.recv().await;
        match (self.close.get(), item) {
            (Some(code), _) => Next::Close(*code),
            (None, Some(item)) => Next::Write(item),
            (None, None) => Next::Over,
        }
    }
}
