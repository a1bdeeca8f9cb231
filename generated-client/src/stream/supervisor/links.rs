//! The connections of a stream: those that are dialled, and those that are read.

use std::future::poll_fn;
use std::task::Poll;

use jiff::Timestamp;
use tokio::task::AbortHandle;

use crate::stream::connection::{Arrival, Connection};
use crate::stream::machine::{Closed, ConnectionId};

/// The connections of a stream; the core has at most two at a time.
#[derive(Debug, Default)]
pub(super) struct Links {
    dialling: Vec<(ConnectionId, AbortHandle)>,
    open: Vec<Link>,
    /// Which one is asked first, in turn.
    turn: usize,
}

#[derive(Debug)]
struct Link {
    id: ConnectionId,
    connection: Connection,
    /// What was polled and not taken.
    arrived: Option<Result<Arrival, Closed>>,
    reading: bool,
}

impl Links {
    pub(super) fn dialling(&mut self, id: ConnectionId, task: AbortHandle) {
        self.dialling.push((id, task));
    }

    /// A dial came to its end; false if nobody waits for it any more.
    pub(super) fn opened(&mut self, id: ConnectionId, connection: Connection) -> bool {
        let Some(at) = self.dialling.iter().position(|(dialling, _)| *dialling == id) else { return false };
        self.dialling.swap_remove(at);
        self.open.push(Link { id, connection, arrived: None, reading: true });
        true
    }

    /// Takes out a connection, or gives up its dial.
    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        if let Some(at) = self.dialling.iter().position(|(dialling, _)| *dialling == id) {
            self.dialling.swap_remove(at).1.abort();
        }
        let at = self.open.iter().position(|link| link.id == id)?;
        Some(self.open.swap_remove(at).connection)
    }

    pub(super) fn get(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.open.iter_mut().find(|link| link.id == id).map(|link| &mut link.connection)
    }

    pub(super) fn read(&mut self, id: ConnectionId, on: bool) {
        for link in self.open.iter_mut().filter(|link| link.id == id) {
            link.reading = on;
        }
    }

    /// Waits until something comes on any of them, and says on which. Safe to cancel.
    pub(super) async fn ready(&mut self) -> ConnectionId {
        self.turn = self.turn.wrapping_add(1);
        let first = self.turn.checked_rem(self.open.len()).unwrap_or_default();
        poll_fn(|context| {
            let (before, after) = self.open.split_at_mut(first);
            for link in after.iter_mut().chain(before).filter(|link| link.reading) {
                if link.arrived.is_none() {
                    link.arrived = match link.connection.poll_next(context) {
                        Poll::Ready(arrived) => Some(arrived),
                        Poll::Pending => continue,
                    };
                }
                return Poll::Ready(link.id);
            }
            Poll::Pending
        })
        .await
    }

    /// The next of what has come on this one, if it is to be read, and when it was read.
    pub(super) fn take(&mut self, id: ConnectionId) -> Option<Result<(Arrival, Timestamp), Closed>> {
        let link = self.open.iter_mut().find(|link| link.id == id && link.reading)?;
        let arrived = link.arrived.take().or_else(|| link.connection.take())?;
        Some(arrived.map(|arrival| (arrival, link.connection.read_at())))
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        for (_, dial) in &self.dialling {
            dial.abort();
        }
    }
}
