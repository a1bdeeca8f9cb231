//! What a client shares between streams.

use std::fmt;
use std::sync::Arc;

use super::{Hub, SharedStatistics};
use crate::client::Core;
use crate::error::Result;
use crate::stream::dial::Server;
use crate::stream::{Attributed, StreamBuilder, Subscription};

/// A connection that several streams share, begun with the client's `shared_connection`.
///
/// By default each stream has a connection of its own: what happens to one is no matter of the
/// others. Share one where you want several channels and the server counts connections, or your
/// network does. Every stream is as it is alone, and all that
/// [is guaranteed](crate::stream#what-the-stream-guarantees) holds for each.
///
/// Channels can share a connection whose messages say which channel they are of. For one account to
/// a channel one connection is enough; a second account on the same channel has a second connection,
/// because nothing tells the messages of two accounts apart. There is another one for a moment
/// whenever a token is about to end, and for as long as it takes after one stream has had to fetch
/// what was missing: the others stay where they are until their token ends.
///
/// What it costs:
///
/// - The replay of one channel stands in the way of the others' messages, which come behind it.
/// - If the connection breaks, all streams on it are interrupted together.
/// - A stream whose buffer is full stops reading for a while, with
///   [`Block`](crate::stream::SlowCaller::Block) until you take events. If more than 1,024 messages
///   or 4 MiB come for it meanwhile, it loses its place, as
///   [`LostPlace`](crate::stream::Closed::LostPlace), and another connection replays for it. The
///   others wait for it no longer than a quarter of a second.
/// - The envelope of each message is read twice.
///
/// A connection is made with the settings of the stream that needs it first: how long it is dialled,
/// the size of messages, and so on.
///
/// ```no_run
/// use clear_street::studio::accounts::AccountId;
/// use clear_street::studio::digital_assets::DigitalAssetsSubscription;
/// use clear_street::studio::event_contracts::EventContractsSubscription;
///
/// # async fn run(client: clear_street::studio::Client) -> clear_street::Result<()> {
/// let account = AccountId::new("100000");
/// let connection = client.shared_connection()?;
/// let assets = connection.stream(DigitalAssetsSubscription::new(account.clone())).start()?;
/// let events = connection.stream(EventContractsSubscription::new(account)).start()?;
/// # Ok(()) }
/// ```
///
/// Cheap to clone; clones are the same. The streams go on without it.
#[derive(Clone)]
pub struct SharedConnection {
    client: Core,
    hub: Hub<Arc<Server>>,
}

impl SharedConnection {
    pub(crate) fn new(client: Core) -> Result<Self> {
        let streams = client.streams()?;
        let hub = Hub::new(streams.server()?, streams.shared().clone());
        Ok(Self { client, hub })
    }

    /// A stream that shares its connection with the others that are begun here. For a channel whose
    /// messages do not say that they are of it, this does not compile:
    ///
    /// ```compile_fail,E0277
    /// # use clear_street::studio::{Client, accounts::AccountId, activity::ActivitySubscription};
    /// # fn run(client: Client) -> clear_street::Result<()> {
    /// let activity = ActivitySubscription::new(AccountId::new("100000"));
    /// let stream = client.shared_connection()?.stream(activity).start()?;
    /// # Ok(()) }
    /// ```
    pub fn stream<S>(&self, subscription: S) -> StreamBuilder<S::Message>
    where
        S: Subscription<Message: Attributed>,
    {
        StreamBuilder::new(self.client.clone(), subscription).on(self.hub.clone())
    }

    /// What the connections have done so far.
    #[must_use]
    pub fn statistics(&self) -> SharedStatistics {
        self.hub.statistics()
    }
}

impl fmt::Debug for SharedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConnection").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}
