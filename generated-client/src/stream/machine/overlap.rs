//! Messages without a number while two connections carry the same ones.

use std::collections::HashMap;

use super::io::ConnectionId;

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
