//! A small spec with the code that it becomes: one of everything, to be read. With the specs in
//! `tests/specs`, of which nothing is kept, it is compiled and run by `generated-client/src/tests/specs.rs`.
//! `UPDATE_EXPECT=1 cargo test -p clear-street-codegen` writes the expected files anew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use clear_street_codegen::generate;
use clear_street_codegen::output::Output;
use clear_street_spec::ir::{Definition, States};
use clear_street_spec::load::Files;
use clear_street_spec::{read, read_files};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/small")
}

fn output(files: &Files) -> Output {
    generate(&read_files(files, "spec").unwrap()).unwrap()
}

#[test]
fn the_code_of_a_spec_is_as_it_was_reviewed() {
    let output = output(&Files::read(&golden().join("spec")).unwrap());
    let expected = golden().join("expected");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        output.write(&expected).unwrap();
    }
    let differences = output.compare(&expected).unwrap();
    assert!(differences.is_empty(), "{differences}\nor, for this test, set UPDATE_EXPECT=1");
}

/// The files of a spec as a system might list them.
fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut contents = Vec::new();
    for api in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        for file in fs::read_dir(api.path()).unwrap().map(Result::unwrap) {
            let path = format!("{}/{}", api.file_name().display(), file.file_name().display());
            contents.push((path, fs::read(file.path()).unwrap()));
        }
    }
    contents.sort();
    contents
}

#[test]
fn the_same_spec_makes_the_same_bytes() {
    let spec = golden().join("spec");
    let expected = output(&Files::read(&spec).unwrap());
    let contents = contents(&spec);

    let reversed = contents.iter().rev().cloned();
    assert_eq!(output(&Files::from_contents(reversed)), expected, "another order of the files");

    let crlf = contents.iter().map(|(path, content)| {
        let text = String::from_utf8(content.clone()).unwrap().replace('\n', "\r\n");
        (path.clone(), text.into_bytes())
    });
    assert_eq!(output(&Files::from_contents(crlf)), expected, "lines that end in CRLF");

    let elsewhere = tempfile::tempdir().unwrap();
    for (path, content) in &contents {
        let path = elsewhere.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    assert_eq!(output(&Files::read(elsewhere.path()).unwrap()), expected, "another folder");
    assert_eq!(output(&Files::read(&spec).unwrap()), expected, "another run");
}

/// Words of the spec `small`, and others of the same length, so that lines break at the same places.
const RENAMED: [(&str, &str); 8] = [
    ("find_loans", "seek_loans"),
    ("FindLoans", "SeekLoans"),
    ("borrower_reference", "name_of_the_member"),
    ("references", "nick_names"),
    ("begun_after", "not_earlier"),
    ("state", "phase"),
    ("DENIED", "BARRED"),
    ("Denied", "Barred"),
];

/// `text` with other words.
fn rename(text: &str) -> String {
    let mut renamed = String::new();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    for part in text.split_inclusive(|c| !is_part(c)) {
        let word = part.trim_end_matches(|c| !is_part(c));
        let other = RENAMED.iter().find(|(known, _)| *known == word).map_or(word, |(_, other)| other);
        renamed.push_str(other);
        renamed.push_str(&part[word.len()..]);
    }
    renamed
}

#[test]
fn another_name_in_a_look_up_is_a_change_of_the_spec_alone() {
    let contents = contents(&golden().join("spec"));
    let renamed = contents
        .iter()
        .map(|(path, content)| (path.clone(), rename(std::str::from_utf8(content).unwrap()).into_bytes()));
    let actual = output(&Files::from_contents(renamed)).files;
    let expected = output(&Files::from_contents(contents)).files;
    for (path, text) in expected {
        let expected = rename(&text);
        let difference = actual[&path].lines().zip(expected.lines()).find(|(ours, theirs)| ours != theirs);
        assert_eq!(difference, None, "{path}");
        assert!(actual[&path] == expected, "{path}: one has more lines");
    }
}

#[test]
fn an_enum_keeps_its_states() {
    let apis = read(&golden().join("spec")).unwrap();
    let states = |name| match apis[0].definition_called(name) {
        Some(Definition::Enum(item)) => item.states.clone(),
        other => panic!("{name} is {other:?}"),
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let expected =
        States { live: texts(&["OPEN"]), done: texts(&["BACK", "LOST"]), refused: texts(&["DENIED"]) };
    assert_eq!(states("LoanState"), Some(expected));
    assert_eq!(states("Size"), None);
}
