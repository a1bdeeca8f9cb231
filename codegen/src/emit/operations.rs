//! Operations: a constant that describes each, and a builder for its request.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::{ident, number};
use super::types::{argument, from_argument, ty};
use super::{docs, items, models, rules};
use crate::ir::{
    Body, Field, Group, Lookup, Method, Operation, Outcome, PageToken, Parameter, Place, Repeat, Type,
};

/// The builder of one operation.
pub(super) fn emit(scope: &Scope<'_>, group: &Group, operation: &Operation) -> [TokenStream; 2] {
    let constant = constant(scope, group, operation);
    let setters = operation
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| !is_argument(parameter))
        .map(|(index, parameter)| setter(scope, index, &parameter.field));
    let body = operation.body.as_ref().filter(|body| !body.required);
    let methods = docs::spaced(
        [constant, call(scope)]
            .into_iter()
            .chain(setters)
            .chain(body.map(|body| body_setter(scope, body)))
            .chain(std::iter::once(options(scope)))
            .chain(endings(scope, operation)),
    );
    let name = ident(&operation.rust);
    [definition(scope, group, operation), quote!(impl #name { #methods })]
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

fn constant(scope: &Scope<'_>, group: &Group, operation: &Operation) -> TokenStream {
    let Operation { name, path, status, .. } = operation;
    let name = name.trim_start_matches("r#");
    let group_name = group.name.trim_start_matches("r#");
    let doc = docs::member(&format!("`{} {path}`", operation.method.as_str()));
    let (item, method, body_kind, repeat_kind) = (
        scope.path(items::OPERATION),
        scope.path(items::METHOD),
        scope.path(items::BODY_KIND),
        scope.path(items::REPEAT),
    );
    let method_name = ident(match operation.method {
        Method::Get => "Get",
        Method::Post => "Post",
        Method::Put => "Put",
        Method::Patch => "Patch",
        Method::Delete => "Delete",
    });
    let parameters = operation.parameters.iter().map(|parameter| table_parameter(scope, parameter));
    let rules = rules::emit(scope, &operation.rules);
    let body = ident(match &operation.body {
        None => "None",
        Some(Body { required: true, .. }) => "Required",
        Some(_) => "Optional",
    });
    let repeat = ident(match operation.repeat {
        Repeat::Read => "Read",
        Repeat::Idempotent => "Idempotent",
        Repeat::Keyed => "Keyed",
        Repeat::Never => "Never",
    });
    let key = optional(scope, operation.key.as_ref().map(|key| quote!(#key)));
    let lookup = optional(scope, operation.lookup.as_ref().map(|item| lookup(scope, item)));
    let status = number(*status);
    let partial = optional(scope, operation.partial.map(number));
    let errors = operation.errors.iter().copied().map(number);
    let rows = operation.rows.iter().copied().map(number);
    let page_token = optional(scope, operation.page_token.map(|token| page_token(scope, token)));
    let answer = answer(scope, &operation.result);
    quote! {
        #doc
        pub const OPERATION: #item = #item {
            api: &super::api::API,
            name: #name,
            group: #group_name,
            method: #method::#method_name,
            path: #path,
            parameters: &[#(#parameters),*],
            rules: &[#(#rules),*],
            body: #body_kind::#body,
            repeat: #repeat_kind::#repeat,
            key: #key,
            lookup: #lookup,
            status: #status,
            partial: #partial,
            errors: &[#(#errors),*],
            rows: &[#(#rows),*],
            page_token: #page_token,
            answer: #answer,
        };
    }
}

/// Not generic, as many methods of handles are: what the operation consists of is not compiled again
/// in the program that calls it.
fn call(scope: &Scope<'_>) -> TokenStream {
    let (call, core) = (scope.path(items::CALL), scope.path(items::CORE));
    quote! {
        fn call(core: &#core) -> #call {
            #call::new(core, &Self::OPERATION)
        }
    }
}

fn table_parameter(scope: &Scope<'_>, parameter: &Parameter) -> TokenStream {
    let (item, wire) = (scope.path(items::PARAMETER), &parameter.field.wire);
    let place = ident(match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
    });
    let required = (parameter.place == Place::Query && parameter.field.required).then(|| quote!(.required()));
    let bounds = models::bounds(&parameter.field.bounds);
    let sensitive = parameter.field.sensitive.then(|| quote!(.sensitive()));
    quote!(#item::#place(#wire) #required #(.#bounds)* #sensitive)
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

fn answer(scope: &Scope<'_>, result: &Outcome) -> TokenStream {
    let item = scope.path(items::ANSWER);
    match result {
        Outcome::Nothing => quote!(#item::nothing()),
        _ => {
            let ty = result_type(scope, result);
            quote!(#item::of::<#ty>())
        }
    }
}

fn result_type(scope: &Scope<'_>, result: &Outcome) -> TokenStream {
    match result {
        Outcome::Value(of) => ty(scope, of),
        Outcome::Page(item) => {
            let (vec, item) = (scope.path(items::VEC), ty(scope, item));
            quote!(#vec<#item>)
        }
        Outcome::Nothing => quote!(()),
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

fn options(scope: &Scope<'_>) -> TokenStream {
    let options = scope.path(items::REQUEST_OPTIONS);
    quote! {
        /// Settings of this request alone, and parameters that this crate does not know.
        #[inline]
        pub fn options(mut self, options: #options) -> Self {
            self.call.configure(options);
            self
        }
    }
}

/// `send`, and for a page also `pages` and `items`.
fn endings(scope: &Scope<'_>, operation: &Operation) -> Vec<TokenStream> {
    if let (Some((_, answer)), Some(key)) = (submitted(operation), &operation.key) {
        return submission(scope, answer, key);
    }
    let (sending, result) = (scope.path(items::SENDING), result_type(scope, &operation.result));
    let mut endings = vec![ending(
        operation,
        "send",
        docs::member("Sends the request."),
        &quote!(#sending<#result>),
        &quote!(self.call.send()),
    )];
    if let Outcome::Page(item) = &operation.result {
        let item = ty(scope, item);
        let (pages, items) = (scope.path(items::PAGES), scope.path(items::ITEMS));
        let walk = |doc: &str| {
            let doc = docs::member(doc);
            quote!(#doc #[inline])
        };
        endings.push(ending(
            operation,
            "pages",
            walk("Walks the pages, beginning with this one."),
            &quote!(#pages<#item>),
            &quote!(#pages::new(self.call)),
        ));
        endings.push(ending(
            operation,
            "items",
            walk("Walks the items of all pages, beginning with this one."),
            &quote!(#items<#item>),
            &quote!(#items::new(self.call)),
        ));
    }
    endings
}

/// `keys`, and a `send` that answers the outcome of each row.
fn submission(scope: &Scope<'_>, answer: &Type, key: &str) -> Vec<TokenStream> {
    let keys = docs::member(&format!(
        "The `{key}` of each row, in order. Missing ones are filled in when the request is made, so that \
         you can store them before you send it."
    ));
    let send = docs::member(&format!(
        "Sends the rows. The [`Submission`](crate::Submission) has the outcome of each.\n\n\
         By default, rows that may have reached the server are not sent again: they are looked up by \
         `{key}`, and a row that is not found is [`Unknown`](crate::RowOutcome::Unknown). \
         [Resolve](crate::Submission::resolve) it before you decide to submit it again. An error means \
         that nothing was submitted.",
    ));
    let (string, submitting) = (scope.path(items::STRING), scope.path(items::SUBMITTING));
    let answer = ty(scope, answer);
    vec![
        quote! {
            #keys
            #[must_use]
            #[inline]
            pub fn keys(&self) -> &[#string] {
                self.body.keys()
            }
        },
        quote! {
            #send
            pub fn send(self) -> #submitting<#answer> {
                #submitting::new(self.call, self.body)
            }
        },
    ]
}

fn ending(
    operation: &Operation,
    name: &str,
    attributes: TokenStream,
    result: &TokenStream,
    value: &TokenStream,
) -> TokenStream {
    let name = ident(name);
    let (mutable, body) = match &operation.body {
        None => (None, None),
        Some(_) => (Some(quote!(mut)), Some(quote!(self.call.body(self.body.view());))),
    };
    quote! {
        #attributes
        pub fn #name(#mutable self) -> #result {
            #body
            #value
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
