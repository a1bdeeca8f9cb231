//! Values that a plain Rust type cannot express.

mod json;
mod patch;
mod unknown;

pub use json::{Json, JsonError};
pub use patch::Patch;
pub use unknown::{UnknownVariant, Unrecognized};
