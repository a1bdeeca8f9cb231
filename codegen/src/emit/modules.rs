//! The root of an API: its modules, the client's accessors and the table of operations.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::ident;
use super::{docs, items};
use crate::ir::{Api, Group};

/// The items of the API's own module.
pub(super) fn emit(scope: &Scope<'_>, api: &Api) -> Vec<TokenStream> {
    let modules = api.groups.iter().map(|group| group.name.as_str()).chain(["api"]);
    let mut modules: Vec<&str> = modules.collect();
    modules.sort_unstable();
    let modules = modules.into_iter().map(|module| {
        let module = ident(module);
        quote!(pub mod #module;)
    });
    let mut items = vec![quote!(#(#modules)*), accessors(api), operations(scope, api)];
    items.extend(api.layout.as_ref().map(|_| channels(scope, api)));
    items
}

fn accessors(api: &Api) -> TokenStream {
    let accessors = docs::spaced(with_operations(api).map(|group| {
        let (doc, module, handle) = (docs::member(&group.doc), ident(&group.name), ident(&group.rust));
        quote! {
            #doc
            pub fn #module(&self) -> #module::#handle {
                #module::#handle::new(self.core.clone())
            }
        }
    }));
    quote!(impl super::Client { #accessors })
}

fn operations(scope: &Scope<'_>, api: &Api) -> TokenStream {
    let item = scope.path(items::OPERATION);
    let operations = with_operations(api).flat_map(|group| {
        group.operations.iter().map(|operation| {
            let (module, builder) = (ident(&group.name), ident(&operation.rust));
            quote!(&#module::#builder::OPERATION)
        })
    });
    quote! {
        /// Every operation of this API, by group and in the order of the spec.
        pub const OPERATIONS: &[&#item] = &[#(#operations),*];
    }
}

fn channels(scope: &Scope<'_>, api: &Api) -> TokenStream {
    let (item, message) = (scope.path(items::CHANNEL), scope.path(items::CHANNEL_MESSAGE));
    let channels = api.groups.iter().flat_map(|group| {
        let module = ident(&group.name);
        group.channels.iter().map(move |channel| {
            let messages = ident(&channel.rust);
            quote!(#module::#messages)
        })
    });
    quote! {
        /// Every channel of this API, by group and in the order of the spec.
        pub const CHANNELS: &[&#item] = &[#(<#channels as #message>::CHANNEL),*];
    }
}

fn with_operations(api: &Api) -> impl Iterator<Item = &Group> {
    api.groups.iter().filter(|group| !group.operations.is_empty())
}
