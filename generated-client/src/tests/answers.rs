//! What answers mean.

use clear_street_test_support::server::{Server, answer};

use super::{CREATE, DELETE, LIST, MAYBE, core, send_list};
use crate::call::Call;
use crate::error::{ErrorKind, Result};
use crate::response::Response;

async fn answered(status: u16, body: &'static str) -> Result<Response<Vec<String>>> {
    send_list(&Server::answering(status, body).await).await
}

#[tokio::test]
async fn a_response_has_all_its_parts() {
    const BODY: &str = r#" {"about": {"request_id": "r1", "next_page_token": "n", "previous_page_token": "p",
        "page_number": 2, "total_items": 9, "total_pages": 5, "new": 1}, "problem": null, "result": ["a"], "new": 1} "#;
    let server =
        Server::start(|_| answer(200, &[("X-Thing", "t"), ("content-type", "application/json")], BODY)).await;
    let response = send_list(&server).await.unwrap();
    assert_eq!(response.data, ["a"]);
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get("x-thing"), Some("t"));
    assert_eq!(response.request_id(), Some("r1"));
    let metadata = response.metadata();
    assert_eq!(metadata.next_page_token.as_deref(), Some("n"));
    assert_eq!(metadata.previous_page_token.as_deref(), Some("p"));
    assert_eq!(
        (metadata.page_number, metadata.total_items, metadata.total_pages),
        (Some(2), Some(9), Some(5))
    );
    assert_eq!(response.error(), None);
    assert_eq!(response.body(), BODY.as_bytes());
}

#[tokio::test]
async fn the_request_id_may_come_as_a_header() {
    let server = Server::start(|_| answer(200, &[("x-request-id", "h1")], r#"{"result": []}"#)).await;
    assert_eq!(send_list(&server).await.unwrap().request_id(), Some("h1"));
}

#[tokio::test]
async fn a_partial_success_has_its_error() {
    for status in [200, 207] {
        let response = answered(
            status,
            r#"{"result": ["a"], "problem": {"code": 207, "message": "one failed", "details": [{"row": 1}]}}"#,
        );
        let response = response.await.unwrap();
        assert_eq!(response.data, ["a"]);
        let error = response.error().unwrap();
        assert_eq!((error.code(), error.message()), (Some("207"), Some("one failed")));
        assert_eq!(error.details()[0].to_string(), r#"{"row": 1}"#);
    }
}

#[tokio::test]
async fn success_with_an_error_and_no_result_is_an_error() {
    for body in [
        r#"{"problem": {"message": "no"}}"#,
        r#"{"result": null, "problem": {"message": "no"}, "about": {"request_id": "r"}}"#,
    ] {
        let error = answered(200, body).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.message()), (ErrorKind::Api, Some(200), "no"));
    }
}

#[tokio::test]
async fn success_without_a_result_is_an_error_where_there_must_be_one() {
    for (body, message) in [
        ("", "list: status 200: the answer has no body"),
        ("{}", "list: status 200: the answer has no result"),
        (
            r#"{"result": null, "about": {"request_id": "r"}}"#,
            "list: status 200: the answer has no result (request id r)",
        ),
    ] {
        let error = answered(200, body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Response);
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn a_result_may_be_null_where_the_operation_says_so() {
    for (body, data) in
        [("", None), ("{}", None), (r#"{"result": null}"#, None), (r#"{"result": "x"}"#, Some("x"))]
    {
        let server = Server::answering(200, body).await;
        let response = Call::new(&core(&server), &MAYBE).send::<Option<String>>().await.unwrap();
        assert_eq!(response.data.as_deref(), data);
    }
    let server = Server::answering(200, r#"{"result": null, "problem": {"message": "no"}}"#).await;
    let error = Call::new(&core(&server), &MAYBE).send::<Option<String>>().await.unwrap_err();
    assert_eq!(error.message(), "no");
}

#[tokio::test]
async fn an_operation_that_answers_nothing_takes_anything() {
    for (status, body) in [
        (200, ""),
        (204, ""),
        (200, r#"{"result": null}"#),
        (200, "{}"),
        (200, r#"{"result": [1, {"a": true}]}"#),
    ] {
        let server = Server::answering(status, body).await;
        let response = Call::new(&core(&server), &DELETE).send::<()>().await.unwrap();
        assert_eq!((response.data, response.status()), ((), status));
    }
}

#[tokio::test]
async fn a_result_that_does_not_decode_says_where() {
    let body = r#"{"result": ["a", null], "about": {"request_id": "r1"}}"#;
    let error = answered(200, body).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Response);
    assert_eq!(error.path(), Some("$.result[1]"));
    assert_eq!(error.request_id(), Some("r1"));
    assert_eq!(error.body(), Some(body.as_bytes()));
    let text = error.to_string();
    assert!(
        text.starts_with("list: status 200: ") && text.ends_with("at $.result[1] (request id r1)"),
        "{text}"
    );
}

#[test]
fn recorded_answers_are_decoded_and_encoded_again() {
    let cases = [
        (&LIST, 200, r#"{"result":["a"],"about":{"request_id":"r","total_items":2}}"#),
        (&LIST, 207, r#"{"result":["a"],"problem":{"code":207,"message":"m","details":[{"a":1.50}]}}"#),
        (&LIST, 404, r#"{"problem":{"code":404,"message":"m"},"about":{"request_id":"r"}}"#),
        (&LIST, 404, r#"{"code":"NOT_FOUND","message":"bare"}"#),
        (&LIST, 404, r#"{"result":{"any":1.0},"problem":{"message":"m"}}"#),
        (&CREATE, 409, r#"{"result":["row"],"problem":{"message":"m"}}"#),
        (&DELETE, 200, ""),
        (&DELETE, 200, r#"{"result":[1]}"#),
        (&LIST, 500, r#"{"problem":{"code":5}}"#),
    ];
    for (operation, status, body) in cases {
        let again = String::from_utf8(operation.recode(status, body.as_bytes()).unwrap()).unwrap();
        assert_eq!(again, body);
    }
    // What cannot be read beside the result is left out.
    let again = LIST.recode(500, br#"{"problem":{"code":5,"message":[]}}"#).unwrap();
    assert_eq!(again, br#"{"problem":{"code":5}}"#);
    for (operation, status, body, path) in [
        (&LIST, 200, r#"{"result":["a",{}]}"#, "$.result[1]"),
        (&CREATE, 409, r#"{"result":{}}"#, "$.result"),
    ] {
        let error = operation.recode(status, body.as_bytes()).unwrap_err();
        assert_eq!((error.operation(), error.path()), (Some(operation.name), Some(path)), "{error}");
    }
}
