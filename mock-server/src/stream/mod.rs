//! The WebSocket of an API's channels: who subscribes is told what was before, then what follows.

mod channel;
mod session;
mod subscription;
mod upgrade;
mod wording;

use std::sync::Arc;
use std::time::Duration;

use clear_street_spec::ir::{Api, Layout, Role};
use http::Uri;

use self::channel::Channel;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::handlers::StatefulHandlers;
use crate::journal::Journal;
use crate::tokens::Tokens;

/// The periods of streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periods {
    /// Between two heartbeats. The vendor does not say how long it is.
    pub(crate) heartbeat: Duration,
    /// How long a connection may be without a subscription.
    pub(crate) idle: Duration,
    /// How long a client has to answer a goodbye.
    pub(crate) goodbye: Duration,
}

impl Default for Periods {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            goodbye: Duration::from_secs(5),
        }
    }
}

/// What streams have in common with the rest of a server. Clones are the same.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) clock: Clock,
    pub(crate) periods: Periods,
    /// What the channels that replay a journal tell.
    pub(crate) journal: Journal,
    /// Says which accounts there are; all, if there is none.
    pub(crate) handlers: Option<Arc<dyn StatefulHandlers>>,
}

/// The channels of one API, which all its connections share.
pub(crate) struct Streams {
    /// `/studio/v2/ws`
    pub(crate) path: String,
    layout: Layout,
    channels: Vec<Arc<Channel>>,
    /// Type of the message that says that the session is alive.
    heartbeat: String,
    /// Type of the message that says what is wrong with the session.
    notice: String,
    around: Surroundings,
}

impl Streams {
    /// The channels of an API, if it has some. Those that replay a journal replay that of the server; the others
    /// have one of their own, for their present state.
    pub(crate) fn new(api: &Api, around: Surroundings) -> Option<Self> {
        let url = api.servers.first()?.stream.as_ref()?;
        let channels = api.groups.iter().flat_map(|group| &group.channels);
        let of_all = channels.clone().next()?;
        Some(Self {
            path: url.parse::<Uri>().ok()?.path().to_owned(),
            layout: api.layout.clone()?,
            heartbeat: channel::message(of_all, Role::Heartbeat)?,
            notice: channel::message(of_all, Role::Notice)?,
            channels: channels
                .filter_map(|it| Channel::new(api, it, &around.journal, &around.clock))
                .map(Arc::new)
                .collect(),
            around,
        })
    }

    /// What a channel has told.
    pub(crate) fn journal(&self, channel: &str) -> Option<&Journal> {
        self.channels.iter().find(|known| known.name == channel).map(|channel| &channel.journal)
    }

    fn has_account(&self, account: &str) -> bool {
        self.around.handlers.as_ref().is_none_or(|handlers| handlers.has_account(account))
    }

    /// Milliseconds since 1970.
    fn now(&self) -> i64 {
        self.around.clock.now().as_millisecond()
    }
}
