//! What looks like chance and follows from a seed.

/// A number that looks like chance, the same for the same arguments: the finalizer of SplitMix64 over
/// each of them.
pub(crate) fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| mix(state ^ part.wrapping_add(0x9e37_79b9)))
}

/// The finalizer of SplitMix64.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A number from `low` to `high`, both possible.
pub(crate) fn between(low: i64, high: i64, parts: &[u64]) -> i64 {
    low + (hash(parts) % (high.abs_diff(low) + 1)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_every_part() {
        let all = [hash(&[1, 2]), hash(&[2, 1]), hash(&[1, 2, 0]), hash(&[1]), hash(&[])];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(one));
        }
    }

    #[test]
    fn keeps_its_bounds() {
        for seed in 0..1000 {
            assert!((-2..=2).contains(&between(-2, 2, &[seed])));
        }
    }
}
