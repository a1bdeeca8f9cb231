//! What structs cannot say: names, references, paths, cycles, collisions and conventions.
//!
//! Every check collects; none stops another. What follows from a problem that was reported before
//! is not reported again.

mod access;
mod api;
mod channels;
mod cycles;
mod docs;
mod fields;
mod literals;
mod lookup;
mod models;
mod names;
mod operations;
mod route;
mod rules;
mod types;
mod usage;

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::scope::Scope;
use crate::source::FileId;
use crate::spec::Spec;

/// What a spec says once all its types are resolved.
#[derive(Debug)]
pub struct Checked<'a> {
    /// By API.
    pub(crate) scopes: Vec<Scope<'a>>,
    pub problems: Vec<Diagnostic>,
}

/// Checks all APIs. `earlier` are the problems of the files themselves.
pub fn check<'a>(spec: &'a Spec, earlier: &[Diagnostic]) -> Checked<'a> {
    let mut out = Vec::new();
    let scopes: Vec<_> = spec.apis.iter().map(|api| Scope::new(api, &mut out)).collect();
    for scope in &scopes {
        names::check(scope, &mut out);
        docs::check(scope, &mut out);
        api::check(scope, &mut out);
        types::check(scope, &mut out);
        models::check(scope, &mut out);
        cycles::check(scope, &mut out);
        operations::check(scope, &mut out);
        channels::check(scope, &mut out);
    }
    // A warning about what could not be read as it was meant would be wrong.
    let broken_files: BTreeSet<FileId> =
        earlier.iter().filter(|it| it.is_error()).map(|it| it.span.file).collect();
    out.retain(|problem| problem.is_error() || !broken_files.contains(&problem.span.file));
    // What is in error may be what uses the rest.
    if !earlier.iter().chain(&out).any(Diagnostic::is_error) {
        for scope in &scopes {
            usage::check(scope, &mut out);
        }
    }
    Checked { scopes, problems: out }
}
