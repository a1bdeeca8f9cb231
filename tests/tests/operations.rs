//! Every operation against a real server on loopback: what is sent, and that the answer decodes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use clear_street::operation::{Operation, Repeat};
use clear_street_tests::api::{Secret, Tested, studio, trading};
use clear_street_tests::cases::OperationCase;
use clear_street_tests::replay::{Tree, differences};

/// A request as the server saw it.
#[derive(Clone, Debug)]
struct Seen {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// What the server answers next, and what it saw.
#[derive(Clone, Default)]
struct Server {
    answer: Arc<Mutex<(u16, String)>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    async fn start() -> (Self, String) {
        let server = Self::default();
        let app = Router::new().fallback(Self::handle).with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (server, base_url)
    }

    async fn handle(
        State(server): State<Self>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        server.seen.lock().unwrap().push(Seen { method, uri, headers, body });
        let (status, answer) = server.answer.lock().unwrap().clone();
        let status = StatusCode::from_u16(status).unwrap();
        (status, [("content-type", "application/json"), ("x-request-id", "request-7")], answer)
            .into_response()
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&hex, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
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
    let (server, base_url) = Server::start().await;
    let client = (api.client)(&base_url, Secret::MadeUp).unwrap();
    for case in &api.cases {
        *server.answer.lock().unwrap() = (case.status, case.answer.to_owned());
        let answer = (case.send)(&client).await;
        let seen = server.seen.lock().unwrap().drain(..).collect::<Vec<_>>();
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

fn assert_sent<C>(case: &OperationCase<C>, operation: &Operation, seen: &Seen) {
    let name = case.operation;
    assert_eq!(seen.method.as_str(), case.method, "{name}");
    assert_path(case, operation, seen.uri.path());
    let query: BTreeMap<String, String> = seen
        .uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(key, value)| (percent_decoded(key), percent_decoded(value)))
        .collect();
    let expected: BTreeMap<String, String> =
        case.query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(query, expected, "{name}");
    assert_eq!(seen.headers["authorization"], "Bearer id.secret", "{name}");
    match case.body {
        Some(body) => {
            let sent = std::str::from_utf8(&seen.body).unwrap();
            let lost = differences(&Tree::parse(body).unwrap(), &Tree::parse(sent).unwrap());
            assert_eq!(lost, [], "{name}");
            assert_eq!(seen.headers["content-type"], "application/json", "{name}");
        }
        None => assert!(seen.body.is_empty(), "{name}"),
    }
}

/// An id of `a/b c` stays one segment.
fn assert_path<C>(case: &OperationCase<C>, operation: &Operation, path: &str) {
    assert_eq!(
        path.split('/').count(),
        operation.path.split('/').count(),
        "{}: {path} has another number of segments than {}",
        case.operation,
        operation.path,
    );
    assert_eq!(percent_decoded(path), case.path, "{}", case.operation);
}

async fn all_errors_are_explained<C>(api: Tested<C>) {
    let (server, base_url) = Server::start().await;
    let client = (api.client)(&base_url, Secret::MadeUp).unwrap();
    for case in &api.cases {
        let operation = operation(&api, case);
        for status in operation.errors {
            // The rows are looked up, which fails here: they are unknown, see the client's tests.
            if operation.repeat == Repeat::Keyed && !matches!(status, 401 | 403 | 429) {
                continue;
            }
            *server.answer.lock().unwrap() = (*status, (api.error)(*status));
            let error = (case.send)(&client).await.expect_err(case.operation);
            assert_eq!(server.seen.lock().unwrap().drain(..).count(), 1, "{}", case.operation);
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
