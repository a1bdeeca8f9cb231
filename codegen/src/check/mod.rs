//! What structs cannot say: names, references, paths, cycles, collisions and conventions.
//!
//! Every check collects; none stops another. What follows from a problem that was reported before
//! is not reported again.

use crate::diagnostic::Diagnostic;
use crate::spec::Spec;

/// Checks all APIs. `earlier` are the problems of the files themselves.
pub fn check(spec: &Spec, earlier: &[Diagnostic]) -> Vec<Diagnostic> {
    let _ = (spec, earlier);
    Vec::new()
}
