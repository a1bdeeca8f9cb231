//! Turns the description of Clear Street's APIs in `spec/` into the crate `clear-street`.
//!
//! `load -> decode -> check -> lower -> emit -> compare or write`:
//!
//! ```no_run
//! use std::path::Path;
//! use clear_street_codegen::diagnostic::Format;
//! use clear_street_codegen::{front, generate, load, lower};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let files = load::Files::read(Path::new("spec"))?;
//! // load, decode, check
//! let front = front::read(&files, "spec");
//! eprint!("{}", front.render(Format::Plain));
//! if !front.has_errors() {
//!     let apis = lower::lower(&front.spec);
//!     // emit
//!     let output = generate(&apis)?;
//!     // or `compare`
//!     let report = output.write(Path::new("generated-client/src/generated"))?;
//!     println!("{report}");
//! }
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::io;
use std::path::Path;

pub mod cases;
pub mod check;
pub mod decode;
pub mod diagnostic;
pub mod emit;
pub mod format;
mod forms;
pub mod front;
mod generate;
pub mod ir;
pub mod language;
pub mod load;
pub mod lower;
pub mod output;
pub mod schema;
pub mod source;
pub mod spec;
pub mod type_expr;
pub mod yaml;

pub use generate::{InvalidRust, generate};

use diagnostic::Format;
use load::Files;

/// The APIs of a spec folder, for what else is made from them, such as tests.
///
/// # Errors
///
/// If the folder cannot be read, or if the spec has errors: then all of them.
pub fn read(dir: &Path) -> Result<Vec<ir::Api>, Unreadable> {
    let files = Files::read(dir).map_err(Unreadable::Folder)?;
    let front = front::read(&files, &dir.display().to_string());
    if front.has_errors() {
        return Err(Unreadable::Spec(front.render(Format::Plain)));
    }
    Ok(lower::lower(&front.spec))
}

/// Why a spec folder has no APIs.
#[derive(Debug)]
pub enum Unreadable {
    Folder(io::Error),
    /// What is wrong with it, as text.
    Spec(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(error) => error.fmt(f),
            Self::Spec(diagnostics) => f.write_str(diagnostics),
        }
    }
}

impl std::error::Error for Unreadable {}
