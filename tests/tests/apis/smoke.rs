//! The program `smoke` and its library against a real server on loopback.

use std::collections::HashMap;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use clear_street::operation::Repeat;
use clear_street::trading::OPERATIONS;
use clear_street_test_support::server::{Server, answer, json};
use clear_street_tests::api::{Secret, Tested, studio, trading};
use clear_street_tests::smoke::{Outcome, Report, Scope, is_loopback, smoke};

type Seen = Arc<Mutex<Vec<&'static str>>>;

/// A server that answers every operation as the spec says, but for those that are overridden, and the names
/// of the operations that it saw.
async fn serve<C>(api: &Tested<C>, overridden: &[(&'static str, u16, &'static str)]) -> (Server, Seen) {
    let usual =
        api.cases.iter().map(|case| ((case.method, case.path), (case.operation, case.status, case.answer)));
    let answers: HashMap<_, _> = usual
        .map(|(asked, usual)| (asked, *overridden.iter().find(|other| other.0 == usual.0).unwrap_or(&usual)))
        .collect();
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    let server = Server::start(move |request| {
        match answers.get(&(request.method.as_str(), request.path().as_str())) {
            None => answer(404, &[], ""),
            Some((operation, status, body)) => {
                log.lock().unwrap().push(*operation);
                json(*status, body)
            }
        }
    });
    (server.await, seen)
}

async fn run(base_url: &str, scope: Scope) -> Report {
    let api = trading();
    let client = (api.client)(base_url, Secret::MadeUp).unwrap();
    smoke(&api, &client, scope).await
}

/// The program, while the server goes on in this process.
async fn program(arguments: &[&str], key: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smoke"));
    command.args(arguments).env_remove("CLEAR_STREET_API_KEY").env_remove("CLEAR_STREET_CLIENT_ID");
    if let Some(key) = key {
        command.env("CLEAR_STREET_API_KEY", key);
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn every_operation_of_a_good_server_is_called_once_and_decodes() {
    let (server, seen) = serve(&trading(), &[]).await;
    let output = program(&["--base-url", &server.url, "--api", "trading"], None).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.ends_with("smoke: 61 operations, 61 sent, 0 refused, 0 failed\n"), "{text}");
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, OPERATIONS.iter().map(|operation| operation.name).collect::<Vec<_>>());
    for operation in OPERATIONS {
        let row = text.lines().find(|line| line.split_whitespace().next() == Some(operation.name)).unwrap();
        let words: Vec<_> = row.split_whitespace().skip(1).collect();
        assert_eq!(words, [operation.status.to_string().as_str(), "yes"], "{row}");
    }
}

#[tokio::test]
async fn the_other_api_is_called_as_well() {
    let api = studio();
    let (server, seen) = serve(&api, &[]).await;
    let output = program(&["--base-url", &server.url, "--api", "studio"], None).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let count = api.cases.len();
    let summary = format!("smoke: {count} operations, {count} sent, 0 refused, 0 failed\n");
    assert!(text.ends_with(&summary), "{text}");
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, api.operations.iter().map(|operation| operation.name).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_failing_operation_is_named_and_exits_with_1() {
    let (server, _) = serve(&trading(), &[("get_clock", 200, r#"{"data":{"clock":"noon"}}"#)]).await;
    let output = program(&["--base-url", &server.url], Some("id.secret")).await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let failed: Vec<_> = text.lines().filter(|line| line.contains("NO: ")).collect();
    assert_eq!(failed.len(), 1, "{text}");
    for part in ["get_clock", "200", "$.data.clock"] {
        assert!(failed[0].contains(part), "{} lacks {part}", failed[0]);
    }
    assert!(text.ends_with("61 sent, 0 refused, 1 failed\n"), "{text}");
}

#[tokio::test]
async fn an_operation_that_fails_is_not_repeated() {
    let (server, seen) = serve(&trading(), &[("get_clock", 503, "")]).await;
    let output = program(&["--base-url", &server.url], None).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(seen.lock().unwrap().len(), 61);
}

const EXPLAINED: &str = r#"{"error":{"code":404,"message":"no such thing"},"metadata":{"request_id":"r"}}"#;

/// Only what made-up arguments deserve is no failure.
#[tokio::test]
async fn refused_arguments_are_no_failure_and_everything_else_is() {
    for (name, status, body, failed) in [
        ("get_account_by_id", 404, EXPLAINED, false),
        ("get_snapshots", 400, EXPLAINED, false),
        ("get_orders", 403, EXPLAINED, false),
        // Not documented, but its page token is made up.
        ("get_orders", 400, EXPLAINED, false),
        // Without an id in the path, the operation itself is not there.
        ("get_accounts", 404, EXPLAINED, true),
        ("get_accounts", 403, EXPLAINED, true),
        // Not explained: a gateway's answer.
        ("get_account_by_id", 404, "<html>", true),
        // Not documented for it.
        ("get_account_by_id", 409, EXPLAINED, true),
        ("get_account_by_id", 401, EXPLAINED, true),
        ("get_account_by_id", 500, EXPLAINED, true),
        ("get_account_by_id", 302, "", true),
    ] {
        let (server, _) = serve(&trading(), &[(name, status, body)]).await;
        let report = run(&server.url, Scope::All).await;
        let row = report.rows.iter().find(|row| row.operation == name).unwrap();
        assert_eq!(row.status, Some(status), "{name}");
        assert_eq!(matches!(row.outcome, Outcome::Failed(_)), failed, "{name}: {:?}", row.outcome);
        assert_eq!(report.is_clean(), !failed, "{name} {status}");
    }
}

#[tokio::test]
async fn reads_alone_leave_writes_out() {
    let (server, seen) = serve(&trading(), &[]).await;
    let report = run(&server.url, Scope::Reads).await;
    assert!(report.is_clean(), "{report}");
    let repeat = |name: &str| OPERATIONS.iter().find(|operation| operation.name == name).unwrap().repeat;
    for row in &report.rows {
        assert_eq!(row.outcome == Outcome::NotSent, repeat(row.operation) != Repeat::Read, "{row:?}");
    }
    let seen = seen.lock().unwrap().clone();
    assert!(seen.len() > 30 && seen.iter().all(|name| repeat(name) == Repeat::Read), "{seen:?}");
}

#[test]
fn writes_go_to_this_machine_or_where_they_are_asked_for() {
    for here in ["http://127.0.0.1:80", "https://localhost/x", "http://[::1]:1", " http://127.9.9.9"] {
        assert!(is_loopback(here), "{here}");
        assert_eq!(Scope::new(here, false), Scope::All, "{here}");
    }
    for elsewhere in [
        "https://api.clearstreet.io",
        "https://localhost.example.com",
        "https://127.0.0.1.example.com",
        "https://localhost@example.com",
        "https://10.0.0.1",
        "https://0.0.0.0",
        "localhost",
        "",
    ] {
        assert_eq!(Scope::new(elsewhere, false), Scope::Reads, "{elsewhere}");
        assert_eq!(Scope::new(elsewhere, true), Scope::All, "{elsewhere}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_fails_every_operation() {
    let report = run("http://127.0.0.1:9", Scope::All).await;
    assert!(report.rows.iter().all(|row| matches!(row.outcome, Outcome::Failed(_))), "{report}");
}

/// Nothing is sent in either case.
#[tokio::test]
async fn what_cannot_be_run_exits_with_2() {
    for (base_url, key, part) in
        [("http://example.invalid", Some("id.secret"), "https"), ("https://example.invalid", None, "API key")]
    {
        let output = program(&["--base-url", base_url], key).await;
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(part), "{base_url}: {text}");
    }
}
