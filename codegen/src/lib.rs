//! Writes the generated half of the crate `clear-street` from the description of the APIs.
//!
//! `emit -> compare or write`; what comes before is in [`clear_street_spec`]:
//!
//! ```no_run
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let apis = clear_street_spec::read(Path::new("spec"))?;
//! let output = clear_street_codegen::generate(&apis)?;
//! // or `compare`
//! let report = output.write(Path::new("generated-client/src/generated"))?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```

pub mod emit;
pub mod format;
mod generate;
mod layout;
pub mod output;

use clear_street_spec::ir;

pub use generate::{InvalidRust, generate};
