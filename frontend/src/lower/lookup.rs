//! How the rows of keyed operations are found again.

use super::resolve::{Resolver, innermost, parse, parse_result};
use super::{models, operations, types};
use crate::ir::{self, Place};
use crate::language::{Lookup, Operation, States, Text};
use crate::type_expr::ResultExpr;

/// `None` only for what the check refuses.
pub(super) fn lookup(resolver: &Resolver<'_>, operation: &Operation, lookup: &Lookup) -> Option<ir::Lookup> {
    let (request, list) = resolver.operation(&lookup.list)?;
    let parameters = operations::parameters(resolver, list);
    let index = |name: &Option<Text>| {
        let name = name.as_ref()?.as_str();
        parameters.iter().position(|it| it.place == Place::Query && it.field.wire == name)
    };
    Some(ir::Lookup {
        list: request.clone(),
        key: lookup.key.value.clone(),
        keys: index(&lookup.keys),
        since: index(&lookup.since),
        status: lookup.status.value.clone(),
        states: types::states(states(resolver, operation, &lookup.status)?),
        known_key: lookup.known_key.iter().map(|status| status.value).collect(),
    })
}

/// The states of the field `status` of the rows that an operation answers.
fn states<'a>(resolver: &Resolver<'a>, operation: &Operation, status: &str) -> Option<&'a States> {
    let ResultExpr::Value(rows) = parse_result(&operation.result) else { return None };
    let fields = models::all_fields(resolver, resolver.model(innermost(&rows))?);
    let (_, field) = fields.into_iter().find(|(wire, _)| wire.as_str() == status)?;
    let ty = parse(&Text::new(field.ty().value.to_owned(), field.span));
    resolver.enumeration(innermost(&ty))?.states.as_ref()
}
