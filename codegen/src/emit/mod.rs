//! From the IR to Rust tokens: one function per kind of item.
//!
//! Methods of which a program calls few (setters, constructors, conversions, walks over pages) are emitted
//! with `#[inline]`: the crate then compiles none of them, and a program those that it calls. What
//! every request passes through is compiled in the crate.

mod access;
mod api;
mod channels;
mod constructors;
mod docs;
mod enums;
mod examples;
mod handles;
mod ids;
mod items;
mod models;
mod modules;
mod operations;
mod records;
mod rules;
mod scope;
mod tokens;
mod types;
mod unions;

use proc_macro2::TokenStream;

use crate::format::Module;
use crate::ir::{Api, Group};
use scope::Scope;

/// The items of a module in the order of the file.
#[derive(Debug, Default)]
struct Parts {
    /// The handle and the builders.
    operations: Vec<TokenStream>,
    /// Ids, enums, models, unions and the messages of channels.
    types: Vec<TokenStream>,
    /// How the types are read and written.
    records: Vec<TokenStream>,
}

/// The module of one group.
pub fn group(api: &Api, group: &Group) -> Module {
    let scope = Scope::of_group(group);
    let mut parts = Parts::default();
    if !group.operations.is_empty() {
        handles::emit(&scope, &api.name, group, &mut parts);
    }
    for operation in &group.operations {
        operations::emit(&scope, group, operation, &mut parts);
    }
    for model in &group.models {
        models::emit(&scope, model, &mut parts);
    }
    for union in &group.unions {
        unions::emit(&scope, union, &mut parts);
    }
    for channel in &group.channels {
        channels::emit(&scope, channel, &mut parts);
    }
    for item in &group.enums {
        enums::emit(&scope, item, &mut parts);
    }
    for id in &group.ids {
        ids::emit(&scope, id, &mut parts);
    }
    Module {
        source: group.source.clone(),
        docs: docs::module(&group.doc),
        deprecations: group.deprecations,
        imports: scope.imports(),
        items: parts.operations.into_iter().chain(parts.types).collect(),
        records: parts.records,
    }
}

/// The module `api` with what holds for the whole API.
pub fn api(api: &Api) -> Module {
    let scope = Scope::empty("api");
    Module {
        source: api.source.clone(),
        docs: docs::module(&api.doc),
        deprecations: false,
        items: api::emit(&scope, api),
        imports: scope.imports(),
        records: Vec::new(),
    }
}

/// The module of the API itself: its modules, the client's accessors and the table of operations.
pub fn root(api: &Api) -> Module {
    let scope = Scope::empty("");
    Module {
        source: api.name.clone(),
        docs: docs::module(&api.doc),
        deprecations: api.groups.iter().any(|group| group.deprecations),
        items: modules::emit(&scope, api),
        imports: scope.imports(),
        records: Vec::new(),
    }
}
