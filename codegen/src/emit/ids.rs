//! Ids: texts and numbers with a type of their own.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::{Parts, docs, items, records};
use crate::ir::{Id, IdRepr, Name};

/// The id, what converts into it, and how it is read and written.
pub(super) fn emit(scope: &Scope<'_>, id: &Id, parts: &mut Parts) {
    parts.types.push(definition(scope, id));
    parts.types.push(methods(scope, id));
    parts.types.push(display(scope, id));
    parts.types.extend(conversions(scope, id));
    parts.records.push(value(scope, id));
    parts.records.extend(records::serde(scope, &id.rust));
}

fn definition(scope: &Scope<'_>, id: &Id) -> TokenStream {
    let (doc, name) = (docs::item(&id.doc), ident(&id.rust));
    match id.repr {
        IdRepr::I64 => quote! {
            #doc
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct #name(i64);
        },
        IdRepr::Text => {
            let string = scope.path(items::STRING);
            quote! {
                #doc
                #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct #name(#string);
            }
        }
    }
}

fn methods(scope: &Scope<'_>, id: &Id) -> TokenStream {
    let name = ident(&id.rust);
    let methods = match id.repr {
        IdRepr::I64 => docs::spaced([
            quote! {
                /// The id with this number.
                #[inline]
                pub const fn new(id: i64) -> Self {
                    Self(id)
                }
            },
            quote! {
                /// The number.
                #[inline]
                pub const fn get(self) -> i64 {
                    self.0
                }
            },
        ]),
        IdRepr::Text => {
            let (into, string) = (scope.path(items::INTO), scope.path(items::STRING));
            docs::spaced([
                quote! {
                    /// The id with this text.
                    #[inline]
                    pub fn new(id: impl #into<#string>) -> Self {
                        Self(id.into())
                    }
                },
                quote! {
                    /// The text.
                    #[inline]
                    pub fn as_str(&self) -> &str {
                        &self.0
                    }
                },
            ])
        }
    };
    quote!(impl #name { #methods })
}

fn display(scope: &Scope<'_>, id: &Id) -> TokenStream {
    let (name, fmt) = (ident(&id.rust), scope.module(items::FMT));
    quote! {
        impl #fmt::Display for #name {
            #[inline]
            fn fmt(&self, f: &mut #fmt::Formatter<'_>) -> #fmt::Result {
                self.0.fmt(f)
            }
        }
    }
}

/// Number ids are `Copy`; text ids convert from references as well.
fn conversions(scope: &Scope<'_>, id: &Id) -> Vec<TokenStream> {
    let mut conversions = Vec::new();
    match id.repr {
        IdRepr::I64 => {
            conversions.push(from_str(scope, id));
            if id.accepts_plain {
                conversions.push(from(scope, id, &quote!(i64), &quote!(Self(id))));
            }
            conversions.extend(
                id.accepts.iter().map(|other| from(scope, id, &scope.named(other), &quote!(Self(id.get())))),
            );
        }
        IdRepr::Text => {
            let own = ident(&id.rust);
            conversions.push(from(scope, id, &quote!(&#own), &quote!(id.clone())));
            if id.accepts_plain {
                let string = scope.path(items::STRING);
                conversions.push(from(scope, id, &quote!(&str), &quote!(Self(id.to_owned()))));
                conversions.push(from(scope, id, &string, &quote!(Self(id))));
            }
            conversions.extend(id.accepts.iter().flat_map(|other| from_text_id(scope, id, other)));
        }
    }
    conversions
}

/// `impl FromStr` of a number.
fn from_str(scope: &Scope<'_>, id: &Id) -> TokenStream {
    let (name, from_str) = (ident(&id.rust), scope.path(items::FROM_STR));
    let (result, error) = (scope.path(items::RESULT), scope.path(items::PARSE_INT_ERROR));
    quote! {
        impl #from_str for #name {
            type Err = #error;

            #[comment = ""]
            #[inline]
            fn from_str(text: &str) -> #result<Self, #error> {
                text.parse().map(Self)
            }
        }
    }
}

fn from_text_id(scope: &Scope<'_>, id: &Id, other: &Name) -> [TokenStream; 2] {
    let other = scope.named(other);
    let made = quote!(Self::new(id.as_str()));
    [from(scope, id, &other, &made), from(scope, id, &quote!(&#other), &made)]
}

fn from(scope: &Scope<'_>, id: &Id, source: &TokenStream, made: &TokenStream) -> TokenStream {
    let (name, from) = (ident(&id.rust), scope.path(items::FROM));
    quote! {
        impl #from<#source> for #name {
            #[inline]
            fn from(id: #source) -> Self {
                #made
            }
        }
    }
}

fn value(scope: &Scope<'_>, id: &Id) -> TokenStream {
    let (slot, view) = (scope.path(items::SLOT), scope.path(items::VIEW));
    let (blank, slot, view) = match id.repr {
        IdRepr::I64 => (quote!(Self(0)), quote!(#slot::I64(&mut self.0)), quote!(#view::I64(self.0))),
        IdRepr::Text => {
            let string = scope.path(items::STRING);
            (quote!(Self(#string::new())), quote!(#slot::String(&mut self.0)), quote!(#view::Text(&self.0)))
        }
    };
    records::value(scope, &id.rust, &blank, &slot, &view)
}
