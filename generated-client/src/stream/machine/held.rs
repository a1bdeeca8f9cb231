//! Messages that wait for those before them.

use std::collections::BTreeMap;

use super::event::Origin;
use super::numbering::MessageId;

/// A numbered message.
#[derive(Clone, Debug)]
pub(super) struct Item<M> {
    pub(super) id: MessageId,
    pub(super) size: usize,
    pub(super) origin: Origin,
    pub(super) message: M,
}

impl<R> Item<R> {
    /// The same message in the form in which it is kept.
    pub(super) fn keep<M>(self) -> Item<M>
    where
        R: Into<M>,
    {
        let Self { id, size, origin, message } = self;
        Item { id, size, origin, message: message.into() }
    }
}

/// Messages in the order of their numbers, one for each number.
#[derive(Debug)]
pub(super) struct Held<M> {
    items: BTreeMap<u64, Item<M>>,
    bytes: usize,
}

impl<M> Default for Held<M> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), bytes: 0 }
    }
}

/// Most bytes of held messages.
const MOST_BYTES: usize = 4 << 20;

impl<M> Held<M> {
    /// Whether another message of this size exceeds the limits.
    pub(super) fn is_full(&self, size: usize, most: usize) -> bool {
        self.items.len() >= most || self.bytes.saturating_add(size) > MOST_BYTES
    }

    /// Adds a message; replaces one of the same number.
    pub(super) fn insert(&mut self, item: Item<M>) {
        self.remove(item.id.number);
        self.bytes = self.bytes.saturating_add(item.size);
        self.items.insert(item.id.number, item);
    }

    pub(super) fn get(&self, number: u64) -> Option<MessageId> {
        self.items.get(&number).map(|item| item.id)
    }

    fn remove(&mut self, number: u64) -> Option<Item<M>> {
        let item = self.items.remove(&number)?;
        self.bytes = self.bytes.saturating_sub(item.size);
        Some(item)
    }

    /// The id of the message with the lowest number.
    pub(super) fn lowest(&self) -> Option<MessageId> {
        self.items.first_key_value().map(|(_, item)| item.id)
    }

    /// The highest number.
    pub(super) fn highest(&self) -> Option<u64> {
        self.items.last_key_value().map(|(number, _)| *number)
    }

    /// Removes the message with the lowest number.
    pub(super) fn pop(&mut self) -> Option<Item<M>> {
        let (lowest, _) = self.items.first_key_value()?;
        self.remove(*lowest)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
