//! What is said on a channel.

use clear_street_spec::ir::{self, Api, Layout, MessagePlace, Replay, Role, Type};

use super::wording::{Draft, Part};
use crate::clock::Clock;
use crate::journal::{Entry, Journal};

/// A channel of the spec, with what it has told.
pub(super) struct Channel {
    pub(super) name: String,
    /// Type of the message that subscribes.
    pub(super) subscribe: String,
    /// The property of a subscription that says whose messages are wanted.
    pub(super) subject: MessagePlace,
    pub(super) journal: Journal,
    acknowledgement: String,
    caught_up: String,
    /// Whether its messages say which channel they are of.
    has_name: bool,
}

/// Type of a channel's message with a role.
pub(super) fn message(channel: &ir::Channel, role: Role) -> Option<String> {
    channel.messages.iter().find(|message| message.role == role).map(|message| message.wire.clone())
}

impl Channel {
    pub(super) fn new(api: &Api, channel: &ir::Channel, journal: &Journal, clock: &Clock) -> Option<Self> {
        let is_journal = channel.replay == Replay::Journal;
        Some(Self {
            name: channel.name.clone(),
            subscribe: channel.subscribe.clone(),
            subject: subject(api, &channel.subscription)?,
            journal: if is_journal { journal.clone() } else { Journal::new(clock.clone()) },
            acknowledgement: message(channel, Role::Acknowledgement)?,
            caught_up: message(channel, Role::CaughtUp)?,
            // The vendor's channels that begin with a snapshot name themselves, so that a client can
            // route the messages of several subscriptions on one connection.
            has_name: channel.replay == Replay::Snapshot,
        })
    }

    /// The answer to a subscription.
    pub(super) fn acknowledgement(
        &self,
        layout: &Layout,
        now: i64,
        account: &str,
        refused: Option<&str>,
    ) -> String {
        self.draft(layout, now, &self.acknowledgement)
            .put(&self.subject, Part::Text(account))
            .put(&layout.success, Part::Flag(refused.is_none()))
            .put(&layout.details, Part::Text(refused.unwrap_or("Successfully subscribed")))
            .text()
    }

    /// The message that ends a replay.
    pub(super) fn caught_up(&self, layout: &Layout, now: i64) -> String {
        self.draft(layout, now, &self.caught_up).text()
    }

    /// A message of the journal.
    pub(super) fn entry(&self, layout: &Layout, entry: &Entry) -> String {
        let mut draft = self.draft(layout, entry.timestamp.as_millisecond(), &entry.kind);
        if let Some(sequence) = entry.sequence {
            draft = draft.put(&layout.sequence, Part::Number(sequence));
        }
        draft.put(&layout.data, Part::Json(&entry.data)).text()
    }

    fn draft<'a>(&'a self, layout: &'a Layout, time: i64, kind: &'a str) -> Draft<'a> {
        let draft = Draft::new(layout, time, kind);
        if self.has_name { draft.put(&layout.channel, Part::Text(&self.name)) } else { draft }
    }
}

/// The first property that a subscription must have.
fn subject(api: &Api, subscription: &Type) -> Option<MessagePlace> {
    let Type::Named(name) = subscription else { return None };
    let group = api.groups.iter().find(|group| group.name == name.module)?;
    let model = group.models.iter().find(|model| model.rust == name.rust)?;
    model.fields.iter().find(|field| field.required).map(|field| MessagePlace::Payload(field.wire.clone()))
}
