//! From the IR to Rust tokens: one function per kind of item.
//!
//! Methods of which a program calls few (setters, constructors, conversions, walks over pages) are emitted
//! with `#[inline]`: the crate then compiles none of them, and a program those that it calls. What
//! every request passes through is compiled in the crate.

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
mod rules;
mod scope;
mod tokens;
mod types;
mod unions;

use crate::format::Module;
use crate::ir::{Api, Group};
use scope::Scope;

/// The module of one group.
pub fn group(api: &Api, group: &Group) -> Module {
    let scope = Scope::of_group(group);
    let mut items = Vec::new();
    if !group.operations.is_empty() {
        items.extend(handles::emit(&scope, &api.name, group));
    }
    items.extend(group.operations.iter().flat_map(|operation| operations::emit(&scope, group, operation)));
    items.extend(group.models.iter().flat_map(|model| models::emit(&scope, model)));
    items.extend(group.unions.iter().flat_map(|union| unions::emit(&scope, union)));
    items.extend(group.channels.iter().flat_map(|channel| channels::emit(&scope, channel)));
    items.extend(group.enums.iter().flat_map(|item| enums::emit(&scope, item)));
    items.extend(group.ids.iter().flat_map(|id| ids::emit(&scope, id)));
    Module {
        source: group.source.clone(),
        docs: docs::module(&group.doc),
        deprecations: group.deprecations,
        imports: scope.imports(),
        items,
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
    }
}
