//! Mappings with free keys.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::attempt::Attempt;
use crate::same_schema::same_schema;
use crate::source::Spanned;

type Entries<T> = IndexMap<Spanned<String>, T>;

/// A mapping with free keys in the order of the file. An entry that cannot be read is reported and
/// left out.
#[derive(Clone, Debug)]
pub struct Map<T>(Entries<T>);

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(IndexMap::new())
    }
}

impl<T> Deref for Map<T> {
    type Target = Entries<T>;

    fn deref(&self) -> &Entries<T> {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a Map<T> {
    type Item = (&'a Spanned<String>, &'a T);
    type IntoIter = indexmap::map::Iter<'a, Spanned<String>, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntryByEntry(PhantomData))
    }
}

struct EntryByEntry<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntryByEntry<T> {
    type Value = Map<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::default();
        while let Some(Attempt(key)) = access.next_key()? {
            match key {
                None => _ = access.next_value::<IgnoredAny>()?,
                Some(key) => {
                    if let Attempt(Some(value)) = access.next_value()? {
                        map.0.insert(key, value);
                    }
                }
            }
        }
        Ok(map)
    }
}

same_schema!([T: JsonSchema] Map<T>, Entries<T>);
