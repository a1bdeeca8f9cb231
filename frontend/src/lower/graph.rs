//! Types and what they hold: which way each travels, and which hold themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Api, Direction, Group, Kind, Name, Outcome, Type};

/// Models and unions with the types that stand in them.
type Contents = BTreeMap<Name, Vec<Type>>;

/// Notes for every model and union whether operations and channels send it, receive it or both.
pub(super) fn directions(api: &mut Api) {
    let contents = contents(api);
    let mut sent = BTreeSet::new();
    let mut received = BTreeSet::new();
    for operation in api.groups.iter().flat_map(|group| &group.operations) {
        let parameters = operation.parameters.iter().map(|parameter| &parameter.field.ty);
        for ty in parameters.chain(operation.body.as_ref().map(|body| &body.ty)) {
            reach(ty, &contents, &mut sent);
        }
        if let Outcome::Value(ty) | Outcome::Page(ty) = &operation.result {
            reach(ty, &contents, &mut received);
        }
    }
    for channel in api.groups.iter().flat_map(|group| &group.channels) {
        reach(&channel.subscription, &contents, &mut sent);
        for ty in channel.messages.iter().filter_map(|message| message.content.ty()) {
            reach(ty, &contents, &mut received);
        }
    }
    for group in &mut api.groups {
        let direction = |rust: &str, kind| {
            let name = name(&group.name, rust, kind);
            Direction { sent: sent.contains(&name), received: received.contains(&name) }
        };
        for model in &mut group.models {
            model.direction = direction(&model.rust, Kind::Model);
        }
        for union in &mut group.unions {
            union.direction = direction(&union.rust, Kind::Union);
        }
    }
}

/// Boxes every field through which a model would contain itself.
pub(super) fn boxes(api: &mut Api) {
    let contents = contents(api);
    for group in &mut api.groups {
        for model in &mut group.models {
            let own = name(&group.name, &model.rust, Kind::Model);
            for field in &mut model.fields {
                let held = match &mut field.ty {
                    Type::Option(inner) | Type::Patch(inner) => inner.as_mut(),
                    other => other,
                };
                if by_value(held).is_some_and(|inner| contains(inner, &own, &contents)) {
                    let inner = std::mem::replace(held, Type::Bool);
                    *held = Type::Boxed(Box::new(inner));
                }
            }
        }
    }
}

/// Whether a value of `outer` holds a value of `inner`, or is one.
fn contains(outer: &Name, inner: &Name, contents: &Contents) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![outer];
    while let Some(name) = open.pop() {
        if name == inner {
            return true;
        }
        if seen.insert(name) {
            open.extend(contents.get(name).into_iter().flatten().filter_map(by_value));
        }
    }
    false
}

/// The model or union that a type holds without indirection.
fn by_value(ty: &Type) -> Option<&Name> {
    match ty {
        Type::Named(name) => Some(name),
        Type::Option(inner) | Type::Patch(inner) => by_value(inner),
        _ => None,
    }
}

/// Adds the models and unions that `ty` leads to.
fn reach(ty: &Type, contents: &Contents, reached: &mut BTreeSet<Name>) {
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        match ty {
            Type::Option(inner)
            | Type::Patch(inner)
            | Type::List(inner)
            | Type::Map(inner)
            | Type::Boxed(inner) => open.push(inner),
            Type::Named(name) if reached.insert(name.clone()) => {
                open.extend(contents.get(name).into_iter().flatten());
            }
            _ => {}
        }
    }
}

fn contents(api: &Api) -> Contents {
    api.groups.iter().flat_map(group_contents).collect()
}

fn group_contents(group: &Group) -> impl Iterator<Item = (Name, Vec<Type>)> {
    let models = group.models.iter().map(|model| {
        let fields = model.fields.iter().map(|field| field.ty.clone()).collect();
        (name(&group.name, &model.rust, Kind::Model), fields)
    });
    let unions = group.unions.iter().map(|union| {
        let variants = union.variants.iter().map(|variant| variant.ty.clone()).collect();
        (name(&group.name, &union.rust, Kind::Union), variants)
    });
    models.chain(unions)
}

fn name(module: &str, rust: &str, kind: Kind) -> Name {
    Name { module: module.to_owned(), rust: rust.to_owned(), kind }
}
