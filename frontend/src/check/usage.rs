//! Definitions that nothing uses.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::language::TypeText;
use crate::scope::{Fields, Kind, Scope};
use crate::type_expr::ResultExpr;

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
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = Vec::new();
    for (_, _, operation) in scope.operations() {
        open.extend(operation.path.values().filter_map(|field| name(field.ty())));
        open.extend(of_fields(&scope.query(operation)));
        open.extend(operation.body.as_ref().and_then(name));
        if let Some(ResultExpr::Value(ty) | ResultExpr::Page(ty)) = operation.result.ok() {
            open.push(ty.name());
        }
    }
    open.extend(of_channels(scope));
    while let Some(next) = open.pop() {
        if !used.insert(next) {
            continue;
        }
        match scope.get(next).map(|definition| definition.kind) {
            Some(Kind::Id(id)) => open.extend(id.accepts.iter().map(|name| name.as_str())),
            Some(Kind::Model(model)) => {
                open.extend(of_fields(&scope.fields(model)));
                open.extend(model.include.iter().map(|name| name.as_str()));
            }
            Some(Kind::Union(union)) => {
                open.extend(union.variants.values().filter_map(|variant| name(variant.ty())));
            }
            Some(Kind::Enum(_)) | None => {}
        }
    }
    for definition in scope.definitions().filter(|definition| !used.contains(definition.name.as_str())) {
        let name = definition.name;
        let message = format!("nothing uses `{name}`");
        out.push(Diagnostic::new(Code::UnusedDefinition, name.span, message));
    }
}

/// What channels send and receive.
fn of_channels<'a>(scope: &Scope<'a>) -> Vec<&'a str> {
    let stream = scope.api.api.iter().filter_map(|api| api.stream.as_ref());
    let of_all = stream.flat_map(|stream| stream.messages.values());
    let own = scope.channels().flat_map(|(_, channel)| channel.messages.values());
    let received = own.chain(of_all).flat_map(|message| {
        let payload = message.payload.as_ref().map(|payload| payload.as_str());
        message.data.as_ref().and_then(name).into_iter().chain(payload)
    });
    let sent = scope.channels().map(|(_, channel)| channel.subscribe.payload.as_str());
    received.chain(sent).collect()
}

fn of_fields<'a>(fields: &Fields<'a>) -> impl Iterator<Item = &'a str> {
    fields.entries.iter().filter_map(|entry| name(entry.field.ty()))
}

fn name(ty: &TypeText) -> Option<&str> {
    ty.ok().map(|ty| ty.name().as_str())
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
