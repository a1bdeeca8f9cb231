//! Which row of the fault table is proven where. A test that proves one has its number in its name:
//! `row_07_…`, or `rows_6_7_8_14_…` for several. So has a script of the machine: `rows 6, 7, 8, 14: …`.

use std::collections::BTreeSet;
use std::path::Path;

use clear_street_test_support::sources::sources;
use syn::visit::Visit;
use syn::{ItemFn, LitStr};

const STREAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stream");

/// Rows that the machine alone proves, with a clock in the hand of the test.
const CORE: [usize; 22] =
    [15, 17, 20, 23, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 41, 46, 47, 48, 49];
/// Rows that need a whole stream, over pipes, in simulated time.
const SIM: [usize; 25] =
    [3, 4, 5, 6, 11, 15, 16, 18, 19, 21, 22, 24, 29, 30, 35, 37, 38, 43, 44, 45, 49, 50, 51, 52, 53];
/// Rows that need a network, or a connection alone.
const NET: [usize; 14] = [1, 2, 3, 4, 7, 8, 9, 10, 12, 13, 14, 39, 40, 42];

/// The rows that functions and scripts have in their names.
#[derive(Default)]
struct Rows(BTreeSet<usize>);

impl Rows {
    fn add(&mut self, name: &str) {
        let Some(name) = name.strip_prefix("row") else { return };
        let words = name.trim_start_matches('s').split(['_', ' ', ',', ':']);
        let words = words.filter(|word| !word.is_empty() && *word != "to");
        self.0.extend(words.map_while(|word| word.parse::<usize>().ok()));
    }
}

impl<'a> Visit<'a> for Rows {
    fn visit_item_fn(&mut self, function: &'a ItemFn) {
        self.add(&function.sig.ident.to_string());
    }

    fn visit_lit_str(&mut self, text: &'a LitStr) {
        text.value().lines().for_each(|line| self.add(line));
    }
}

#[test]
fn every_row_is_proven_where_it_has_to_be() {
    let mut proven = [const { BTreeSet::new() }; 3];
    for (path, items) in sources(Path::new(STREAM)) {
        let tier = match path.strip_prefix(STREAM).unwrap().to_str().unwrap() {
            path if path.starts_with("machine") => 0,
            path if path.starts_with("supervisor/tests/net") => 2,
            path if path.starts_with("supervisor") => 1,
            _ => 2,
        };
        let mut rows = Rows::default();
        items.iter().for_each(|item| rows.visit_item(item));
        proven[tier].extend(rows.0);
    }
    for (tier, (wanted, proven)) in [&CORE[..], &SIM, &NET].into_iter().zip(proven).enumerate() {
        let missing: Vec<_> = wanted.iter().filter(|row| !proven.contains(row)).collect();
        assert!(missing.is_empty(), "rows without a test, tier {tier}: {missing:?}");
    }
    assert!([&CORE[..], &SIM, &NET].concat().into_iter().collect::<BTreeSet<_>>().into_iter().eq(1..=53));
}
