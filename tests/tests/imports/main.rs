//! Modules import in one direction: there is no circle between siblings at any level.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod graph;
mod modules;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::graph::siblings;

/// Knots that are still to be cut: folder of the crate, parent, members. The list can only shrink.
const KNOTS: &[&str] = &[
    "codegen crate::decode: attempt, entries, reader, spanned",
    "codegen crate::emit: examples, handles, operations",
    "codegen crate::lower: fields, models, resolve, types",
    "codegen crate::lower: lookup, operations",
    "codegen crate: decode, language",
    "codegen crate::yaml: entries, tree",
    "generated-client crate::authentication: refresh, tokens",
    "generated-client crate::call: attempts, send",
    "generated-client crate::error: body, detail, problem",
    "generated-client crate::record: check, encode, text",
    "generated-client crate::record: slot, value, view",
    "generated-client crate::retry: decision, limits",
    "generated-client crate: authentication, blocking, call, client, error, headers, keyed, page, response, stream, transport",
    "generated-client crate: record, value",
    "generated-client crate::stream: channel, message",
    "generated-client crate::stream::machine: arrivals, connections, replay, timing",
    "generated-client crate::stream::message: cursor, hash",
    "mock-server crate::book: account, order",
    "mock-server crate::book: entry, matching",
];

#[test]
fn siblings_do_not_import_each_other_in_a_circle() {
    let mut found = BTreeSet::new();
    let mut circles = String::new();
    for (name, root) in crates() {
        for siblings in siblings(&root) {
            for knot in siblings.knots() {
                let members = knot.iter().copied().collect::<Vec<_>>().join(", ");
                let title = format!("{name} {}: {members}", siblings.parent);
                if !KNOTS.contains(&title.as_str()) {
                    circles += &format!("{title}\n{}", siblings.show_circle(&knot));
                }
                found.insert(title);
            }
        }
    }
    assert!(circles.is_empty(), "these modules import each other:\n{circles}");
    let cut: Vec<_> = KNOTS.iter().filter(|knot| !found.contains(**knot)).collect();
    assert!(cut.is_empty(), "these knots are cut, so take them off the list: {cut:#?}");
}

#[test]
fn a_planted_circle_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("lib.rs", "mod high; mod low; pub use low::Low;"),
        ("high.rs", "mod inner; pub use self::inner::High; #[cfg(test)] use crate::low;"),
        ("high/inner.rs", "pub struct High;\nfn all() { vec![crate::Low]; }"),
        ("low.rs", "use super::*; mod back;\npub struct Low;"),
        ("low/back.rs", "use crate::high;\n\npub fn make() -> high::High { high::High }"),
    ] {
        fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
        fs::write(folder.path().join(file), text).unwrap();
    }
    let found = siblings(&folder.path().join("lib.rs"));
    let [root, rest @ ..] = found.as_slice() else { panic!("no siblings") };
    let knots = root.knots();
    assert_eq!(knots, BTreeSet::from([BTreeSet::from(["high", "low"])]));
    let circle = root.show_circle(knots.first().unwrap());
    assert!(circle.contains("high imports low at ") && circle.contains("high/inner.rs:2\n"), "{circle}");
    assert!(circle.contains("low imports high at ") && circle.contains("low/back.rs:1\n"), "{circle}");
    assert!(rest.iter().all(|siblings| siblings.knots().is_empty()));
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The crates of the workspace: the name of each folder and the file of the root module.
fn crates() -> Vec<(String, PathBuf)> {
    let folders = fs::read_dir(workspace()).unwrap().map(|entry| entry.unwrap().path());
    let root = |folder: PathBuf| {
        let root = ["src/lib.rs", "src/main.rs"]
            .map(|file| folder.join(file))
            .into_iter()
            .find(|root| root.exists());
        Some((folder.file_name()?.to_str()?.to_owned(), root?))
    };
    folders.filter_map(root).collect()
}
