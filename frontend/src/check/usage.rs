//! Definitions that nothing uses.

use std::collections::BTreeSet;

use super::scope::{Fields, Kind, Scope, ty};
use crate::diagnostic::{Code, Diagnostic};
use crate::type_expr::{ResultExpr, TypeExpr, parse_result};

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    types(scope, out);
    let Some(api) = &scope.api.api else { return };
    for name in api.parameters.keys() {
        if !scope.operations().any(|(_, _, operation)| operation.include.contains(name)) {
            let message = format!("no operation includes `{name}`");
            out.push(Diagnostic::new(Code::UnusedDefinition, name.span, message));
        }
    }
    let used = glossary(scope);
    for name in api.glossary.keys().filter(|name| !used.contains(name.as_str())) {
        let message = format!("no field takes its description from the glossary's `{name}`");
        out.push(Diagnostic::new(Code::UnusedGlossary, name.span, message));
    }
}

fn types(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = Vec::new();
    for (_, _, operation) in scope.operations() {
        for field in operation.path.values() {
            open.extend(ty(field.ty()).iter().flat_map(names));
        }
        open.extend(of_fields(&scope.query(operation)));
        open.extend(operation.body.as_ref().and_then(|body| ty(body.as_spanned())).iter().flat_map(names));
        if let Ok(ResultExpr::Value(ty) | ResultExpr::Page(ty)) = parse_result(operation.result.as_spanned())
        {
            open.extend(names(&ty));
        }
    }
    open.extend(of_channels(scope));
    while let Some(name) = open.pop() {
        if used.contains(&name) {
            continue;
        }
        match scope.get(&name).map(|definition| definition.kind) {
            Some(Kind::Id(id)) => open.extend(id.accepts.iter().map(|name| name.value.clone())),
            Some(Kind::Model(model)) => {
                open.extend(of_fields(&scope.fields(model)));
                open.extend(model.include.iter().map(|name| name.value.clone()));
            }
            Some(Kind::Union(union)) => {
                open.extend(
                    union.variants.values().filter_map(|variant| ty(variant.ty())).flat_map(|ty| names(&ty)),
                );
            }
            Some(Kind::Enum(_)) | None => {}
        }
        used.insert(name);
    }
    for definition in scope.definitions().filter(|definition| !used.contains(definition.name.as_str())) {
        let name = definition.name;
        let message = format!("nothing uses `{name}`");
        out.push(Diagnostic::new(Code::UnusedDefinition, name.span, message));
    }
}

/// What channels send and receive.
fn of_channels(scope: &Scope<'_>) -> Vec<String> {
    let stream = scope.api.api.iter().filter_map(|api| api.stream.as_ref());
    let of_all = stream.flat_map(|stream| stream.messages.values());
    let own = scope.channels().flat_map(|(_, channel)| channel.messages.values());
    let received = own.chain(of_all).flat_map(|message| message.data.iter().chain(&message.payload));
    let sent = scope.channels().map(|(_, channel)| &channel.subscribe.payload);
    received.chain(sent).filter_map(|text| ty(text.as_spanned())).flat_map(|ty| names(&ty)).collect()
}

fn of_fields(fields: &Fields<'_>) -> Vec<String> {
    fields.entries.iter().filter_map(|entry| entry.ty.as_ref()).flat_map(names).collect()
}

fn names(ty: &TypeExpr) -> Vec<String> {
    ty.names().into_iter().map(|(name, _)| name.value.clone()).collect()
}

/// The names of all fields and variants without a description of their own.
fn glossary<'a>(scope: &Scope<'a>) -> BTreeSet<&'a str> {
    let mut used = BTreeSet::new();
    let groups = scope.api.api.iter().flat_map(|api| api.parameters.values());
    let parameters = scope.operations().flat_map(|(_, _, operation)| [&operation.path, &operation.query]);
    let models = scope.models().map(|(_, model)| &model.fields);
    for (name, field) in groups.chain(parameters).chain(models).flatten() {
        if field.doc().is_none() {
            used.insert(name.as_str());
        }
    }
    for definition in scope.definitions() {
        if let Kind::Union(union) = definition.kind {
            let undescribed = union.variants.iter().filter(|(_, variant)| variant.doc().is_none());
            used.extend(undescribed.map(|(name, _)| name.as_str()));
        }
    }
    used
}
