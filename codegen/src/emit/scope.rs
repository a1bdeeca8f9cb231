//! Which names a generated module may use, and what it has to import for them.
//!
//! Code asks for what it names: [`Scope::path`] for what is written by hand, [`Scope::named`] for
//! a type of the spec, which notes the import. Where names clash, the module's own types keep theirs,
//! then what the generator relies on ([`items`](super::items)), and the rest is written as a full
//! path.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::items::{self, Item};
use super::tokens::{ident, path};
use crate::ir::{Group, Name, Request};

/// The names of one generated module.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    module: &'a str,
    own: BTreeSet<&'a str>,
    /// Types of sibling modules by the name of their module.
    imports: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

impl<'a> Scope<'a> {
    /// The scope of a group's module.
    pub(super) fn of_group(group: &'a Group) -> Self {
        let mut scope = Self::empty(&group.name);
        scope.own.extend(group.ids.iter().map(|id| id.rust.as_str()));
        scope.own.extend(group.enums.iter().map(|item| item.rust.as_str()));
        scope.own.extend(group.models.iter().map(|model| model.rust.as_str()));
        scope.own.extend(group.unions.iter().map(|union| union.rust.as_str()));
        scope.own.extend(group.channels.iter().map(|channel| channel.rust.as_str()));
        scope.own.extend(group.operations.iter().map(|operation| operation.rust.as_str()));
        if !group.operations.is_empty() {
            scope.own.insert(&group.rust);
        }
        scope
    }

    /// The scope of a module without types of the spec.
    pub(super) fn empty(module: &'a str) -> Self {
        Self { module, own: BTreeSet::new(), imports: RefCell::default() }
    }

    /// How to write `item` here.
    pub(super) fn path(&self, item: Item) -> TokenStream {
        if self.own.contains(item.name) {
            path(&format!("{}::{}", item.module, item.name))
        } else {
            ident(item.name)
        }
    }

    /// How to write a type of the spec here.
    pub(super) fn named(&self, name: &Name) -> TokenStream {
        if name.module == self.module {
            return ident(&name.rust);
        }
        if self.own.contains(name.rust.as_str()) || items::is_reserved(&name.rust) {
            return path(&format!("super::{}::{}", name.module, name.rust));
        }
        self.imports.borrow_mut().entry(name.module.clone()).or_default().insert(name.rust.clone());
        ident(&name.rust)
    }

    /// How to write the request builder of an operation here. Another module's is not imported: a type
    /// of a third module may have the same name.
    pub(super) fn request(&self, request: &Request) -> TokenStream {
        if request.module == self.module {
            return ident(&request.rust);
        }
        path(&format!("super::{}::{}", request.module, request.rust))
    }

    /// The fixed import of every module, and those that were asked for so far.
    pub(super) fn imports(&self) -> TokenStream {
        let imports = self.imports.borrow();
        let siblings = imports.iter().map(|(module, names)| {
            let (module, names) = (ident(module), names.iter().map(|name| ident(name)));
            if names.len() == 1 {
                quote!(use super::#module::#(#names)*;)
            } else {
                quote!(use super::#module::{#(#names),*};)
            }
        });
        quote! {
            use crate::generated_prelude::*;
            #(#siblings)*
        }
    }
}
