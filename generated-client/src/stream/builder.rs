//! How streams are begun.

use std::fmt;

use super::machine::{ResumePoint, Settings, SlowCaller};
use super::supervisor::{ClientBearers, start};
use super::{ChannelMessage, EventStream};
use crate::client::Core;
use crate::error::{Error, ErrorKind, Result};

/// A stream that is about to be begun.
#[must_use = "nothing happens until it is started"]
pub struct StreamBuilder<M: ChannelMessage> {
    client: Core,
    subscription: M::Subscription,
    settings: Settings,
    from: ResumePoint,
}

impl<M: ChannelMessage> StreamBuilder<M> {
    pub(crate) fn new(client: Core, subscription: M::Subscription) -> Self {
        let (settings, from) = (Settings::default(), ResumePoint::default());
        Self { client, subscription, settings, from }
    }

    /// Goes on where another stream of the same account stopped, also that of another process: see
    /// [`ResumePoint`]. Without it, everything of the day comes.
    pub fn resume(mut self, from: ResumePoint) -> Self {
        self.from = from;
        self
    }

    /// What happens when the events are taken more slowly than they come; default:
    /// [`SlowCaller::Park`].
    pub fn slow_caller(mut self, then: SlowCaller) -> Self {
        self.settings.slow_caller = then;
        self
    }

    /// Changes the numbers of the stream.
    ///
    /// ```no_run
    /// # use clear_street::studio::{Client, activity::ActivitySubscription};
    /// # async fn run(client: Client, subscription: ActivitySubscription) -> clear_street::Result<()> {
    /// let stream = client.stream(subscription).settings(|it| it.max_attempts = Some(20)).start()?;
    /// # Ok(()) }
    /// ```
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Begins the stream, which connects by itself and goes on until it is closed, dropped, or has
    /// failed. It does not wait: see [`Handle::wait_until_live`](super::Handle::wait_until_live).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the subscription breaks one of its rules.
    /// [`ErrorKind::Configuration`] outside of a Tokio runtime, if there are no certificates to trust,
    /// and if the settings cannot be kept.
    pub fn start(self) -> Result<EventStream<M>> {
        let Self { client, subscription, settings, from } = self;
        check("stream", &settings)?;
        let bearers = ClientBearers::new(client.clone());
        let streams = client.streams()?;
        start(subscription, streams.server()?, bearers, settings, streams.shared(), from)
    }
}

impl<M: ChannelMessage> fmt::Debug for StreamBuilder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBuilder")
            .field("client", &self.client)
            .field("channel", &M::CHANNEL.name)
            .field("settings", &self.settings)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Whether something with these settings can be started here.
pub(super) fn check(what: &str, settings: &Settings) -> Result<()> {
    let misconfigured = |message| Err(Error::new(ErrorKind::Configuration, message));
    if tokio::runtime::Handle::try_current().is_err() {
        return misconfigured(format!("a {what} needs a Tokio runtime to run on"));
    }
    settings.check().or_else(|message| misconfigured(format!("the settings of the {what}: {message}")))
}
