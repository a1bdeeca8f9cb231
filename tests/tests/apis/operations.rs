//! Every operation against a real server on loopback: what is sent, and that the answer decodes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use clear_street::operation::{Operation, Repeat};
use clear_street_test_support::server::{Request, Server, answer};
use clear_street_tests::api::{Secret, Tested, studio, trading};
use clear_street_tests::cases::OperationCase;
use clear_street_tests::replay::{Tree, differences};

/// A server, and what it answers next.
async fn serve() -> (Server, Arc<Mutex<(u16, String)>>) {
    let next = Arc::<Mutex<(u16, String)>>::default();
    let shared = Arc::clone(&next);
    let headers = [("content-type", "application/json"), ("x-request-id", "request-7")];
    let server = Server::start(move |_| {
        let (status, body) = &*shared.lock().unwrap();
        answer(*status, &headers, body)
    });
    (server.await, next)
}

/// Every operation has a case; so many there must be at least.
fn all_have_cases<C>(api: &Tested<C>, at_least: usize) {
    let cases: Vec<_> = api.cases.iter().map(|case| (case.group, case.operation)).collect();
    let known: Vec<_> = api.operations.iter().map(|operation| (operation.group, operation.name)).collect();
    assert_eq!(cases, known);
    assert!(cases.len() >= at_least, "operations were lost: {}", cases.len());
}

#[test]
fn every_operation_has_a_case() {
    all_have_cases(&trading(), 61);
    all_have_cases(&studio(), 32);
}

async fn all_are_sent<C>(api: Tested<C>) {
    let (server, next) = serve().await;
    let client = (api.client)(&server.url, Secret::MadeUp).unwrap();
    for case in &api.cases {
        *next.lock().unwrap() = (case.status, case.answer.to_owned());
        let answer = (case.send)(&client).await;
        let seen = server.take();
        assert_eq!(seen.len(), 1, "{}", case.operation);
        assert_sent(case, operation(&api, case), &seen[0]);
        if let Err(error) = answer {
            panic!("{}: {error}", case.operation);
        }
    }
}

#[tokio::test]
async fn every_operation_is_sent_as_the_spec_says() {
    all_are_sent(trading()).await;
    all_are_sent(studio()).await;
}

fn operation<C>(api: &Tested<C>, case: &OperationCase<C>) -> &'static Operation {
    let mut operations = api.operations.iter();
    operations.find(|known| (known.group, known.name) == (case.group, case.operation)).unwrap()
}

fn assert_sent<C>(case: &OperationCase<C>, operation: &Operation, seen: &Request) {
    let name = case.operation;
    assert_eq!(seen.method, case.method, "{name}");
    // An id of `a/b c` stays one segment.
    let segments = |path: &str| path.split('?').next().unwrap().split('/').count();
    assert_eq!(segments(&seen.target), segments(operation.path), "{name}: {}", seen.target);
    assert_eq!(seen.path(), case.path, "{name}");
    let expected: BTreeMap<String, String> =
        case.query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(seen.pairs(), expected, "{name}");
    assert_eq!(seen.header("authorization"), Some("Bearer id.secret"), "{name}");
    match case.body {
        Some(body) => {
            let lost = differences(&Tree::parse(body).unwrap(), &Tree::parse(&seen.body).unwrap());
            assert_eq!(lost, [], "{name}");
            assert_eq!(seen.header("content-type"), Some("application/json"), "{name}");
        }
        None => assert!(seen.body.is_empty(), "{name}"),
    }
}

async fn all_errors_are_explained<C>(api: Tested<C>) {
    let (server, next) = serve().await;
    let client = (api.client)(&server.url, Secret::MadeUp).unwrap();
    for case in &api.cases {
        let operation = operation(&api, case);
        for status in operation.errors {
            // The rows are looked up, which fails here: they are unknown, see the client's tests.
            if operation.repeat == Repeat::Keyed && !matches!(status, 401 | 403 | 429) {
                continue;
            }
            *next.lock().unwrap() = (*status, (api.error)(*status));
            let error = (case.send)(&client).await.expect_err(case.operation);
            assert_eq!(server.take().len(), 1, "{}", case.operation);
            assert_eq!(error.status(), Some(*status), "{}", case.operation);
            assert_eq!(error.code(), Some(status.to_string().as_str()), "{}", case.operation);
            assert_eq!(error.message(), "it went wrong", "{}", case.operation);
            assert_eq!(error.request_id(), Some("request-7"), "{}", case.operation);
            let text = error.to_string();
            for part in ["it went wrong", "request-7", case.operation, &status.to_string()] {
                assert!(text.contains(part), "{}: `{text}` lacks `{part}`", case.operation);
            }
        }
    }
}

#[tokio::test]
async fn every_documented_error_is_an_error_with_the_servers_message() {
    all_errors_are_explained(trading()).await;
    all_errors_are_explained(studio()).await;
}
