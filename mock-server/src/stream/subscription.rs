//! What one subscription is told.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Streams;
use super::channel::Channel;
use crate::faults::{ConnectionFaults, Disturbance, During};
use crate::journal::{Entry, Reader};

/// What a subscription has for its connection.
pub(super) enum Outgoing {
    Text(String),
    /// From here on the connection says nothing any more.
    Mute,
    Expired,
    Cut,
    Reset,
    Close(u16),
}

/// A subscription that was accepted.
pub(super) struct Subscription {
    pub(super) streams: Arc<Streams>,
    pub(super) channel: Arc<Channel>,
    pub(super) account: String,
    pub(super) token: String,
    pub(super) faults: ConnectionFaults,
    pub(super) connection: mpsc::Sender<Outgoing>,
}

/// Nothing more is to be told: the connection is gone, or a fault ends it.
struct Over;

impl Subscription {
    /// Tells all that there is, then what follows, until the connection is over.
    pub(super) async fn tell(self) {
        let reader = self.channel.journal.subscribe(&self.account);
        let telling = Telling { reader, held: None, of: self };
        // It is over either way.
        let Err(Over) = telling.run().await;
    }
}

/// A subscription on its way through the journal.
struct Telling {
    of: Subscription,
    reader: Reader,
    /// A message that is sent after the one that follows it.
    held: Option<String>,
}

impl Telling {
    async fn run(mut self) -> Result<std::convert::Infallible, Over> {
        while let Some(entry) = self.reader.replayed() {
            self.tell(&entry, During::Replay).await?;
        }
        self.tell_held().await?;
        let Subscription { streams, channel, .. } = &self.of;
        self.send(Outgoing::Text(channel.caught_up(&streams.layout, streams.now()))).await?;
        loop {
            let entry = self.reader.next().await;
            self.tell(&entry, During::Live).await?;
        }
    }

    async fn tell(&mut self, entry: &Entry, during: During) -> Result<(), Over> {
        let Subscription { streams, channel, account, token, faults, .. } = &self.of;
        let text = channel.entry(&streams.layout, entry);
        let Some(disturbance) = faults.next(&channel.name, account, during) else {
            return self.tell_text(text).await;
        };
        match disturbance {
            Disturbance::Gap => Ok(()),
            Disturbance::Duplicate => {
                self.send(Outgoing::Text(text.clone())).await?;
                self.tell_text(text).await
            }
            Disturbance::Reorder => {
                let before = self.held.replace(text);
                match before {
                    Some(before) => self.send(Outgoing::Text(before)).await,
                    None => Ok(()),
                }
            }
            Disturbance::Delay(delay) => {
                tokio::time::sleep(delay).await;
                self.tell_text(text).await
            }
            Disturbance::Mute => self.end(Outgoing::Mute).await,
            Disturbance::ExpireNow => {
                streams.around.tokens.expire(token);
                self.end(Outgoing::Expired).await
            }
            Disturbance::Cut => self.end(Outgoing::Cut).await,
            Disturbance::Reset => self.end(Outgoing::Reset).await,
            Disturbance::Close(code) => self.end(Outgoing::Close(code)).await,
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

    async fn end(&self, ending: Outgoing) -> Result<(), Over> {
        self.send(ending).await?;
        Err(Over)
    }

    async fn send(&self, outgoing: Outgoing) -> Result<(), Over> {
        self.of.connection.send(outgoing).await.map_err(|_| Over)
    }
}
