//! Unions: one of several shapes.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::{ident, number};
use super::types::ty;
use super::{Parts, docs, items, records};
use crate::ir::{Tagging, Type, Union, Variant};

/// The enum, what converts into it, and how it is read and written.
pub(super) fn emit(scope: &Scope<'_>, union: &Union, parts: &mut Parts) {
    parts.types.push(definition(scope, union));
    parts.types.extend(conversions(scope, union));
    parts.records.push(record(scope, union));
    parts.records.push(value(scope, union));
    parts.records.push(records::debug(scope, &union.rust, "Union"));
    parts.records.extend(records::serde(scope, &union.rust));
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

/// `From` the payload of each variant, where that tells which variant is meant.
fn conversions(scope: &Scope<'_>, union: &Union) -> Vec<TokenStream> {
    let name = ident(&union.rust);
    let unique =
        |variant: &Variant| union.variants.iter().filter(|other| other.ty == variant.ty).count() == 1;
    let mut conversions = Vec::new();
    for variant in union.variants.iter().filter(|variant| unique(variant)) {
        let (from, variant_name) = (scope.path(items::FROM), ident(&variant.rust));
        let mut conversion = |payload: &TokenStream, made: &TokenStream| {
            conversions.push(quote! {
                impl #from<#payload> for #name {
                    #[inline]
                    fn from(value: #payload) -> Self {
                        Self::#variant_name(#made)
                    }
                }
            });
        };
        conversion(&ty(scope, &variant.ty), &quote!(value));
        if variant.ty == Type::String {
            conversion(&quote!(&str), &quote!(value.to_owned()));
        }
    }
    conversions
}

fn record(scope: &Scope<'_>, union: &Union) -> TokenStream {
    scope.methods(items::VALUE);
    let (name, trait_name) = (ident(&union.rust), scope.path(items::UNION));
    let (some, none, option) = (scope.path(items::SOME), scope.path(items::NONE), scope.path(items::OPTION));
    let (value, slot, view) = (scope.path(items::VALUE), scope.path(items::SLOT), scope.path(items::VIEW));
    let (table_type, unknown) = (scope.path(items::UNION_TABLE), scope.path(items::RAW_VARIANT));
    let table = table(scope, union);
    let variants = || union.variants.iter().map(|variant| ident(&variant.rust));
    let indices: Vec<TokenStream> = (0..union.variants.len()).map(number).collect();
    let (to_index, of_index, slots, views) = (variants(), variants(), variants(), variants());
    let methods = docs::spaced([
        quote! {
            fn table(&self) -> &'static #table_type {
                const TABLE: &#table_type = &#table;
                TABLE
            }
        },
        quote! {
            fn variant(&self) -> #option<usize> {
                match self {
                    #(Self::#to_index(_) => #some(#indices),)*
                    Self::Unknown(_) => #none,
                }
            }
        },
        quote! {
            fn select(&mut self, index: usize) -> #option<#slot<'_>> {
                *self = match index {
                    #(#indices => Self::#of_index(#value::blank()),)*
                    _ => return #none,
                };
                match self {
                    #(Self::#slots(value) => #some(value.slot()),)*
                    Self::Unknown(_) => #none,
                }
            }
        },
        quote! {
            fn payload(&self) -> #view<'_> {
                match self {
                    #(Self::#views(value) => value.view(),)*
                    Self::Unknown(unknown) => unknown.json().view(),
                }
            }
        },
        quote! {
            fn set_unknown(&mut self, unknown: #unknown<'_>) {
                *self = Self::Unknown(unknown.into());
            }
        },
    ]);
    quote!(impl #trait_name for #name { #methods })
}

fn table(scope: &Scope<'_>, union: &Union) -> TokenStream {
    let (table, tagging, name) = (scope.path(items::UNION_TABLE), scope.path(items::TAGGING), &union.rust);
    let tagging = match &union.tagging {
        Tagging::Tag(tag) => quote!(#tagging::Tag(#tag)),
        Tagging::Keyed => quote!(#tagging::Keyed),
        Tagging::Shape => quote!(#tagging::Shape),
    };
    let variants = union.variants.iter().map(|variant| &variant.wire);
    quote! {
        #table {
            name: #name,
            encoding: &super::api::ENCODING,
            tagging: #tagging,
            variants: &[#(#variants),*],
        }
    }
}

fn value(scope: &Scope<'_>, union: &Union) -> TokenStream {
    let (unknown, json) = (scope.path(items::UNKNOWN_VARIANT), scope.path(items::JSON));
    let (slot, view) = (scope.path(items::SLOT), scope.path(items::VIEW));
    records::value(
        scope,
        &union.rust,
        &quote!(Self::Unknown(#unknown::new("", #json::default()))),
        &quote!(#slot::Union(self)),
        &quote!(#view::Union(self)),
    )
}
