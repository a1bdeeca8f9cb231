//! What a model can hold.

use std::any::Any;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::slot::{ListSlot, MapSlot, OptionSlot, Slot};
use super::view::{ListView, MapView, View};

/// Any value that a model can hold.
///
/// Sealed: only this crate can name it.
pub trait Value: Any {
    /// A placeholder to decode into.
    fn blank() -> Self
    where
        Self: Sized;
    /// The place to write the value to.
    fn slot(&mut self) -> Slot<'_>;
    /// The value to read.
    fn view(&self) -> View<'_>;
}

/// Implements `Value` for types with a slot of their own.
macro_rules! leaves {
    ($($type:ty: $slot:ident, $value:ident => $view:expr;)*) => {$(
        impl Value for $type {
            #[inline]
            fn blank() -> Self {
                Self::default()
            }

            #[inline]
            fn slot(&mut self) -> Slot<'_> {
                Slot::$slot(self)
            }

            #[inline]
            fn view(&self) -> View<'_> {
                let $value = self;
                $view
            }
        }
    )*};
}

leaves! {
    bool: Bool, value => View::Bool(*value);
    i32: I32, value => View::I64(i64::from(*value));
    i64: I64, value => View::I64(*value);
    u32: U32, value => View::U64(u64::from(*value));
    u64: U64, value => View::U64(*value);
    f64: F64, value => View::F64(*value);
    String: String, value => View::Text(value);
    Decimal: Decimal, value => View::Decimal(*value);
    Date: Date, value => View::Date(*value);
    Timestamp: Timestamp, value => View::Timestamp(*value);
    Zoned: Zoned, value => View::Zoned(value);
    SignedDuration: Duration, value => View::Duration(*value);
    Uuid: Uuid, value => View::Uuid(value);
    Vec<u8>: Bytes, value => View::Bytes(value);
}

impl<T: Value> Value for Option<T> {
    #[inline]
    fn blank() -> Self {
        None
    }

    #[inline]
    fn slot(&mut self) -> Slot<'_> {
        Slot::Option(self)
    }

    #[inline]
    fn view(&self) -> View<'_> {
        match self {
            Some(value) => value.view(),
            None => View::Absent,
        }
    }
}

impl<T: Value> Value for Box<T> {
    #[inline]
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[inline]
    fn slot(&mut self) -> Slot<'_> {
        T::slot(self)
    }

    #[inline]
    fn view(&self) -> View<'_> {
        T::view(self)
    }
}

impl<T: Value> Value for Vec<T> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn slot(&mut self) -> Slot<'_> {
        Slot::List(self)
    }

    #[inline]
    fn view(&self) -> View<'_> {
        View::List(self)
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn slot(&mut self) -> Slot<'_> {
        Slot::Map(self)
    }

    #[inline]
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
}

impl<T: Value> OptionSlot for Option<T> {
    #[inline]
    fn clear(&mut self) {
        *self = None;
    }

    #[inline]
    fn fill(&mut self) -> Option<Slot<'_>> {
        Some(self.insert(T::blank()).slot())
    }
}

impl<T: Value> ListSlot for Vec<T> {
    #[inline]
    fn push(&mut self) -> Option<Slot<'_>> {
        self.push(T::blank());
        self.last_mut().map(Value::slot)
    }
}

impl<T: Value> MapSlot for BTreeMap<String, T> {
    fn insert(&mut self, key: &str) -> Option<Slot<'_>> {
        match self.entry(key.to_owned()) {
            Entry::Vacant(entry) => Some(entry.insert(T::blank()).slot()),
            Entry::Occupied(_) => None,
        }
    }
}

impl<T: Value> ListView for Vec<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<View<'_>> {
        <[T]>::get(self, index).map(Value::view)
    }
}

impl<T: Value> MapView for BTreeMap<String, T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn entries(&self) -> Box<dyn Iterator<Item = (&str, View<'_>)> + '_> {
        Box::new(self.iter().map(|(key, value)| (key.as_str(), value.view())))
    }
}
