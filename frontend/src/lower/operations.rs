//! Operations.

use super::description;
use super::names::{self, free};
use super::resolve::{Resolver, parse, parse_result};
use super::{fields, lookup, models};
use crate::ir::{self, Method, Outcome, PageToken, Parameter, Place};
use crate::language::{Field, Operation, Repeat, Text};
use crate::type_expr::{ResultExpr, TypeExpr};

/// Methods that every request builder has, and variables of the handle's methods.
const TAKEN: &[&str] = &["body", "call", "clone", "into", "items", "options", "pages", "send"];

/// Methods that every handle has.
const HANDLE: &[&str] = &["clone", "new"];

pub(super) fn operation(resolver: &Resolver<'_>, name: &Text, operation: &Operation) -> ir::Operation {
    let (method, path) = operation.http.split_once(' ').unwrap_or_default();
    let parameters = parameters(resolver, operation);
    let result = match parse_result(&operation.result) {
        ResultExpr::Value(ty) => Outcome::Value(resolver.ty(&ty)),
        ResultExpr::Page(item) => Outcome::Page(resolver.ty(&item)),
        ResultExpr::Nothing => Outcome::Nothing,
    };
    ir::Operation {
        name: free(names::snake(name), |name| HANDLE.contains(&name)),
        rust: names::request(name, operation.request.as_ref()),
        doc: description(&operation.doc),
        method: http_method(method),
        path: path.trim().to_owned(),
        body: operation.body.as_ref().map(|ty| body(resolver, ty)),
        rules: models::rules(&operation.rules),
        status: operation.status.map_or(200, |status| status.value),
        partial: operation.partial.map(|status| status.value),
        errors: errors(resolver, operation),
        rows: operation.rows.iter().map(|status| status.value).collect(),
        // The check has refused an operation without.
        repeat: operation.repeat.map_or(Repeat::Never, |repeat| repeat.value),
        key: operation.key.as_ref().map(|key| key.value.clone()),
        lookup: operation.lookup.as_ref().and_then(|item| lookup::lookup(resolver, operation, item)),
        page_token: page_token(resolver, &result, &parameters),
        deprecated: operation.deprecated.as_ref().map(fields::deprecation),
        parameters,
        result,
    }
}

/// Those of the path, then those of the query.
pub(super) fn parameters(resolver: &Resolver<'_>, operation: &Operation) -> Vec<Parameter> {
    let included = operation.include.iter().filter_map(|group| resolver.api.parameters.get(group));
    let query = included.flatten().chain(&operation.query);
    let parameter = |place, (wire, field): (&Text, &Field)| {
        let mut field = fields::field(resolver, wire, field);
        field.rust = free(field.rust, |name| TAKEN.contains(&name));
        Parameter { field, place }
    };
    let path = operation.path.iter().map(|entry| parameter(Place::Path, entry));
    path.chain(query.map(|entry| parameter(Place::Query, entry))).collect()
}

fn body(resolver: &Resolver<'_>, ty: &Text) -> ir::Body {
    match parse(ty) {
        TypeExpr::Option(inner) => ir::Body { ty: resolver.ty(&inner), required: false },
        expression => ir::Body { ty: resolver.ty(&expression), required: true },
    }
}

/// Documented statuses and those of the API.
fn errors(resolver: &Resolver<'_>, operation: &Operation) -> Vec<u16> {
    let mut errors: Vec<u16> =
        operation.errors.iter().chain(&resolver.api.errors).map(|status| status.value).collect();
    errors.sort_unstable();
    errors.dedup();
    errors
}

fn page_token(resolver: &Resolver<'_>, result: &Outcome, parameters: &[Parameter]) -> Option<PageToken> {
    let Outcome::Page(_) = result else { return None };
    let token = resolver.api.pagination.token.as_str();
    let index = parameters.iter().position(|parameter| parameter.field.wire == token);
    Some(index.map_or(PageToken::Body, PageToken::Parameter))
}

fn http_method(text: &str) -> Method {
    match text {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        // The check has refused what is no method.
        _ => Method::Get,
    }
}
