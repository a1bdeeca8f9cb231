//! Models: JSON objects as structs.

use proc_macro2::TokenStream;
use quote::quote;

use super::constructors;
use super::scope::Scope;
use super::tokens::{ident, number};
use super::types::ty;
use super::{Parts, access, docs, items, records, rules};
use crate::ir::{Bounds, Field, Model, Type};

/// The struct, how it is made, and how it is read and written.
pub(super) fn emit(scope: &Scope<'_>, model: &Model, parts: &mut Parts) {
    parts.types.push(definition(scope, model));
    parts.types.extend(constructors::emit(scope, model));
    parts.records.push(record(scope, model));
    parts.records.push(value(scope, model));
    parts.records.push(records::debug(scope, &model.rust, "Record"));
    parts.records.extend(records::serde(scope, &model.rust));
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
    let (record, slot, view) = (scope.path(items::RECORD), scope.path(items::SLOT), scope.path(items::VIEW));
    let (option, table_type) = (scope.path(items::OPTION), scope.path(items::TABLE));
    let table = table(scope, model);
    let slots = by_index(scope, model, "slot", access::slot);
    let views = by_index(scope, model, "view", access::view);
    let unused = if model.fields.is_empty() { ident("_index") } else { ident("index") };
    let methods = docs::spaced([
        quote! {
            fn table(&self) -> &'static #table_type {
                const TABLE: &#table_type = &#table;
                TABLE
            }
        },
        quote!(fn slot_at(&mut self, #unused: usize) -> #option<#slot<'_>> { #slots }),
        quote!(fn view_at(&self, #unused: usize) -> #option<#view<'_>> { #views }),
    ]);
    quote!(impl #record for #name { #methods })
}

/// How a field is reached.
type Access = fn(&Scope<'_>, &Type, &TokenStream) -> TokenStream;

/// The field at an index, called `result` on the way.
fn by_index(scope: &Scope<'_>, model: &Model, result: &str, access: Access) -> TokenStream {
    let (some, none, result) = (scope.path(items::SOME), scope.path(items::NONE), ident(result));
    if model.fields.is_empty() {
        return none;
    }
    let arms = model.fields.iter().enumerate().map(|(index, field)| {
        let (index, name) = (number(index), ident(&field.rust));
        let field = access(scope, &field.ty, &quote!(self.#name));
        quote!(#index => #field,)
    });
    quote! {
        let #result = match index {
            #(#arms)*
            _ => return #none,
        };
        #some(#result)
    }
}

fn table(scope: &Scope<'_>, model: &Model) -> TokenStream {
    let (table, name) = (scope.path(items::TABLE), &model.rust);
    let fields = model.fields.iter().map(|field| table_field(scope, field));
    let rules = rules::emit(scope, &model.rules);
    quote! {
        #table {
            name: #name,
            encoding: &super::api::ENCODING,
            fields: &[#(#fields),*],
            rules: &[#(#rules),*],
        }
    }
}

fn table_field(scope: &Scope<'_>, field: &Field) -> TokenStream {
    let (item, wire) = (scope.path(items::FIELD), &field.wire);
    let constructor = ident(if field.required { "required" } else { "optional" });
    let bounds = bounds(&field.bounds);
    let deprecated = field.deprecated.as_ref().map(|_| quote!(.deprecated()));
    let sensitive = field.sensitive.then(|| quote!(.sensitive()));
    let number = is_number(&field.ty).then(|| quote!(.number()));
    quote!(#item::#constructor(#wire) #bounds #deprecated #sensitive #number)
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

/// Bounds as calls on a table's field or an operation's parameter.
pub(super) fn bounds(bounds: &Bounds) -> TokenStream {
    let Bounds { min, max, min_length, max_length, min_items, max_items } = *bounds;
    let calls = [
        ("min", min),
        ("max", max),
        ("min_length", min_length.map(i64::from)),
        ("max_length", max_length.map(i64::from)),
        ("min_items", min_items.map(i64::from)),
        ("max_items", max_items.map(i64::from)),
    ];
    let calls = calls.into_iter().filter_map(|(name, bound)| {
        let (name, bound) = (ident(name), number(bound?));
        Some(quote!(.#name(#bound)))
    });
    quote!(#(#calls)*)
}

fn value(scope: &Scope<'_>, model: &Model) -> TokenStream {
    let fields = model.fields.iter().map(|field| {
        let (name, blank) = (ident(&field.rust), access::blank(scope, &field.ty));
        quote!(#name: #blank,)
    });
    let (slot, view) = (scope.path(items::SLOT), scope.path(items::VIEW));
    records::value(
        scope,
        &model.rust,
        &quote!(Self { #(#fields)* }),
        &quote!(#slot::Record(self)),
        &quote!(#view::Record(self)),
    )
}
