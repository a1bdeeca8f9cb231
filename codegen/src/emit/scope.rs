//! Which names a generated module may use, and what it has to import for them.
//!
//! Code asks for what it names: [`Scope::path`] for what is written by hand, [`Scope::named`] for
//! a type of the spec. Both note the import. Where names clash, the module's own types keep theirs,
//! then what the generator relies on ([`items`](super::items)), and the rest is written as a full
//! path.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::items::{self, Item};
use super::tokens::{ident, path};
use crate::ir::{Group, Name, Request};

type Text = Cow<'static, str>;

/// The names of one generated module.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    module: &'a str,
    own: BTreeSet<&'a str>,
    /// Names by the path of their module.
    imports: RefCell<BTreeMap<Text, BTreeSet<Text>>>,
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
            return path(&format!("{}::{}", item.module, item.name));
        }
        if !item.in_prelude {
            self.import(item.module, item.name);
        }
        ident(item.name)
    }

    /// Brings the methods of the trait `item` into scope.
    pub(super) fn methods(&self, item: Item) {
        if self.own.contains(item.name) {
            self.import(item.module, format!("{} as _", item.name));
        } else {
            self.import(item.module, item.name);
        }
    }

    /// How to write a hand-written module, such as `record` in `record::debug`.
    pub(super) fn module(&self, item: Item) -> TokenStream {
        self.import(format!("{}::{}", item.module, item.name), "self");
        ident(item.name)
    }

    /// How to write a type of the spec here.
    pub(super) fn named(&self, name: &Name) -> TokenStream {
        if name.module == self.module {
            return ident(&name.rust);
        }
        let home = format!("super::{}", name.module);
        if self.own.contains(name.rust.as_str()) || items::is_reserved(&name.rust) {
            return path(&format!("{home}::{}", name.rust));
        }
        self.import(home, name.rust.clone());
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

    /// The imports asked for so far: of the standard library, of other crates, of this crate.
    pub(super) fn imports(&self) -> [TokenStream; 3] {
        let mut blocks = [TokenStream::new(), TokenStream::new(), TokenStream::new()];
        let imports = self.imports.borrow();
        // The order of rustfmt: `super` before `crate`.
        let (siblings, others): (Vec<_>, Vec<_>) =
            imports.iter().partition(|(home, _)| home.starts_with("super::"));
        for (home, names) in siblings.into_iter().chain(others) {
            let [std, crates, here] = &mut blocks;
            let block = match home.split("::").next() {
                Some("std") => std,
                Some("super" | "crate") => here,
                _ => crates,
            };
            let home = path(home);
            let (module, rest): (Vec<&Text>, Vec<&Text>) = names.iter().partition(|name| *name == "self");
            let list: Vec<TokenStream> = module.into_iter().chain(rest).map(|name| path(name)).collect();
            block.extend(match list.as_slice() {
                [_] if names.contains("self") => quote!(use #home;),
                [name] => quote!(use #home::#name;),
                _ => quote!(use #home::{#(#list),*};),
            });
        }
        blocks
    }

    fn import(&self, home: impl Into<Text>, name: impl Into<Text>) {
        self.imports.borrow_mut().entry(home.into()).or_default().insert(name.into());
    }
}
