//! A field as a slot, as a view and blank.
//!
//! Slots and views are named where the type tells which one it is, instead of asking the trait:
//! the compiler then has no method to look up, of which the crate has thousands.

use proc_macro2::TokenStream;
use quote::quote;

use super::items;
use super::scope::Scope;
use super::tokens::ident;
use crate::ir::{Kind, Type};

/// The place of a field.
pub(super) fn slot(scope: &Scope<'_>, of: &Type, field: &TokenStream) -> TokenStream {
    match variant(of) {
        Some(variant) => {
            let (slot, variant) = (scope.path(items::SLOT), ident(variant));
            quote!(#slot::#variant(&mut #field))
        }
        None => {
            let value = scope.path(items::VALUE);
            quote!(#value::slot(&mut #field))
        }
    }
}

/// The value of a field.
pub(super) fn view(scope: &Scope<'_>, of: &Type, field: &TokenStream) -> TokenStream {
    let view = scope.path(items::VIEW);
    match of {
        Type::Bool | Type::I64 | Type::U64 | Type::F64 => named(&view, of, field),
        Type::Decimal | Type::Number | Type::Date | Type::Timestamp | Type::Duration => {
            named(&view, of, field)
        }
        Type::Zoned | Type::Uuid | Type::Bytes | Type::List(_) | Type::Map(_) => {
            named(&view, of, &quote!(&#field))
        }
        Type::Named(name) if matches!(name.kind, Kind::Model | Kind::Union) => {
            named(&view, of, &quote!(&#field))
        }
        Type::String => quote!(#view::Text(&#field)),
        Type::I32
        | Type::U32
        | Type::Json
        | Type::Option(_)
        | Type::Patch(_)
        | Type::Boxed(_)
        | Type::Named(_) => {
            let value = scope.path(items::VALUE);
            quote!(#value::view(&#field))
        }
    }
}

/// A placeholder for a field.
pub(super) fn blank(scope: &Scope<'_>, of: &Type) -> TokenStream {
    match of {
        Type::Option(_) => scope.path(items::NONE),
        _ => {
            let value = scope.path(items::VALUE);
            quote!(#value::blank())
        }
    }
}

fn named(view: &TokenStream, of: &Type, field: &TokenStream) -> TokenStream {
    let variant = variant(of).map(ident);
    quote!(#view::#variant(#field))
}

/// The variant of `Slot` for a type, and of `View` where that has one of the same name.
fn variant(of: &Type) -> Option<&'static str> {
    Some(match of {
        Type::Bool => "Bool",
        Type::I32 => "I32",
        Type::I64 => "I64",
        Type::U32 => "U32",
        Type::U64 => "U64",
        Type::F64 => "F64",
        Type::String => "String",
        Type::Decimal | Type::Number => "Decimal",
        Type::Date => "Date",
        Type::Timestamp => "Timestamp",
        Type::Zoned => "Zoned",
        Type::Duration => "Duration",
        Type::Uuid => "Uuid",
        Type::Bytes => "Bytes",
        Type::Option(_) | Type::Patch(_) => "Option",
        Type::List(_) => "List",
        Type::Map(_) => "Map",
        Type::Boxed(_) | Type::Json => return None,
        Type::Named(name) => match name.kind {
            Kind::Enum => "Text",
            Kind::Model => "Record",
            Kind::Union => "Union",
            // What an id holds is its own module's business.
            Kind::TextId | Kind::NumberId => return None,
        },
    })
}
