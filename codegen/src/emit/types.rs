//! Types in fields, and as arguments.

use proc_macro2::TokenStream;
use quote::quote;

use super::items;
use super::scope::Scope;
use super::tokens::ident;
use crate::ir::{Kind, Name, Type};

/// A type as it stands in a struct.
pub(super) fn ty(scope: &Scope<'_>, of: &Type) -> TokenStream {
    match of {
        Type::Bool => ident("bool"),
        Type::I32 => ident("i32"),
        Type::I64 => ident("i64"),
        Type::U32 => ident("u32"),
        Type::U64 => ident("u64"),
        Type::F64 => ident("f64"),
        Type::String => scope.path(items::STRING),
        Type::Decimal | Type::Number => scope.path(items::DECIMAL),
        Type::Date => scope.path(items::DATE),
        Type::Timestamp => scope.path(items::TIMESTAMP),
        Type::Zoned => scope.path(items::ZONED),
        Type::Duration => scope.path(items::DURATION),
        Type::Uuid => scope.path(items::UUID),
        Type::Bytes => {
            let vec = scope.path(items::VEC);
            quote!(#vec<u8>)
        }
        Type::Json => scope.path(items::JSON),
        Type::Option(inner) => generic(scope.path(items::OPTION), scope, inner),
        Type::Patch(inner) => generic(scope.path(items::PATCH), scope, inner),
        Type::List(inner) => generic(scope.path(items::VEC), scope, inner),
        Type::Boxed(inner) => generic(scope.path(items::BOX), scope, inner),
        Type::Map(inner) => {
            let (map, key, value) =
                (scope.path(items::BTREE_MAP), scope.path(items::STRING), ty(scope, inner));
            quote!(#map<#key, #value>)
        }
        Type::Named(name) => scope.named(name),
    }
}

/// The type of an argument from which a value of type `of` is made.
pub(super) fn argument(scope: &Scope<'_>, of: &Type) -> TokenStream {
    match of {
        Type::List(item) => {
            let (iterator, item) = (scope.path(items::INTO_ITERATOR), element(scope, item));
            quote!(impl #iterator<Item = #item>)
        }
        Type::Map(value) => {
            let iterator = scope.path(items::INTO_ITERATOR);
            let key = element(scope, &Type::String);
            let value = element(scope, value);
            quote!(impl #iterator<Item = (#key, #value)>)
        }
        Type::Boxed(inner) => argument(scope, inner),
        _ => element(scope, of),
    }
}

/// The type of an argument, or of each of many that arrive in one.
fn element(scope: &Scope<'_>, of: &Type) -> TokenStream {
    let own = ty(scope, of);
    if converts(of) {
        let into = scope.path(items::INTO);
        quote!(impl #into<#own>)
    } else {
        own
    }
}

/// Makes the value from the argument.
pub(super) fn from_argument(scope: &Scope<'_>, of: &Type, argument: TokenStream) -> TokenStream {
    match of {
        Type::List(item) if converts(item) => {
            let into = scope.path(items::INTO);
            quote!(#argument.into_iter().map(#into::into).collect())
        }
        Type::List(_) => quote!(#argument.into_iter().collect()),
        Type::Map(value) => {
            let value = if converts(value) { quote!(value.into()) } else { ident("value") };
            quote!(#argument.into_iter().map(|(key, value)| (key.into(), #value)).collect())
        }
        Type::Boxed(inner) => {
            let (boxed, value) = (scope.path(items::BOX), from_argument(scope, inner, argument));
            quote!(#boxed::new(#value))
        }
        _ if converts(of) => quote!(#argument.into()),
        _ => argument,
    }
}

/// Whether an argument is taken as `impl Into`: what has a literal or a smaller type to write.
fn converts(of: &Type) -> bool {
    matches!(
        of,
        Type::String
            | Type::Decimal
            | Type::Number
            | Type::Bytes
            | Type::Named(Name { kind: Kind::TextId | Kind::NumberId | Kind::Union, .. })
    )
}

fn generic(outer: TokenStream, scope: &Scope<'_>, inner: &Type) -> TokenStream {
    let inner = ty(scope, inner);
    quote!(#outer<#inner>)
}
