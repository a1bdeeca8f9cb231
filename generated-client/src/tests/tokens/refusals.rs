//! What the token endpoint may answer instead of a token.

use std::time::Duration;

use clear_street_test_support::server::{Action, answer, json, last};

use super::endpoint::{Setting, good, token};
use crate::error::{Delivery, ErrorKind};
use crate::options::RequestOptions;
use crate::tests::LIST;

#[tokio::test]
async fn what_is_refused_is_not_asked_again() {
    for status in [400, 401, 403] {
        let refusal = r#"{"error": "invalid_client", "error_description": "no planted-secret here"}"#;
        let setting = Setting::new(move |_| json(status, refusal), |_| good()).await;
        for _ in 0..3 {
            let error = setting.send(&LIST).await.unwrap_err();
            assert_eq!((error.kind(), error.delivery()), (ErrorKind::Authentication, Delivery::NotSent));
            assert_eq!((error.status(), error.attempts()), (None, 0));
            let expected = format!(
                "list: there is no access token: the token endpoint answered with status {status}: \
                 invalid_client (no [redacted] here)"
            );
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(setting.counts(), (1, 0));
        setting.pass(30).await;
        setting.send(&LIST).await.unwrap_err();
        assert_eq!(setting.counts(), (2, 0));
    }
}

#[tokio::test]
async fn what_fails_is_asked_again() {
    type Fault = fn() -> Vec<Action>;

    let faults: [(Fault, Duration); 7] = [
        (|| json(500, "{}"), Duration::from_millis(50)),
        (|| json(503, "<html>"), Duration::from_millis(50)),
        (|| json(429, "{}"), Duration::from_millis(500)),
        (|| answer(429, &[("retry-after", "2")], "{}"), Duration::from_millis(2050)),
        (|| answer(200, &[("content-type", "text/html")], "<html>"), Duration::from_millis(50)),
        (|| json(200, r#"{"expires_in": 5}"#), Duration::from_millis(50)),
        (|| last(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()), Duration::from_millis(50)),
    ];
    for (fault, pause) in faults {
        let setting =
            Setting::new(move |number| if number == 1 { fault() } else { token(number) }, |_| good()).await;
        setting.send(&LIST).await.unwrap();
        assert_eq!((setting.counts(), setting.time.sleeps()), ((2, 1), vec![pause]));
    }
}

#[tokio::test]
async fn what_fails_for_good_is_an_error_that_all_share_for_a_second() {
    let setting = Setting::new(|_| answer(200, &[], "<html>planted-token</html>"), |_| good()).await;
    let error = setting.send(&LIST).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Authentication, Delivery::NotSent));
    assert!(
        error.to_string().ends_with("the token endpoint answered something that is no JSON object"),
        "{error}"
    );
    assert_eq!(setting.counts(), (3, 0));
    setting.send(&LIST).await.unwrap_err();
    assert_eq!(setting.counts(), (3, 0));
    setting.pass(1).await;
    setting.send(&LIST).await.unwrap_err();
    assert_eq!(setting.counts(), (6, 0));
}

#[tokio::test]
async fn a_token_without_a_life_is_kept() {
    let setting = Setting::new(|_| json(200, r#"{"access_token": "planted-token-1"}"#), |_| good()).await;
    for _ in 0..3 {
        setting.send(&LIST).await.unwrap();
        setting.pass(1_000_000).await;
    }
    assert_eq!(setting.counts(), (1, 3));
}

#[tokio::test]
async fn an_endpoint_that_hangs_takes_no_longer_than_the_call() {
    let setting = Setting::new(|_| vec![Action::Hold], |_| good()).await;
    let mut call = setting.call(&LIST);
    call.configure(RequestOptions::new().timeout(Duration::from_millis(50)));
    let error = call.send::<Vec<String>>().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent));
    assert_eq!(error.to_string(), "list: the time was up before there was an access token");
    assert_eq!(setting.counts().1, 0);
}

#[tokio::test]
async fn a_redirect_of_the_endpoint_is_not_followed() {
    let setting = Setting::new(|_| answer(307, &[("location", "http://127.0.0.1:1/")], ""), |_| good()).await;
    let error = setting.send(&LIST).await.unwrap_err();
    assert!(error.to_string().contains("answered with status 307"), "{error}");
    assert_eq!(setting.counts(), (1, 0));
}
