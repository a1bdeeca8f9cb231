//! Fields that a PATCH can clear.

use crate::record::{OptionSlot, Slot, Value, View};

/// What a PATCH does to a field: leave it unchanged, clear it, or set it.
///
/// An `Option` cannot distinguish *set to null* from *leave unchanged*. A request field that can be cleared
/// is a `Patch`; its setter takes a plain value, or `None` or `Patch::Null` to clear.
///
/// ```
/// use clear_street::Patch;
///
/// assert_eq!(Patch::from(5), Patch::Set(5));
/// assert_eq!(Patch::<i32>::from(None), Patch::Null);
/// assert_eq!(Patch::<i32>::default(), Patch::Keep);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// Leave the field unchanged: send nothing.
    #[default]
    Keep,
    /// Clear the field: send `null`.
    Null,
    /// Set the field to this value.
    Set(T),
}

impl<T> Patch<T> {
    /// The new value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Null => None,
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// `None` clears the field.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Set)
    }
}

impl<T: Value> Value for Patch<T> {
    fn blank() -> Self {
        Self::Keep
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Option(self)
    }

    fn view(&self) -> View<'_> {
        match self {
            Self::Keep => View::Absent,
            Self::Null => View::Null,
            Self::Set(value) => value.view(),
        }
    }
}

impl<T: Value> OptionSlot for Patch<T> {
    fn clear(&mut self) {
        *self = Self::Null;
    }

    fn fill(&mut self) -> Option<Slot<'_>> {
        *self = Self::Set(T::blank());
        match self {
            Self::Set(value) => Some(value.slot()),
            Self::Keep | Self::Null => None,
        }
    }
}
