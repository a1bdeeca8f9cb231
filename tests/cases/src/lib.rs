//! One test case per operation and per type: Rust source that calls the generated crate, with what
//! must be seen on the wire.
//!
//! The `tests` package compiles it in its build script and walks over it; the compile-time
//! benchmark has a program of its own that makes the same calls with what they require.

pub mod messages;
mod sample;
pub mod yardstick;

use clear_street_spec::ir;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Value, json};

use sample::{Fill, Sample, Samples, ident, text};

/// The source of `fn operations()` and `fn types()` for one API.
///
/// It refers to `OperationCase` and `TypeCase`, which the package that includes it defines.
pub fn source(api: &ir::Api) -> String {
    let samples = Samples::new(api, Fill::Everything);
    let module = ident(&api.name);
    let operations = api
        .groups
        .iter()
        .flat_map(|group| group.operations.iter().map(move |operation| (group, operation)))
        .map(|(group, operation)| operation_case(api, &samples, group, operation));
    let types = api.groups.iter().flat_map(|group| type_cases(api, group));
    let tokens = quote! {
        /// Every operation with all of its parameters.
        pub fn operations() -> Vec<OperationCase<clear_street::#module::Client>> {
            vec![#(#operations),*]
        }

        /// Every type by its name.
        pub fn types() -> Vec<TypeCase> {
            vec![#(#types),*]
        }
    };
    tokens.to_string()
}

/// The source of a program that calls every operation with what it requires and prints the answer.
pub fn program(api: &ir::Api) -> String {
    let samples = Samples::new(api, Fill::Required);
    let module = ident(&api.name);
    let calls = api.groups.iter().flat_map(|group| {
        let samples = &samples;
        group.operations.iter().map(move |operation| {
            let Call { expression, .. } = Call::new(samples, group, operation);
            let name = &operation.name;
            let data = (operation.repeat != ir::Repeat::Keyed).then(|| quote!(.data));
            quote!(println!("{} {:?}", #name, #expression.send().await? #data);)
        })
    });
    quote! {
        #[tokio::main]
        async fn main() -> clear_street::Result<()> {
            let client = clear_street::#module::Client::from_env()?;
            #(#calls)*
            Ok(())
        }
    }
    .to_string()
}

fn operation_case(
    api: &ir::Api,
    samples: &Samples<'_>,
    group: &ir::Group,
    operation: &ir::Operation,
) -> TokenStream {
    let call = Call::new(samples, group, operation);
    let Call { expression, path, query, body } = call;
    let (name, group_name) = (&operation.name, &group.name);
    let method = method(operation.method);
    let query = query.iter().map(|(key, value)| quote!((#key, #value)));
    let body = option(body.map(|body| body.to_string()));
    let status = operation.status;
    let answer = answer(api, samples, &operation.result);
    let send = if operation.repeat == ir::Repeat::Keyed {
        quote! {
            let submission = #expression.send().await?;
            let status = submission.answer().map_or(0, clear_street::Response::status);
            Ok((status, format!("{:?}", submission.rows())))
        }
    } else {
        quote! {
            let response = #expression.send().await?;
            Ok((response.status(), format!("{:?}", response.data)))
        }
    };
    quote! {
        OperationCase {
            operation: #name,
            group: #group_name,
            method: #method,
            path: #path,
            query: &[#(#query),*],
            body: #body,
            status: #status,
            answer: #answer,
            send: |client| Box::pin(async move { #send }),
        }
    }
}

/// A call of an operation and what it must send.
struct Call {
    expression: TokenStream,
    /// With the parameters in it, not percent-encoded.
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
}

impl Call {
    fn new(samples: &Samples<'_>, group: &ir::Group, operation: &ir::Operation) -> Self {
        let fields = operation.parameters.iter().map(|parameter| &parameter.field);
        let rejected = samples.rejected_by(&operation.rules, fields);
        let mut arguments = Vec::new();
        let mut setters = Vec::new();
        let mut path = operation.path.clone();
        let mut query = Vec::new();
        for parameter in &operation.parameters {
            let field = &parameter.field;
            if rejected.contains(field.wire.as_str()) {
                continue;
            }
            let Sample { expression, json } = samples.of(&field.ty, &field.bounds);
            let text = text(&json);
            match parameter.place {
                ir::Place::Path => path = path.replace(&format!("{{{}}}", field.wire), &text),
                ir::Place::Query => query.push((field.wire.clone(), text)),
            }
            if field.required {
                arguments.push(expression);
            } else if samples.fill == Fill::Everything {
                let setter = ident(&field.rust);
                setters.push(quote!(.#setter(#expression)));
            }
        }
        let body = operation.body.as_ref().map(|body| {
            let Sample { expression, json } = samples.of(&body.ty, &ir::Bounds::default());
            if body.required {
                arguments.push(expression);
            } else if samples.fill == Fill::Everything {
                setters.push(quote!(.body(#expression)));
            }
            json
        });
        let handle = ident(&group.name);
        let name = ident(&operation.name);
        let expression = quote!(client.#handle().#name(#(#arguments),*)#(#setters)*);
        Self { expression, path, query, body }
    }
}

/// A full answer of success.
fn answer(api: &ir::Api, samples: &Samples<'_>, result: &ir::Outcome) -> String {
    let bounds = ir::Bounds::default();
    let data = match result {
        ir::Outcome::Value(ty) => samples.of(ty, &bounds).json,
        ir::Outcome::Page(ty) => json!([samples.of(ty, &bounds).json]),
        ir::Outcome::Nothing => Value::Null,
    };
    let answer = match (&api.frame, result) {
        (ir::Frame::Envelope { data: name, error, metadata }, _) => json!({
            name.as_str(): data,
            error.as_str(): null,
            metadata.as_str(): { "request_id": "request-1" },
        }),
        (ir::Frame::Bare { .. }, ir::Outcome::Nothing) => return String::new(),
        (ir::Frame::Bare { items, .. }, ir::Outcome::Page(_) | ir::Outcome::Value(ir::Type::List(_))) => {
            json!({ items.as_str(): data })
        }
        (ir::Frame::Bare { .. }, ir::Outcome::Value(_)) => data,
    };
    answer.to_string()
}

fn type_cases(api: &ir::Api, group: &ir::Group) -> Vec<TokenStream> {
    let ids = group.ids.iter().map(|id| &id.rust);
    let enums = group.enums.iter().map(|item| &item.rust);
    let models = group.models.iter().map(|model| &model.rust);
    let unions = group.unions.iter().map(|union| &union.rust);
    let (api, module) = (ident(&api.name), ident(&group.name));
    ids.chain(enums)
        .chain(models)
        .chain(unions)
        .map(|rust| {
            let ty = ident(rust);
            let name = rust.trim_start_matches("r#");
            quote! {
                TypeCase { name: #name, recode: recode::<clear_street::#api::#module::#ty> }
            }
        })
        .collect()
}

fn method(method: ir::Method) -> &'static str {
    match method {
        ir::Method::Get => "GET",
        ir::Method::Post => "POST",
        ir::Method::Put => "PUT",
        ir::Method::Patch => "PATCH",
        ir::Method::Delete => "DELETE",
    }
}

fn option(value: Option<String>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}
