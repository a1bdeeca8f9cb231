//! Unions: one of several shapes.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::types::ty;
use super::{docs, items};
use crate::ir::{Tagging, Type, Union, Variant};

/// The enum, and how it is read and written.
pub(super) fn emit(scope: &Scope<'_>, union: &Union) -> [TokenStream; 2] {
    [definition(scope, union), machinery(scope, union)]
}

fn definition(scope: &Scope<'_>, union: &Union) -> TokenStream {
    let (doc, name) = (docs::item(&union.doc), ident(&union.rust));
    let variants = union.variants.iter().map(|variant| {
        let (doc, name) = (docs::member(&variant.doc), ident(&variant.rust));
        let alias = docs::alias(&variant.wire, &variant.rust);
        let payload = ty(scope, &variant.ty);
        quote!(#doc #alias #name(#payload),)
    });
    let unknown = scope.path(items::UNKNOWN_VARIANT);
    let unknown_doc = docs::member("A variant that this version of the crate does not know.");
    quote! {
        #doc
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants)*
            #unknown_doc
            Unknown(#unknown),
        }
    }
}

fn machinery(scope: &Scope<'_>, union: &Union) -> TokenStream {
    let name = ident(&union.rust);
    let tagging = match &union.tagging {
        Tagging::Tag(tag) => quote!(Tag(#tag)),
        Tagging::Keyed => ident("Keyed"),
        Tagging::Shape => ident("Shape"),
    };
    let variants = union.variants.iter().map(|variant| {
        let (name, wire) = (ident(&variant.rust), &variant.wire);
        quote!(#name: #wire)
    });
    let conversions = conversions(scope, union);
    let conversions = (!conversions.is_empty()).then(|| quote!(from [#(#conversions),*]));
    quote!(union! { #name by #tagging { #(#variants),* } #conversions })
}

/// The payload of each variant that tells which variant is meant.
fn conversions(scope: &Scope<'_>, union: &Union) -> Vec<TokenStream> {
    let is_unique =
        |variant: &&Variant| union.variants.iter().filter(|other| other.ty == variant.ty).count() == 1;
    let conversions = union.variants.iter().filter(is_unique).flat_map(|variant| {
        let (payload, name) = (ty(scope, &variant.ty), ident(&variant.rust));
        let text = (variant.ty == Type::String).then(|| quote!(&str => #name));
        [quote!(#payload => #name)].into_iter().chain(text)
    });
    conversions.collect()
}
