//! What stands in lists and mappings, less what failed before.

use std::slice::Iter;
use std::vec::IntoIter;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess};

use super::{Reader, Result};
use crate::decode::{Context, Error};
use crate::yaml::Node;

/// The items of a list.
pub(super) struct Items<'a> {
    rest: Iter<'a, Node>,
    context: &'a Context,
}

impl<'a> Items<'a> {
    pub(super) fn new(items: &'a [Node], context: &'a Context) -> Self {
        Self { rest: items.iter(), context }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let context = self.context;
        match self.rest.find(|item| !context.is_masked(item.id)) {
            Some(node) => seed.deserialize(Reader::new(node, context)).map(Some),
            None => Ok(None),
        }
    }
}

/// The entries of a mapping, then what stands in for those that are missing.
pub(super) struct Entries<'a> {
    mapping: Reader<'a>,
    rest: Iter<'a, (Node, Node)>,
    /// The keys that may occur, unless they are free.
    known: Option<&'static [&'static str]>,
    missing: IntoIter<&'static str>,
    /// Of the key that was given last.
    value: Option<Reader<'a>>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(
        mapping: Reader<'a>,
        entries: &'a [(Node, Node)],
        known: Option<&'static [&'static str]>,
    ) -> Self {
        let missing = mapping.context.missing(mapping.node.id).into_iter();
        Self { mapping, rest: entries.iter(), known, missing, value: None }
    }

    /// The entries of a mapping that is missing itself.
    pub(super) fn stand_ins(mapping: Reader<'a>, known: &'static [&'static str]) -> Self {
        Self {
            mapping,
            rest: [].iter(),
            known: Some(known),
            missing: Vec::from(known).into_iter(),
            value: None,
        }
    }

    /// The name under which an entry is known; `None` if it is not.
    fn known_name(&self, key: &Node, known: &'static [&'static str]) -> Option<&'static str> {
        let name = key.text().unwrap_or_default();
        let respelt = || self.mapping.context.respelt.borrow().get(&key.id).copied();
        known.iter().copied().find(|known| *known == name).or_else(respelt)
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let context = self.mapping.context;
        let named = |name| StrDeserializer::<Error>::new(name);
        while let Some((key, value)) = self.rest.next() {
            if context.is_masked(value.id) {
                continue;
            }
            self.value = Some(Reader { key: Some(key.span), ..Reader::new(value, context) });
            match self.known.map(|known| self.known_name(key, known)) {
                None => return seed.deserialize(Reader::new(key, context)).map(Some),
                Some(Some(name)) => return seed.deserialize(named(name)).map(Some),
                Some(None) => {}
            }
        }
        let Some(name) = self.missing.next() else { return Ok(None) };
        self.value = Some(Reader { stands_in: true, ..self.mapping });
        seed.deserialize(named(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        match self.value.take() {
            Some(reader) => seed.deserialize(reader),
            None => Err(Error::custom("a value was asked for before its key")),
        }
    }
}
