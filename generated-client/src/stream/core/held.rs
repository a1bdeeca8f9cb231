//! Messages that came before their turn.

use std::collections::BTreeMap;

use super::epoch::Mark;
use super::event::Origin;

/// A numbered message.
#[derive(Clone, Debug)]
pub(super) struct Item<M> {
    pub(super) mark: Mark,
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
        let Self { mark, size, origin, message } = self;
        Item { mark, size, origin, message: message.into() }
    }
}

/// They wait here in the order of their numbers.
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

impl<M> Held<M> {
    /// Whether one more of this size would be more than may wait.
    pub(super) fn is_full(&self, size: usize, messages: usize, bytes: usize) -> bool {
        self.items.len() >= messages || self.bytes.saturating_add(size) > bytes
    }

    /// Puts a message in the place of its number; one that is there already goes.
    pub(super) fn insert(&mut self, item: Item<M>) {
        self.remove(item.mark.sequence);
        self.bytes = self.bytes.saturating_add(item.size);
        self.items.insert(item.mark.sequence, item);
    }

    pub(super) fn get(&self, sequence: u64) -> Option<Mark> {
        self.items.get(&sequence).map(|item| item.mark)
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Item<M>> {
        let item = self.items.remove(&sequence)?;
        self.bytes = self.bytes.saturating_sub(item.size);
        Some(item)
    }

    /// The lowest and the highest number that wait.
    pub(super) fn range(&self) -> Option<(u64, u64)> {
        Some((*self.items.first_key_value()?.0, *self.items.last_key_value()?.0))
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
