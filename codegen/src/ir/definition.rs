//! Finding a defined type by its name.

use super::{Api, Enum, Id, Kind, Model, Name, Union};

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
        match name.kind {
            Kind::TextId | Kind::NumberId => {
                group.ids.iter().find(|id| id.rust == name.rust).map(Definition::Id)
            }
            Kind::Enum => group.enums.iter().find(|item| item.rust == name.rust).map(Definition::Enum),
            Kind::Model => group.models.iter().find(|model| model.rust == name.rust).map(Definition::Model),
            Kind::Union => group.unions.iter().find(|union| union.rust == name.rust).map(Definition::Union),
        }
    }
}
