//! How models that are sent are made: `new`, named constructors and setters.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::{ident, number};
use super::types::{argument, from_argument, ty};
use super::{docs, items};
use crate::ir::{Constructor, Field, Fixed, Kind, Model, Name, Setter, Type};

/// Arguments that clippy takes for too many.
const MANY: usize = 8;

/// The inherent methods, and `Default` where nothing is required.
pub(super) fn emit(scope: &Scope<'_>, model: &Model) -> Vec<TokenStream> {
    if model.constructors.is_empty() && model.setters.is_empty() {
        return Vec::new();
    }
    let name = ident(&model.rust);
    let constructors = model.constructors.iter().map(|item| constructor(scope, model, item));
    let setters = model.setters.iter().flat_map(|item| setter(scope, model, item));
    let methods = docs::spaced(constructors.chain(setters));
    let mut items = vec![quote!(impl #name { #methods })];
    if model.constructors.iter().any(|item| item.rust == "new" && item.takes.is_empty()) {
        let default = scope.path(items::DEFAULT);
        items.push(quote! {
            impl #default for #name {
                #[inline]
                fn default() -> Self {
                    Self::new()
                }
            }
        });
    }
    items
}

fn constructor(scope: &Scope<'_>, model: &Model, constructor: &Constructor) -> TokenStream {
    let (doc, name) = (docs::member(&constructor.doc), ident(&constructor.rust));
    let taken = || constructor.takes.iter().filter_map(|&index| model.fields.get(index));
    let arguments = taken().map(|field| {
        let (name, ty) = (ident(&field.rust), argument(scope, value_type(field)));
        quote!(#name: #ty)
    });
    let from_arguments = taken().map(|field| {
        let name = ident(&field.rust);
        let value = from_argument(scope, value_type(field), name.clone());
        assign(&name, wrap(scope, field, value))
    });
    let fixed = constructor.sets.iter().filter_map(|(index, value)| {
        let field = model.fields.get(*index)?;
        let value = wrap(scope, field, fixed(scope, value_type(field), value));
        Some(assign(&ident(&field.rust), value))
    });
    let given = constructor.takes.len() + constructor.sets.len();
    let value = match given {
        0 => quote!(Self::blank()),
        _ if given < model.fields.len() => quote!(Self { #(#fixed,)* #(#from_arguments,)* ..Self::blank() }),
        _ => quote!(Self { #(#fixed,)* #(#from_arguments,)* }),
    };
    let many = (constructor.takes.len() >= MANY)
        .then(|| quote!(#[expect(clippy::too_many_arguments, reason = "all of them are required")]));
    quote! {
        #doc
        #many
        #[inline]
        pub fn #name(#(#arguments),*) -> Self {
            #value
        }
    }
}

fn setter(scope: &Scope<'_>, model: &Model, setter: &Setter) -> Option<TokenStream> {
    let field = model.fields.get(setter.field)?;
    let (doc, name, field_name) = (docs::member(&field.doc), ident(&setter.rust), ident(&field.rust));
    let alias = docs::alias(&field.wire, &setter.rust);
    let deprecated = docs::deprecated(field.deprecated.as_ref());
    let (argument, value) = match &field.ty {
        // Also `None` and `Patch::Null` convert into it.
        Type::Patch(_) => {
            let (into, patch) = (scope.path(items::INTO), ty(scope, &field.ty));
            (quote!(impl #into<#patch>), quote!(#field_name.into()))
        }
        _ => {
            let of = value_type(field);
            (argument(scope, of), wrap(scope, field, from_argument(scope, of, field_name.clone())))
        }
    };
    Some(quote! {
        #doc
        #alias
        #deprecated
        #[inline]
        pub fn #name(mut self, #field_name: #argument) -> Self {
            self.#field_name = #value;
            self
        }
    })
}

/// What a field holds when it is present.
fn value_type(field: &Field) -> &Type {
    match &field.ty {
        Type::Option(inner) | Type::Patch(inner) => inner,
        other => other,
    }
}

/// The field's content with `value` present.
fn wrap(scope: &Scope<'_>, field: &Field, value: TokenStream) -> TokenStream {
    match field.ty {
        Type::Option(_) => {
            let some = scope.path(items::SOME);
            quote!(#some(#value))
        }
        Type::Patch(_) => {
            let patch = scope.path(items::PATCH);
            quote!(#patch::Set(#value))
        }
        _ => value,
    }
}

/// A fixed value as an expression of type `of`.
fn fixed(scope: &Scope<'_>, of: &Type, value: &Fixed) -> TokenStream {
    let literal = match value {
        Fixed::Bool(value) => return quote!(#value),
        Fixed::Value(item, value) => {
            let (item, value) = (scope.named(item), ident(value));
            return quote!(#item::#value);
        }
        Fixed::Int(value) => number(*value),
        Fixed::Text(value) => quote!(#value),
    };
    match of {
        Type::String => quote!(#literal.to_owned()),
        Type::Decimal | Type::Number => {
            let decimal = ty(scope, of);
            quote!(#decimal::from(#literal))
        }
        Type::Named(name @ Name { kind: Kind::TextId | Kind::NumberId, .. }) => {
            let id = scope.named(name);
            quote!(#id::new(#literal))
        }
        _ => literal,
    }
}

/// `name: value`, or `name` alone where that says it.
fn assign(name: &TokenStream, value: TokenStream) -> TokenStream {
    if name.to_string() == value.to_string() { value } else { quote!(#name: #value) }
}
