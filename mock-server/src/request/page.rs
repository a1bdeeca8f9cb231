//! Which part of a list is asked for, and the tokens that say so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clear_street_spec::ir::{self, Bounds, Definition, Literal, Outcome, Type};
use serde_json::{Map, Value};

use crate::call::Window;
use crate::validate::{Strictness, Validator, ViolationKind};

/// Size of a page where the spec says nothing of it.
const SIZE: usize = 100;

/// The part that a call asks for, if its result comes in pages.
pub(super) fn window(
    api: &ir::Api,
    operation: &ir::Operation,
    parameters: &Map<String, Value>,
    body: Option<&Value>,
    strictness: Strictness,
    validator: &mut Validator<'_>,
) -> Option<Window> {
    if !matches!(operation.result, Outcome::Page(_)) {
        return None;
    }
    let names = &api.pagination;
    let given = |name: &str| parameters.get(name).or_else(|| body?.get(name));
    if let Some(Value::String(token)) = given(&names.token) {
        if let Some(window) = position(operation, token) {
            return Some(window);
        }
        if strictness == Strictness::Full {
            let message = "is no token of a page of this list".to_owned();
            validator.find(&names.token, ViolationKind::Format, message);
        }
    }
    let size = given(&names.size).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
    let size = size.unwrap_or_else(|| usual_size(api, operation));
    Some(Window { start: 0, size: size.max(1) })
}

/// What the spec says of the size of a page: its default, or else the greatest.
fn usual_size(api: &ir::Api, operation: &ir::Operation) -> usize {
    let mut parameters = operation.parameters.iter().map(|parameter| &parameter.field);
    let in_query = parameters.find(|field| field.wire == api.pagination.size);
    let in_body = || match operation.body.as_ref().map(|body| &body.ty) {
        Some(Type::Named(name)) => match api.definition(name) {
            Some(Definition::Model(model)) => {
                model.fields.iter().find(|field| field.wire == api.pagination.size)
            }
            _ => None,
        },
        _ => None,
    };
    let said = in_query.or_else(in_body).and_then(|field| match (&field.default, &field.bounds) {
        (Some(Literal::Int(size)), _) | (_, Bounds { max: Some(size), .. }) => usize::try_from(*size).ok(),
        _ => None,
    });
    said.unwrap_or(SIZE)
}

/// The token of a part of an operation's list.
pub(crate) fn token(operation: &ir::Operation, window: Window) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {} {}", operation.name, window.start, window.size))
}

/// The part that a token of this operation stands for.
fn position(operation: &ir::Operation, token: &str) -> Option<Window> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let mut words = std::str::from_utf8(&bytes).ok()?.split(' ');
    let of_this = words.next()? == operation.name;
    let window = Window { start: words.next()?.parse().ok()?, size: words.next()?.parse().ok()? };
    let has_end = window.size > 0 && window.start.checked_add(window.size).is_some();
    (of_this && words.next().is_none() && has_end).then_some(window)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::api;

    #[test]
    fn a_token_is_read_by_its_own_operation_only() {
        let api = api("trading");
        let operations: Vec<_> = api.groups.iter().flat_map(|group| &group.operations).collect();
        let named = |name: &str| *operations.iter().find(|operation| operation.name == name).unwrap();
        let window = Window { start: 50, size: 25 };
        let token = token(named("get_orders"), window);
        assert_eq!(position(named("get_orders"), &token), Some(window));
        assert_eq!(position(named("get_executions"), &token), None);
        for wrong in ["", "x", "get_orders 0 1", &token[1..], &format!("{token}A")] {
            assert_eq!(position(named("get_orders"), wrong), None, "{wrong}");
        }
    }
}
