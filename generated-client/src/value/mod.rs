//! Values that a plain Rust type cannot express.

mod json;
mod not_listed;
mod object;
mod patch;
mod unknown;

pub use json::{Json, JsonError};
pub use not_listed::NotListed;
pub(crate) use object::Object;
pub use patch::Patch;
pub use unknown::{UnknownVariant, Unrecognized};
