//! From a request to a call: which operation it is, and what it says.

mod page;
mod parameters;
mod routes;

use clear_street_spec::ir::{self, Bounds};
use http::StatusCode;
use http::request::Parts;
use serde_json::Value;

pub(crate) use self::page::token;
pub(crate) use self::routes::{Found, Missed, Routes};
use crate::call::{Call, Refusal};
use crate::validate::{Strictness, Validator, Violation, ViolationKind};

/// Reads parameters and body of a request, and says what is wrong with them.
pub(crate) fn read<'a>(
    found: &Found<'a>,
    head: &'a Parts,
    bearer: &'a str,
    body: &[u8],
    strictness: Strictness,
) -> Result<Call<'a>, Refusal> {
    let Found { api, operation, .. } = *found;
    let mut validator = Validator::new(api, strictness);
    let parameters = parameters::read(found, head.uri.query().unwrap_or_default(), &mut validator);
    let fields = operation.parameters.iter().map(|parameter| &parameter.field);
    validator.fields(fields, &operation.rules, &parameters, "");
    validator.forgive_texts();
    let body = json(body)?;
    match (&body, &operation.body) {
        (None, Some(expected)) if expected.required => validator.missing(""),
        (Some(_), None) => validator.find("", ViolationKind::Unknown, "none is expected".to_owned()),
        (Some(value), Some(expected)) if expected.required || !value.is_null() => {
            validator.value(&expected.ty, &Bounds::default(), value, "");
        }
        _ => {}
    }
    let page = page::window(api, operation, &parameters, body.as_ref(), strictness, &mut validator);
    match validator.finish() {
        found if found.is_empty() => {
            let (headers, bearer) = (&head.headers, Some(bearer));
            Ok(Call { api, operation, parameters, body, page, headers, bearer })
        }
        found => Err(refusal(operation, found)),
    }
}

/// The body's value, if there is a body.
fn json(body: &[u8]) -> Result<Option<Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    serde_json::from_slice(body)
        .map(Some)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}")))
}

/// What is documented for bad arguments; 400 if nothing is.
fn refusal(operation: &ir::Operation, violations: Vec<Violation>) -> Refusal {
    let documented = |status: &StatusCode| operation.errors.contains(&status.as_u16());
    let status = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].into_iter().find(documented);
    let message = violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Refusal { status: status.unwrap_or(StatusCode::BAD_REQUEST), message, violations }
}
