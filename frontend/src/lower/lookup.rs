//! How the rows of keyed operations are found again.

use super::resolve::Resolver;
use super::{Lowered, fields, refused, types};
use crate::diagnostic::Code;
use crate::ir::{self, Place, Request};
use crate::language::{Lookup, Operation, States, Text};
use crate::names;
use crate::scope::Kind;

pub(super) fn lookup(
    resolver: &Resolver<'_, '_>,
    operation: &Operation,
    lookup: &Lookup,
) -> Lowered<ir::Lookup> {
    let unfit = |name: &Text| refused(Code::BadLookup, name.span, format!("`{name}` finds no rows"));
    let (group, name, list) = resolver.scope.operation(&lookup.list).ok_or_else(|| unfit(&lookup.list))?;
    let parameters = fields::parameters(resolver, list)?;
    let index = |name: &Option<Text>| {
        let of = |name: &Text| {
            let index =
                parameters.iter().position(|it| it.place == Place::Query && it.field.wire == name.value);
            index.ok_or_else(|| unfit(name))
        };
        name.as_ref().map(of).transpose()
    };
    let states = states(resolver, operation, &lookup.status).ok_or_else(|| unfit(&lookup.status))?;
    Ok(ir::Lookup {
        list: Request {
            module: names::snake(&group.name),
            rust: names::request(name, list.request.as_ref()),
        },
        key: lookup.key.value.clone(),
        keys: index(&lookup.keys)?,
        since: index(&lookup.since)?,
        status: lookup.status.value.clone(),
        states: types::states(states),
        known_key: lookup.known_key.iter().map(|status| status.value).collect(),
    })
}

/// The states of the field `status` of the rows that an operation answers.
fn states<'a>(resolver: &Resolver<'_, 'a>, operation: &Operation, status: &str) -> Option<&'a States> {
    let Kind::Model(rows) = resolver.scope.ty(&operation.result)?.definition()?.kind else { return None };
    let fields = resolver.scope.fields(rows);
    match resolver.scope.ty(fields.get(status)?.field.ty())?.definition()?.kind {
        Kind::Enum(item) => item.states.as_ref(),
        _ => None,
    }
}
