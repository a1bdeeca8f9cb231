//! Messages alone.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use super::failure::missing;
use super::{ChannelMessage, Event, EventStream, Handle, Message, Undecodable};
use crate::error::{Error, ErrorKind, Result};

/// The messages of a stream, for a program that wants nothing else.
///
/// Nothing is missing without a word: what cannot be given is an error, unless it was allowed, and
/// an error is the end. [`into_events`](Self::into_events) gives the stream back, which goes on after
/// it.
#[derive(Debug)]
#[must_use = "a stream that is dropped ends"]
pub struct Messages<M> {
    events: EventStream<M>,
    wanted: Wanted,
    ended: bool,
}

/// What is passed over without an error.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    allow_gaps: bool,
    skip_undecodable: bool,
}

impl<M: ChannelMessage> Messages<M> {
    pub(super) fn new(events: EventStream<M>) -> Self {
        Self { events, wanted: Wanted::default(), ended: false }
    }

    /// Passes over what is missing without an error: for a program that looks at the newest message
    /// only.
    pub fn allow_gaps(mut self) -> Self {
        self.wanted.allow_gaps = true;
        self
    }

    /// Passes over messages that cannot be read without an error.
    pub fn skip_undecodable(mut self) -> Self {
        self.wanted.skip_undecodable = true;
        self
    }

    /// Waits for the next message; none after the stream was closed, or after an error. Safe to
    /// cancel.
    ///
    /// # Errors
    /// - [`ErrorKind::Gap`] where numbered messages are missing, with a [`Gap`](super::Gap) as its source.
    /// - [`ErrorKind::Response`] for a message that cannot be read, with an [`Undecodable`] as its
    ///   source.
    /// - [`ErrorKind::Stream`] when the stream has ended for good, with a
    ///   [`Failure`](super::Failure) as its source.
    pub async fn next(&mut self) -> Option<Result<Message<M>>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// What can be asked of the stream, also from other tasks.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        self.events.handle()
    }

    /// The stream with all its events, from here on.
    pub fn into_events(self) -> EventStream<M> {
        self.events
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message<M>>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            let taken = match ready!(self.events.poll(context)) {
                Some(Ok(event)) => match self.wanted.of(event) {
                    Some(wanted) => Some(wanted),
                    None => continue,
                },
                Some(Err(error)) => Some(Err(error)),
                None => None,
            };
            self.ended = !matches!(taken, Some(Ok(_)));
            return Poll::Ready(taken);
        }
    }
}

impl Wanted {
    /// What is given of an event; none if it is passed over.
    fn of<M>(self, event: Event<M>) -> Option<Result<Message<M>>> {
        match event {
            Event::Message(message) => Some(Ok(message)),
            Event::Gap(gap) if !self.allow_gaps => Some(Err(missing(gap))),
            Event::Undecodable(undecodable) if !self.skip_undecodable => Some(Err(unreadable(undecodable))),
            _ => None,
        }
    }
}

fn unreadable(undecodable: Undecodable) -> Error {
    Error::new(ErrorKind::Response, undecodable.to_string()).caused_by(Some(Box::new(undecodable)))
}

impl<M: ChannelMessage> Stream for Messages<M> {
    type Item = Result<Message<M>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl<M: ChannelMessage> FusedStream for Messages<M> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Connection, Gap, GapReason, decode};
    use crate::studio::activity::ActivityMessage;

    #[test]
    fn what_is_lost_is_an_error_unless_it_was_allowed() {
        type Given = Event<ActivityMessage>;
        let gap = Event::Gap(Gap { after: None, before: Some(2), reason: GapReason::NumbersBeganAnew });
        let undecodable = Event::Undecodable(decode::<ActivityMessage>("[]").unwrap_err());
        let cases: [(Given, Option<ErrorKind>); 7] = [
            (gap, Some(ErrorKind::Gap)),
            (undecodable, Some(ErrorKind::Response)),
            (Event::Recovered, None),
            (Event::Lagging, None),
            (Event::CaughtUp, None),
            (Event::EpochChanged { lossless: true }, None),
            (Event::Connection(Connection::Rotating), None),
        ];
        for (event, kind) in cases {
            let given = Wanted::default().of(event.clone());
            assert_eq!(given.map(|given| given.unwrap_err().kind()), kind, "{event:?}");
            let all = Wanted { allow_gaps: true, skip_undecodable: true };
            assert!(all.of(event).is_none());
        }
    }
}
