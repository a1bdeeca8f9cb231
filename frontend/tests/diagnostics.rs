//! Every folder of `tests/diagnostics` is a spec with something wrong; `expected.stderr` says what.
//!
//! A case holds the files of one API, or a folder for each. Without an `api.yaml` of its own it is
//! given the one beside the cases. `UPDATE_EXPECT=1` rewrites what is expected.

#![allow(clippy::unwrap_used, reason = "a case that cannot be read fails its test")]

mod cases;

use std::collections::BTreeSet;
use std::fs;

use cases::{Contents, base, cases, root};
use clear_street_spec::check::check;
use clear_street_spec::diagnostic::{Code, Format, Severity, explain};
use clear_street_spec::front::{self, Front};
use clear_street_spec::load::{Files, load};
use clear_street_spec::lower::lower;
use clear_street_spec::spec::decode_all;

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

/// Two problems of one file as each format prints them.
#[test]
fn every_format_tells_the_same() {
    let (_, files) = cases().into_iter().find(|(name, _)| name == "shape_words").unwrap();
    let front =
        read(files.into_iter().filter(|(path, _)| path.ends_with("orders.yaml")).chain(base()).collect());
    let json = front.render(Format::Json);
    assert_eq!(
        json.lines().next(),
        Some(
            r#"{"code":"E104","help":[{"message":"did you mean `read`?","place":{"column":13,"end_column":17,"end_line":9,"file":"spec/trading/orders.yaml","line":9},"replacement":"read"}],"label":"","message":"unknown value `raed`","notes":["allowed: read, idempotent, keyed, never"],"place":{"column":13,"end_column":17,"end_line":9,"file":"spec/trading/orders.yaml","line":9},"related":[],"severity":"error"}"#
        )
    );
    assert_eq!(json.lines().count(), 2);
    let github = front.render(Format::Github);
    assert_eq!(
        github.lines().next(),
        Some(
            "::error file=spec/trading/orders.yaml,line=9,endLine=9,col=13,endColumn=17,title=E104::unknown value `raed`%0Ahelp: did you mean `read`?"
        )
    );
    let color = front.render(Format::Color);
    assert!(color.contains("\u{1b}[") && color.contains("E104"), "{color}");
}

#[test]
fn a_number_of_json_is_told_by_its_shape() {
    const ORDERS: &str = "
doc: Orders.
operations:
  get_amount:
    http: GET /v1/amount
    doc: Reads an amount.
    result: Amount
    repeat: read
unions:
  Amount:
    doc: A number or a text.
    by_shape: true
    variants: { number: number, string: string }
";
    let mut files = base();
    files.push(("trading/orders.yaml".to_owned(), ORDERS.into()));
    let problems = read(files).diagnostics;
    assert!(!problems.iter().any(|it| it.code == Code::BadTagging), "{problems:?}");
}

#[test]
fn what_the_checks_refuse_is_not_guessed_when_it_is_lowered() {
    for case in ["types_syntax", "types_unknown", "http", "repeat", "api_frame", "lookup", "constructors"] {
        let (_, files) = cases().into_iter().find(|(name, _)| name == case).unwrap();
        let (spec, _) = decode_all(&load(&Files::from_contents(files), "spec").0);
        assert!(lower(&check(&spec, &[])).is_err(), "{case}");
    }
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
        assert!(text.contains("\n\n    "), "no example: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
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
