//! Randomness that depends on nothing but what it is for.

use fastrand::Rng;

use crate::chance::mix;

/// Where the randomness of a value comes from: the seed of the server and the names of all that leads to
/// the value. So it is the same in every answer, whatever was asked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed(u64);

impl Seed {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// What belongs to a name below this.
    pub(super) fn with(self, name: &str) -> Self {
        // FNV-1a, which is short and spreads well enough once it is mixed.
        let hash = name.bytes().fold(self.0 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(mix(hash))
    }

    /// What belongs to a number below this.
    pub(super) fn at(self, index: usize) -> Self {
        Self(mix(self.0 ^ mix(index as u64)))
    }

    /// A number below `end`, and zero if that is zero.
    pub(super) fn below(self, end: usize) -> usize {
        self.0.checked_rem(end as u64).map_or(0, |rest| rest as usize)
    }

    pub(super) fn rng(self) -> Rng {
        Rng::with_seed(self.0)
    }
}
