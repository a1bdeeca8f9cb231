//! Enums: open or closed vocabularies of text.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::{docs, items};
use crate::ir::Enum;

/// The enum, and how it is read and written.
pub(super) fn emit(scope: &Scope<'_>, item: &Enum) -> [TokenStream; 2] {
    [definition(scope, item), text_enum(item)]
}

fn definition(scope: &Scope<'_>, item: &Enum) -> TokenStream {
    let (doc, name) = (docs::item(&item.doc), ident(&item.rust));
    let derives = if item.open {
        quote!(#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)])
    } else {
        quote!(#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)])
    };
    let values = item.values.iter().map(|value| {
        let (doc, name) = (docs::member(&value.doc), ident(&value.rust));
        let alias = docs::alias(&value.wire, &value.rust);
        let deprecated = docs::deprecated(value.deprecated.as_ref());
        quote!(#doc #alias #deprecated #name,)
    });
    let unrecognized = item.open.then(|| {
        let doc = docs::member("A value that this version of the crate does not know.");
        let unrecognized = scope.path(items::UNRECOGNIZED);
        quote!(#doc Unrecognized(#unrecognized),)
    });
    quote! {
        #doc
        #derives
        #[non_exhaustive]
        pub enum #name {
            #(#values)*
            #unrecognized
        }
    }
}

fn text_enum(item: &Enum) -> TokenStream {
    let name = ident(&item.rust);
    let values = item.values.iter().map(|value| {
        let (name, wire) = (ident(&value.rust), &value.wire);
        quote!(#name: #wire)
    });
    let open = item.open.then(|| quote!(or Unrecognized));
    quote!(text_enum! { #name { #(#values),* } #open })
}
