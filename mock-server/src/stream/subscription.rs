//! What one subscription is told.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Streams;
use super::channel::Channel;
use crate::faults::{ConnectionFaults, Disturbance, During, Ending};
use crate::journal::{Entry, Reader};

/// What a subscription has for its connection.
pub(super) enum Outgoing {
    Text(String),
    /// From here on the connection says nothing any more.
    Mute,
    End(End),
}

/// How a connection ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// The client is gone.
    Gone,
    /// With a close frame, and a notice before it.
    Goodbye {
        notice: Option<&'static str>,
        code: u16,
    },
    Abrupt(Ending),
}

impl End {
    /// The connection has no subscription.
    pub(super) const IDLED: Self =
        Self::Goodbye { notice: Some("Idled too long; please reconnect"), code: 1000 };
    /// The token of a subscription is over.
    pub(super) const EXPIRED: Self =
        Self::Goodbye { notice: Some("Auth expired; please reconnect"), code: 1000 };
}

/// A subscription that was accepted, on its way through the journal.
pub(super) struct Subscription {
    pub(super) reader: Reader,
    /// A message that is sent after the one that follows it.
    pub(super) held: Option<String>,
    pub(super) streams: Arc<Streams>,
    pub(super) channel: Arc<Channel>,
    pub(super) account: String,
    pub(super) token: String,
    pub(super) faults: ConnectionFaults,
    pub(super) connection: mpsc::Sender<Outgoing>,
}

/// Nothing more is to be told: the connection is gone, or a fault ends it.
pub(super) struct Over;

impl Subscription {
    /// Tells all that there is, then what follows, until the connection is over.
    pub(super) async fn run(mut self) -> Result<Infallible, Over> {
        while let Some(entry) = self.reader.replayed() {
            self.tell(&entry, During::Replay).await?;
        }
        self.tell_held().await?;
        let caught_up = self.channel.caught_up(&self.streams.layout, self.streams.now());
        self.send(Outgoing::Text(caught_up)).await?;
        loop {
            let entry = self.reader.next().await;
            self.tell(&entry, During::Live).await?;
        }
    }

    async fn tell(&mut self, entry: &Entry, during: During) -> Result<(), Over> {
        let text = self.channel.entry(&self.streams.layout, entry);
        let disturbance = self.faults.next(&self.channel.name, &self.account, during);
        match disturbance {
            None => self.tell_text(text).await,
            Some(Disturbance::Gap) => Ok(()),
            Some(Disturbance::Duplicate) => {
                self.send(Outgoing::Text(text.clone())).await?;
                self.tell_text(text).await
            }
            Some(Disturbance::Reorder) => match self.held.replace(text) {
                Some(before) => self.send(Outgoing::Text(before)).await,
                None => Ok(()),
            },
            Some(Disturbance::Delay(delay)) => {
                tokio::time::sleep(delay).await;
                self.tell_text(text).await
            }
            Some(Disturbance::Mute) => {
                self.send(Outgoing::Mute).await?;
                Err(Over)
            }
            Some(Disturbance::ExpireNow) => {
                self.streams.around.tokens.expire(&self.token);
                self.end(End::EXPIRED).await
            }
            Some(Disturbance::Cut) => self.end(End::Abrupt(Ending::Cut)).await,
            Some(Disturbance::Reset) => self.end(End::Abrupt(Ending::Reset)).await,
            Some(Disturbance::Close(code)) => self.end(End::Goodbye { notice: None, code }).await,
        }
    }

    async fn tell_text(&mut self, text: String) -> Result<(), Over> {
        self.send(Outgoing::Text(text)).await?;
        self.tell_held().await
    }

    async fn tell_held(&mut self) -> Result<(), Over> {
        match self.held.take() {
            Some(held) => self.send(Outgoing::Text(held)).await,
            None => Ok(()),
        }
    }

    async fn end(&self, end: End) -> Result<(), Over> {
        self.send(Outgoing::End(end)).await?;
        Err(Over)
    }

    async fn send(&self, outgoing: Outgoing) -> Result<(), Over> {
        self.connection.send(outgoing).await.map_err(|_| Over)
    }
}
