//! The same models with serde's derives: what the crate's compile time is measured against.
//!
//! Not for use: a plain translation without the policies of the real crate.

use clear_street_spec::ir;
use proc_macro2::TokenStream;
use quote::quote;

use crate::sample::ident;

/// A crate with all models of an API under derives and one generic `send`.
pub fn library(api: &ir::Api) -> String {
    let models = modules(api);
    quote! {
        #models

        #[derive(Debug)]
        pub enum Error {
            Transport(reqwest::Error),
            Decode(serde_json::Error),
        }

        #[derive(serde::Deserialize)]
        #[serde(bound = "T: serde::de::DeserializeOwned")]
        struct Envelope<T> {
            data: T,
        }

        /// Sends one request and decodes its answer, generic over both bodies.
        pub async fn send<B: serde::Serialize, T: serde::de::DeserializeOwned>(
            client: &reqwest::Client,
            method: &str,
            url: &str,
            body: Option<&B>,
        ) -> Result<T, Error> {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap_or(reqwest::Method::GET);
            let mut request = client.request(method, url);
            if let Some(body) = body {
                request = request.body(serde_json::to_vec(body).map_err(Error::Decode)?);
            }
            let response = request.send().await.map_err(Error::Transport)?;
            let bytes = response.bytes().await.map_err(Error::Transport)?;
            let envelope: Envelope<T> = serde_json::from_slice(&bytes).map_err(Error::Decode)?;
            Ok(envelope.data)
        }
    }
    .to_string()
}

/// All models of an API under derives, a module for each group.
pub fn models(api: &ir::Api) -> String {
    modules(api).to_string()
}

fn modules(api: &ir::Api) -> TokenStream {
    let modules = api.groups.iter().map(|group| {
        let module = ident(&group.name);
        let ids = group.ids.iter().map(id);
        let enums = group.enums.iter().map(enumeration);
        let models = group.models.iter().map(model);
        let unions = group.unions.iter().map(union);
        quote! {
            #[allow(deprecated, reason = "the real crate has what is deprecated, too")]
            pub mod #module {
                use serde::{Deserialize, Serialize};
                #(#ids)* #(#enums)* #(#models)* #(#unions)*
            }
        }
    });
    quote!(#(#modules)*)
}

/// A program that calls every operation of the yardstick.
pub fn program(api: &ir::Api) -> String {
    let calls = api.groups.iter().flat_map(|group| &group.operations).map(|operation| {
        let path = &operation.path;
        let body = operation
            .body
            .as_ref()
            .map_or_else(|| quote!(()), |body| rust_type(&body.ty, &quote!(yardstick)));
        let result = match &operation.result {
            ir::Outcome::Value(ty) => rust_type(ty, &quote!(yardstick)),
            ir::Outcome::Page(ty) => {
                let item = rust_type(ty, &quote!(yardstick));
                quote!(Vec<#item>)
            }
            ir::Outcome::Nothing => quote!(()),
        };
        let name = &operation.name;
        quote! {
            println!(
                "{} {:?}",
                #name,
                yardstick::send::<#body, #result>(&client, "GET", #path, None).await?
            );
        }
    });
    quote! {
        #[tokio::main]
        async fn main() -> Result<(), yardstick::Error> {
            let client = reqwest::Client::new();
            #(#calls)*
            Ok(())
        }
    }
    .to_string()
}

fn id(id: &ir::Id) -> TokenStream {
    let name = ident(&id.rust);
    let repr = match id.repr {
        ir::IdRepr::I64 => quote!(i64),
        ir::IdRepr::Text => quote!(String),
    };
    quote! {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct #name(pub #repr);
    }
}

fn enumeration(item: &ir::Enum) -> TokenStream {
    let name = ident(&item.rust);
    let values = item.values.iter().map(|value| {
        let (rust, wire) = (ident(&value.rust), &value.wire);
        quote!(#[serde(rename = #wire)] #rust)
    });
    quote! {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum #name { #(#values,)* #[serde(untagged)] Unrecognized(String) }
    }
}

fn model(model: &ir::Model) -> TokenStream {
    let name = ident(&model.rust);
    let fields = model.fields.iter().map(|field| {
        let (rust, wire) = (ident(&field.rust), &field.wire);
        let ty = rust_type(&field.ty, &quote!(super));
        let skip =
            (!field.required).then(|| quote!(#[serde(default, skip_serializing_if = "Option::is_none")]));
        quote!(#[serde(rename = #wire)] #skip pub #rust: #ty)
    });
    quote! {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct #name { #(#fields),* }
    }
}

fn union(union: &ir::Union) -> TokenStream {
    let name = ident(&union.rust);
    let tagging = match &union.tagging {
        ir::Tagging::Tag(tag) => quote!(#[serde(tag = #tag)]),
        ir::Tagging::Keyed => quote!(),
        ir::Tagging::Shape => quote!(#[serde(untagged)]),
    };
    let variants = union.variants.iter().map(|variant| {
        let (rust, wire) = (ident(&variant.rust), &variant.wire);
        let ty = rust_type(&variant.ty, &quote!(super));
        quote!(#[serde(rename = #wire)] #rust(#ty))
    });
    quote! {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #tagging
        pub enum #name { #(#variants),* }
    }
}

fn rust_type(ty: &ir::Type, root: &TokenStream) -> TokenStream {
    match ty {
        ir::Type::Bool => quote!(bool),
        ir::Type::I32 => quote!(i32),
        ir::Type::I64 => quote!(i64),
        ir::Type::U32 => quote!(u32),
        ir::Type::U64 => quote!(u64),
        ir::Type::F64 => quote!(f64),
        ir::Type::String | ir::Type::Bytes => quote!(String),
        ir::Type::Decimal | ir::Type::Number => quote!(rust_decimal::Decimal),
        ir::Type::Date => quote!(jiff::civil::Date),
        ir::Type::Timestamp | ir::Type::Zoned => quote!(jiff::Timestamp),
        ir::Type::Duration => quote!(jiff::SignedDuration),
        ir::Type::Uuid => quote!(uuid::Uuid),
        ir::Type::Json => quote!(serde_json::Value),
        ir::Type::Option(inner) | ir::Type::Patch(inner) => {
            let inner = rust_type(inner, root);
            quote!(Option<#inner>)
        }
        ir::Type::List(inner) => {
            let inner = rust_type(inner, root);
            quote!(Vec<#inner>)
        }
        ir::Type::Map(inner) => {
            let inner = rust_type(inner, root);
            quote!(std::collections::BTreeMap<String, #inner>)
        }
        ir::Type::Boxed(inner) => {
            let inner = rust_type(inner, root);
            quote!(Box<#inner>)
        }
        ir::Type::Named(name) => {
            let (module, rust) = (ident(&name.module), ident(&name.rust));
            quote!(#root::#module::#rust)
        }
    }
}
