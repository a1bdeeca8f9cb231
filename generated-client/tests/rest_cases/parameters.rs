//! Group I of the cases, as far as it is about parameters and answers: lists, lengths, redirects, times,
//! identifiers, and the numbers that a server asks to wait for.

use std::time::Duration;

use clear_street::retry::RetrySettings;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{OrderId, OrderStatus};
use clear_street::{Delivery, Error, ErrorKind, RequestOptions, studio};
use clear_street_mock::MockServer;
use clear_street_test_support::server::{Server, answer, json};
use jiff::Span;

use crate::{KEY, account, client, order, row, rows, trading};

#[tokio::test]
async fn i1_list_item_with_the_separator() {
    let server = Server::start(|_| json(200, r#"{"data":[]}"#)).await;
    let news = client(&server.url).news();
    for item in ["Ames, Bell & Co", ",A", "A,", ","] {
        let error = news.get_news().include_publishers([item, "A+B"]).send().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Invalid, Delivery::NotSent), "{error}");
        let text = error.to_string();
        assert!(text.contains("include_publishers") && text.contains(item), "{text}");
    }
    assert_eq!(server.requests().len(), 0);
    news.get_news().include_publishers(["Ames & Bell", "A+B"]).send().await.unwrap();
    assert!(server.requests()[0].target.contains("include_publishers=Ames%20%26%20Bell,A%2BB"));
}

/// The mock reads a query as the client writes it: an escaped comma separates nothing.
#[tokio::test]
async fn i1_the_mock_splits_lists_before_it_decodes_them() {
    let mock = MockServer::start().await.unwrap();
    let client = trading(mock.trading_url()).build().unwrap();
    let account = client.accounts().get_accounts().send().await.unwrap().data.remove(0).id;
    let list = || client.orders().get_orders(account);
    list().status([OrderStatus::New, OrderStatus::Filled]).send().await.unwrap();
    let raw = RequestOptions::new().query("status", "NEW,FILLED");
    let error = list().options(raw).send().await.unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    assert!(error.to_string().contains("status[0]") && !error.to_string().contains("status[1]"), "{error}");
    // Other escapes are decoded.
    let raw = RequestOptions::new().query("status", "NEW");
    list().options(raw).send().await.unwrap();
}

/// What the server says to an address that is too long.
async fn narrow() -> Server {
    Server::start(|request| match request.target.len() {
        ..=8000 => json(200, r#"{"data":[]}"#),
        _ => answer(414, &[("content-type", "text/html")], "<html>URI Too Long</html>"),
    })
    .await
}

fn ids(count: usize) -> Vec<OrderId> {
    (0..count).map(|number| OrderId::new(format!("01900000-0000-7000-8000-{number:012}"))).collect()
}

#[tokio::test]
async fn i2_list_too_long_for_a_url() {
    let server = narrow().await;
    let orders = client(&server.url).orders();
    let error = orders.get_orders(account()).order_ids(ids(1000)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(414)), "{error}");
    let length = server.requests()[0].target.len() + server.url.len();
    let text = error.to_string();
    assert!(text.contains("<html>URI Too Long</html>"), "{text}");
    assert!(text.contains(&format!("{length} bytes")) && text.contains("`order_ids`"), "{text}");

    let error = orders.get_orders(account()).order_ids(ids(2000)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Invalid, Delivery::NotSent), "{error}");
    assert_eq!(error.path(), Some("order_ids"));
    let length = length + 37 * 1000;
    assert!(error.to_string().contains(&format!("{length} bytes")), "{error} {length}");
    assert!(error.to_string().contains("`order_ids`"), "{error}");

    let id = OrderId::new("7".repeat(70_000));
    let error = orders.cancel_open_order(account(), id).send().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Invalid, Delivery::NotSent), "{error}");
    assert_eq!(error.path(), Some("order_id"));
    assert!(error.to_string().contains("`order_id`") && error.to_string().len() < 400, "{error}");
    assert!(error.to_string().contains(" bytes"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

/// The limit is that of the HTTP library, to the byte.
#[tokio::test]
async fn i2_the_longest_address_is_sent() {
    let server = narrow().await;
    let orders = client(&server.url).orders();
    let others = format!("{}/v1/accounts/4400017/orders/", server.url).len();
    let id = |length: usize| OrderId::new("7".repeat(length - others));
    let error = orders.get_order_by_id(account(), id(65_534)).send().await.unwrap_err();
    assert_eq!(error.status(), Some(414), "{error}");
    let error = orders.get_order_by_id(account(), id(65_535)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Invalid, Delivery::NotSent), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[track_caller]
fn names_its_target(error: &Error, status: u16) {
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(status)), "{error}");
    assert_eq!(error.delivery(), Delivery::Answered);
    let message = error.message();
    assert!(message.contains("https://api.depot.example/v2/x"), "{message}");
    assert!(!error.to_string().contains("kx1") && !message.contains("user"), "{message}");
    assert!(message.chars().count() <= 200, "{message}");
}

#[tokio::test]
async fn i5_redirect_names_its_target() {
    for status in [301, 302, 307, 308] {
        for location in [
            "https://api.depot.example/v2/x?key=kx1".to_owned(),
            "https://user:kx1@api.depot.example/v2/x#kx1".to_owned(),
            format!("https://api.depot.example/v2/x{}?key=kx1", "y".repeat(3000)),
        ] {
            let target = location.clone();
            let server = Server::start(move |_| answer(status, &[("location", &target)], "")).await;
            let orders = client(&server.url).orders();
            names_its_target(&orders.get_orders(account()).send().await.unwrap_err(), status);
            names_its_target(
                &orders.submit_orders(account(), [order(KEY)]).send().await.unwrap_err(),
                status,
            );
            let cancel = orders.cancel_open_order(account(), OrderId::new("bk-501"));
            names_its_target(&cancel.send().await.unwrap_err(), status);
            assert_eq!(server.requests().len(), 3);

            let endpoint = Server::start(move |_| answer(status, &[("location", &location)], "")).await;
            let builder = studio::Client::builder().credentials("cl-7", "cl-secret").base_url(&server.url);
            let client = builder.token_url(format!("{}/token", endpoint.url)).build().unwrap();
            let error = client.accounts().list_accounts().send().await.unwrap_err();
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Authentication, "{text}");
            assert!(text.contains("https://api.depot.example/v2/x") && !text.contains("kx1"), "{text}");
            assert_eq!((endpoint.requests().len(), server.requests().len()), (1, 3));
        }
    }
}

/// Market hours that open at this time.
fn hours(open: &str) -> String {
    let sessions = format!(r#"{{"regular":{{"open":"{open}","close":"2026-03-06T16:00:00-05:00"}}}}"#);
    format!(
        r#"{{"data":[{{"market":"us_equities","market_name":"X","timezone":"America/New_York","date":"2026-03-06","current_time":"2026-03-06T08:00:00-05:00","status":{{"is_open":false,"day_type":"trading_day"}},"today_sessions":{sessions},"next_sessions":{{}}}}],"metadata":{{"request_id":"rq-1"}}}}"#
    )
}

#[tokio::test]
async fn i6_market_hours_over_a_change_of_clocks() {
    for (open, later) in [
        ("2026-03-06T09:30:00-05:00", "2026-03-09T14:30:00Z"),
        ("2026-03-06T09:30:00-05:00[America/New_York]", "2026-03-09T13:30:00Z"),
    ] {
        let server = Server::start(move |_| json(200, hours(open))).await;
        let answer = client(&server.url).calendar().get_market_hours_calendar().send().await.unwrap();
        let session = answer.data[0].today_sessions.regular.as_ref().unwrap();
        assert_eq!(session.open.timestamp().to_string(), "2026-03-06T14:30:00Z");
        let found = session.open.checked_add(Span::new().days(3)).unwrap();
        assert_eq!(found.timestamp().to_string(), later);
        assert_eq!(answer.data[0].timezone, "America/New_York");
    }
}

#[tokio::test]
async fn i7_large_numbers_as_identifiers() {
    for id in ["8389765529445198309", "123456789012345678901234567890"] {
        for text in [id.to_owned(), format!("\"{id}\"")] {
            let listed = row(KEY, "NEW")
                .replace(r#""bk-501""#, &text)
                .replace(r#""account_id":4400017"#, r#""account_id":9007199254740993"#);
            let server = Server::start(move |request| match request.method.as_str() {
                "GET" => json(200, rows(std::slice::from_ref(&listed))),
                _ => json(200, format!(r#"{{"data":{listed}}}"#)),
            })
            .await;
            let orders = client(&server.url).orders();
            let listed = orders.get_orders(account()).send().await.unwrap().data.remove(0);
            assert_eq!(listed.id.as_str(), id);
            assert_eq!(listed.account_id, AccountId::new(9_007_199_254_740_993));
            orders.cancel_open_order(listed.account_id, listed.id).send().await.unwrap();
            let target = format!("/v1/accounts/9007199254740993/orders/{id}");
            assert_eq!(server.with_method("DELETE")[0].target, target);
        }
    }
}

/// What cannot be waited for is returned at once, with the number as it was sent.
#[tokio::test]
async fn i8_retry_after_of_any_size() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for (value, expected) in [
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(252_618_189_022)),
        ("Sun, 06 Nov 1994 08:49:36 GMT", Some(0)),
        ("-1", None),
        ("-9223372036854775808", None),
        ("1.5", None),
        ("1e9", None),
        ("+5", None),
        ("0x10", None),
        ("soon", None),
        ("", None),
    ] {
        let server = Server::start(move |_| answer(429, &[date, ("retry-after", value)], "{}")).await;
        let client = client(&server.url);
        let once = RequestOptions::new().retries(RetrySettings::new().max_attempts(1));
        let error = client.orders().get_orders(account()).options(once).send().await.unwrap_err();
        assert_eq!(error.retry_after(), expected.map(Duration::from_secs), "{value}");
        if expected.is_some_and(|seconds| seconds > 60) {
            // Also where the caller would wait for ever, the call's time is up before.
            let patient = RetrySettings::new().max_retry_after(Duration::MAX);
            for retries in [RetrySettings::new(), patient] {
                let options = RequestOptions::new().retries(retries);
                let error = client.orders().get_orders(account()).options(options).send().await.unwrap_err();
                assert_eq!((error.status(), error.attempts()), (Some(429), 1), "{value}");
            }
        }
    }
}

/// A life that is no number of seconds says nothing: the token is kept until the server refuses it.
#[tokio::test]
async fn i8_expires_in_of_any_size() {
    for life in [
        "18446744073709551615",
        "99999999999999999999999999",
        "1e308",
        "0",
        "-1",
        "-1e308",
        "0.5",
        "86400.75",
        r#""86400""#,
        r#""soon""#,
        r#""NaN""#,
        r#""inf""#,
        r#""""#,
        "null",
        "{}",
        "[]",
        "true",
    ] {
        let body = format!(r#"{{"access_token":"tk-one-4c1e09","expires_in":{life}}}"#);
        let endpoint = Server::start(move |_| json(200, &body)).await;
        let server = Server::start(|_| json(200, r#"{"data":[]}"#)).await;
        let builder = studio::Client::builder().credentials("cl-7", "cl-secret").base_url(&server.url);
        let client = builder.token_url(format!("{}/token", endpoint.url)).build().unwrap();
        for _ in 0..2 {
            client.accounts().list_accounts().send().await.unwrap();
        }
        assert_eq!(server.requests().len(), 2, "{life}");
        if life != "0.5" {
            assert_eq!(endpoint.requests().len(), 1, "{life}");
        }
    }
}
