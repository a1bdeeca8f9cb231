//! Enums: open or closed vocabularies of text.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::{Parts, docs, items, records};
use crate::ir::Enum;

/// The enum, its text, and how it is read and written.
pub(super) fn emit(scope: &Scope<'_>, item: &Enum, parts: &mut Parts) {
    parts.types.push(definition(scope, item));
    parts.types.push(text(item));
    parts.types.push(display(scope, item));
    parts.types.push(from_str(scope, item));
    parts.records.push(text_record(scope, item));
    parts.records.push(value(scope, item));
    parts.records.extend(records::serde(scope, &item.rust));
}

fn definition(scope: &Scope<'_>, item: &Enum) -> TokenStream {
    let (doc, name) = (docs::item(&item.doc), ident(&item.rust));
    let derives = if item.open {
        quote!(#[derive(Clone, Debug, PartialEq, Eq, Hash)])
    } else {
        quote!(#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)])
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

fn text(item: &Enum) -> TokenStream {
    let name = ident(&item.rust);
    let arms = item.values.iter().map(|value| {
        let (name, wire) = (ident(&value.rust), &value.wire);
        quote!(Self::#name => #wire,)
    });
    let unrecognized = item.open.then(|| quote!(Self::Unrecognized(value) => value.as_str(),));
    quote! {
        impl #name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(#arms)*
                    #unrecognized
                }
            }
        }
    }
}

fn display(scope: &Scope<'_>, item: &Enum) -> TokenStream {
    let (name, fmt) = (ident(&item.rust), scope.module(items::FMT));
    quote! {
        impl #fmt::Display for #name {
            #[inline]
            fn fmt(&self, f: &mut #fmt::Formatter<'_>) -> #fmt::Result {
                f.write_str(self.as_str())
            }
        }
    }
}

/// `impl FromStr`: more strict than an answer, because what is parsed is about to be sent.
fn from_str(scope: &Scope<'_>, item: &Enum) -> TokenStream {
    let (name, type_name) = (ident(&item.rust), &item.rust);
    let (from_str, not_listed) = (scope.path(items::FROM_STR), scope.path(items::NOT_LISTED));
    let (result, text) = (scope.path(items::RESULT), scope.path(items::TEXT));
    let (some, none) = (scope.path(items::SOME), scope.path(items::NONE));
    let (ok, err) = (scope.path(items::OK), scope.path(items::ERR));
    let unlisted = if item.open { quote!(#some(Self::Unrecognized(_)) | #none) } else { none };
    quote! {
        impl #from_str for #name {
            type Err = #not_listed;

            #[comment = ""]
            #[inline]
            fn from_str(text: &str) -> #result<Self, #not_listed> {
                match #text::parse(text) {
                    #unlisted => #err(#not_listed::new(#type_name, text)),
                    #some(value) => #ok(value),
                }
            }
        }
    }
}

fn text_record(scope: &Scope<'_>, item: &Enum) -> TokenStream {
    let (name, text) = (ident(&item.rust), scope.path(items::TEXT));
    let arms = item.values.iter().map(|value| {
        let (name, wire) = (ident(&value.rust), &value.wire);
        quote!(#wire => Self::#name,)
    });
    let (option, some) = (scope.path(items::OPTION), scope.path(items::SOME));
    let otherwise = if item.open {
        let unrecognized = scope.path(items::UNRECOGNIZED);
        quote!(Self::Unrecognized(#unrecognized::new(text)))
    } else {
        let none = scope.path(items::NONE);
        quote!(return #none)
    };
    let type_name = &item.rust;
    quote! {
        impl #text for #name {
            const NAME: &'static str = #type_name;

            #[comment = ""]
            fn parse(text: &str) -> #option<Self> {
                let value = match text {
                    #(#arms)*
                    _ => #otherwise,
                };
                #some(value)
            }
        }
    }
}

fn value(scope: &Scope<'_>, item: &Enum) -> TokenStream {
    let blank = match item.values.first() {
        Some(value) => {
            let value = ident(&value.rust);
            quote!(Self::#value)
        }
        None => {
            let unrecognized = scope.path(items::UNRECOGNIZED);
            quote!(Self::Unrecognized(#unrecognized::new("")))
        }
    };
    let (slot, view) = (scope.path(items::SLOT), scope.path(items::VIEW));
    records::value(scope, &item.rust, &blank, &quote!(#slot::Text(self)), &quote!(#view::Text(self.as_str())))
}
