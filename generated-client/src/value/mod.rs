//! Values that a plain Rust type cannot express.

mod json;
mod not_listed;
mod patch;
mod unknown;

pub use json::{Json, JsonError};
pub use not_listed::NotListed;
pub use patch::Patch;
pub use unknown::{UnknownVariant, Unrecognized};
