//! Finding a defined type by its name.

use super::{Api, Enum, Group, Id, Model, Name, Union};

/// A defined type.
#[derive(Clone, Copy, Debug)]
pub enum Definition<'a> {
    Id(&'a Id),
    Enum(&'a Enum),
    Model(&'a Model),
    Union(&'a Union),
}

impl Api {
    /// The type of a name; every name in the IR has one.
    pub fn definition(&self, name: &Name) -> Option<Definition<'_>> {
        let group = self.groups.iter().find(|group| group.name == name.module)?;
        group.definitions().find(|definition| definition.rust() == name.rust)
    }

    /// The type of this name in the spec, which has no other.
    pub fn definition_called(&self, name: &str) -> Option<Definition<'_>> {
        let mut all = self.groups.iter().flat_map(Group::definitions);
        all.find(|definition| definition.rust().trim_start_matches("r#") == name)
    }
}

impl Group {
    /// All types that it defines.
    pub fn definitions(&self) -> impl Iterator<Item = Definition<'_>> {
        let ids = self.ids.iter().map(Definition::Id);
        let enums = self.enums.iter().map(Definition::Enum);
        let models = self.models.iter().map(Definition::Model);
        let unions = self.unions.iter().map(Definition::Union);
        ids.chain(enums).chain(models).chain(unions)
    }
}

impl<'a> Definition<'a> {
    /// Rust identifier, escaped.
    pub fn rust(self) -> &'a str {
        match self {
            Self::Id(id) => &id.rust,
            Self::Enum(item) => &item.rust,
            Self::Model(model) => &model.rust,
            Self::Union(union) => &union.rust,
        }
    }
}
