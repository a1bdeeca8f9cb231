//! Ids: texts and numbers with a type of their own.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::{docs, items};
use crate::ir::{Id, IdRepr};

/// The id, what converts into it, and how it is read and written.
pub(super) fn emit(scope: &Scope<'_>, id: &Id) -> [TokenStream; 2] {
    let (doc, name) = (docs::item(&id.doc), ident(&id.rust));
    let plain = id.accepts_plain.then(|| quote!(from plain));
    let accepts = id.accepts.iter().map(|other| scope.named(other));
    let accepts = (!id.accepts.is_empty()).then(|| quote!(accepts [#(#accepts),*]));
    match id.repr {
        IdRepr::I64 => [
            quote! {
                #doc
                #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct #name(i64);
            },
            quote!(id! { #name(i64) #plain #accepts }),
        ],
        IdRepr::Text => {
            let string = scope.path(items::STRING);
            [
                quote! {
                    #doc
                    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
                    pub struct #name(#string);
                },
                quote!(id! { #name(String) #plain #accepts }),
            ]
        }
    }
}
