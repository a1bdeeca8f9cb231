//! Streams: what happens, as it happens, and nothing missing without a word.
//!
//! A stream begins with a client, and with a subscription whose type says what comes:
//!
//! ```no_run
//! use clear_street::stream::Event;
//! use clear_street::studio::{Client, accounts::AccountId};
//! use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
//!
//! # async fn run() -> clear_street::Result<()> {
//! let client = Client::from_env()?;
//! let mut stream = client.stream(ActivitySubscription::new(AccountId::new("100000"))).start()?;
//! while let Some(event) = stream.next().await {
//!     match event? {
//!         Event::Message(received) => match received.message {
//!             ActivityMessage::OrderUpdate(order) => println!("{} {}", order.order_id, order.state),
//!             other => println!("{other:?}"),
//!         },
//!         Event::Gap(gap) => println!("{gap}: ask for orders and positions"),
//!         other => println!("{other:?}"),
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! Connecting needs the feature `stream`. To read messages from elsewhere, such as a file, use
//! [`decode`], which does not need it.
#![cfg_attr(feature = "stream", doc = include_str!("guarantees.md"))]

mod channel;
#[cfg(feature = "stream")]
pub(crate) mod connection;
#[cfg(feature = "stream")]
pub(crate) mod dial;
#[cfg(feature = "stream")]
#[allow(unreachable_pub, reason = "public where it is fuzzed")]
pub(crate) mod machine;
#[cfg_attr(not(feature = "stream"), allow(dead_code, unused_imports, reason = "streams use more of it"))]
pub(crate) mod message;
#[cfg(feature = "stream")]
mod socket;
#[cfg(feature = "stream")]
mod streams;
#[cfg(feature = "stream")]
pub(crate) mod supervisor;

pub use self::channel::{Channel, ChannelMessage, Layout, MessageKind, Place, Role, Subscription};
pub(crate) use self::channel::{Content, channel};
pub use self::message::{Received, SubscribeMessage, Undecodable, decode, subscribe};
#[cfg(feature = "stream")]
pub use self::{
    machine::{
        Cause, Closed, Connection, DialFailure, Failure, Gap, GapReason, Origin, ResumePoint, Settings,
        SlowCaller, Stage, State, Statistics,
    },
    socket::{Socket, SocketBuilder, SocketEvent, SocketMessage},
    streams::StreamBuilder,
    supervisor::{Event, EventStream, Handle, Message, Messages, States},
};
#[cfg(feature = "stream")]
pub(crate) use self::{
    socket::Protocol,
    streams::{ClientTokens, Streams},
};
