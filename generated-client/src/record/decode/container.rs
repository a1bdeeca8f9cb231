//! Reading what holds other values: models, lists and maps.

use super::failure::Failure;
use super::{Decoder, Result};
use crate::record::{Field, ListSlot, MapSlot, Record, Slot};

impl<'a> Decoder<'a> {
    pub(super) fn record(&mut self, record: &mut dyn Record) -> Result {
        let table = record.table();
        let fields = table.fields;
        self.open(b'{', || format!("an object ({})", table.name))?;
        let mut seen = FieldSet::default();
        let (mut is_first, mut expected) = (true, 0);
        while self.next(b'}', &mut is_first)? {
            let Some((index, field)) = self.field(fields, expected)? else {
                self.skip()?;
                continue;
            };
            expected = index + 1;
            if field.lenient {
                self.lenient(record, index, seen.insert(index))?;
                continue;
            }
            let Some(slot) = record.slot_at(index) else {
                self.skip()?;
                continue;
            };
            if !seen.insert(index) {
                return Err(Failure::other("occurs twice").field(field.name));
            }
            let outside = std::mem::replace(&mut self.floats, field.number);
            self.value(slot).map_err(|failure| inside(field, failure))?;
            self.floats = outside;
        }
        let missing = |(index, field): &(usize, &Field)| field.required && !seen.contains(*index);
        match fields.iter().enumerate().find(missing) {
            Some((_, field)) => Err(Failure::other("is missing").field(field.name)),
            None => Ok(()),
        }
    }

    /// The field that is next, trying first the one that is expected; none if it is not listed.
    #[inline]
    fn field(
        &mut self,
        fields: &'static [Field],
        expected: usize,
    ) -> Result<Option<(usize, &'static Field)>> {
        if let Some(field) = fields.get(expected)
            && self.json.eat_name(field.name)
        {
            return Ok(Some((expected, field)));
        }
        let name = self.json.name().map_err(|expected| self.unexpected(expected))?;
        let Some(name) = name.read() else { return Ok(None) };
        let named = |(_, field): &(usize, &Field)| field.name == name;
        let mut after = fields.iter().enumerate().skip(expected);
        Ok(after.find(named).or_else(|| fields.iter().enumerate().take(expected).find(named)))
    }

    /// Reads the value of a lenient field, which is cleared if that fails, or if it is not the only one.
    fn lenient(&mut self, record: &mut dyn Record, index: usize, is_only: bool) -> Result {
        let json = self.skip()?;
        let mut decoder = self.inside(json);
        decoder.floats = false;
        let slot = record.slot_at(index).filter(|_| is_only);
        if slot.is_none_or(|slot| decoder.whole(slot).is_err()) {
            if let Some(Slot::Option(slot)) = record.slot_at(index) {
                slot.clear();
            }
            record.unreadable(index, json);
        }
        Ok(())
    }

    pub(super) fn list(&mut self, list: &mut dyn ListSlot) -> Result {
        self.open(b'[', || "a list".to_owned())?;
        let (mut is_first, mut index) = (true, 0);
        while self.next(b']', &mut is_first)? {
            match list.push() {
                Some(slot) => self.value(slot).map_err(|failure| failure.index(index))?,
                None => _ = self.skip()?,
            }
            index += 1;
        }
        Ok(())
    }

    pub(super) fn map(&mut self, entries: &mut dyn MapSlot) -> Result {
        self.open(b'{', || "an object".to_owned())?;
        let mut is_first = true;
        while self.next(b'}', &mut is_first)? {
            let key = self.name()?;
            match entries.insert(&key) {
                Some(slot) => self.value(slot).map_err(|failure| failure.key(&key))?,
                None => return Err(Failure::other("occurs twice").key(&key)),
            }
        }
        Ok(())
    }
}

/// Adds a field to the path of a failure in it.
#[cold]
fn inside(field: &Field, mut failure: Box<Failure>) -> Box<Failure> {
    if field.sensitive {
        failure.redact();
    }
    failure.field(field.name)
}

/// The fields that an object has had so far.
#[derive(Default)]
struct FieldSet {
    first: u64,
    /// Those from the 64th on.
    rest: Vec<u64>,
}

impl FieldSet {
    /// Adds a field; false if it was there.
    #[inline]
    fn insert(&mut self, index: usize) -> bool {
        let word = match (index / 64).checked_sub(1) {
            None => &mut self.first,
            Some(word) => {
                if word >= self.rest.len() {
                    self.rest.resize(word + 1, 0);
                }
                &mut self.rest[word]
            }
        };
        let bit = 1 << (index % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    #[inline]
    fn contains(&self, index: usize) -> bool {
        let word = match (index / 64).checked_sub(1) {
            None => Some(&self.first),
            Some(word) => self.rest.get(word),
        };
        word.is_some_and(|word| word & (1 << (index % 64)) != 0)
    }
}
