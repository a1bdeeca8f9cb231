//! "Did you mean …?"

/// The candidate that is nearest to what was written, if one is near enough: at most a third of
/// the longer one's characters away, whatever the case.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written: Vec<char> = written.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let length = candidate.chars().count();
            let allowed = (written.len().max(length) / 3).max(1);
            // There are no fewer edits than the lengths differ by.
            if length.abs_diff(written.len()) > allowed {
                return None;
            }
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let distance = distance(&written, &other);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits (insert, delete, replace, swap of neighbours) from one text to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (row, &in_a) in a.iter().enumerate() {
        let mut current = vec![row.saturating_add(1)];
        let mut previous_b = None;
        for (column, &in_b) in b.iter().enumerate() {
            let at = |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(usize::MAX);
            let next = column.saturating_add(1);
            let replaced = at(&last, column).saturating_add(usize::from(in_a != in_b));
            let deleted = at(&last, next).saturating_add(1);
            let inserted = at(&current, column).saturating_add(1);
            let mut cell = replaced.min(deleted).min(inserted);
            if previous_a == Some(in_b) && previous_b == Some(in_a) {
                let swapped = column.checked_sub(1).map_or(usize::MAX, |index| at(&before_last, index));
                cell = cell.min(swapped.saturating_add(1));
            }
            current.push(cell);
            previous_b = Some(in_b);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_a = Some(in_a);
    }
    last.last().copied().unwrap_or_default()
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

    #[test]
    fn a_swap_is_one_edit() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("abcd"), &chars("acbd")), 1);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
    }
}
