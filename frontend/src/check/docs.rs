//! Descriptions: present, not empty, and whole sentences.

use crate::diagnostic::{Code, Diagnostic};
use crate::language::Text;
use crate::scope::built_in;
use crate::scope::{Entry, Kind, Scope};
use crate::source::Spanned;
use crate::type_expr::TypeExpr;

/// Checks every description that is written down. Those of fields: [`of_field`].
pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    if let Some(api) = &scope.api.api {
        text(api.doc.as_spanned(), out);
        for server in api.servers.values() {
            text(server.doc.as_spanned(), out);
        }
        for doc in api.glossary.values() {
            text(doc.as_spanned(), out);
        }
        for message in api.stream.iter().flat_map(|stream| stream.messages.values()) {
            text(message.doc.as_spanned(), out);
        }
    }
    for group in &scope.api.groups {
        text(group.group.doc.as_spanned(), out);
    }
    for (_, _, operation) in scope.operations() {
        text(operation.doc.as_spanned(), out);
    }
    for (_, channel) in scope.channels() {
        text(channel.doc.as_spanned(), out);
        for message in channel.messages.values() {
            text(message.doc.as_spanned(), out);
        }
    }
    for definition in scope.definitions() {
        match definition.kind {
            Kind::Id(id) => text(id.doc.as_spanned(), out),
            Kind::Enum(item) => {
                text(item.doc.as_spanned(), out);
                for value in item.values.values() {
                    text(value.doc().as_spanned(), out);
                }
                if let Some(reason) = &item.closed {
                    not_empty(reason.as_spanned(), "the reason why an unlisted value is an error", out);
                }
            }
            Kind::Model(model) => {
                text(model.doc.as_spanned(), out);
                for constructor in model.constructors.values() {
                    text(constructor.doc.as_spanned(), out);
                }
            }
            Kind::Union(union) => {
                text(union.doc.as_spanned(), out);
                for doc in union.variants.values().filter_map(|variant| variant.doc()) {
                    text(doc.as_spanned(), out);
                }
            }
        }
    }
}

/// Checks the description of a field, or that it gets one from elsewhere.
pub(super) fn of_field(scope: &Scope<'_>, entry: &Entry<'_>, out: &mut Vec<Diagnostic>) {
    if let Some(doc) = entry.field.doc() {
        return text(doc.as_spanned(), out);
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

fn not_empty(doc: Spanned<&str>, what: &str, out: &mut Vec<Diagnostic>) -> bool {
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
fn text(doc: Spanned<&str>, out: &mut Vec<Diagnostic>) {
    const ENDS: &[char] = &['.', '!', '?', '`', ')', '|'];
    if not_empty(doc, "this description", out) && !doc.value.trim_end().ends_with(ENDS) {
        let message = "this description does not end like a sentence";
        out.push(Diagnostic::new(Code::UnfinishedDoc, doc.span, message).help("end it with a full stop"));
    }
}
