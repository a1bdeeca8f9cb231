//! Every folder of `tests/diagnostics` is a spec with something wrong; `expected.stderr` says what.
//!
//! A case holds the files of one API, or a folder for each. Without an `api.yaml` of its own it is
//! given the one beside the cases. `UPDATE_EXPECT=1` rewrites what is expected.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a case that cannot be read fails its test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clear_street_codegen::diagnostic::{Code, Format, Severity, explain};
use clear_street_codegen::front::{self, Front};
use clear_street_codegen::load::Files;
use proptest::prelude::*;

type Contents = Vec<(String, Vec<u8>)>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// Name and files of every case.
fn cases() -> Vec<(String, Contents)> {
    let folders = entries(&root()).into_iter().filter(|path| path.is_dir());
    folders.map(|path| (file_name(&path), contents(&path))).collect()
}

fn contents(case: &Path) -> Contents {
    let (folders, files): (Vec<_>, Vec<_>) = entries(case).into_iter().partition(|path| path.is_dir());
    if !folders.is_empty() {
        return folders.iter().flat_map(|folder| in_folder(&file_name(folder), entries(folder))).collect();
    }
    let mut files = in_folder("trading", files);
    if !files.is_empty() && !files.iter().any(|(path, _)| path == "trading/api.yaml") {
        files.push(("trading/api.yaml".to_owned(), fs::read(root().join("api.yaml")).unwrap()));
    }
    files
}

fn in_folder(folder: &str, files: Vec<PathBuf>) -> Contents {
    let files = files.into_iter().filter(|path| !path.ends_with("expected.stderr"));
    files.map(|path| (format!("{folder}/{}", file_name(&path)), fs::read(&path).unwrap())).collect()
}

/// Sorted, so that no test depends on the order in which a system lists files.
fn entries(path: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn read(files: Contents) -> Front {
    front::read(&Files::from_contents(files), "spec")
}

#[test]
fn every_case_is_reported_as_expected() {
    let mut failed = Vec::new();
    for (name, files) in cases() {
        let rendered = read(files).render(Format::Plain);
        let path = root().join(&name).join("expected.stderr");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &rendered).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != rendered {
            failed.push(format!("--- {name}\n{rendered}"));
        }
    }
    assert!(
        failed.is_empty(),
        "these differ from what is expected; see for yourself with UPDATE_EXPECT=1\n\n{}",
        failed.join("\n")
    );
}

#[test]
fn every_code_has_a_case() {
    let seen: BTreeSet<Code> =
        cases().into_iter().flat_map(|(_, files)| read(files).diagnostics).map(|it| it.code).collect();
    let unseen: Vec<_> =
        Code::ALL.iter().filter(|code| !seen.contains(code)).map(|code| code.as_str()).collect();
    assert!(unseen.is_empty(), "no case shows {}", unseen.join(", "));
}

#[test]
fn every_code_is_explained() {
    for code in Code::ALL {
        let text = explain(code.as_str()).unwrap();
        assert!(text.starts_with(code.as_str()) && text.contains(code.summary()), "{text}");
        let letter = match code.severity() {
            Severity::Error => 'E',
            Severity::Warning => 'W',
        };
        assert!(code.as_str().starts_with(letter), "{code}");
    }
    assert_eq!(explain("E999"), None);
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    for (name, mut files) in cases() {
        let expected = read(files.clone()).render(Format::Json);
        files.reverse();
        assert_eq!(read(files).render(Format::Json), expected, "{name}");
    }
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    for (name, files) in cases() {
        let expected = read(files.clone()).render(Format::Plain);
        let windows = files.into_iter().map(|(path, content)| match String::from_utf8(content) {
            Ok(text) => {
                let text = text.trim_start_matches('\u{feff}').replace('\r', "").replace('\n', "\r\n");
                (path, format!("\u{feff}{text}").into_bytes())
            }
            Err(error) => (path, error.into_bytes()),
        });
        assert_eq!(read(windows.collect()).render(Format::Plain), expected, "{name}");
    }
}

/// A small change of a text, of the kind that slips in while one edits.
#[derive(Clone, Debug)]
enum Edit {
    Remove { at: usize, len: usize },
    Insert { at: usize, text: String },
    Duplicate { at: usize, len: usize },
    DropLine { line: usize },
}

#[rustfmt::skip]
const SNIPPETS: &[&str] = &[
    "{", "}", "[", "]", ":", ": ", "- ", "\n", "\t", "\"", "'", "&a ", "*a", "!!str ", "<<: ", "? ", "|", ">", "#", "~",
    "NO", "1e3", "---\n", "%YAML 1.1\n", "é", "漢", "\u{0}", "\r", "?", "<", "list<", "page<", "nothing", "self", "Order",
    "type", "include", "-9223372036854775808", "99999999999999999999", "\n  ", "\n    ", "{}", "[]", "\"\"",
];

fn edit() -> impl Strategy<Value = Edit> {
    let snippet = prop_oneof![prop::sample::select(SNIPPETS).prop_map(str::to_owned), any::<String>()];
    prop_oneof![
        (any::<usize>(), 1..20_usize).prop_map(|(at, len)| Edit::Remove { at, len }),
        (any::<usize>(), snippet).prop_map(|(at, text)| Edit::Insert { at, text }),
        (any::<usize>(), 1..200_usize).prop_map(|(at, len)| Edit::Duplicate { at, len }),
        any::<usize>().prop_map(|line| Edit::DropLine { line }),
    ]
}

fn apply(text: &str, edit: &Edit) -> String {
    let boundary = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    let slice = |at: usize, len: usize| {
        let start = boundary(at % (text.len() + 1));
        start..boundary((start + len).min(text.len()))
    };
    match edit {
        Edit::Remove { at, len } => {
            let range = slice(*at, *len);
            format!("{}{}", &text[..range.start], &text[range.end..])
        }
        Edit::Insert { at, text: inserted } => {
            let at = boundary(at % (text.len() + 1));
            format!("{}{inserted}{}", &text[..at], &text[at..])
        }
        Edit::Duplicate { at, len } => {
            let range = slice(*at, *len);
            format!("{}{}{}", &text[..range.end], &text[range.clone()], &text[range.end..])
        }
        Edit::DropLine { line } => {
            let lines: Vec<_> = text.split_inclusive('\n').collect();
            let dropped = line % lines.len().max(1);
            lines.iter().enumerate().filter(|(index, _)| *index != dropped).map(|(_, line)| *line).collect()
        }
    }
}

/// The cases that have something to change.
fn seeds() -> &'static [Contents] {
    static SEEDS: std::sync::OnceLock<Vec<Contents>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| {
        cases().into_iter().map(|(_, files)| files).filter(|files| !files.is_empty()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_is_written_has_an_answer(
        seed in 0..seeds().len(),
        file in any::<usize>(),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        let mut files = seeds()[seed].clone();
        let index = file % files.len();
        let mut text = String::from_utf8_lossy(&files[index].1).into_owned();
        for edit in &edits {
            text = apply(&text, edit);
        }
        files[index].1 = text.into_bytes();
        let front = read(files);
        for diagnostic in &front.diagnostics {
            let fixes = diagnostic.helps.iter().filter_map(|help| help.fix.as_ref()).map(|(span, _)| *span);
            let related = diagnostic.related.iter().map(|(span, _)| *span);
            for span in std::iter::once(diagnostic.span).chain(related).chain(fixes) {
                let text = &front.sources.file(span.file).text;
                prop_assert!(text.get(span.range()).is_some(), "{:?} of {} bytes in {diagnostic:?}", span, text.len());
            }
        }
        for format in [Format::Plain, Format::Color, Format::Json, Format::Github] {
            let _ = front.render(format);
        }
    }
}
