//! Descriptions: present, not empty, and whole sentences.

use crate::diagnostic::{Code, Diagnostic};
use crate::language::Text;
use crate::scope::built_in;
use crate::scope::{Entry, Kind, Scope};
use crate::type_expr::TypeExpr;

/// Checks every description that is written down. Those of fields: [`of_field`].
pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    if let Some(api) = &scope.api.api {
        let messages = api.stream.iter().flat_map(|stream| stream.messages.values());
        text(&api.doc, out);
        each(api.servers.values().map(|server| &server.doc), out);
        each(api.glossary.values(), out);
        each(messages.map(|message| &message.doc), out);
    }
    each(scope.api.groups.iter().map(|group| &group.group.doc), out);
    each(scope.operations().map(|(_, _, operation)| &operation.doc), out);
    for (_, channel) in scope.channels() {
        text(&channel.doc, out);
        each(channel.messages.values().map(|message| &message.doc), out);
    }
    for definition in scope.definitions() {
        text(definition.doc(), out);
        match definition.kind {
            Kind::Id(_) => {}
            Kind::Enum(item) => {
                each(item.values.values().map(|value| value.doc()), out);
                if let Some(reason) = &item.closed {
                    not_empty(reason, "the reason why an unlisted value is an error", out);
                }
            }
            Kind::Model(model) => each(model.constructors.values().map(|it| &it.doc), out),
            Kind::Union(union) => each(union.variants.values().filter_map(|variant| variant.doc()), out),
        }
    }
}

fn each<'a>(docs: impl Iterator<Item = &'a Text>, out: &mut Vec<Diagnostic>) {
    docs.for_each(|doc| text(doc, out));
}

/// Checks the description of a field, or that it gets one from elsewhere.
pub(super) fn of_field(scope: &Scope<'_>, entry: &Entry<'_>, out: &mut Vec<Diagnostic>) {
    if let Some(doc) = entry.field.doc() {
        return text(doc, out);
    }
    let Some(ty) = entry.field.ty().ok() else { return };
    if !is_described_elsewhere(scope, entry.name, ty) {
        let message = format!("`{}` has no description", entry.name);
        Diagnostic::new(Code::NoDescription, entry.name.span, message).label("needs `doc:`").help(
            "write `doc: …`, or an entry of `glossary:` in api.yaml if the name means the same everywhere",
        ).report(out);
    }
}

fn is_described_elsewhere(scope: &Scope<'_>, name: &Text, ty: &TypeExpr) -> bool {
    let Some(api) = &scope.api.api else { return true };
    // A type that is not defined might have a description if it were.
    api.glossary.contains_key(name.as_str()) || scope.is_broken(name) || built_in(ty.name()).is_none()
}

fn not_empty(doc: &Text, what: &str, out: &mut Vec<Diagnostic>) -> bool {
    if doc.stands_in() {
        return false;
    }
    let is_empty = doc.value.trim().is_empty();
    if is_empty {
        out.push(Diagnostic::new(Code::EmptyDoc, doc.span, format!("{what} is empty")));
    }
    !is_empty
}

/// One description.
fn text(doc: &Text, out: &mut Vec<Diagnostic>) {
    const ENDS: &[char] = &['.', '!', '?', '`', ')', '|'];
    if not_empty(doc, "this description", out) && !doc.value.trim_end().ends_with(ENDS) {
        let message = "this description does not end like a sentence";
        out.push(Diagnostic::new(Code::UnfinishedDoc, doc.span, message).help("end it with a full stop"));
    }
}
