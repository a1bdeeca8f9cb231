//! What a program sees when connections break, and whether it is told soundly that nothing was
//! sent: the server's book knows.

use std::time::Duration;

use clear_street::operation::Method;
use clear_street::retry::RetrySettings;
use clear_street::trading::{Client, ClientBuilder};
use clear_street::{Delivery, Error, ErrorKind, Json, RequestOptions};
use clear_street_test_support::fault::{Book, FaultServer, Step, time_passes};
use tokio::net::TcpSocket;

use crate::{OK, post};

/// Longer than any time-out of the client.
const EVER: Duration = Duration::from_secs(120);

/// Settings with which each request is sent once.
fn to(url: &str) -> ClientBuilder {
    let once = RetrySettings::new().max_attempts(1).attempt_timeout(EVER);
    let builder = crate::builder(url).retries(once.clone()).order_retries(once);
    builder.timeout(Duration::from_secs(30)).order_timeout(Duration::from_secs(30))
}

fn client(server: &FaultServer) -> Client {
    to(&server.url()).build().unwrap()
}

fn text(text: String) -> Json {
    format!("\"{text}\"").parse().unwrap()
}

fn outcome(error: &Error) -> (ErrorKind, Delivery, Option<u16>) {
    (error.kind(), error.delivery(), error.status())
}

#[tokio::test]
async fn connection_refused() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let client = to(&url).build().unwrap();
    let error = post(&client).await.unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Connect, Delivery::NotSent, None));
}

#[tokio::test]
async fn name_that_does_not_resolve() {
    // A name that must never resolve (RFC 6761).
    let client = to("https://nowhere.invalid").build().unwrap();
    let error = post(&client).await.unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Connect, Delivery::NotSent, None));
}

/// One failed request: what the server does, and what the program sees.
async fn fails(steps: impl Into<Vec<Step>>) -> (Error, Book) {
    let server = FaultServer::always(steps);
    let error = post(&client(&server)).await.unwrap_err();
    let book = server.all_ended().await;
    if error.delivery() == Delivery::NotSent {
        assert_eq!(book.bytes, 0, "bytes of a request that was not sent");
    }
    (error, book)
}

#[tokio::test]
async fn reset_before_the_request() {
    // Whether the request is begun before the reset is seen is a race that both may win. What
    // must hold either way is in `fails`.
    for _ in 0..50 {
        let (error, book) = fails([Step::Reset]).await;
        assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Connection), "{error}");
        assert!(matches!(error.delivery(), Delivery::NotSent | Delivery::MaybeSent));
        assert_eq!(book.requests.len(), 0);
    }
}

#[tokio::test]
async fn reset_during_the_request_body() {
    let (error, book) = fails([Step::ReceivePart(10), Step::Reset]).await;
    assert_eq!(outcome(&error), (ErrorKind::Connection, Delivery::MaybeSent, None));
    assert_eq!((book.connections, book.requests.len()), (1, 0));
}

#[tokio::test]
async fn reset_after_the_request_body() {
    let (error, book) = fails([Step::Receive, Step::Reset]).await;
    assert_eq!(outcome(&error), (ErrorKind::Connection, Delivery::MaybeSent, None));
    assert_eq!((book.connections, book.requests.len()), (1, 1));
}

#[tokio::test]
async fn closed_after_the_request() {
    let (error, book) = fails([Step::Receive]).await;
    assert_eq!(outcome(&error), (ErrorKind::Connection, Delivery::MaybeSent, None));
    assert_eq!((book.connections, book.requests.len()), (1, 1));
}

/// The answer ends, or the connection is reset, after every number of bytes.
async fn cut_everywhere(head: &str, body: &str) {
    let answer = format!("{head}{body}");
    let whole = answer.len();
    // A connection for each length and end.
    let server = FaultServer::plain(move |number| {
        let sent = Step::send(answer.as_bytes().get(..number / 2).unwrap_or_default());
        let end = if number.is_multiple_of(2) { Step::Cut } else { Step::Reset };
        vec![Step::Receive, sent, end]
    });
    let client = client(&server);
    for number in 0..2 * whole {
        let error = post(&client).await.unwrap_err();
        let status = error.status();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent));
        let has_head = number / 2 >= head.len();
        if number.is_multiple_of(2) {
            assert_eq!(status, has_head.then_some(200), "{number}");
        } else {
            // The client may see a reset before it has read what came before it.
            assert!(status.is_none() || (status == Some(200) && has_head), "{number}");
        }
        let book = server.book();
        assert_eq!((book.connections, book.requests.len()), (number + 1, number + 1));
    }
}

#[tokio::test]
async fn answer_cut_in_the_headers_or_the_body() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", OK.len());
    cut_everywhere(&head, OK).await;
}

#[tokio::test]
async fn answer_cut_in_a_chunk() {
    let chunks = format!("5\r\n{}\r\n6\r\n{}\r\n0\r\n\r\n", &OK[..5], &OK[5..]);
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    cut_everywhere(head, &chunks).await;
}

#[tokio::test]
async fn answer_that_is_no_http() {
    for text in ["this is no HTTP\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n"] {
        let (error, _) = fails([Step::Receive, Step::send(text), Step::Hold]).await;
        assert_eq!(outcome(&error), (ErrorKind::Connection, Delivery::MaybeSent, None));
    }
}

/// The server stops in the middle and time passes.
async fn times_out(steps: impl Into<Vec<Step>>) -> (Error, Book) {
    let steps = steps.into();
    let count = steps.len();
    let server = FaultServer::always(steps);
    let client = client(&server);
    let sending = tokio::spawn(async move { post(&client).await });
    server.until(|book| book.steps == count).await;
    time_passes(EVER).await;
    let error = sending.await.unwrap().unwrap_err();
    (error, server.all_ended().await)
}

#[tokio::test]
async fn slow_headers() {
    for sent in ["", "HTTP/1.1 200 OK\r\ncontent-le"] {
        let (error, book) = times_out([Step::Receive, Step::send(sent), Step::Hold]).await;
        assert_eq!(outcome(&error), (ErrorKind::Timeout, Delivery::MaybeSent, None));
        assert_eq!((book.connections, book.requests.len()), (1, 1));
    }
}

#[tokio::test]
async fn one_attempt_has_ten_seconds_and_one_of_a_write_five() {
    let server = FaultServer::always([Step::Receive, Step::Hold]);
    let client = crate::client(&server.url());
    for (number, (method, seconds)) in [(Method::Get, 10), (Method::Post, 5)].into_iter().enumerate() {
        let sending = tokio::spawn(client.request(method, "/v1/things").send());
        server.until(|book| book.holding > number).await;
        time_passes(Duration::from_secs(seconds - 1)).await;
        assert!(!sending.is_finished());
        time_passes(Duration::from_secs(1)).await;
        let error = sending.await.unwrap().unwrap_err();
        assert_eq!(outcome(&error), (ErrorKind::Timeout, Delivery::MaybeSent, None));
    }
}

#[tokio::test]
async fn slow_body() {
    let sent = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{";
    let (error, book) = times_out([Step::Receive, Step::send(sent), Step::Hold]).await;
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::MaybeSent));
    assert_eq!((book.connections, book.requests.len()), (1, 1));
}

#[tokio::test]
async fn slow_to_take_the_request() {
    let server = FaultServer::always([Step::ReceivePart(1), Step::Wait]);
    let client = client(&server);
    let body = text("x".repeat(32 << 20));
    let sending = tokio::spawn(client.request(Method::Post, "/v1/things").body(&body).send());
    server.until(|book| book.steps == 2).await;
    time_passes(EVER).await;
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Timeout, Delivery::MaybeSent, None));
    server.release();
    assert_eq!(server.all_ended().await.requests.len(), 0);
}

#[tokio::test]
async fn answer_before_the_whole_request() {
    let body = r#"{"error": {"code": 413, "message": "too much"}}"#;
    let server = FaultServer::always([Step::ReceivePart(1), Step::answer(413, body), Step::Hold]);
    let body = text("x".repeat(8 << 20));
    let error = client(&server).request(Method::Post, "/v1/things").body(&body).send().await.unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Api, Delivery::Answered, Some(413)));
    assert_eq!(error.message(), "too much");
    // What is left of the request may still be on its way, on the same connection.
    assert_eq!(server.book().connections, 1);
}

#[tokio::test]
async fn handshake_that_never_ends_is_not_sent() {
    // Accepted, but nobody speaks TLS there.
    let server = FaultServer::always([Step::Hold]);
    let url = format!("https://{}", server.address);
    for (method, limit) in [(Method::Get, 5), (Method::Post, 3)] {
        let before = server.book();
        let client = to(&url).build().unwrap();
        let sending = tokio::spawn(client.request(method, "/v1/things").send());
        server.until(|book| book.bytes > before.bytes).await;
        time_passes(Duration::from_secs(limit - 1)).await;
        assert!(!sending.is_finished());
        time_passes(Duration::from_secs(1)).await;
        let error = sending.await.unwrap().unwrap_err();
        assert_eq!(outcome(&error), (ErrorKind::Connect, Delivery::NotSent, None));
    }
}

#[tokio::test]
async fn a_request_may_have_less_time_for_its_connection() {
    let server = FaultServer::always([Step::Hold]);
    let client = to(&format!("https://{}", server.address)).build().unwrap();
    let options = RequestOptions::new().connect_timeout(Duration::from_secs(1));
    let sending = tokio::spawn(client.request(Method::Post, "/v1/things").options(options).send());
    server.until(|book| book.bytes > 0).await;
    time_passes(Duration::from_secs(1)).await;
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Connect, Delivery::NotSent, None));

    let none = RequestOptions::new().connect_timeout(Duration::ZERO);
    let error = client.request(Method::Post, "/v1/things").options(none).send().await.unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Invalid, Delivery::NotSent, None));
}

#[tokio::test]
async fn whole_time_may_be_up_before_there_is_a_connection() {
    let server = FaultServer::always([Step::Hold]);
    let url = format!("https://{}", server.address);
    let client = to(&url).order_timeout(Duration::from_secs(1)).build().unwrap();
    let sending = tokio::spawn(async move { post(&client).await });
    server.until(|book| book.bytes > 0).await;
    time_passes(Duration::from_secs(1)).await;
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Timeout, Delivery::NotSent, None));
}

#[tokio::test]
async fn waiting_for_another_request_is_not_sent() {
    let server = FaultServer::always([Step::Receive, Step::Wait, Step::answer(200, OK), Step::Hold]);
    let client = to(&server.url()).concurrent_requests(1).timeout(Duration::from_secs(60)).build().unwrap();
    let first = tokio::spawn(client.request(Method::Get, "/v1/first").send());
    server.until(|book| book.requests.len() == 1).await;
    let short = RequestOptions::new().timeout(Duration::from_secs(1));
    let second = tokio::spawn(client.request(Method::Post, "/v1/second").options(short).send());
    tokio::task::yield_now().await;
    time_passes(Duration::from_secs(1)).await;
    let error = second.await.unwrap().unwrap_err();
    assert_eq!(outcome(&error), (ErrorKind::Timeout, Delivery::NotSent, None));
    server.release();
    assert_eq!(first.await.unwrap().unwrap().data.text(), "1");
    let book = server.book();
    assert_eq!((book.connections, book.requests.len()), (1, 1));
}

#[tokio::test]
async fn connection_that_was_closed_while_idle() {
    // The first connection answers once and closes; the second request must not be lost on it.
    let server = FaultServer::always([Step::Receive, Step::answer(200, OK)]);
    let client = client(&server);
    for round in 1..=20 {
        match post(&client).await {
            Ok(response) => assert_eq!(response.data.text(), "1"),
            // The close crossed the request: nobody can know better.
            Err(error) => {
                assert_eq!(outcome(&error), (ErrorKind::Connection, Delivery::MaybeSent, None));
            }
        }
        assert!(server.book().requests.len() <= round, "sent twice");
    }
}
