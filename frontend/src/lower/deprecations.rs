//! Which modules have to do with something deprecated.

use std::collections::BTreeSet;

use crate::ir::{Api, Group, Kind, Name, Outcome, Type};

/// Notes for every group whether it defines or uses something deprecated.
pub(super) fn note(api: &mut Api) {
    let models: BTreeSet<Name> = api.groups.iter().flat_map(deprecated_models).collect();
    for group in &mut api.groups {
        group.deprecations = defines(group) || types(group).any(|ty| uses(ty, &models));
    }
}

fn deprecated_models(group: &Group) -> impl Iterator<Item = Name> {
    group.models.iter().filter(|model| model.deprecated.is_some()).map(|model| Name {
        module: group.name.clone(),
        rust: model.rust.clone(),
        kind: Kind::Model,
    })
}

fn defines(group: &Group) -> bool {
    let operations = group.operations.iter().any(|operation| {
        operation.deprecated.is_some() || operation.parameters.iter().any(|it| it.field.deprecated.is_some())
    });
    let models = group.models.iter().any(|model| {
        model.deprecated.is_some() || model.fields.iter().any(|field| field.deprecated.is_some())
    });
    let values = group.enums.iter().flat_map(|item| &item.values).any(|value| value.deprecated.is_some());
    operations || models || values
}

/// Every type that is written in a group.
fn types(group: &Group) -> impl Iterator<Item = &Type> {
    let operations = group.operations.iter().flat_map(|operation| {
        let result = match &operation.result {
            Outcome::Value(ty) | Outcome::Page(ty) => Some(ty),
            Outcome::Nothing => None,
        };
        operation.body.iter().map(|body| &body.ty).chain(result)
    });
    let fields = group.models.iter().flat_map(|model| &model.fields).map(|field| &field.ty);
    let variants = group.unions.iter().flat_map(|union| &union.variants).map(|variant| &variant.ty);
    let channels = group.channels.iter().flat_map(|channel| {
        let messages = channel.messages.iter().filter_map(|message| message.content.ty());
        messages.chain([&channel.subscription])
    });
    operations.chain(fields).chain(variants).chain(channels)
}

fn uses(ty: &Type, names: &BTreeSet<Name>) -> bool {
    match ty {
        Type::Option(inner)
        | Type::Patch(inner)
        | Type::List(inner)
        | Type::Map(inner)
        | Type::Boxed(inner) => uses(inner, names),
        Type::Named(name) => names.contains(name),
        _ => false,
    }
}
