//! Writing and comparing: all or nothing, and nothing that need not be.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clear_street_codegen::format::HEADER;
use clear_street_codegen::output::Output;

fn output(files: &[(&str, &str)]) -> Output {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), generated(text))).collect();
    Output { files, ..Output::default() }
}

fn generated(text: &str) -> String {
    format!("{HEADER}api/a.yaml, do not edit.\n{text}")
}

/// Every file and folder below `dir`, with the content of files.
fn tree(dir: &Path) -> BTreeMap<String, Option<String>> {
    let mut tree = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            for (inner, content) in self::tree(&path) {
                tree.insert(format!("{name}/{inner}"), content);
            }
            tree.insert(name, None);
        } else {
            tree.insert(name, Some(fs::read_to_string(&path).unwrap()));
        }
    }
    tree
}

#[test]
fn a_second_run_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("not/there/yet");
    let output = output(&[("api/a.rs", "a\n"), ("api/b.rs", "b\n")]);
    let first = output.write(&out).unwrap();
    assert_eq!((first.written, first.unchanged, first.removed), (2, 0, 0));
    let modified = fs::metadata(out.join("api/a.rs")).unwrap().modified().unwrap();
    let second = output.write(&out).unwrap();
    assert_eq!((second.written, second.unchanged, second.removed), (0, 2, 0));
    assert_eq!(fs::metadata(out.join("api/a.rs")).unwrap().modified().unwrap(), modified);
    assert!(output.compare(&out).unwrap().is_empty());
    assert_eq!(tree(&out).keys().collect::<Vec<_>>(), ["api", "api/a.rs", "api/b.rs"]);
}

#[test]
fn only_what_changed_is_written_and_only_generated_orphans_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    output(&[("api/a.rs", "a\n"), ("api/b.rs", "b\n"), ("gone/c.rs", "c\n")]).write(dir.path()).unwrap();
    fs::write(dir.path().join("api/hand.rs"), "// written by hand\n").unwrap();
    let report = output(&[("api/a.rs", "a\n"), ("api/b.rs", "new\n")]).write(dir.path()).unwrap();
    assert_eq!((report.written, report.unchanged, report.removed), (1, 1, 1));
    assert_eq!(
        tree(dir.path()).into_iter().collect::<Vec<_>>(),
        [
            ("api".to_owned(), None),
            ("api/a.rs".to_owned(), Some(generated("a\n"))),
            ("api/b.rs".to_owned(), Some(generated("new\n"))),
            ("api/hand.rs".to_owned(), Some("// written by hand\n".to_owned())),
        ]
    );
}

#[test]
fn line_ends_of_a_checkout_are_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let output = output(&[("a.rs", "a\nb\n")]);
    fs::write(dir.path().join("a.rs"), generated("a\nb\n").replace('\n', "\r\n")).unwrap();
    assert!(output.compare(dir.path()).unwrap().is_empty());
    assert_eq!(output.write(dir.path()).unwrap().unchanged, 1);
}

#[test]
fn a_comparison_names_every_file_with_its_first_differing_lines() {
    let dir = tempfile::tempdir().unwrap();
    output(&[("api/old.rs", ""), ("api/a.rs", "1\n2\nthree\n4\n")]).write(dir.path()).unwrap();
    let differences =
        output(&[("api/a.rs", "1\n2\n3\n3.5\n4\n"), ("api/new.rs", "")]).compare(dir.path()).unwrap();
    let shown = differences.to_string().replace(&format!("{}/", dir.path().display()), "");
    assert_eq!(
        shown,
        "api/a.rs is stale\n     4 - three\n     4 + 3\n     5 + 3.5\n\
         api/new.rs is missing\n\
         api/old.rs is orphaned: nothing in the spec makes it any more\n\
         run `cargo xtask codegen` and commit what it writes"
    );
}

#[test]
fn a_file_that_was_not_generated_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("b.rs"), "// written by hand\n").unwrap();
    let before = tree(dir.path());
    let error = output(&[("a.rs", ""), ("b.rs", "")]).write(dir.path()).unwrap_err();
    assert!(error.to_string().contains("b.rs was not generated"), "{error}");
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn a_run_that_fails_leaves_the_tree_as_it_was() {
    for (case, obstacle) in [("found before anything is done", "z.rs"), ("found on the way", "z")] {
        let dir = tempfile::tempdir().unwrap();
        output(&[("api/a.rs", "old\n"), ("api/orphan.rs", "")]).write(dir.path()).unwrap();
        match obstacle {
            // A folder in the place of a file, and a file in the place of a folder.
            "z.rs" => fs::create_dir(dir.path().join(obstacle)).unwrap(),
            _ => fs::write(dir.path().join(obstacle), "").unwrap(),
        }
        let before = tree(dir.path());
        let files = [("api/a.rs", "new\n"), ("new/b.rs", "b\n"), ("z.rs", ""), ("z/c.rs", "c\n")];
        output(&files).write(dir.path()).unwrap_err();
        assert_eq!(tree(dir.path()), before, "{case}");
    }
}

#[test]
fn what_a_killed_run_left_behind_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".codegen-staging")).unwrap();
    fs::write(dir.path().join(".codegen-staging/new-0"), "half").unwrap();
    output(&[("a.rs", "")]).write(dir.path()).unwrap();
    assert_eq!(tree(dir.path()).into_keys().collect::<Vec<_>>(), ["a.rs"]);
}
