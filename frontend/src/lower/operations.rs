//! Operations.

use super::resolve::Resolver;
use super::{Lowered, deprecation, description, fields, lookup, models, refused};
use crate::diagnostic::Code;
use crate::ir::{self, Outcome, PageToken, Parameter};
use crate::language::{Operation, Text, TypeText};
use crate::names::{self, free};
use crate::scope::Resolved;
use crate::type_expr::ResultExpr;

/// Methods that every handle has.
const HANDLE: &[&str] = &["clone", "new"];

pub(super) fn operation(
    resolver: &Resolver<'_, '_>,
    name: &Text,
    operation: &Operation,
) -> Lowered<ir::Operation> {
    let route = operation.http.get()?;
    let parameters = fields::parameters(resolver, operation)?;
    let result = match operation.result.get()? {
        ResultExpr::Value(_) => Outcome::Value(resolver.ty(&operation.result)?),
        ResultExpr::Page(_) => Outcome::Page(resolver.ty(&operation.result)?),
        ResultExpr::Nothing => Outcome::Nothing,
    };
    let repeat = operation.repeat.ok_or_else(|| {
        refused(Code::NoRepeatClass, name.span, format!("`{name}` does not say how it may be repeated"))
    })?;
    let lookup = operation.lookup.as_ref().map(|item| lookup::lookup(resolver, operation, item));
    Ok(ir::Operation {
        name: free(names::snake(name), |name| HANDLE.contains(&name)),
        rust: names::request(name, operation.request.as_ref()),
        doc: description(&operation.doc),
        method: route.method,
        path: route.path.clone(),
        body: operation.body.as_ref().map(|ty| body(resolver, ty)).transpose()?,
        rules: models::rules(&operation.rules),
        status: operation.status.map_or(200, |status| status.value),
        partial: operation.partial.map(|status| status.value),
        errors: errors(resolver, operation),
        rows: operation.rows.iter().map(|status| status.value).collect(),
        repeat: repeat.value,
        key: operation.key.as_ref().map(|key| key.value.clone()),
        lookup: lookup.transpose()?,
        page_token: page_token(resolver, &result, &parameters),
        deprecated: operation.deprecated.as_ref().map(deprecation),
        parameters,
        result,
    })
}

fn body(resolver: &Resolver<'_, '_>, ty: &TypeText) -> Lowered<ir::Body> {
    let ty = resolver.resolved(ty)?;
    Ok(ir::Body { ty: ty.required().ir(), required: !matches!(ty, Resolved::Option(_)) })
}

/// Documented statuses and those of the API.
fn errors(resolver: &Resolver<'_, '_>, operation: &Operation) -> Vec<u16> {
    let mut errors: Vec<u16> =
        operation.errors.iter().chain(&resolver.api.errors).map(|status| status.value).collect();
    errors.sort_unstable();
    errors.dedup();
    errors
}

fn page_token(resolver: &Resolver<'_, '_>, result: &Outcome, parameters: &[Parameter]) -> Option<PageToken> {
    let Outcome::Page(_) = result else { return None };
    let token = resolver.api.pagination.token.as_str();
    let index = parameters.iter().position(|parameter| parameter.field.wire == token);
    Some(index.map_or(PageToken::Body, PageToken::Parameter))
}
