//! Whatever is written has an answer: never a panic, never a place outside of its file, and what is
//! found to be in order becomes Rust.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod cases;

use std::sync::OnceLock;

use cases::Contents;
use clear_street_codegen::generate;
use clear_street_spec::diagnostic::Format;
use clear_street_spec::front::{self, Front};
use clear_street_spec::load::Files;
use proptest::prelude::*;

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

/// The cases that have something to change, and the golden specs.
fn seeds() -> &'static [Contents] {
    static SEEDS: OnceLock<Vec<Contents>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let golden =
            ["../codegen/tests/golden/small/spec", "../codegen/tests/golden/nasty/spec"].map(cases::spec);
        let cases = cases::cases().into_iter().map(|(_, files)| files).filter(|files| !files.is_empty());
        // The golden ones again and again: only what begins in order can end in order.
        golden.iter().cloned().cycle().take(20).chain(cases).collect()
    })
}

fn trading() -> &'static Contents {
    static TRADING: OnceLock<Contents> = OnceLock::new();
    TRADING.get_or_init(|| cases::spec("../spec"))
}

fn mutate(mut files: Contents, file: usize, edits: &[Edit]) -> Contents {
    let index = file % files.len();
    let mut text = String::from_utf8_lossy(&files[index].1).into_owned();
    for edit in edits {
        text = apply(&text, edit);
    }
    files[index].1 = text.into_bytes();
    files
}

/// Reads a spec and looks at all that is said about it.
fn answer(files: Contents) -> Front {
    let front = front::read(&Files::from_contents(files), "spec");
    for diagnostic in &front.diagnostics {
        let fixes = diagnostic.helps.iter().filter_map(|help| help.fix.as_ref()).map(|(span, _)| *span);
        let related = diagnostic.related.iter().map(|(span, _)| *span);
        for span in std::iter::once(diagnostic.span).chain(related).chain(fixes) {
            let text = &front.sources.file(span.file).text;
            assert!(text.get(span.range()).is_some(), "{span:?} of {} bytes in {diagnostic:?}", text.len());
        }
    }
    for format in [Format::Plain, Format::Color, Format::Json, Format::Github] {
        let _ = front.render(format);
    }
    front
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_changed_spec_is_refused_or_becomes_rust(
        seed in 0..seeds().len(),
        file in any::<usize>(),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        let front = answer(mutate(seeds()[seed].clone(), file, &edits));
        if let Some(apis) = front.apis {
            let output = generate(&apis);
            prop_assert!(output.is_ok(), "{}", output.unwrap_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_change_of_the_trading_spec_has_an_answer(
        file in any::<usize>(),
        edits in prop::collection::vec(edit(), 1..4),
    ) {
        answer(mutate(trading().clone(), file, &edits));
    }
}

#[test]
fn what_is_meant_to_break_a_reader_has_an_answer() {
    const MANY: usize = 20_000;
    let texts = [
        String::new(),
        "\u{feff}".to_owned(),
        "\0".to_owned(),
        "doc".to_owned(),
        "[".repeat(MANY),
        "{".repeat(MANY),
        "{a: ".repeat(MANY),
        "- ".repeat(MANY),
        "? ".repeat(MANY),
        "!".repeat(MANY),
        "&a ".repeat(MANY),
        "\"".repeat(MANY),
        "doc: ".repeat(MANY),
        "doc: x\n".repeat(1_000),
        format!("doc: {}", "x".repeat(MANY)),
        format!(
            "doc: A.\nmodels: {{ A: {{ doc: A., fields: {{ a: {}i32{} }} }} }}",
            "list<".repeat(MANY),
            ">".repeat(MANY)
        ),
        format!("doc: A.\nmodels: {{ A: {{ doc: A., fields: {{ a: i32{} }} }} }}", "?".repeat(MANY)),
        (0..300).fold("doc: A.\nmodels:\n".to_owned(), |text, index| {
            format!(
                "{text}  A{index}:\n    doc: A.\n    include: [A{}]\n    fields: {{ a: A{} }}\n",
                index + 1,
                index + 1
            )
        }),
        (0..300).fold("doc: A.\nenums:\n  A:\n    doc: A.\n    values:\n".to_owned(), |text, index| {
            format!("{text}      1e{index}: A.\n")
        }),
    ];
    for text in texts {
        for path in ["trading/api.yaml", "trading/orders.yaml"] {
            answer(vec![(path.to_owned(), text.clone().into_bytes())]);
        }
    }
}
