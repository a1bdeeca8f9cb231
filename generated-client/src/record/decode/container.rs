//! Reading what holds other values: options, models, lists and maps.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::failure::Failure;
use super::{Decoder, Seed};
use crate::record::{Field, ListSlot, MapSlot, OptionSlot, Record, Slot};

pub(super) struct OptionVisitor<'s, 'd> {
    pub(super) slot: &'s mut dyn OptionSlot,
    pub(super) decoder: &'d mut Decoder,
}

impl<'de> Visitor<'de> for OptionVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.slot.clear();
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.slot.fill() {
            Some(slot) => Seed { slot, decoder: self.decoder }.deserialize(deserializer),
            None => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
        }
    }
}

pub(super) struct RecordVisitor<'s, 'd> {
    pub(super) record: &'s mut dyn Record,
    pub(super) decoder: &'d mut Decoder,
}

impl<'de> Visitor<'de> for RecordVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object ({})", self.record.table().name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { record, decoder } = self;
        let fields = record.table().fields;
        let mut seen = Seen::default();
        let mut next = 0;
        while let Some(known) = map.next_key_seed(FieldKey { fields, next })? {
            if let Some((index, _)) = known.filter(|(_, field)| field.lenient) {
                let raw: &RawValue = map.next_value()?;
                read_leniently(record, index, raw.get(), seen.insert(index), decoder);
                next = index.saturating_add(1);
                continue;
            }
            let slot = known.and_then(|(index, field)| Some((index, field, record.slot_at(index)?)));
            let Some((index, field, slot)) = slot else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if !seen.insert(index) {
                return Err(decoder.fail(Failure::other("occurs twice").field(field.name)));
            }
            let outside = std::mem::replace(&mut decoder.floats, field.number);
            let seed = Seed { slot, decoder: &mut *decoder };
            map.next_value_seed(seed).inspect_err(|error| inside(field, decoder.failed(error)))?;
            decoder.floats = outside;
            next = index.saturating_add(1);
        }
        let missing = |(index, field): &(usize, &Field)| field.required && !seen.contains(*index);
        match fields.iter().enumerate().find(missing) {
            Some((_, field)) => Err(decoder.fail(Failure::other("is missing").field(field.name))),
            None => Ok(()),
        }
    }
}

/// Reads the value of a lenient field, which is cleared if that fails, or if it is not the only one.
fn read_leniently(record: &mut dyn Record, index: usize, json: &str, is_only: bool, decoder: &mut Decoder) {
    let outside = std::mem::replace(&mut decoder.floats, false);
    let is_read = is_only && record.slot_at(index).is_some_and(|slot| decoder.text(json, slot).is_ok());
    decoder.floats = outside;
    if !is_read {
        if let Some(Slot::Option(slot)) = record.slot_at(index) {
            slot.clear();
        }
        record.unreadable(index, json);
    }
}

/// Adds a field to the path of a failure in it.
#[cold]
fn inside(field: &Field, failure: &mut Failure) {
    if field.sensitive {
        failure.redact();
    }
    failure.path.field(field.name);
}

/// Finds a field by its name, trying the one that is expected next first.
struct FieldKey {
    fields: &'static [Field],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for FieldKey {
    type Value = Option<(usize, &'static Field)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldKey {
    type Value = Option<(usize, &'static Field)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let (before, after) = self.fields.split_at_checked(self.next).unwrap_or_default();
        let after = after.iter().enumerate();
        let found = after
            .map(|(index, field)| (self.next.saturating_add(index), field))
            .chain(before.iter().enumerate())
            .find(|(_, field)| field.name == name);
        Ok(found)
    }
}

/// The fields that an object has had so far.
#[derive(Default)]
struct Seen {
    first: u64,
    rest: Vec<u64>,
}

impl Seen {
    /// Adds a field; false if it was there.
    fn insert(&mut self, index: usize) -> bool {
        let bit = bit(index);
        let word = match (index / 64).checked_sub(1) {
            None => &mut self.first,
            Some(word) => {
                if word >= self.rest.len() {
                    self.rest.resize(word.saturating_add(1), 0);
                }
                match self.rest.get_mut(word) {
                    Some(word) => word,
                    None => return false,
                }
            }
        };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn contains(&self, index: usize) -> bool {
        let word = match (index / 64).checked_sub(1) {
            None => self.first,
            Some(word) => self.rest.get(word).copied().unwrap_or_default(),
        };
        word & bit(index) != 0
    }
}

fn bit(index: usize) -> u64 {
    1_u64.rotate_left((index % 64) as u32)
}

pub(super) struct ListVisitor<'s, 'd> {
    pub(super) list: &'s mut dyn ListSlot,
    pub(super) decoder: &'d mut Decoder,
}

impl<'de> Visitor<'de> for ListVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let Self { list, decoder } = self;
        let mut index: usize = 0;
        loop {
            let item = Item { list: &mut *list, decoder: &mut *decoder };
            match sequence.next_element_seed(item) {
                Ok(Some(())) => index = index.saturating_add(1),
                Ok(None) => return Ok(()),
                Err(error) => {
                    decoder.failed(&error).path.index(index);
                    return Err(error);
                }
            }
        }
    }
}

/// Adds the next item to a list, if there is one.
struct Item<'s, 'd> {
    list: &'s mut dyn ListSlot,
    decoder: &'d mut Decoder,
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.list.push() {
            Some(slot) => Seed { slot, decoder: self.decoder }.deserialize(deserializer),
            None => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
        }
    }
}

pub(super) struct MapVisitor<'s, 'd> {
    pub(super) map: &'s mut dyn MapSlot,
    pub(super) decoder: &'d mut Decoder,
}

impl<'de> Visitor<'de> for MapVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { map: entries, decoder } = self;
        while let Some(key) = map.next_key::<String>()? {
            let Some(slot) = entries.insert(&key) else {
                let mut failure = Failure::other("occurs twice");
                failure.path.key(&key);
                return Err(decoder.fail(failure));
            };
            let seed = Seed { slot, decoder: &mut *decoder };
            map.next_value_seed(seed).inspect_err(|error| decoder.failed(error).path.key(&key))?;
        }
        Ok(())
    }
}
