//! What goes wrong.

use std::time::Duration;

use clear_street_test_support::server::{Server, answer, last};

use super::{create, send_list};
use crate::error::{Delivery, Error, ErrorDetail, ErrorKind};

async fn failed(status: u16, headers: &'static [(&str, &str)], body: impl Into<Vec<u8>>) -> Error {
    let body = body.into();
    let server = Server::start(move |_| answer(status, headers, &body)).await;
    let error = send_list(&server).await.unwrap_err();
    assert_eq!(error.status(), Some(status));
    let delivery = if matches!(status, 408 | 500..) { Delivery::MaybeSent } else { Delivery::Answered };
    assert_eq!(error.delivery(), delivery);
    assert_eq!(error.operation(), Some("list"));
    error
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html")];

#[tokio::test]
async fn an_error_says_what_the_server_says() {
    let body = r#"{"problem": {"code": 404, "message": "no such thing", "details": [{"a": 1}, "b"]},
        "about": {"request_id": "r1"}}"#;
    let error = failed(404, &[("retry-after", "3")], body).await;
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.code(), Some("404"));
    assert_eq!(error.message(), "no such thing");
    assert_eq!(error.request_id(), Some("r1"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    assert_eq!(
        error.details().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [r#"{"a": 1}"#, r#""b""#]
    );
    assert_eq!(error.to_string(), r#"list: status 404: no such thing [{"a": 1}; "b"] (request id r1)"#);
    assert_eq!(error.data::<Vec<String>>().unwrap(), None);
}

#[tokio::test]
async fn details_of_known_shapes_have_types_and_are_shown() {
    let details =
        r#"[{"type": "T", "subject": "price", "description": "too low"}, {"reason": "R", "domain": "D"}]"#;
    let body = format!(r#"{{"problem": {{"message": "no", "details": {details}}}}}"#);
    let error = failed(400, JSON, body).await;
    let [ErrorDetail::Violation(violation), ErrorDetail::Info(info)] = &error.details()[..] else {
        panic!("{error:?}");
    };
    assert_eq!((violation.subject.as_deref(), info.reason.as_str()), (Some("price"), "R"));
    assert_eq!(error.to_string(), "list: status 400: no [price: too low (T); R (D)]");
    // Not a list, and more than anybody wants to read.
    let body = format!(r#"{{"problem": {{"message": "no", "details": {{"a": "{}"}}}}}}"#, "x".repeat(10_000));
    let error = failed(400, JSON, body).await;
    assert_eq!((error.message(), error.details().len()), ("no", 1));
    assert!(error.to_string().len() < 2200, "{}", error.to_string().len());
}

#[tokio::test]
async fn errors_of_other_shapes_are_clear_too() {
    let cases: [(u16, _, &str, &str); 9] = [
        (403, JSON, r#"{"code": 403, "message": "bare"}"#, "list: status 403: bare"),
        (403, JSON, r#"{"code": "DENIED", "message": "text code"}"#, "list: status 403: text code"),
        (500, JSON, "", "without a body"),
        (502, HTML, "<html>Bad Gateway</html>", "(text/html): <html>Bad Gateway</html>"),
        (504, HTML, "", "without a body"),
        (500, JSON, r#"{"problem": "just text"}"#, r#"(application/json): {"problem": "just text"}"#),
        (500, JSON, r#"{"problem": null}"#, r#"{"problem": null}"#),
        (500, JSON, "[1", "[1"),
        (302, &[("location", "/elsewhere")], "", "redirects to /elsewhere, which is not followed"),
    ];
    for (status, headers, body, text) in cases {
        let error = failed(status, headers, body).await;
        assert_eq!(error.kind(), ErrorKind::Api);
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn success_that_is_no_json_is_clear_too() {
    for (body, text) in [
        (b"<html>Welcome</html>".to_vec(), "no JSON object (text/html): <html>Welcome</html>"),
        (b"[]".to_vec(), "no JSON object (text/html): []"),
        (b"\xff\xfe".to_vec(), "no JSON object (text/html): \u{fffd}\u{fffd}"),
    ] {
        let error = failed(200, HTML, body).await;
        assert_eq!(error.kind(), ErrorKind::Response);
        assert!(error.to_string().ends_with(text), "{error}");
    }
    let error = failed(200, JSON, r#"{"result": ["a"#).await;
    assert_eq!(error.kind(), ErrorKind::Response);
    let error = failed(500, HTML, "x".repeat(100_000)).await;
    assert!(error.to_string().len() < 2300, "{}", error.to_string().len());
    assert_eq!(error.body().unwrap().len(), 100_000);
}

#[tokio::test]
async fn the_rows_of_an_error_can_be_read() {
    let body = r#"{"result": ["row 1", "row 2"], "problem": {"message": "duplicates"}}"#;
    let server = Server::answering(409, body).await;
    let error = create(&server, vec!["x".to_owned()]).send::<Vec<String>>().await.unwrap_err();
    assert_eq!(error.data::<Vec<String>>().unwrap().unwrap(), ["row 1", "row 2"]);
    let mismatch = error.data::<Vec<i64>>().unwrap_err();
    assert_eq!((mismatch.kind(), mismatch.path()), (ErrorKind::Response, Some("$.result[0]")));
}

#[tokio::test]
async fn a_broken_answer_may_have_had_its_effect() {
    for (bytes, status) in [
        ("", None),
        ("HTTP/1.1 200 OK\r\ncontent-le", None),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\nx-request-id: h1\r\n\r\n{\"result\":", Some(200)),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a", Some(200)),
        ("this is no HTTP", None),
    ] {
        let server = Server::start(move |_| last(bytes)).await;
        let error = send_list(&server).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert_eq!(error.delivery(), Delivery::MaybeSent, "{error}");
        assert_eq!(error.status(), status, "{error}");
    }
}

#[test]
fn a_result_is_cheap_to_pass_on() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}
