//! Reads the description of Clear Street's APIs in `spec/`: YAML to plain data in which everything is decided.
//!
//! `load -> decode -> check -> lower`. The generator of the crate `clear-street`, its mock server and its
//! tests are made from the result, [`ir`]. The crate is published for them alone: any release may change
//! its interface.
//!
//! ```no_run
//! use std::path::Path;
//!
//! # fn main() -> Result<(), clear_street_spec::Unreadable> {
//! for api in clear_street_spec::read(Path::new("spec"))? {
//!     println!("{} has {} groups", api.name, api.groups.len());
//! }
//! # Ok(()) }
//! ```

use std::fmt;
use std::io;
use std::path::Path;

pub mod check;
pub mod decode;
pub mod diagnostic;
mod forms;
pub mod front;
pub mod ir;
pub mod language;
pub mod load;
pub mod lower;
mod names;
pub mod parsed;
pub mod route;
mod same_schema;
pub mod schema;
mod scope;
pub mod source;
pub mod spec;
pub mod type_expr;
pub mod yaml;

use diagnostic::Format;
use load::Files;

/// The APIs of a spec folder.
///
/// # Errors
///
/// If the folder cannot be read, or if the spec has errors: then all of them.
pub fn read(dir: &Path) -> Result<Vec<ir::Api>, Unreadable> {
    let files = Files::read(dir).map_err(Unreadable::Folder)?;
    read_files(&files, &dir.display().to_string())
}

/// The APIs of the files of a spec; their paths in errors begin with `shown`.
///
/// # Errors
///
/// If the spec has errors: then all of them.
pub fn read_files(files: &Files, shown: &str) -> Result<Vec<ir::Api>, Unreadable> {
    let mut front = front::read(files, shown);
    front.apis.take().ok_or_else(|| Unreadable::Spec(front.render(Format::Plain)))
}

/// Why a spec has no APIs.
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
