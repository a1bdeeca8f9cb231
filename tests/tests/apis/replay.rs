//! Recorded bodies, good and bad, in real files.

use std::fs;
use std::path::Path;
use std::process::Command;

use clear_street::trading::OPERATIONS;
use clear_street_tests::replay::{Report, replay};

const CLOCK: &str =
    r#"{"data":{"clock":"2025-10-31T14:30:00.123456789Z"},"error":null,"metadata":{"request_id":"r1"}}"#;

fn record(dir: &Path, file: &str, body: &str) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, body).unwrap();
}

fn replayed(bodies: &[(&str, &str)]) -> Report {
    let dir = tempfile::tempdir().unwrap();
    for (file, body) in bodies {
        record(dir.path(), file, body);
    }
    replay(dir.path(), OPERATIONS).unwrap()
}

#[test]
fn bodies_that_survive() {
    let report = replayed(&[
        ("get_clock/200/plain.json", CLOCK),
        // Another way to write the same instant, and no `error`.
        (
            "get_clock/200/offset.json",
            r#"{"data":{"clock":"2025-10-31T10:30:00-04:00"},"metadata":{"request_id":"r1"}}"#,
        ),
        (
            "get_clock/500/error.json",
            r#"{"error":{"code":500,"message":"down","details":[{"type":"x"}]},"metadata":{"request_id":"r1"}}"#,
        ),
        (
            "get_executions/200/one.json",
            r#"{"data":[{"id":"e1","order_id":"o1","price":"150.2500","quantity":10,"side":"HEDGE","transaction_time":"2025-10-31T14:30:00Z","symbol":null}],"error":null,"metadata":{"request_id":"r1","next_page_token":"abc"}}"#,
        ),
        ("delete_screener/200/empty.json", ""),
    ]);
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.bodies, 5);
}

#[test]
fn bodies_that_do_not_decode_are_named_with_operation_file_and_path() {
    let report = replayed(&[(
        "get_executions/200/bad.json",
        r#"{"data":[{"id":"e1","order_id":"o1","quantity":"ten","side":"BUY","transaction_time":"2025-10-31T14:30:00Z"}],"metadata":{"request_id":"r1"}}"#,
    )]);
    let text = report.to_string();
    for part in ["get_executions", "bad.json", "$.data[0].quantity", "ten"] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    assert_eq!(report.findings.len(), 1);
}

#[test]
fn values_that_are_lost_are_named_with_their_path() {
    let report = replayed(&[(
        "get_clock/200/new_field.json",
        r#"{"data":{"clock":"2025-10-31T14:30:00Z","phase":"OPEN"},"metadata":{"request_id":"r1"}}"#,
    )]);
    let text = report.to_string();
    assert!(text.contains(r#"$.data.phase did not survive: "OPEN" became null"#), "{text}");
}

#[test]
fn bodies_in_the_wrong_place_are_reported() {
    let report = replayed(&[
        ("get_clok/200/a.json", CLOCK),
        ("get_clock/ok/a.json", CLOCK),
        ("get_clock/200/a.txt", CLOCK),
        ("stray.json", CLOCK),
    ]);
    assert_eq!(report.findings.len(), 4, "{report}");
    assert!(report.to_string().contains("there is no operation `get_clok`"), "{report}");
}

/// Of the API that has no envelope, by the program.
#[test]
fn the_other_api_is_replayed_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
        command.arg(dir.path()).args(["--api", "studio"]).output().unwrap()
    };
    for (file, body) in [
        (
            "list_accounts/200/a.json",
            r#"{"data":[{"account_id":"a","account_number":"1","entity_id":"e","name":"n"}]}"#,
        ),
        ("list_accounts/403/a.json", r#"{"type":"about:blank","title":"Forbidden","status":403}"#),
        ("list_trades/200/a.json", r#"{"data":[],"next_page_token":"t"}"#),
        ("delete_order/201/empty.json", ""),
        (
            "get_position/200/a.json",
            r#"{"account_id":"a","account_number":"1","symbol":"S","quantity":"7","average_cost":1.50}"#,
        ),
    ] {
        record(dir.path(), file, body);
    }
    let output = run();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "replay: 5 bodies, 0 problems\n");
    record(dir.path(), "list_accounts/200/b.json", r#"{"data":[{"account_id":"a"}]}"#);
    let text = String::from_utf8(run().stdout).unwrap();
    assert!(text.contains("$.data[0].account_number"), "{text}");
}

#[test]
fn the_program_exits_with_1_if_anything_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let status = |dir: &Path| Command::new(env!("CARGO_BIN_EXE_replay")).arg(dir).output().unwrap();
    record(dir.path(), "get_clock/200/a.json", CLOCK);
    assert!(status(dir.path()).status.success());
    record(dir.path(), "get_clock/200/b.json", "{}");
    let output = status(dir.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("b.json"));
    assert_eq!(status(&dir.path().join("absent")).status.code(), Some(2));
}
