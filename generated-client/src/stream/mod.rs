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
//! What is needed to connect comes with the feature `stream`. Reading messages that come from
//! elsewhere, such as a file, does not need it: see [`decode`], and [`Envelope`] and [`Scan`], which
//! read less.
#![cfg_attr(feature = "stream", doc = include_str!("guarantees.md"))]

mod channel;
#[cfg(feature = "stream")]
pub(crate) mod connection;
#[cfg(feature = "stream")]
pub(crate) mod dial;
#[cfg(feature = "stream")]
mod dial_limit;
// Not a part of the interface; public where it is fuzzed.
#[cfg(all(feature = "stream", not(fuzzing)))]
#[allow(unreachable_pub, reason = "public where it is fuzzed")]
pub(crate) mod machine;
#[cfg(all(feature = "stream", fuzzing))]
pub mod machine;
#[cfg_attr(not(feature = "stream"), allow(dead_code, unused_imports, reason = "streams use more of it"))]
mod message;
#[cfg(feature = "stream")]
mod socket;
#[cfg(feature = "stream")]
mod streams;
#[cfg(feature = "stream")]
pub(crate) mod supervisor;

pub(crate) use self::channel::Content;
pub use self::channel::{
    Channel, ChannelMessage, Layout, MessageKind, Place, Replay, Role, Sequence, Subscription,
};
pub use self::message::{
    Envelope, Received, Reply, Scan, SubscribeMessage, Undecodable, UnknownMessage, decode, subscribe,
};
#[cfg(feature = "stream")]
pub use self::{
    machine::{
        Cause, Closed, Connection, DialFailure, Failure, Gap, GapReason, HandshakeFault, Origin, ResumePoint,
        Settings, SlowCaller, Stage, State, Statistics,
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
