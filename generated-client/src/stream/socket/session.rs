//! One connection of a socket.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::message::SocketMessage;
use super::{Protocol, SocketEvent};
use crate::stream::connection::{Arrival, Connection};
use crate::stream::machine::{Cause, Notice, Settings};
use crate::stream::message::{Envelope, fault};
use crate::stream::{Role, SubscribeMessage, Undecodable};

/// How long before its token expires a connection is replaced, but never more than half of the life
/// that is left.
const LEAD: Duration = Duration::from_secs(60);

/// One connection of a socket.
pub(super) struct Session {
    connection: Connection,
    opened: Instant,
    /// When bytes arrived last.
    heard: Instant,
    pinged: Option<Instant>,
    /// When the connection is to be replaced.
    replace: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// What the server said before it closed.
    notice: Option<Cause>,
    was_accepted: bool,
}

pub(super) enum Step {
    Event(SocketEvent),
    /// The same, and it accepts a subscription.
    Accepted(SocketEvent),
    Ended(Cause),
}

impl Session {
    pub(super) fn new(connection: Connection, expires: Option<Instant>) -> Self {
        let now = Instant::now();
        let replace = expires.and_then(|expires| {
            let left = expires.saturating_duration_since(now);
            let lead = LEAD.min(left.checked_div(2).unwrap_or_default());
            now.checked_add(left.saturating_sub(lead))
        });
        Self {
            connection,
            opened: now,
            heard: now,
            pinged: None,
            replace,
            // Set when it is first polled.
            timer: Box::pin(sleep(Duration::ZERO)),
            notice: None,
            was_accepted: false,
        }
    }

    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    pub(super) fn subscribe(&mut self, message: &SubscribeMessage) {
        self.connection.subscribe(message);
    }

    /// Says goodbye as far as that is possible without waiting.
    pub(super) fn leave(&mut self) {
        self.connection.close();
    }

    pub(super) async fn close(mut self) {
        self.connection.close();
        while poll_fn(|context| self.connection.poll_next(context)).await.is_ok() {}
    }

    /// Polls for the next thing that the owner has to know.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        settings: &Settings,
        protocol: Protocol,
    ) -> Poll<Step> {
        loop {
            match self.connection.poll_next(context) {
                Poll::Ready(Ok(arrival)) => {
                    (self.heard, self.pinged) = (Instant::now(), None);
                    if let Some(step) = self.arrival(&arrival, protocol) {
                        return Poll::Ready(step);
                    }
                }
                Poll::Ready(Err(closed)) => {
                    return Poll::Ready(Step::Ended(self.notice.take().unwrap_or(Cause::Closed(closed))));
                }
                Poll::Pending => {
                    if let Some(cause) = ready!(self.poll_timer(context, settings)) {
                        return Poll::Ready(Step::Ended(cause));
                    }
                }
            }
        }
    }

    fn arrival(&mut self, arrival: &Arrival, protocol: Protocol) -> Option<Step> {
        let text = match arrival {
            Arrival::Text(text) => text.as_str(),
            // No server should send it; if one does, it means the same.
            Arrival::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(_) => {
                    let text = String::from_utf8_lossy(bytes);
                    let undecodable = Undecodable::new(&text, None, None, fault("is not UTF-8"));
                    return Some(Step::Event(SocketEvent::Undecodable(undecodable)));
                }
            },
            Arrival::Ping | Arrival::Pong | Arrival::Part => return None,
        };
        let envelope = match Envelope::read(protocol.layout, text) {
            Ok(envelope) => envelope,
            Err(undecodable) => return Some(Step::Event(SocketEvent::Undecodable(undecodable))),
        };
        let role = envelope.kind().and_then(|kind| protocol.role(kind));
        if role == Some(Role::Heartbeat) {
            return None;
        }
        let accepts = self.answers(role, &envelope);
        let at = self.connection.read_at();
        let event = SocketEvent::Message(SocketMessage::new(&envelope, at));
        Some(if accepts { Step::Accepted(event) } else { Step::Event(event) })
    }

    /// Whether the message accepts a subscription. Remembers what a notice or a refusal says of the end
    /// that may follow it.
    fn answers(&mut self, role: Option<Role>, envelope: &Envelope<'_>) -> bool {
        // A notice is about what follows at once.
        self.notice = None;
        match (role, envelope.reply()) {
            (Some(Role::Notice), Ok(reply)) => {
                self.notice = Some(match Notice::from_details(&reply.details.unwrap_or_default()) {
                    Notice::AuthExpired => Cause::AuthExpired,
                    Notice::Idle => Cause::Idle,
                    Notice::Other(words) => Cause::Notice(words),
                });
            }
            // Where another subscription was accepted, it is not the token.
            (Some(Role::Acknowledgement), Ok(reply)) if reply.success == Some(false) => {
                let words = reply.details.unwrap_or_default();
                self.notice = Some(Cause::Refused(words.into())).filter(|_| !self.was_accepted);
            }
            (Some(Role::Acknowledgement), Ok(_)) => {
                self.was_accepted = true;
                return true;
            }
            _ => {}
        }
        false
    }

    /// Waits until there is something to write or the connection has to end, with the cause.
    fn poll_timer(&mut self, context: &mut Context<'_>, settings: &Settings) -> Poll<Option<Cause>> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            let now = Instant::now();
            if self.replace.is_some_and(|at| at <= now) {
                return Poll::Ready(Some(Cause::AuthExpired));
            }
            let (since, limit) = match self.pinged {
                Some(pinged) => (pinged, settings.pong_timeout),
                None => (self.heard, settings.ping_after),
            };
            let left = limit.saturating_sub(now.duration_since(since));
            if left.is_zero() && self.pinged.is_some() {
                return Poll::Ready(Some(Cause::NoPong));
            }
            let wait = if left.is_zero() { settings.pong_timeout } else { left };
            let until_replaced = self.replace.map(|at| at.duration_since(now));
            self.timer = Box::pin(sleep(until_replaced.map_or(wait, |until| until.min(wait))));
            if !left.is_zero() {
                continue;
            }
            self.pinged = Some(now);
            self.connection.ping();
            return Poll::Ready(None);
        }
    }
}
