//! What every type needs to be read and written, whatever its kind.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::{docs, items};

/// `impl Value`: a placeholder, and access for reading and writing.
pub(super) fn value(
    scope: &Scope<'_>,
    name: &str,
    blank: &TokenStream,
    slot: &TokenStream,
    view: &TokenStream,
) -> TokenStream {
    let (name, value) = (ident(name), scope.path(items::VALUE));
    let (slot_type, view_type) = (scope.path(items::SLOT), scope.path(items::VIEW));
    let methods = docs::spaced([
        quote!(fn blank() -> Self { #blank }),
        quote!(fn slot(&mut self) -> #slot_type<'_> { #slot }),
        quote!(fn view(&self) -> #view_type<'_> { #view }),
    ]);
    quote!(impl #value for #name { #methods })
}

/// `impl Serialize` and `impl Deserialize`.
pub(super) fn serde(scope: &Scope<'_>, name: &str) -> [TokenStream; 2] {
    let name = ident(name);
    let record = scope.module(items::RECORD_MODULE);
    let result = scope.path(items::RESULT);
    let (serialize, serializer) = (scope.path(items::SERIALIZE), scope.path(items::SERIALIZER));
    let (deserialize, deserializer) = (scope.path(items::DESERIALIZE), scope.path(items::DESERIALIZER));
    [
        quote! {
            impl #serialize for #name {
                fn serialize<S: #serializer>(&self, serializer: S) -> #result<S::Ok, S::Error> {
                    #record::serialize(self, serializer)
                }
            }
        },
        quote! {
            impl<'de> #deserialize<'de> for #name {
                fn deserialize<D: #deserializer<'de>>(deserializer: D) -> #result<Self, D::Error> {
                    #record::deserialize(deserializer)
                }
            }
        },
    ]
}

/// `impl Debug` through the views, which redact what is sensitive. Not inline: with the view a program
/// would compile the access to all that the model holds.
pub(super) fn debug(scope: &Scope<'_>, name: &str, view: &str) -> TokenStream {
    let (name, view, variant) = (ident(name), scope.path(items::VIEW), ident(view));
    let (fmt, record) = (scope.module(items::FMT), scope.module(items::RECORD_MODULE));
    quote! {
        impl #fmt::Debug for #name {
            fn fmt(&self, f: &mut #fmt::Formatter<'_>) -> #fmt::Result {
                #record::debug(#view::#variant(self), f)
            }
        }
    }
}
