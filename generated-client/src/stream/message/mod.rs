//! Messages: reading them in two passes, and the one that subscribes.

mod cursor;
mod decode;
mod envelope;
pub(crate) mod hash;
mod subscribe;
#[cfg(test)]
mod tests;
mod undecodable;

pub(crate) use self::decode::Parts;
pub use self::decode::{Received, decode};
pub(crate) use self::envelope::fault;
pub use self::envelope::{Envelope, Reply, Scan};
pub(crate) use self::subscribe::subscribe_unlisted;
pub use self::subscribe::{SubscribeMessage, subscribe};
pub use self::undecodable::{Undecodable, UnknownMessage};
