//! Modules import in one direction: there is no circle between siblings at any level, and the layers of the
//! client import only from those below.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod graph;
mod modules;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::graph::{Siblings, siblings};

/// The client's modules. Each imports only from those before it.
const LAYERS: &[&str] = &[
    "record",
    "value",
    "models",
    "api",
    "operation",
    "retry",
    "rate_limit",
    "options",
    "headers",
    "error",
    "transport",
    "authentication",
    "client",
    "builder",
    "response",
    "call",
    "stream",
    "page",
    "keyed",
    "request",
    "generated_prelude",
    "blocking",
    "trading",
    "studio",
    "benchmarks",
];

#[test]
fn siblings_do_not_import_each_other_in_a_circle() {
    let mut circles = String::new();
    for siblings in CRATES.iter().flat_map(|(_, all)| all) {
        for knot in siblings.knots() {
            let members = knot.iter().copied().collect::<Vec<_>>().join(", ");
            circles += &format!("{}: {members}\n{}", siblings.parent, siblings.show_circle(&knot));
        }
    }
    assert!(circles.is_empty(), "these modules import each other:\n{circles}");
}

#[test]
fn each_layer_of_the_client_imports_only_from_those_below() {
    let (_, client) = CRATES.iter().find(|(root, _)| root.ends_with("generated-client/src/lib.rs")).unwrap();
    let client = client.iter().find(|siblings| siblings.parent == "crate").unwrap();
    let layer = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    for ((from, to), place) in &client.imports {
        assert!(layer(to) < layer(from), "{from} imports {to} at {place}");
    }
    assert_eq!(client.names, LAYERS.iter().map(|layer| (*layer).to_owned()).collect());
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

/// The crates of the workspace: the file of the root module, and the imports between siblings.
static CRATES: LazyLock<Vec<(PathBuf, Vec<Siblings>)>> = LazyLock::new(|| {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = fs::read_dir(workspace).unwrap().map(|entry| entry.unwrap().path());
    let roots = folders.map(|folder| ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file)));
    let roots = roots.filter_map(|roots| roots.into_iter().find(|root| root.exists()));
    roots.map(|root| (root.clone(), siblings(&root))).collect()
});
