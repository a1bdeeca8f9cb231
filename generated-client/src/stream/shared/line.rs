//! One connection that streams share, from its dial to its end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use super::{Hub, Stream, Ticket};
use crate::stream::connection::{Asked, Limits, Outbox, Piece, Reader, Relay, Wire};
use crate::stream::core::{Closed, DialFailure, Moment, Settings};
use crate::stream::dial::{Dial, DialLimits};
use crate::stream::{Attribution, Channel, Envelope, Role};

/// How long a line waits for a stream that reads too slowly.
const PATIENCE: Duration = Duration::from_millis(250);

/// So much is handed over before anything else is seen to.
const BATCH: usize = 64;

/// The server's word for a connection that ended as it should.
const NORMAL: Closed = Closed::Code(Some(1000));

/// The task of a line. It ends with the last stream on it.
pub(super) struct Line<D: Dial> {
    hub: Hub<D>,
    id: u64,
    generation: u64,
    settings: Settings,
    tickets: UnboundedReceiver<Ticket>,
    /// Those who wait for the dial.
    waiting: Vec<Ticket>,
    seats: Vec<Seat>,
    /// The server has been asked for a sign of life that has not come.
    pinged: bool,
}

/// The place of a stream.
struct Seat {
    channel: &'static Channel,
    /// It shows that the stream has a place.
    #[expect(dead_code, reason = "it is counted")]
    stream: Stream,
    relay: Relay,
    ping: Ping,
}

/// Whether a stream waits for a sign of life. One that was asked for before does not count: what
/// comes before it is what the stream wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ping {
    None,
    Wanted,
    Sent,
}

impl<D: Dial> Line<D> {
    pub(super) fn new(
        hub: Hub<D>,
        id: u64,
        generation: u64,
        settings: Settings,
        first: Ticket,
        tickets: UnboundedReceiver<Ticket>,
    ) -> Self {
        let waiting = vec![first];
        Self { hub, id, generation, settings, tickets, waiting, seats: Vec::new(), pinged: false }
    }

    pub(super) async fn run(mut self) {
        match self.dial().await {
            Some(Ok(wire)) => self.carry(wire).await,
            Some(Err(failure)) => {
                self.hub.0.forget(self.id);
                for ticket in self.waiting.drain(..) {
                    // Who does not wait any more need not know.
                    _ = ticket.answer.send(Err(failure));
                }
            }
            None => {}
        }
    }

    /// Makes the connection; none if nobody wants it any more.
    async fn dial(&mut self) -> Option<Result<Wire, DialFailure>> {
        let hub = self.hub.clone();
        let (limits, generation) = (DialLimits::from(&self.settings), self.generation);
        let mut dialling = pin!(async move {
            let inner = &hub.0;
            let permit = inner.shared.limit.take(Moment::at(inner.shared.clock.elapsed()));
            if let Some(at) = inner.shared.clock.checked_add(permit.since_start()) {
                sleep_until(at).await;
            }
            inner.dial.dial(limits, generation).await
        });
        loop {
            tokio::select! {
                result = &mut dialling => return Some(result),
                Some(ticket) = self.tickets.recv() => self.waiting.push(ticket),
                () = abandoned(&mut self.waiting) => if self.hub.0.retire(self.id, &self.tickets) {
                    return None;
                }
            }
        }
    }

    async fn carry(&mut self, wire: Wire) {
        let (mut reader, writer, outbox) = wire.open(Limits::from(&self.settings));
        let mut writing = JoinSet::from_iter([writer.run()]);
        self.hub.0.opened(self.id);
        for ticket in std::mem::take(&mut self.waiting) {
            self.seat(ticket);
        }
        let how = loop {
            if self.seats.is_empty() && self.hub.0.retire(self.id, &self.tickets) {
                return;
            }
            tokio::task::consume_budget().await;
            tokio::select! {
                Some(ticket) = self.tickets.recv() => self.seat(ticket),
                (at, asked) = asked(&mut self.seats) => match asked {
                    Asked::Close if self.seats.len() == 1 && self.hub.0.retire(self.id, &self.tickets) => {
                        outbox.close();
                        let rest = async { while reader.next().await.is_ok() {} };
                        _ = timeout(self.settings.close_timeout, rest).await;
                        break NORMAL;
                    }
                    asked => self.asked(at, asked, &outbox),
                },
                () = reader.fill() => {
                    if let Err(how) = self.read(&mut reader, &outbox).await {
                        break how;
                    }
                }
                Some(Ok(Err(how))) = writing.join_next() => break how,
            }
        };
        self.hub.0.forget(self.id);
        for seat in self.seats.drain(..) {
            seat.relay.end(how);
        }
        // The server may still have to be told why; that has its own limit of time.
        drop((reader, outbox));
        while writing.join_next().await.is_some() {}
    }

    fn seat(&mut self, Ticket { channel, stream, answer }: Ticket) {
        let (wire, relay) = Wire::relayed(Limits::from(&self.settings));
        if answer.send(Ok(wire)).is_ok() {
            self.seats.push(Seat { channel, stream, relay, ping: Ping::None });
        }
    }

    fn asked(&mut self, at: usize, asked: Asked, outbox: &Outbox) {
        match asked {
            Asked::Subscribe(message) => {
                if !outbox.subscribe(message) {
                    self.seats.swap_remove(at).relay.end(Closed::WriteTimeout);
                }
            }
            Asked::Ping => {
                if let Some(seat) = self.seats.get_mut(at) {
                    seat.ping = Ping::Wanted;
                }
                self.ping(outbox);
            }
            Asked::Close => self.seats.swap_remove(at).relay.end(NORMAL),
            Asked::Gone => _ = self.seats.swap_remove(at),
        }
    }

    /// Asks the server for those who want it, if nothing is asked already.
    fn ping(&mut self, outbox: &Outbox) {
        let wanted = self.seats.iter().any(|seat| seat.ping == Ping::Wanted);
        if !self.pinged && wanted && outbox.ping() {
            self.pinged = true;
            for seat in self.seats.iter_mut().filter(|seat| seat.ping == Ping::Wanted) {
                seat.ping = Ping::Sent;
            }
        }
    }

    /// Hands over what has been read, but not so much that others have to wait.
    async fn read(&mut self, reader: &mut Reader, outbox: &Outbox) -> Result<(), Closed> {
        let at = reader.read_at();
        for _ in 0..BATCH {
            let Some(came) = reader.take() else { return Ok(()) };
            let came = came.map(Piece::of)?;
            self.came(came, at, outbox).await;
        }
        Ok(())
    }

    async fn came(&mut self, came: Option<Piece>, at: Timestamp, outbox: &Outbox) {
        let layout = self.seats.first().map(|seat| seat.channel.layout);
        match (came, layout) {
            (None, _) | (_, None) => self.seats.iter().for_each(|seat| seat.relay.heard()),
            (Some(Piece::Pong), _) => self.pong(at, outbox),
            (Some(piece @ Piece::Binary(_)), _) => self.hand_over(&piece, at, |_| true).await,
            (Some(Piece::Text(text)), Some(layout)) => {
                let piece = Piece::Text(Arc::clone(&text));
                match Envelope::read(layout, &text) {
                    Ok(envelope) => self.hand_over(&piece, at, |channel| concerns(&envelope, channel)).await,
                    Err(_) => self.hand_over(&piece, at, |_| true).await,
                }
            }
        }
    }

    fn pong(&mut self, at: Timestamp, outbox: &Outbox) {
        self.pinged = false;
        for seat in &mut self.seats {
            if seat.ping == Ping::Sent {
                seat.ping = Ping::None;
                seat.relay.put(Piece::Pong, at);
            } else {
                seat.relay.heard();
            }
        }
        self.ping(outbox);
    }

    /// Gives it to those whom it concerns; the others learn that the server is there.
    async fn hand_over(&mut self, piece: &Piece, at: Timestamp, concerns: impl Fn(&Channel) -> bool) {
        let (mut claimed, mut lost) = (false, false);
        for seat in &mut self.seats {
            if !concerns(seat.channel) {
                seat.relay.heard();
                continue;
            }
            claimed = true;
            if seat.relay.has_room() || timeout(PATIENCE, seat.relay.drained()).await.is_ok() {
                seat.relay.put(piece.clone(), at);
            } else {
                seat.relay.end(Closed::LostPlace);
                lost = true;
                self.hub.0.count(|statistics| &mut statistics.lost_places);
            }
        }
        if lost {
            self.seats.retain(|seat| !seat.relay.is_over());
        }
        if !claimed {
            self.hub.0.count(|statistics| &mut statistics.unclaimed);
        }
    }
}

impl<D: Dial> Drop for Line<D> {
    fn drop(&mut self) {
        self.hub.0.forget(self.id);
    }
}

/// Whether a message is for the streams of a channel.
pub(super) fn concerns(envelope: &Envelope<'_>, channel: &Channel) -> bool {
    match envelope.kind().and_then(|kind| channel.message(kind)).map(|kind| kind.role) {
        Some(Role::Heartbeat | Role::Notice) => true,
        _ => match channel.attributed_by {
            Some(Attribution::Channel) => envelope.channel().is_none_or(|name| name == channel.name),
            None => true,
        },
    }
}

/// Waits until nobody waits any more.
async fn abandoned(waiting: &mut Vec<Ticket>) {
    poll_fn(|context| {
        waiting.retain_mut(|ticket| ticket.answer.poll_closed(context).is_pending());
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Waits for what any of them asks, and is safe to cancel.
async fn asked(seats: &mut [Seat]) -> (usize, Asked) {
    poll_fn(|context| {
        for (at, seat) in seats.iter_mut().enumerate() {
            if let Poll::Ready(asked) = pin!(seat.relay.asked()).poll(context) {
                return Poll::Ready((at, asked));
            }
        }
        Poll::Pending
    })
    .await
}
