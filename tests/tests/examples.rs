//! Every example once, against the mock inside it, by the command that people would give.
#![allow(clippy::unwrap_used, reason = "a test fails where it fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap().replace("\r\n", "\n")
}

/// What an example prints.
fn printed(name: &str) -> String {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
    cargo.args(["run", "--quiet", "--package", "clear-street", "--example", name]).current_dir(root());
    // Nobody's credentials are for tests.
    for variable in ["CLEAR_STREET_API_KEY", "CLEAR_STREET_CLIENT_ID", "CLEAR_STREET_CLIENT_SECRET"] {
        cargo.env_remove(variable);
    }
    let output = cargo.output().unwrap();
    let (printed, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{errors}");
    printed.replace("\r\n", "\n")
}

#[test]
fn the_quickstart_prints_what_the_readme_shows() {
    let readme = read("README.md");
    let program = read("generated-client/examples/quickstart.rs");
    let (_, main) = program.split_once("#[tokio::main]\n").unwrap();
    assert!(readme.contains(main), "the README shows another program");
    let printed = printed("quickstart");
    assert!(
        readme.contains(&format!("```text\n{printed}```\n")),
        "the README shows another output than\n{printed}"
    );
}

#[test]
fn the_examples_print_what_they_should() {
    let is_update = std::env::var_os("UPDATE_EXPECT").is_some();
    for name in [
        "bracket",
        "handle_unknown",
        "market_data_snapshot",
        "option_chain",
        "page_through_instruments",
        "place_and_cancel",
        "token_source",
    ] {
        let (printed, path) = (printed(name), format!("tests/tests/examples/{name}.txt"));
        if is_update {
            std::fs::write(root().join(&path), &printed).unwrap();
        }
        assert_eq!(printed, read(&path), "{name}");
    }
}

/// What it prints depends on when connections end.
#[test]
fn the_examples_of_streams_come_to_their_end() {
    printed("stream_activity");
    printed("socket");
}
