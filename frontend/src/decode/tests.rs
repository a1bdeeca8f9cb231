use super::*;
use crate::diagnostic::{Format, render};
use crate::language::Group;
use crate::source::SourceMap;
use crate::yaml;

fn problems(text: &str) -> String {
    let mut sources = SourceMap::default();
    let file = sources.add("a.yaml", text);
    let mut diagnostics = Vec::new();
    if let Some(root) = yaml::parse(file, text, &mut diagnostics) {
        let _ = decode::<Group>(&root, &mut diagnostics);
    }
    render(&diagnostics, &sources, Format::Plain)
}

#[test]
fn every_error_of_a_file_is_reported_in_one_run() {
    let text = "operations:\n  a:\n    http: GET /a\n    errors: [x, 1.5]\n    repeat: often\n  b:\n    result: [A]\n    doc: no\nmodells: {}\n";
    let problems = problems(text);
    for expected in [
        "missing key `doc`",
        "unknown key `modells`",
        "did you mean `models`?",
        "unknown value `often`",
        "missing key `http`",
        "plain `no` is not a text",
        "expected a whole number from 0 to 65535, found `1.5`",
        "expected a text, found a list",
    ] {
        assert!(problems.contains(expected), "{expected} is not among\n{problems}");
    }
}

#[test]
fn an_empty_file_lacks_its_description() {
    assert!(problems("").contains("expected a mapping, found nothing"), "{}", problems(""));
}
