//! Channels as data: what the generated code says about each, and all that the runtime knows of it.

use crate::UnknownVariant;
use crate::record::{Encoding, Slot, Value};

/// A channel of an API, as the specification describes it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Channel {
    /// Its name on the wire: `activity`.
    pub name: &'static str,
    /// Where the parts of its messages stand.
    pub layout: &'static Layout,
    /// Type of the message that subscribes to it.
    pub subscribe: &'static str,
    /// What the server is known to send.
    pub messages: &'static [MessageKind],
}

impl Channel {
    /// What is known of the messages of a type; none if the type is not.
    #[must_use]
    pub fn message(&self, kind: &str) -> Option<&'static MessageKind> {
        self.index(kind).and_then(|index| self.messages.get(index))
    }

    /// Where a type stands among the messages.
    pub(crate) fn index(&self, kind: &str) -> Option<usize> {
        self.messages.iter().position(|message| message.name == kind)
    }
}

/// A type of message.
#[derive(Debug)]
#[non_exhaustive]
pub struct MessageKind {
    /// The type on the wire: `order-update`.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// Where what it tells stands.
    pub(crate) content: Content,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// It tells something new.
    Update,
    /// It says that the session is alive.
    Heartbeat,
    /// It says what went wrong.
    Notice,
    /// It answers a subscription.
    Acknowledgement,
    /// It ends the replay.
    CaughtUp,
}

/// Where what a message tells stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "a spec uses some of them")]
pub(crate) enum Content {
    /// The type says all.
    Nothing,
    /// It is the payload.
    Payload,
    /// It is a part of its own.
    Data,
}

/// Where the parts of a message stand.
#[derive(Debug)]
#[non_exhaustive]
pub struct Layout {
    /// The property with what is particular to a type of message.
    pub payload: &'static str,
    /// Which type of message it is.
    pub kind: Place<'static>,
    /// The value that it tells.
    pub data: Place<'static>,
    /// Its number in the order of sequenced messages.
    pub sequence: Place<'static>,
    /// Name of the channel.
    pub channel: Place<'static>,
    /// When the server sent it.
    pub timestamp: Place<'static>,
    /// In a subscription: the access token.
    pub token: Place<'static>,
    /// In an acknowledgement: whether the server agrees.
    pub success: Place<'static>,
    /// In an acknowledgement or a notice: what the server says.
    pub details: Place<'static>,
    /// How values are written.
    pub(crate) encoding: &'static Encoding,
}

/// A property, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place<'a> {
    /// Of the message itself.
    Message(&'a str),
    /// Of its payload.
    Payload(&'a str),
}

/// The messages of one channel: an enum that is made by the generator.
///
/// Sealed: only this crate can implement it.
pub trait ChannelMessage: Sized + Send + 'static {
    /// What a subscription says beside the token.
    type Subscription: Subscription<Message = Self>;
    /// The channel.
    const CHANNEL: &'static Channel;
    /// A blank message of the type at this index of the channel's messages.
    fn blank(index: usize) -> Option<Self>;
    /// The place of what it tells; none if its type says all.
    fn slot(&mut self) -> Option<Slot<'_>>;
    /// A message of a type that is not listed.
    fn unknown(unknown: UnknownVariant) -> Self;
}

/// What subscribes to a channel: a model that is made by the generator. Its type says which messages
/// come.
///
/// Sealed: only this crate can implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` subscribes to no channel",
    label = "it does not say what is wanted",
    note = "what subscribes to a channel is beside its messages, such as `studio::activity::ActivitySubscription`"
)]
pub trait Subscription: Value + Send + 'static {
    /// The messages of the channel.
    type Message: ChannelMessage<Subscription = Self>;
}

/// An enum as the messages of a channel: what it is called and subscribed to with, and of each message its
/// type on the wire, its role, and where what it tells stands.
///
/// ```ignore
/// channel! { Message of "orders" subscribe "subscribe" with Subscription { Order: "order" Update(data) } }
/// ```
///
/// The enum has a variant `Unknown` besides.
macro_rules! channel {
    (
        $message:ident of $name:literal subscribe $subscribe:literal with $subscription:ty {
            $($variant:ident: $wire:literal $role:ident $(($content:ident))?),* $(,)?
        }
    ) => {
        const _: () = {
            /// The messages, numbered.
            enum At { $($variant),* }

            const ORDER: &[At] = &[$(At::$variant),*];

            impl $crate::stream::ChannelMessage for $message {
                type Subscription = $subscription;

                const CHANNEL: &'static $crate::stream::Channel = &$crate::stream::Channel {
                    name: $name,
                    layout: &super::api::LAYOUT,
                    subscribe: $subscribe,
                    messages: &[$($crate::stream::MessageKind {
                        name: $wire,
                        role: $crate::stream::Role::$role,
                        content: $crate::stream::channel! { @content $($content)? },
                    }),*],
                };

                fn blank(index: usize) -> ::std::option::Option<Self> {
                    ::std::option::Option::Some(match *ORDER.get(index)? {
                        $(At::$variant => Self::$variant $(($crate::stream::channel! { @blank $content }))?,)*
                    })
                }

                fn slot(&mut self) -> ::std::option::Option<$crate::record::Slot<'_>> {
                    match self {
                        $(Self::$variant $(($content))? => $crate::stream::channel! { @slot $($content)? },)*
                        Self::Unknown(_) => ::std::option::Option::None,
                    }
                }

                fn unknown(unknown: $crate::UnknownVariant) -> Self {
                    Self::Unknown(unknown)
                }
            }

            impl $crate::stream::Subscription for $subscription {
                type Message = $message;
            }
        };
    };
    (@content) => { $crate::stream::Content::Nothing };
    (@content payload) => { $crate::stream::Content::Payload };
    (@content data) => { $crate::stream::Content::Data };
    (@blank $content:ident) => { $crate::record::Value::blank() };
    (@slot) => { ::std::option::Option::None };
    (@slot $content:ident) => { ::std::option::Option::Some($crate::record::Value::slot($content)) };
}

pub(crate) use channel;
