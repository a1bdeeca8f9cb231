//! Messages: reading them in two passes, and the one that subscribes.

mod cursor;
mod decode;
mod envelope;
mod hash;
#[cfg(feature = "stream")]
mod parts;
mod scan;
mod subscribe;
mod undecodable;
mod unknown;

pub use self::decode::{Received, decode};
pub use self::envelope::{Envelope, Reply};
#[cfg(feature = "stream")]
pub(crate) use self::hash::raw as text_hash;
#[cfg(feature = "stream")]
pub(crate) use self::parts::Parts;
pub use self::scan::Scan;
#[cfg(feature = "stream")]
pub(crate) use self::subscribe::subscribe_unlisted;
pub use self::subscribe::{SubscribeMessage, subscribe};
pub use self::undecodable::Undecodable;
pub use self::unknown::UnknownMessage;
