//! The front half of the generator: from files to a spec that has been checked.

use crate::check::check;
use crate::diagnostic::{Diagnostic, Format, render};
use crate::load::{Files, load};
use crate::source::SourceMap;
use crate::spec::{Spec, decode_all};

/// What was read, and all that is wrong with it.
#[derive(Debug)]
pub struct Front {
    pub sources: SourceMap,
    /// Fit to be lowered if there are no errors.
    pub spec: Spec,
    pub diagnostics: Vec<Diagnostic>,
}

/// `load -> decode -> check`. Paths in diagnostics begin with `shown`, the folder as people know it.
pub fn read(files: &Files, shown: &str) -> Front {
    let (sources, mut diagnostics) = load(files, shown);
    let (spec, undecoded) = decode_all(&sources);
    diagnostics.extend(undecoded);
    let unchecked = check(&spec, &diagnostics);
    diagnostics.extend(unchecked);
    Front { sources, spec, diagnostics }
}

impl Front {
    /// Whether nothing may be generated.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// All diagnostics as text.
    pub fn render(&self, format: Format) -> String {
        render(&self.diagnostics, &self.sources, format)
    }
}
