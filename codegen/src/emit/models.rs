//! Models: JSON objects as structs.

use proc_macro2::TokenStream;
use quote::quote;

use super::constructors;
use super::scope::Scope;
use super::tokens::{ident, number};
use super::types::ty;
use super::{docs, rules};
use crate::ir::{Bounds, Field, Model, Type};

/// The struct, how it is read and written, and how it is made.
pub(super) fn emit(scope: &Scope<'_>, model: &Model) -> Vec<TokenStream> {
    let mut items = vec![definition(scope, model), record(scope, model)];
    items.extend(constructors::emit(scope, model));
    items
}

fn definition(scope: &Scope<'_>, model: &Model) -> TokenStream {
    let (doc, name) = (docs::item(&model.doc), ident(&model.rust));
    let deprecated = docs::deprecated(model.deprecated.as_ref());
    let fields = model.fields.iter().map(|field| {
        let (doc, name) = (docs::member(&field.doc), ident(&field.rust));
        let alias = docs::alias(&field.wire, &field.rust);
        let deprecated = docs::deprecated(field.deprecated.as_ref());
        let ty = ty(scope, &field.ty);
        quote!(#doc #alias #deprecated pub #name: #ty,)
    });
    quote! {
        #doc
        #deprecated
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields)*
        }
    }
}

fn record(scope: &Scope<'_>, model: &Model) -> TokenStream {
    let name = ident(&model.rust);
    let fields = model.fields.iter().map(field);
    let rules = rules::emit(scope, &model.rules);
    let rules = (!rules.is_empty()).then(|| quote!(rules [#(#rules),*]));
    quote!(record! { #name { #(#fields),* } #rules })
}

/// A field's name on the wire, and what else is known of it.
fn field(field: &Field) -> TokenStream {
    let (name, wire, bounds) = (ident(&field.rust), &field.wire, bounds(&field.bounds));
    let optional = (!field.required).then(|| ident("optional"));
    let deprecated = field.deprecated.as_ref().map(|_| ident("deprecated"));
    let sensitive = field.sensitive.then(|| ident("sensitive"));
    let number = is_number(&field.ty).then(|| ident("number"));
    quote!(#name: #wire #optional #(#bounds)* #deprecated #sensitive #number)
}

/// Whether its decimals are JSON numbers, whatever the API does with others.
fn is_number(of: &Type) -> bool {
    match of {
        Type::Option(inner)
        | Type::Patch(inner)
        | Type::List(inner)
        | Type::Map(inner)
        | Type::Boxed(inner) => is_number(inner),
        _ => *of == Type::Number,
    }
}

/// Bounds of a field or a parameter.
pub(super) fn bounds(bounds: &Bounds) -> impl Iterator<Item = TokenStream> {
    let Bounds { min, max, min_length, max_length, min_items, max_items } = *bounds;
    let bounds = [
        ("min", min),
        ("max", max),
        ("min_length", min_length.map(i64::from)),
        ("max_length", max_length.map(i64::from)),
        ("min_items", min_items.map(i64::from)),
        ("max_items", max_items.map(i64::from)),
    ];
    bounds.into_iter().filter_map(|(name, bound)| {
        let (name, bound) = (ident(name), number(bound?));
        Some(quote!(#name(#bound)))
    })
}
