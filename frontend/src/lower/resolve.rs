//! What was resolved when the spec was checked.

use super::{Lowered, description, refused};
use crate::diagnostic::Code;
use crate::ir::Type;
use crate::language::{Api, Text};
use crate::scope::{Definition, Resolved, Scope};

/// One API with what its names stand for.
pub(super) struct Resolver<'s, 'a> {
    pub(super) scope: &'s Scope<'a>,
    pub(super) api: &'a Api,
}

impl<'a> Resolver<'_, 'a> {
    /// What a type, or the name of a definition, stands for.
    pub(super) fn resolved(&self, text: &Text) -> Lowered<&Resolved<'a>> {
        let unresolved = || refused(Code::UnknownType, text.span, format!("`{text}` is not resolved"));
        self.scope.ty(text).ok_or_else(unresolved)
    }

    pub(super) fn ty(&self, text: &Text) -> Lowered<Type> {
        Ok(self.resolved(text)?.ir())
    }

    /// The description of a field that has none itself: that of its name in the glossary, or of its type.
    /// Empty if neither has one.
    pub(super) fn doc(&self, field: &str, ty: &Resolved<'_>) -> String {
        let of_name = self.api.glossary.get(field);
        let doc = of_name.or_else(|| ty.definition().map(Definition::doc));
        doc.map_or_else(String::new, |doc| description(doc))
    }
}
