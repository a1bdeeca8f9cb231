//! Handles: `client.orders()` and its methods.

use proc_macro2::TokenStream;
use quote::quote;

use super::operations::{argument_fields, set, submitted, value_type};
use super::scope::Scope;
use super::tokens::ident;
use super::types::{argument, from_argument};
use super::{docs, examples, items};
use crate::ir::{Group, Operation, Outcome, Place, Repeat};

/// The handle of a group with one method per operation.
pub(super) fn emit(scope: &Scope<'_>, api: &str, group: &Group) -> [TokenStream; 2] {
    let (name, core) = (ident(&group.rust), scope.path(items::CORE));
    let example = group.example.and_then(|index| group.operations.get(index));
    let example = example
        .map_or_else(String::new, |operation| format!("\n\n{}", examples::emit(api, group, operation)));
    let doc = docs::item(&format!(
        "{}\n\nObtained from [`Client::{name}`](super::super::Client::{name}).{example}",
        group.doc,
        name = group.name.trim_start_matches("r#"),
    ));
    let new = quote! {
        pub(super) fn new(core: #core) -> Self {
            Self { core }
        }
    };
    let methods = docs::spaced(std::iter::once(new).chain(group.operations.iter().map(|o| method(scope, o))));
    let definition = quote! {
        #doc
        #[derive(Clone, Debug)]
        pub struct #name {
            core: #core,
        }
    };
    [definition, quote!(impl #name { #methods })]
}

fn method(scope: &Scope<'_>, operation: &Operation) -> TokenStream {
    let (doc, name, builder) =
        (docs::member(&describe(operation)), ident(&operation.name), ident(&operation.rust));
    let deprecated = docs::deprecated(operation.deprecated.as_ref());
    let mut arguments = Vec::new();
    let mut sets = Vec::new();
    for (index, parameter) in argument_fields(operation) {
        let (name, of) = (ident(&parameter.field.rust), value_type(&parameter.field));
        let ty = argument(scope, of);
        arguments.push(quote!(#name: #ty));
        sets.push(set(scope, &quote!(call), index, &name, of));
    }
    let body = operation.body.as_ref().map(|body| {
        if body.required {
            let ty = argument(scope, &body.ty);
            arguments.push(quote!(body: #ty));
            let value = from_argument(scope, &body.ty, quote!(body));
            if submitted(operation).is_some() {
                let rows = scope.path(items::ROWS);
                sets.push(quote!(let body = #rows::new(call.operation(), #value);));
                quote!(body)
            } else {
                assign_body(value)
            }
        } else {
            let none = scope.path(items::NONE);
            quote!(body: #none)
        }
    });
    let start = quote!(#builder::call(&self.core));
    let block = if sets.is_empty() {
        quote!(#builder { call: #start, #body })
    } else {
        quote! {
            let mut call = #start;
            #(#sets)*
            #builder { call, #body }
        }
    };
    quote! {
        #doc
        #deprecated
        pub fn #name(&self, #(#arguments),*) -> #builder {
            #block
        }
    }
}

fn assign_body(value: TokenStream) -> TokenStream {
    if value.to_string() == "body" { value } else { quote!(body: #value) }
}

/// What it does, where it goes, how it fails and whether it is repeated.
fn describe(operation: &Operation) -> String {
    let mut text = format!(
        "{}\n\n`{} {}`\n\n{}{}",
        operation.doc,
        operation.method.as_str(),
        operation.path,
        repetition(operation),
        acceptance(operation),
    );
    let arguments = argument_fields(operation)
        .filter(|(_, parameter)| parameter.place == Place::Query)
        .map(|(_, parameter)| (parameter.field.rust.as_str(), parameter.field.doc.as_str()));
    for (index, (name, doc)) in arguments.enumerate() {
        text.push_str(if index == 0 { "\n\n" } else { "\n" });
        text.push_str(&format!("- `{}`: {doc}", name.trim_start_matches("r#")));
    }
    if let Some(status) = operation.partial {
        text.push_str(&format!(
            "\n\nA partial success ({status}) comes with the error that says what is missing."
        ));
    }
    if !operation.errors.is_empty() {
        let rows = if operation.rows.is_empty() {
            String::new()
        } else {
            format!(" The errors of {} carry the rows of the result.", list(&operation.rows))
        };
        text.push_str(&format!("\n\nDocumented errors: {}.{rows}", list(&operation.errors)));
    }
    text
}

fn repetition(operation: &Operation) -> String {
    match (operation.repeat, &operation.key) {
        (Repeat::Read, _) => "Safe to retry after any failure: it changes nothing.".to_owned(),
        (Repeat::Idempotent, _) => "Idempotent: safe to retry after any failure.".to_owned(),
        (Repeat::Keyed, Some(key)) => format!(
            "By default, a request that may have reached the server is not sent again: its rows are \
             looked up by `{key}`. A missing `{key}` is filled in."
        ),
        (Repeat::Keyed, None) | (Repeat::Never, _) => {
            "Not safe to retry: a second request may act a second time.".to_owned()
        }
    }
}

/// What the response to an accepted write means if it cannot be read.
fn acceptance(operation: &Operation) -> &'static str {
    match (operation.repeat, &operation.result) {
        (Repeat::Read, _) => "",
        (_, Outcome::Nothing) => "\n\nEvery status from 200 to 299 is a success, whatever the body.",
        _ => {
            "\n\n[`AcceptedUnreadable`](crate::ErrorKind::AcceptedUnreadable) means that the server \
             accepted the request, but its response cannot be read."
        }
    }
}

fn list(statuses: &[u16]) -> String {
    statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}
