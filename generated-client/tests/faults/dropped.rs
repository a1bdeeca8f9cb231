//! A caller who drops the future in mid-request: nothing of it stays, and nothing of it is used
//! again.

use clear_street::operation::Method;
use clear_street_test_support::fault::{FaultServer, Step};
use tokio::runtime::Handle;

use crate::client;

const OK: &str = r#"{"data": "second"}"#;

/// The first connection does these steps and holds; the others answer.
fn server(first: impl Into<Vec<Step>>) -> FaultServer {
    let first = first.into();
    FaultServer::plain(move |number| match number {
        0 => [first.as_slice(), &[Step::Hold]].concat(),
        _ => vec![Step::Receive, Step::answer(200, OK)],
    })
}

/// Until no task is left in the client's runtime.
async fn no_task_is_left() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

async fn dropped_after(steps: impl Into<Vec<Step>>, requests: usize) {
    let server = server(steps);
    let client = client(&server.url());
    let body = format!("\"{}\"", "x".repeat(1 << 20)).parse().unwrap();
    let sending = client.request(Method::Post, "/v1/first").body(&body).send();
    tokio::select! {
        biased;
        answer = sending => panic!("answered: {answer:?}"),
        // The server is where it holds: it has seen and said all that it will.
        _ = server.until(|book| book.holding == 1) => {}
    }
    // Nobody but the server keeps the connection from ending, and it waits for the client.
    let book = server.all_ended().await;
    assert_eq!((book.connections, book.requests.len()), (1, requests));
    no_task_is_left().await;

    let response = client.request(Method::Get, "/v1/second").send().await.unwrap();
    assert_eq!(response.data.text(), "\"second\"");
    let book = server.all_ended().await;
    assert_eq!((book.connections, book.requests.len()), (2, requests + 1));
    assert!(book.requests.iter().filter(|request| request.contains("/v1/first")).count() <= 1);
}

#[tokio::test]
async fn while_the_request_is_sent() {
    dropped_after([Step::ReceivePart(10)], 0).await;
}

#[tokio::test]
async fn while_the_answer_is_awaited() {
    dropped_after([Step::Receive], 1).await;
}

#[tokio::test]
async fn in_the_headers_of_the_answer() {
    dropped_after([Step::Receive, Step::send("HTTP/1.1 200 OK\r\ncont")], 1).await;
}

#[tokio::test]
async fn in_the_body_of_the_answer() {
    let part = "HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"data\"";
    dropped_after([Step::Receive, Step::send(part)], 1).await;
}

#[tokio::test]
async fn in_a_chunk_of_the_answer() {
    let part = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{\"da";
    dropped_after([Step::Receive, Step::send(part)], 1).await;
}

#[tokio::test]
async fn while_the_connection_is_made() {
    // Accepted, but nobody speaks TLS there.
    let server = FaultServer::always([Step::Hold]);
    let url = format!("https://{}", server.address);
    let client = client(&url);
    tokio::select! {
        biased;
        answer = client.request(Method::Get, "/v1/first").send() => panic!("answered: {answer:?}"),
        _ = server.until(|book| book.bytes > 0) => {}
    }
    assert_eq!(server.all_ended().await.connections, 1);
    no_task_is_left().await;
}

#[tokio::test]
async fn before_it_is_polled() {
    let server = server([]);
    let client = client(&server.url());
    drop(client.request(Method::Get, "/v1/first").send());
    no_task_is_left().await;
    assert_eq!(server.book().connections, 0);
}
