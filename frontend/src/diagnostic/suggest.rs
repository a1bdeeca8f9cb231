//! "Did you mean …?"

use strsim::osa_distance;

/// The candidate that is nearest to what was written, if one is near enough: at most a third of
/// the longer one's characters away, whatever the case.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let length = written.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.chars().count();
            let allowed = (length.max(other) / 3).max(1);
            // There are no fewer edits than the lengths differ by.
            let is_possible = length.abs_diff(other) <= allowed;
            let distance = is_possible.then(|| osa_distance(&written, &candidate.to_lowercase()))?;
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let known = ["OrderStatus", "OrderType", "Order", "string"];
        assert_eq!(nearest("OrderSttus", known), Some("OrderStatus"));
        assert_eq!(nearest("Oredr", known), Some("Order"));
        assert_eq!(nearest("String", known), Some("string"));
        assert_eq!(nearest("Instrument", known), None);
    }
}
