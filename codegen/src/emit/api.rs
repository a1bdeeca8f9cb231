//! What holds for a whole API: its servers, envelope and encodings.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::tokens::{ident, number};
use super::{channels, docs, items};
use crate::ir::{
    Api, Authentication, BareError, DateEncoding, DecimalEncoding, Frame, ListEncoding, RateLimit, Server,
    TimestampEncoding,
};

/// The items of the module `api`.
pub(super) fn emit(scope: &Scope<'_>, api: &Api) -> Vec<TokenStream> {
    let mut items = vec![environment(api), addresses(api), constant(scope, api), encoding(scope, api)];
    items.extend(api.layout.as_ref().map(|layout| channels::layout(scope, layout)));
    items
}

fn environment(api: &Api) -> TokenStream {
    let variants = api.servers.iter().enumerate().map(|(index, server)| {
        let Server { rust, doc, .. } = server;
        let (doc, name) = (docs::member(doc), ident(rust));
        let default = (index == 0).then(|| quote!(#[default]));
        quote!(#doc #default #name,)
    });
    quote! {
        /// Where requests go.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Environment {
            #(#variants)*
        }
    }
}

fn addresses(api: &Api) -> TokenStream {
    let base_url =
        address(api, "base_url", "The base URL, without a slash at its end.", |server| Some(&server.url));
    let stream_url = api.layout.as_ref().map(|_| {
        address(api, "stream_url", "Where channels are subscribed to.", |server| server.stream.as_ref())
    });
    let methods = docs::spaced([base_url].into_iter().chain(stream_url));
    quote!(impl Environment { #methods })
}

fn address(api: &Api, name: &str, doc: &str, of: fn(&Server) -> Option<&String>) -> TokenStream {
    let arms = api.servers.iter().map(|server| {
        let (name, url) = (ident(&server.rust), of(server));
        quote!(Self::#name => #url,)
    });
    let (name, doc) = (ident(name), docs::member(doc));
    quote! {
        #doc
        pub const fn #name(self) -> &'static str {
            match self {
                #(#arms)*
            }
        }
    }
}

fn constant(scope: &Scope<'_>, api: &Api) -> TokenStream {
    let (item, list) = (scope.path(items::API), scope.path(items::LIST_ENCODING));
    let pagination = scope.path(items::PAGINATION);
    let Api { name, version, base_url_variable, .. } = api;
    let authentication = authentication(scope, &api.authentication);
    let rate_limits = api.rate_limits.iter().map(|limit| rate_limit(scope, limit));
    let (size, token) = (&api.pagination.size, &api.pagination.token);
    let next = &api.pagination.next;
    let previous = match &api.pagination.previous {
        Some(name) => {
            let some = scope.path(items::SOME);
            quote!(#some(#name))
        }
        None => scope.path(items::NONE),
    };
    let frame = frame(scope, api);
    let list_encoding = ident(match api.encodings.list {
        ListEncoding::Comma => "Comma",
        ListEncoding::Repeat => "Repeat",
    });
    let errors = api.errors.iter().copied().map(number);
    let doc = docs::item(&api.doc);
    quote! {
        #doc
        pub const API: #item = #item {
            name: #name,
            version: #version,
            authentication: #authentication,
            base_url_variable: #base_url_variable,
            frame: #frame,
            pagination: #pagination { size: #size, token: #token, next: #next, previous: #previous },
            encoding: &ENCODING,
            list: #list::#list_encoding,
            errors: &[#(#errors),*],
            rate_limits: &[#(#rate_limits),*],
        };
    }
}

fn frame(scope: &Scope<'_>, api: &Api) -> TokenStream {
    let item = scope.path(items::FRAME);
    let (table, field) = (scope.path(items::TABLE), scope.path(items::FIELD));
    let (variant, name, names) = match &api.frame {
        Frame::Envelope { data, error, metadata } => ("Envelope", "Envelope", vec![data, error, metadata]),
        Frame::Bare { items, error: BareError::ProblemDetails } => {
            let names = [items, &api.pagination.next].into_iter().chain(&api.pagination.previous);
            ("Bare", "List", names.collect())
        }
    };
    let variant = ident(variant);
    // Nothing that stands beside the result makes it an error.
    let (data, beside) = names.split_first().map_or((None, &[][..]), |(data, beside)| (Some(data), beside));
    quote! {
        #item::#variant(#table {
            name: #name,
            encoding: &ENCODING,
            fields: &[#field::new(#data).optional(), #(#field::new(#beside).optional().lenient()),*],
            rules: &[],
        })
    }
}

fn authentication(scope: &Scope<'_>, authentication: &Authentication) -> TokenStream {
    let item = scope.path(items::AUTHENTICATION);
    match authentication {
        Authentication::ApiKey { variable } => quote!(#item::ApiKey { variable: #variable }),
        Authentication::ClientCredentials {
            token_url,
            token_url_variable,
            audience,
            id_variable,
            secret_variable,
        } => quote! {
            #item::ClientCredentials {
                token_url: #token_url,
                token_url_variable: #token_url_variable,
                audience: #audience,
                id_variable: #id_variable,
                secret_variable: #secret_variable,
            }
        },
    }
}

fn rate_limit(scope: &Scope<'_>, limit: &RateLimit) -> TokenStream {
    let (item, RateLimit { segment, urgent, .. }) = (scope.path(items::RATE_LIMIT), limit);
    let per_second = number(limit.per_second);
    quote!(#item { segment: #segment, per_second: #per_second, urgent: &[#(#urgent),*] })
}

fn encoding(scope: &Scope<'_>, api: &Api) -> TokenStream {
    let (item, decimal_item) = (scope.path(items::ENCODING), scope.path(items::DECIMAL_ENCODING));
    let (timestamp_item, date_item) =
        (scope.path(items::TIMESTAMP_ENCODING), scope.path(items::DATE_ENCODING));
    let decimal = ident(match api.encodings.decimal {
        DecimalEncoding::String => "String",
        DecimalEncoding::Number => "Number",
    });
    let timestamp = ident(match api.encodings.timestamp {
        TimestampEncoding::Rfc3339 => "Rfc3339",
        TimestampEncoding::UnixMillis => "UnixMillis",
    });
    let date = ident(match api.encodings.date {
        DateEncoding::Iso8601 => "Iso8601",
        DateEncoding::Yyyymmdd => "Yyyymmdd",
    });
    quote! {
        /// How values are written.
        pub const ENCODING: #item = #item {
            decimal: #decimal_item::#decimal,
            timestamp: #timestamp_item::#timestamp,
            date: #date_item::#date,
        };
    }
}
