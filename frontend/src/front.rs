//! From files to the APIs that they describe.

use crate::check::check;
use crate::diagnostic::{Diagnostic, Format, render};
use crate::ir::Api;
use crate::load::{Files, load};
use crate::lower::lower;
use crate::source::SourceMap;
use crate::spec::decode_all;

/// What a spec says, and all that is wrong with it.
#[derive(Debug)]
pub struct Front {
    pub sources: SourceMap,
    pub diagnostics: Vec<Diagnostic>,
    /// `None` if one of the diagnostics is an error.
    pub apis: Option<Vec<Api>>,
}

/// `load -> decode -> check -> lower`. Paths in diagnostics begin with `shown`, the folder as people know it.
pub fn read(files: &Files, shown: &str) -> Front {
    let (sources, mut diagnostics) = load(files, shown);
    let (spec, undecoded) = decode_all(&sources);
    diagnostics.extend(undecoded);
    let checked = check(&spec, &diagnostics);
    diagnostics.extend(checked.problems.iter().cloned());
    let is_valid = !diagnostics.iter().any(Diagnostic::is_error);
    let apis = is_valid
        .then(|| lower(&checked))
        .and_then(|lowered| lowered.map_err(|unnoticed| diagnostics.push(*unnoticed)).ok());
    Front { sources, diagnostics, apis }
}

impl Front {
    /// All diagnostics as text.
    pub fn render(&self, format: Format) -> String {
        render(&self.diagnostics, &self.sources, format)
    }
}
