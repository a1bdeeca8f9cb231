//! Several streams over one connection, where their messages say which channel they are of.
//!
//! A [`Hub`] has the real connections, its *lines*. To a stream it is what it dials: the stream
//! gets a place on a line on which its channel was never subscribed, or on a new line, and takes it
//! for a connection of its own. So everything that a stream does works here as it does there:
//! rotation makes a second line, which the others join in turn, and closing one stream leaves the
//! others alone. What it costs is said where it is begun, at the client.
//!
//! - **One token to a line.** The server ends a connection when a token on it ends, so streams
//!   whose tokens differ do not share one.
//! - **One subscription to a channel on a line**, ever: two accounts on one channel could not be
//!   told apart, nor what is left of an earlier subscription and the replay of a new one.
//! - **Nobody waits for long.** A line reads on when a stream is slow; who has not read half of
//!   what waits for him within a moment loses his place, with all that waits for him still to come.
//!
//! A message goes to those whose channel it names; to all if it names none, if it cannot be read, or
//! if it is about the connection: heartbeats and notices. A message of a channel of which no stream is
//! there any more is counted and dropped.

mod connection;
mod line;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

pub use self::connection::SharedConnection;
use self::line::Line;
use super::connection::Wire;
use super::core::{self, DialFailure, DialLimit, ResumePoint, Settings};
use super::dial::{Dial, DialLimits};
use super::supervisor::{self, Bearers, EventStream, Shared};
use super::{Channel, ChannelMessage};
use crate::error::Result;

/// The connections that streams share. Cheap to clone; clones are the same.
pub(crate) struct Hub<D>(Arc<Inner<D>>);

struct Inner<D> {
    dial: D,
    shared: Shared,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    entries: Vec<Entry>,
    statistics: SharedStatistics,
}

/// A line, as those see it who want a place.
#[derive(Debug)]
struct Entry {
    id: u64,
    /// That of the token of all its subscriptions.
    generation: u64,
    /// What was ever subscribed on it, by name.
    channels: Vec<&'static str>,
    tickets: UnboundedSender<Ticket>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Dialling,
    Open,
    /// Nobody is on it any more, and nobody gets on it.
    Closing,
}

/// Who a stream is: it has a clone, and so has each of its places.
type Stream = Arc<()>;

/// Somebody who wants a place.
#[derive(Debug)]
struct Ticket {
    channel: &'static Channel,
    stream: Stream,
    answer: oneshot::Sender<std::result::Result<Wire, DialFailure>>,
}

/// What the connections that streams share have done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedStatistics {
    /// Connections that were dialled.
    pub dials: u64,
    /// Connections that there are, or that are being made.
    pub open: usize,
    /// Messages that were dropped: no stream is subscribed to their channel any more.
    pub unclaimed: u64,
    /// How often a stream lost its place because it did not read fast enough.
    pub lost_places: u64,
}

impl<D> Clone for Hub<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Dial> Hub<D> {
    /// Makes connections by `dial`, within the limit of `shared`.
    pub(crate) fn new(dial: D, shared: Shared) -> Self {
        Self(Arc::new(Inner { dial, shared, lines: Mutex::default() }))
    }

    /// Begins a stream. A connection is made with the numbers of the stream that needs it first.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the subscription breaks one of its rules.
    pub(crate) fn start<M: ChannelMessage>(
        &self,
        subscription: M::Subscription,
        bearers: impl Bearers,
        settings: Settings,
        from: ResumePoint,
    ) -> Result<EventStream<M>> {
        let (hub, stream) = (self.clone(), Stream::default());
        let dial = Place { hub, channel: M::CHANNEL, stream, settings: settings.clone() };
        // The hub keeps time and the limit of real dials; joining a line is none.
        let settings = Settings { dial_timeout: Duration::MAX, ..settings };
        let shared = Shared { limit: DialLimit::none(), clock: self.0.shared.clock };
        supervisor::start(subscription, dial, bearers, settings, &shared, from)
    }

    pub(crate) fn statistics(&self) -> SharedStatistics {
        let lines = self.0.lock();
        SharedStatistics { open: lines.entries.len(), ..lines.statistics }
    }

    /// Asks for a place on a line; where there is none, on a new one.
    fn board(
        &self,
        Place { channel, stream, settings, .. }: &Place<D>,
        generation: u64,
    ) -> oneshot::Receiver<std::result::Result<Wire, DialFailure>> {
        let (answer, answered) = oneshot::channel();
        let ticket = Ticket { channel, stream: Arc::clone(stream), answer };
        let mut lines = self.0.lock();
        let free = |entry: &&mut Entry| {
            let is_new = !entry.channels.contains(&channel.name);
            entry.generation == generation && entry.stage != Stage::Closing && is_new
        };
        // The first is the nearest to be made, if it is not made yet.
        match lines.entries.iter_mut().find(free) {
            Some(entry) => {
                entry.channels.push(channel.name);
                // A line takes itself out before it ends. Should it be gone, whoever asks learns it.
                _ = entry.tickets.send(ticket);
            }
            None => {
                let (tickets, asked) = mpsc::unbounded_channel();
                let id = lines.statistics.dials;
                lines.statistics.dials = id.saturating_add(1);
                let (channels, stage) = (vec![channel.name], Stage::Dialling);
                lines.entries.push(Entry { id, generation, channels, tickets, stage });
                drop(lines);
                tokio::spawn(Line::new(self.clone(), id, generation, settings.clone(), ticket, asked).run());
            }
        }
        answered
    }
}

impl<D> Inner<D> {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line is made.
    fn opened(&self, id: u64) {
        self.lock().stage(id, Stage::Open);
    }

    /// A line on which nobody is any more is to end; false if somebody has come meanwhile.
    fn retire(&self, id: u64, tickets: &UnboundedReceiver<Ticket>) -> bool {
        let mut lines = self.lock();
        // Nobody can ask while this is held.
        let retires = tickets.is_empty();
        if retires {
            lines.stage(id, Stage::Closing);
        }
        retires
    }

    fn count(&self, number: impl Fn(&mut SharedStatistics) -> &mut u64) {
        let mut lines = self.lock();
        let number = number(&mut lines.statistics);
        *number = number.saturating_add(1);
    }

    /// A line is no more.
    fn forget(&self, id: u64) {
        self.lock().entries.retain(|entry| entry.id != id);
    }
}

impl Lines {
    fn stage(&mut self, id: u64, stage: Stage) {
        self.entries.iter_mut().filter(|entry| entry.id == id).for_each(|entry| entry.stage = stage);
    }
}

/// What a stream dials.
struct Place<D> {
    hub: Hub<D>,
    channel: &'static Channel,
    stream: Stream,
    settings: Settings,
}

impl<D> Place<D> {
    /// A server that refuses a connection while there is another one does not want two. A stream
    /// that has the other one knows what that means; one that has none would take it for a refusal
    /// of its token, which the other streams prove to be good.
    fn understood(&self, failure: DialFailure) -> DialFailure {
        let refused = matches!(failure, DialFailure::Status { status: 401 | 403, .. });
        let is_seated = Arc::strong_count(&self.stream) > 1;
        let second = || self.hub.0.lock().entries.iter().any(|entry| entry.stage != Stage::Dialling);
        match failure {
            _ if refused && !is_seated && second() => DialFailure::Failed(core::Stage::Upgrade),
            failure => failure,
        }
    }
}

impl<D: Dial> Dial for Place<D> {
    async fn dial(&self, _: DialLimits, generation: u64) -> std::result::Result<Wire, DialFailure> {
        loop {
            // Without an answer the line has ended before it saw who was there.
            if let Ok(answer) = self.hub.board(self, generation).await {
                return answer.map_err(|failure| self.understood(failure));
            }
        }
    }
}
