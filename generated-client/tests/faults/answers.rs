//! Answers that came whole and are not what they should be.

use std::io::Write;

use clear_street::operation::Method;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::Order;
use clear_street::{Delivery, Error, ErrorKind, Response, Result};
use clear_street_test_support::fault::{FaultServer, Step};
use clear_street_test_support::server::Server;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{builder, client};

/// Lists orders from a server that gives this answer to everything, and asks it only once.
async fn orders(status: u16, kind: &str, body: impl AsRef<[u8]>) -> Result<Response<Vec<Order>>> {
    let headers = [("content-type", kind), ("x-request-id", "h1")];
    let server = FaultServer::always([Step::Receive, Step::answer_with(status, &headers, body)]);
    let client = client(&server.url());
    let answer = client.orders().get_orders(AccountId::new(42)).send().await;
    assert_eq!(server.book().requests.len(), 1);
    answer
}

const JSON: &str = "application/json";

/// An order with one field changed.
fn order(field: &str, value: &str) -> String {
    let mut order = serde_json::json!({
        "id": "o1", "client_order_id": "c1", "account_id": 42, "venue": "XNAS", "symbol": "A",
        "side": "BUY", "order_type": "LIMIT", "time_in_force": "DAY", "status": "NEW",
        "quantity": "10", "filled_quantity": "0", "leaves_quantity": "10",
        "created_at": "2025-01-02T03:04:05Z", "updated_at": "2025-01-02T03:04:05Z",
    });
    let fields = order.as_object_mut().unwrap();
    fields.remove(field);
    let mut text = serde_json::to_string(&order).unwrap();
    if !value.is_empty() {
        // As text: a number must come as it is written here.
        text.truncate(text.len() - 1);
        text.push_str(&format!(r#","{field}":{value}}}"#));
    }
    format!(r#"{{"data": [{text}], "metadata": {{"request_id": "r1"}}}}"#)
}

fn is_response_error(error: &Error) {
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Response, Delivery::Answered), "{error}");
    assert_eq!(error.status(), Some(200));
}

#[tokio::test]
async fn redirect() {
    let elsewhere = FaultServer::always([Step::Receive]);
    for status in [301, 302, 303, 307, 308] {
        let head = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            elsewhere.url()
        );
        let server = FaultServer::always([Step::Receive, Step::send(head)]);
        let client = client(&server.url());
        for method in [Method::Get, Method::Post] {
            let error = client.request(method, "/v1/things").send().await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(status)));
            assert_eq!(error.delivery(), Delivery::Answered);
        }
        assert_eq!(server.book().requests.len(), 2);
    }
    assert_eq!(elsewhere.book().connections, 0);
}

#[tokio::test]
async fn html_instead_of_json() {
    let page = "<html><body>Maintenance</body></html>";
    let error = orders(200, "text/html", page).await.unwrap_err();
    is_response_error(&error);
    assert!(error.to_string().contains("(text/html): <html>"), "{error}");
    assert_eq!((error.body().unwrap(), error.request_id()), (page.as_bytes(), Some("h1")));
}

#[tokio::test]
async fn empty_body() {
    let error = orders(200, JSON, "").await.unwrap_err();
    is_response_error(&error);
    assert!(error.to_string().contains("the answer has no body"), "{error}");
}

#[tokio::test]
async fn wrong_content_type() {
    // What is JSON is taken as such, whatever a gateway says of it.
    for kind in ["text/plain", "application/octet-stream", "text/html; charset=latin1"] {
        let response = orders(200, kind, order("status", r#""NEW""#)).await.unwrap();
        assert_eq!(response.data.len(), 1);
    }
    // What is none is none, whatever the server says of it.
    is_response_error(&orders(200, JSON, "\u{feff}not JSON").await.unwrap_err());
}

#[tokio::test]
async fn error_with_status_200() {
    let body =
        r#"{"error": {"code": 403, "message": "not yours"}, "data": null, "metadata": {"request_id": "r1"}}"#;
    let error = orders(200, JSON, body).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Api, Delivery::Answered));
    assert_eq!((error.status(), error.code()), (Some(200), Some("403")));
    assert_eq!((error.message(), error.request_id()), ("not yours", Some("r1")));
}

#[tokio::test]
async fn data_that_is_null() {
    let error = orders(200, JSON, r#"{"data": null, "metadata": {"request_id": "r1"}}"#).await.unwrap_err();
    is_response_error(&error);
    assert_eq!(error.request_id(), Some("r1"));
}

#[tokio::test]
async fn fields_and_values_that_are_new() {
    let response = orders(200, JSON, order("brand_new", r#"{"a": [1, null]}"#)).await.unwrap();
    assert_eq!(response.data[0].id.as_str(), "o1");
    assert!(String::from_utf8_lossy(response.body()).contains("brand_new"));
    let response = orders(200, JSON, order("status", r#""BRAND_NEW""#)).await.unwrap();
    assert_eq!(response.data[0].status.as_str(), "BRAND_NEW");
}

#[tokio::test]
async fn required_field_that_is_missing() {
    let error = orders(200, JSON, order("venue", "")).await.unwrap_err();
    is_response_error(&error);
    assert_eq!((error.path(), error.request_id()), (Some("$.data[0].venue"), Some("r1")));
}

#[tokio::test]
async fn numbers_for_strings_and_the_reverse() {
    for (field, value) in [("quantity", "10"), ("quantity", "10.0"), ("quantity", r#""10""#)] {
        let response = orders(200, JSON, order(field, value)).await.unwrap();
        assert_eq!(response.data[0].quantity, 10.into());
    }
    let response = orders(200, JSON, order("symbol", "7")).await.unwrap();
    assert_eq!(response.data[0].symbol.as_deref(), Some("7"));
    let response = orders(200, JSON, order("account_id", r#""42""#)).await.unwrap();
    assert_eq!(response.data[0].account_id, AccountId::new(42));
}

#[tokio::test]
async fn decimal_with_thirty_digits() {
    for value in [
        "123456789012345678901234567890",
        r#""123456789012345678901234567890""#,
        "0.123456789012345678901234567891",
        r#""0.123456789012345678901234567891""#,
    ] {
        let error = orders(200, JSON, order("quantity", value)).await.unwrap_err();
        is_response_error(&error);
        assert_eq!((error.path(), error.request_id()), (Some("$.data[0].quantity"), Some("r1")));
    }
}

#[tokio::test]
async fn status_207() {
    let body = r#"{"data": ["a", null], "error": {"code": 207, "message": "one failed"}}"#;
    let server = Server::answering(207, body).await;
    let client = client(&server.url);
    let response = client.request(Method::Post, "/v1/things").send().await.unwrap();
    assert_eq!((response.status(), response.data.text()), (207, r#"["a", null]"#));
    assert_eq!(response.error().unwrap().message(), Some("one failed"));
    assert_eq!(server.requests().len(), 1);
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn gzip_answer(body: &[u8]) -> Step {
    Step::answer_with(200, &[("content-type", JSON), ("content-encoding", "gzip")], body)
}

#[tokio::test]
async fn gzip_is_asked_for_and_read() {
    let body = gzip(order("status", r#""NEW""#).as_bytes());
    let server = FaultServer::always([Step::Receive, gzip_answer(&body)]);
    let client = client(&server.url());
    let response = client.orders().get_orders(AccountId::new(42)).send().await.unwrap();
    assert_eq!(response.data[0].id.as_str(), "o1");
    assert!(server.book().requests[0].contains("accept-encoding: gzip"));
}

#[tokio::test]
async fn gzip_that_is_cut_or_none_is_an_answer() {
    let whole = gzip(br#"{"data": 1}"#);
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let headers = [("content-encoding", "gzip"), ("x-request-id", "h1")];
    for body in [&whole[..whole.len() - 9], &whole[..5], &changed, br#"{"data": 1}"#] {
        for (status, kind, delivery) in [
            (200, ErrorKind::AcceptedUnreadable, Delivery::Answered),
            (400, ErrorKind::Response, Delivery::Answered),
            (503, ErrorKind::Response, Delivery::MaybeSent),
            (504, ErrorKind::Response, Delivery::MaybeSent),
        ] {
            let server = FaultServer::always([Step::Receive, Step::answer_with(status, &headers, body)]);
            let client = client(&server.url());
            let error = client.request(Method::Post, "/v1/things").send().await.unwrap_err();
            assert_eq!((error.kind(), error.delivery()), (kind, delivery), "{error:?}");
            assert_eq!((error.status(), error.request_id()), (Some(status), Some("h1")));
            assert!(std::error::Error::source(&error).is_some());
            assert_eq!(server.book().requests.len(), 1);
        }
    }
}

#[tokio::test]
async fn gzip_whose_connection_breaks_is_none() {
    let whole = gzip(br#"{"data": 1}"#);
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", whole.len());
    for at in 0..whole.len() {
        let part = Step::Send([head.as_bytes(), &whole[..at]].concat());
        let server = FaultServer::always([Step::Receive, part, Step::Cut]);
        let client = client(&server.url());
        let error = client.request(Method::Post, "/v1/things").send().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent), "{at}");
        assert_eq!(error.status(), Some(200));
    }
}

#[tokio::test]
async fn gzip_bomb() {
    // Ten gigabytes in ten megabytes, of which the client must take next to nothing. The second
    // part of a flushed stream goes on from spaces, whatever their number, so it can be repeated.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    encoder.flush().unwrap();
    let first = encoder.get_ref().clone();
    encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    encoder.flush().unwrap();
    let next = encoder.get_ref()[first.len()..].to_vec();
    let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
    let begin = Step::Send([head.as_slice(), &first].concat());
    let server = FaultServer::always([Step::Receive, begin, Step::Repeat(next, 10_000)]);
    let client = builder(&server.url()).response_limit(8 << 20).build().unwrap();
    let error = client.request(Method::Get, "/v1/things").send().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::TooLarge, Some(200)), "{error:?}");
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(server.all_ended().await.connections, 1);
}

const LARGE: usize = 100 << 20;

#[tokio::test]
async fn body_of_100_megabytes_is_refused() {
    let part = vec![b' '; 1 << 20];
    let chunk = [b"100000\r\n".as_slice(), &part, b"\r\n"].concat();
    for (head, part) in [
        (format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n"), part.clone()),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(), chunk),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned(), part),
    ] {
        let server = FaultServer::always([Step::Receive, Step::send(head), Step::Repeat(part, LARGE >> 20)]);
        let client = client(&server.url());
        let error = client.request(Method::Get, "/v1/things").send().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::TooLarge, Some(200)));
        assert_eq!(error.delivery(), Delivery::Answered);
        assert_eq!(server.all_ended().await.connections, 1);
    }
}

#[tokio::test]
async fn body_of_100_megabytes_is_read_if_it_is_wanted() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{{\"data\": 1}}", LARGE + 11);
    let spaces = Step::Repeat(vec![b' '; 1 << 20], LARGE >> 20);
    let server = FaultServer::always([Step::Receive, Step::send(head), spaces]);
    let client = builder(&server.url()).response_limit(2 * LARGE).build().unwrap();
    let response = client.request(Method::Get, "/v1/things").send().await.unwrap();
    assert_eq!((response.data.text(), response.body().len()), ("1", LARGE + 11));
}

#[tokio::test]
async fn headers_without_end() {
    let server = FaultServer::always([
        Step::Receive,
        Step::send("HTTP/1.1 200 OK\r\n"),
        Step::Repeat(b"x-more: and more\r\n".repeat(1000), 100_000),
    ]);
    let client = client(&server.url());
    let error = client.request(Method::Post, "/v1/things").send().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::TooLarge, Delivery::MaybeSent));
    assert!(error.to_string().contains("more than 1,000 headers"), "{error}");
    assert_eq!(server.all_ended().await.connections, 1);
}
