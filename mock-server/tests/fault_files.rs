//! Files of faults: the sample, and what is wrong with others.
#![allow(clippy::unwrap_used, reason = "a test fails where it fails")]

use std::path::Path;

use clear_street_mock::MockServer;

#[tokio::test]
async fn the_sample_is_understood() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults.yaml");
    MockServer::builder().faults(sample).start().await.unwrap();
}

#[tokio::test]
async fn the_readme_shows_the_sample() {
    let read = |name| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    assert!(read("README.md").contains(&read("faults.yaml")));
}

/// What is said about a file with this text.
async fn said(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("faults.yaml");
    std::fs::write(&path, text).unwrap();
    let error = MockServer::builder().faults(&path).start().await.unwrap_err().to_string();
    error.replace(&dir.path().display().to_string(), "DIR").replace('\\', "/")
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_with_its_place() {
    let said = said(
        "requests:
  - operation: submit_order
    dealy: 2s
    percent: 200
  - carried-out: false
    status: 5
streams:
  - fault: gape
  - fault: delay
    by: soon
    code: 1012
  - fault: close
    channel: activity
    message: 0
",
    )
    .await;
    for (line, problem) in [
        ("DIR/faults.yaml:2:16", "the spec has no operation `submit_order`"),
        ("DIR/faults.yaml:3:5", "unknown key `dealy`"),
        ("DIR/faults.yaml:4:14", "this is no share of a hundred: 1 to 100"),
        ("DIR/faults.yaml:6:13", "this is no status of an answer: 200 to 999"),
        ("DIR/faults.yaml:8:12", "`gape`"),
        ("DIR/faults.yaml:10:9", "this is no duration, as `250ms` or `2s`"),
        ("DIR/faults.yaml:11:11", "`code` belongs to `fault: close`"),
        ("DIR/faults.yaml:12:12", "missing key `code`"),
        ("DIR/faults.yaml:14:14", "the first is 1"),
    ] {
        assert!(said.contains(line) && said.contains(problem), "{line} {problem} is not in:\n{said}");
    }
    assert!(said.contains("did you mean `submit_orders`?"), "{said}");
    assert!(said.contains("did you mean `delay`?"), "{said}");
}

#[tokio::test]
async fn what_makes_no_sense_together_is_refused() {
    for (text, problem) in [
        ("requests: [{ reset-after: 1, cut-after: 2 }]", "a connection ends once"),
        ("requests: [{ carried-out: false }]", "there is no answer"),
        ("streams: [{ fault: delay }]", "missing key `by`"),
        ("streams: [{ channel: activity }]", "missing key `fault`"),
        ("streams: {", "E001"),
    ] {
        let said = said(text).await;
        assert!(said.contains(problem), "{text}: {said}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let error = MockServer::builder().faults("no/such/file.yaml").start().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot read no/such/file.yaml"), "{error}");
}
