//! Messages that wait for those before them, and messages that may come twice.

use std::collections::{HashMap, VecDeque};

use super::numbering::MessageId;
use super::{ConnectionId, Origin};

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

/// Most bytes of held messages.
const MOST_BYTES: usize = 4 << 20;

/// Messages in the order of their numbers; those of one number in the order in which they came.
#[derive(Debug)]
pub(super) struct Held<M> {
    pub(super) items: VecDeque<Item<M>>,
    pub(super) bytes: usize,
}

impl<M> Default for Held<M> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0 }
    }
}

impl<M> Held<M> {
    /// Whether another message of this size exceeds the limits.
    pub(super) fn is_full(&self, size: usize, most: usize) -> bool {
        self.items.len() >= most || self.bytes.saturating_add(size) > MOST_BYTES
    }

    pub(super) fn insert(&mut self, item: Item<M>) {
        self.bytes = self.bytes.saturating_add(item.size);
        let at = self.items.partition_point(|other| other.id.number <= item.id.number);
        self.items.insert(at, item);
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Item<M>> {
        let at = self.items.binary_search_by_key(&number, |item| item.id.number).ok()?;
        self.items.get_mut(at)
    }

    /// The lowest message.
    pub(super) fn lowest(&self) -> Option<MessageId> {
        self.items.front().map(|item| item.id)
    }

    /// The highest number.
    pub(super) fn highest(&self) -> Option<u64> {
        self.items.back().map(|item| item.id.number)
    }

    /// Removes the lowest message.
    pub(super) fn pop(&mut self) -> Option<Item<M>> {
        let item = self.items.pop_front()?;
        self.bytes = self.bytes.saturating_sub(item.size);
        Some(item)
    }
}

/// Most messages that one connection can be ahead of the other. Beyond it the comparison begins
/// anew.
const MOST: usize = 1 << 16;

/// By the hash of a message: which connection brought it more often than the other, and by how much.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    ahead: HashMap<u64, (ConnectionId, u32)>,
}

impl Overlap {
    /// Whether a message is the second copy of one that the other connection brought.
    pub(super) fn is_second(&mut self, connection: ConnectionId, hash: u64) -> bool {
        match self.ahead.get_mut(&hash) {
            Some((ahead, by)) if *ahead == connection => *by = by.saturating_add(1),
            Some((_, by)) => {
                *by = by.saturating_sub(1);
                if *by == 0 {
                    self.ahead.remove(&hash);
                }
                return true;
            }
            None => {
                if self.ahead.len() >= MOST {
                    self.clear();
                }
                self.ahead.insert(hash, (connection, 1));
            }
        }
        false
    }

    /// There is one connection only.
    pub(super) fn clear(&mut self) {
        if !self.ahead.is_empty() {
            self.ahead = HashMap::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_counts_as_often_as_one_connection_brings_it() {
        let (old, new) = (ConnectionId(1), ConnectionId(2));
        let mut overlap = Overlap::default();
        let second: Vec<_> = [(old, 7), (old, 7), (new, 7), (new, 8), (new, 7), (new, 7), (old, 8), (old, 7)]
            .map(|(connection, hash)| overlap.is_second(connection, hash))
            .into();
        assert_eq!(second, [false, false, true, false, true, false, true, true]);
    }
}
