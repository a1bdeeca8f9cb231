//! Operations: a constant that describes each, and a builder for its request.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::{ident, number};
use super::types::{argument, from_argument, ty};
use super::{docs, items, models, rules};
use crate::ir::{Body, Field, Group, Lookup, Operation, Outcome, PageToken, Parameter, Place, Repeat, Type};

/// The status of success of most operations.
const USUAL_STATUS: u16 = 200;

/// The builder of one operation.
pub(super) fn emit(scope: &Scope<'_>, group: &Group, operation: &Operation) -> Vec<TokenStream> {
    let setters = operation
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| !is_argument(parameter))
        .map(|(index, parameter)| setter(scope, index, &parameter.field));
    let body = operation.body.as_ref().filter(|body| !body.required);
    let setters: Vec<TokenStream> = setters.chain(body.map(|body| body_setter(scope, body))).collect();
    let mut items = vec![definition(scope, group, operation), request(scope, group, operation)];
    if !setters.is_empty() {
        let (name, setters) = (ident(&operation.rust), docs::spaced(setters));
        items.push(quote!(impl #name { #setters }));
    }
    items
}

/// The type of the rows that a keyed operation submits, and of those that it answers.
pub(super) fn submitted(operation: &Operation) -> Option<(&Type, &Type)> {
    match (operation.repeat, &operation.body, &operation.result) {
        (
            Repeat::Keyed,
            Some(Body { ty: Type::List(row), required: true, .. }),
            Outcome::Value(Type::List(answer)),
        ) => Some((row, answer)),
        _ => None,
    }
}

/// Parameters that are arguments of the handle's method, with their index.
pub(super) fn argument_fields(operation: &Operation) -> impl Iterator<Item = (usize, &Parameter)> {
    operation.parameters.iter().enumerate().filter(|(_, parameter)| is_argument(parameter))
}

/// What a parameter holds when it is present.
pub(super) fn value_type(field: &Field) -> &Type {
    match &field.ty {
        Type::Option(inner) => inner,
        other => other,
    }
}

fn is_argument(parameter: &Parameter) -> bool {
    parameter.place == Place::Path || parameter.field.required
}

fn definition(scope: &Scope<'_>, group: &Group, operation: &Operation) -> TokenStream {
    let name = ident(&operation.rust);
    let deprecated = docs::deprecated(operation.deprecated.as_ref());
    let call = scope.path(items::CALL);
    let doc = docs::item(&format!(
        "Request of [`{0}::{1}`]: optional parameters, then [`send`](Self::send).",
        group.rust,
        operation.name.trim_start_matches("r#"),
    ));
    let body = operation.body.as_ref().map(|body| {
        if let Some((row, _)) = submitted(operation) {
            let (rows, row) = (scope.path(items::ROWS), ty(scope, row));
            return quote!(body: #rows<#row>,);
        }
        let ty = ty(scope, &body.ty);
        if body.required {
            quote!(body: #ty,)
        } else {
            let option = scope.path(items::OPTION);
            quote!(body: #option<#ty>,)
        }
    });
    quote! {
        #doc
        #deprecated
        #[derive(Clone, Debug)]
        #[must_use = "a request does nothing until it is sent"]
        pub struct #name {
            call: #call,
            #body
        }
    }
}

/// The operation as data, with what differs from most others, and how the request is sent.
fn request(scope: &Scope<'_>, group: &Group, operation: &Operation) -> TokenStream {
    let Operation { rust, path, .. } = operation;
    let (request, method) = (ident(rust), ident(operation.method.as_str()));
    let parameters = operation.parameters.iter().map(parameter);
    let facts = facts(scope, group, operation).into_iter().flatten();
    let body = operation.body.as_ref().map(|_| quote!(with body));
    let result = match (submitted(operation), &operation.key, &operation.result) {
        (Some((_, row)), Some(key), _) => {
            let row = ty(scope, row);
            quote!(rows by #key of #row)
        }
        (_, _, Outcome::Value(of)) => ty(scope, of),
        (_, _, Outcome::Page(item)) => {
            let item = ty(scope, item);
            quote!(page #item)
        }
        (_, _, Outcome::Nothing) => quote!(()),
    };
    quote!(request! { #request: #method #path (#(#parameters),*) { #(#facts),* } #body -> #result })
}

/// The fields of the constant that differ from those of its base.
fn facts(scope: &Scope<'_>, group: &Group, operation: &Operation) -> [Option<TokenStream>; 12] {
    let (name, group) = (operation.name.trim_start_matches("r#"), group.name.trim_start_matches("r#"));
    let rules = rules::emit(scope, &operation.rules);
    let body = operation.body.as_ref().map(|body| {
        let kind = ident(if body.required { "Required" } else { "Optional" });
        let body_kind = scope.path(items::BODY_KIND);
        quote!(body: #body_kind::#kind)
    });
    let repeat = ident(match operation.repeat {
        Repeat::Read => "Read",
        Repeat::Idempotent => "Idempotent",
        Repeat::Keyed => "Keyed",
        Repeat::Never => "Never",
    });
    let (repeat_kind, some) = (scope.path(items::REPEAT), scope.path(items::SOME));
    let optional = |name: &str, value: Option<TokenStream>| {
        let name = ident(name);
        value.map(|value| quote!(#name: #some(#value)))
    };
    let list = |name: &str, statuses: &[u16]| {
        let (name, statuses) = (ident(name), statuses.iter().copied().map(number));
        (statuses.len() > 0).then(|| quote!(#name: &[#(#statuses),*]))
    };
    let status = number(operation.status);
    [
        Some(quote!(name: #name)),
        Some(quote!(group: #group)),
        Some(quote!(repeat: #repeat_kind::#repeat)),
        (!rules.is_empty()).then(|| quote!(rules: &[#(#rules),*])),
        body,
        optional("key", operation.key.as_ref().map(|key| quote!(#key))),
        optional("lookup", operation.lookup.as_ref().map(|item| lookup(scope, item))),
        (operation.status != USUAL_STATUS).then(|| quote!(status: #status)),
        optional("partial", operation.partial.map(number)),
        list("errors", &operation.errors),
        list("rows", &operation.rows),
        optional("page_token", operation.page_token.map(|token| page_token(scope, token))),
    ]
}

fn parameter(parameter: &Parameter) -> TokenStream {
    let wire = &parameter.field.wire;
    let place = ident(match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
    });
    let required = (parameter.place == Place::Query && parameter.field.required).then(|| ident("required"));
    let bounds = models::bounds(&parameter.field.bounds);
    let sensitive = parameter.field.sensitive.then(|| ident("sensitive"));
    quote!(#place #wire #required #(#bounds)* #sensitive)
}

fn lookup(scope: &Scope<'_>, lookup: &Lookup) -> TokenStream {
    let (item, list) = (scope.path(items::LOOKUP), scope.request(&lookup.list));
    let (key, status, states) = (&lookup.key, &lookup.status, &lookup.states);
    let keys = optional(scope, lookup.keys.map(number));
    let since = optional(scope, lookup.since.map(number));
    let (live, done, refused) = (&states.live, &states.done, &states.refused);
    let known_key = lookup.known_key.iter().copied().map(number);
    quote! {
        &#item {
            list: &#list::OPERATION,
            key: #key,
            keys: #keys,
            since: #since,
            status: #status,
            live: &[#(#live),*],
            done: &[#(#done),*],
            refused: &[#(#refused),*],
            known_key: &[#(#known_key),*],
        }
    }
}

fn page_token(scope: &Scope<'_>, token: PageToken) -> TokenStream {
    let item = scope.path(items::PAGE_TOKEN);
    match token {
        PageToken::Parameter(index) => {
            let index = number(index);
            quote!(#item::Parameter(#index))
        }
        PageToken::Body => quote!(#item::Body),
    }
}

/// Puts the argument `name` into the parameter at `index` of `call`.
pub(super) fn set(
    scope: &Scope<'_>,
    call: &TokenStream,
    index: usize,
    name: &TokenStream,
    of: &Type,
) -> TokenStream {
    let index = number(index);
    let value = from_argument(scope, of, name.clone());
    if matches!(of, Type::List(_)) {
        let ty = ty(scope, of);
        quote! {
            let #name: #ty = #value;
            #call.set(#index, #name.view());
        }
    } else {
        quote!(#call.set(#index, #value.view());)
    }
}

fn setter(scope: &Scope<'_>, index: usize, field: &Field) -> TokenStream {
    let (doc, name) = (docs::member(&field.doc), ident(&field.rust));
    let alias = docs::alias(&field.wire, &field.rust);
    let deprecated = docs::deprecated(field.deprecated.as_ref());
    let argument = argument(scope, value_type(field));
    let set = set(scope, &quote!(self.call), index, &name, value_type(field));
    quote! {
        #doc
        #alias
        #deprecated
        #[inline]
        pub fn #name(mut self, #name: #argument) -> Self {
            #set
            self
        }
    }
}

fn body_setter(scope: &Scope<'_>, body: &Body) -> TokenStream {
    let argument = argument(scope, &body.ty);
    let (some, value) = (scope.path(items::SOME), from_argument(scope, &body.ty, quote!(body)));
    quote! {
        /// The request's body, which may be left out.
        #[inline]
        pub fn body(mut self, body: #argument) -> Self {
            self.body = #some(#value);
            self
        }
    }
}

fn optional(scope: &Scope<'_>, value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => {
            let some = scope.path(items::SOME);
            quote!(#some(#value))
        }
        None => scope.path(items::NONE),
    }
}
