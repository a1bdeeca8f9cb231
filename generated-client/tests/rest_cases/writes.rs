//! Group D of the cases, and B11: writes whose answer is empty, unreadable, or wrong beside its rows.

use clear_street::operation::Method;
use clear_street::retry::RetrySettings;
use clear_street::studio::accounts::AccountNumber;
use clear_street::studio::orders::{CreateOrder, OrderSide, TimeInForce};
use clear_street::trading::instruments::InstrumentIdOrSymbol;
use clear_street::trading::orders::{OrderId, ReplaceOrderRequest};
use clear_street::trading::watchlist::WatchlistId;
use clear_street::{Delivery, Error, ErrorKind, Json, RequestOptions, RowOutcome, studio};
use clear_street_test_support::server::{Action, Server, bytes, json};
use rust_decimal::Decimal;

use crate::{KEY, account, client, order, row};

#[track_caller]
fn is_accepted(error: &Error, status: u16, body: &str) {
    assert_eq!(error.kind(), ErrorKind::AcceptedUnreadable, "{error}");
    assert!(error.is_accepted());
    assert_eq!((error.status(), error.delivery()), (Some(status), Delivery::Answered), "{error}");
    assert_eq!(error.body(), Some(body.as_bytes()));
    let text = error.to_string();
    assert!(text.contains("the server accepted the request") && text.contains("look before"), "{text}");
    assert_eq!(error.attempts(), 1);
}

fn raw(text: &str) -> Vec<Action> {
    vec![Action::Send(text.as_bytes().to_vec())]
}

#[tokio::test]
async fn d1_cancel_answers_nothing() {
    let null = r#"{"data":null,"metadata":{}}"#;
    for (status, answer, body) in [
        (204, raw("HTTP/1.1 204 No Content\r\n\r\n"), ""),
        (200, json(200, ""), ""),
        (202, json(202, null), null),
    ] {
        let server = Server::start(move |_| answer.clone()).await;
        let client = client(&server.url);
        let orders = client.orders();
        let change = ReplaceOrderRequest::new().quantity(Decimal::TEN);
        is_accepted(
            &orders.cancel_open_order(account(), OrderId::new("bk-501")).send().await.unwrap_err(),
            status,
            body,
        );
        is_accepted(
            &orders.replace_order(account(), OrderId::new("bk-501"), change).send().await.unwrap_err(),
            status,
            body,
        );
        is_accepted(&orders.cancel_all_open_orders(account()).send().await.unwrap_err(), status, body);
        let positions = client.positions();
        is_accepted(&positions.close_positions(account()).send().await.unwrap_err(), status, body);
        is_accepted(
            &positions.close_position(account(), InstrumentIdOrSymbol::new("KLMN")).send().await.unwrap_err(),
            status,
            body,
        );
        assert_eq!(server.requests().len(), 5);
    }
}

/// Where no value is documented, there is nothing to be read.
#[tokio::test]
async fn d1_success_where_no_value_is_documented() {
    let html = "<html>gone</html>";
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 40\r\ncontent-encoding: gzip\r\n\r\nno gzip, though it says so, and 40 bytes";
    for answer in [
        raw("HTTP/1.1 204 No Content\r\n\r\n"),
        json(200, ""),
        json(202, r#"{"data":null,"metadata":{}}"#),
        json(200, html),
        json(200, r#"{"data":"#),
        raw(cut),
    ] {
        let script = answer.clone();
        let server = Server::start(move |_| script.clone()).await;
        let watchlists = client(&server.url).watchlist();
        watchlists.delete_watchlist(WatchlistId::new("wl-1")).send().await.unwrap();
        let studio = studio(&server.url);
        studio
            .orders()
            .delete_order(AccountNumber::new("4400017"), studio::orders::OrderId::new("bk-501"))
            .send()
            .await
            .unwrap();
        assert_eq!(server.with_method("DELETE").len(), 2, "{answer:?}");
    }
}

fn studio(url: &str) -> studio::Client {
    studio::Client::builder().access_token("case-token").base_url(url).build().unwrap()
}

fn studio_order() -> CreateOrder {
    CreateOrder::market(
        studio::instruments::Symbol::new("KLMN"),
        OrderSide::Buy,
        Decimal::from(25),
        TimeInForce::Day,
    )
}

#[tokio::test]
async fn d2_created_but_unreadable() {
    let html = "<html>created</html>";
    for (body, path) in
        [(r#"{"order_id":null}"#, Some("$.order_id")), ("{}", Some("$.order_id")), ("", None), (html, None)]
    {
        let server = Server::start(move |_| json(201, body)).await;
        let orders = studio(&server.url).orders();
        let error =
            orders.create_order(AccountNumber::new("4400017"), studio_order()).send().await.unwrap_err();
        is_accepted(&error, 201, body);
        assert_eq!(error.path(), path, "{error}");
        assert_eq!(server.with_method("POST").len(), 1);
    }
}

/// The answer is complete, but cannot be decompressed, or is too large.
#[tokio::test]
async fn d2_created_but_of_no_use() {
    for (headers, limit) in [(&[("content-encoding", "gzip")][..], 1 << 20), (&[], 8)] {
        let answer = bytes(201, headers, r#"{"order_id":"bk-501"}"#);
        let server = Server::start(move |_| vec![Action::Send(answer.clone())]).await;
        let builder = studio::Client::builder().access_token("case-token").base_url(&server.url);
        let orders = builder.response_limit(limit).build().unwrap().orders();
        let error =
            orders.create_order(AccountNumber::new("4400017"), studio_order()).send().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::AcceptedUnreadable, Some(201)), "{error}");
        assert_eq!(server.with_method("POST").len(), 1);
    }
}

/// A refusal is none, also with a status of success.
#[tokio::test]
async fn d2_a_refusal_is_not_accepted() {
    for (status, body) in [
        (200, r#"{"error":{"code":400,"message":"no such order"},"metadata":{}}"#),
        (200, r#"{"error":"no such order"}"#),
        (400, r#"{"data":null}"#),
        (400, ""),
    ] {
        let server = Server::start(move |_| json(status, body)).await;
        let orders = client(&server.url).orders();
        let error = orders.cancel_open_order(account(), OrderId::new("bk-501")).send().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Api, Delivery::Answered), "{error}");
        assert!(!error.is_accepted());
    }
    // A read changes nothing: there is nothing to be accepted.
    let server = Server::start(|_| json(200, "{}")).await;
    let error = client(&server.url).orders().get_orders(account()).send().await.unwrap_err();
    assert_eq!((error.kind(), error.is_accepted()), (ErrorKind::Response, false), "{error}");
}

/// A server or gateway that failed may have done it nevertheless.
#[tokio::test]
async fn d2_every_failure_of_the_server_may_have_had_its_effect() {
    for (status, delivery) in [
        ([400, 401, 403, 404, 409, 422, 429].as_slice(), Delivery::Answered),
        (&[408, 500, 501, 502, 503, 504, 520, 599], Delivery::MaybeSent),
    ]
    .into_iter()
    .flat_map(|(statuses, delivery)| statuses.iter().map(move |status| (*status, delivery)))
    {
        let server = Server::start(move |_| json(status, "{}")).await;
        let orders = studio(&server.url).orders();
        let error =
            orders.create_order(AccountNumber::new("4400017"), studio_order()).send().await.unwrap_err();
        assert_eq!((error.status(), error.delivery()), (Some(status), delivery), "{error}");
        let client = crate::client(&server.url);
        let read = client.request(Method::Get, "/v1/x");
        let options = RequestOptions::new().retries(RetrySettings::new().max_attempts(1));
        let error = read.options(options).send().await.unwrap_err();
        assert_eq!((error.status(), error.delivery()), (Some(status), delivery), "{error}");
    }
}

/// An answer with these rows, and metadata of which nothing can be read.
fn with_wrong_metadata(rows: &str) -> String {
    format!(
        r#"{{"data":{rows},"metadata":{{"request_id":17,"total_items":"one","page_number":{{}},"total_pages":[2]}}}}"#
    )
}

#[tokio::test]
async fn b11_accepted_with_wrong_metadata() {
    let server = Server::start(|_| json(200, with_wrong_metadata(&format!("[{}]", row(KEY, "NEW"))))).await;
    let submission =
        client(&server.url).orders().submit_orders(account(), [order(KEY)]).send().await.unwrap();
    assert!(matches!(submission.rows()[0].outcome, RowOutcome::Accepted(_)), "{submission:?}");
    assert_eq!(server.requests().len(), 1);
    let metadata = submission.answer().unwrap().metadata();
    assert_eq!((metadata.total_items, metadata.page_number, metadata.total_pages), (None, None, None));
    // A number where a text is documented is its digits.
    assert_eq!(metadata.request_id.as_deref(), Some("17"));
}

/// Mistakes beside the data, whatever they are.
#[tokio::test]
async fn b11_wrong_metadata_beside_any_result() {
    for beside in [
        r#""metadata":[]"#,
        r#""metadata":17"#,
        r#""metadata":"none""#,
        r#""metadata":{"request_id":{}}"#,
        r#""metadata":{"request_id":"\ud800"}"#,
        r#""metadata":{"\ud800":1}"#,
        r#""metadata":{"request_id":"rq-1","request_id":"rq-2"}"#,
        r#""metadata":{},"metadata":{}"#,
        r#""metadata":{"total_items":3.5}"#,
        r#""metadata":{"total_items":99999999999999999999}"#,
        r#""error":17"#,
        r#""error":"""#,
        r#""error":[]"#,
        r#""error":false"#,
        r#""error":{"message":{}}"#,
        r#""error":{},"error":{}"#,
        r#""unknown":{"metadata":17}"#,
    ] {
        for body in [format!(r#"{{"data":[1,2,3],{beside}}}"#), format!(r#"{{{beside},"data":[1,2,3]}}"#)] {
            let server = Server::start({
                let body = body.clone();
                move |_| json(200, &body)
            })
            .await;
            let client = client(&server.url);
            for method in [Method::Get, Method::Post] {
                let answer = client.request(method, "/v1/x").send().await.unwrap();
                assert_eq!(answer.data, "[1,2,3]".parse::<Json>().unwrap(), "{body}");
                let metadata = answer.metadata();
                assert_eq!((metadata.request_id.as_deref(), metadata.total_items), (None, None), "{body}");
            }
            assert_eq!(server.requests().len(), 2);
        }
    }
}

/// What can be read is kept.
#[tokio::test]
async fn b11_right_metadata_beside_wrong_metadata() {
    let body = r#"{"data":[],"metadata":{"request_id":"rq-1","total_items":"3","page_number":{"n":1},
        "total_pages":null,"next_page_token":""}}"#;
    let server = Server::start(move |_| json(200, body)).await;
    let answer = client(&server.url).orders().get_orders(account()).send().await.unwrap();
    let metadata = answer.metadata();
    assert_eq!((metadata.request_id.as_deref(), metadata.total_items), (Some("rq-1"), Some(3)));
    assert_eq!((metadata.page_number, metadata.total_pages), (None, None));
}

/// The rows are given, then the walk says why it ends.
#[tokio::test]
async fn b11_an_unreadable_page_token_ends_a_walk() {
    let rows = format!("[{},{}]", row(KEY, "NEW"), row("ord-7f32", "NEW"));
    for token in ["{}", "[]", "true", r#""\ud800""#] {
        let body =
            format!(r#"{{"data":{rows},"metadata":{{"request_id":"rq-1","next_page_token":{token}}}}}"#);
        let server = Server::start(move |_| json(200, &body)).await;
        let list = client(&server.url).orders().get_orders(account());
        let mut items = list.clone().items();
        for _ in 0..2 {
            items.next().await.unwrap().unwrap();
        }
        let error = items.next().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Paging, Delivery::Answered), "{error}");
        assert!(error.to_string().contains("page token"), "{error}");
        assert!(items.next().await.is_none());
        let mut pages = list.clone().pages();
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!((page.data.len(), page.metadata().next_page_token.as_deref()), (2, None));
        assert_eq!(pages.next().await.unwrap().unwrap_err().kind(), ErrorKind::Paging);
        assert!(pages.next().await.is_none());
        assert_eq!(list.items().into_vec().await.unwrap_err().kind(), ErrorKind::Paging);
        assert_eq!(server.requests().len(), 3);
    }
}

/// The same where the token stands beside the items.
#[tokio::test]
async fn b11_an_unreadable_page_token_without_an_envelope() {
    let server = Server::start(|_| json(200, r#"{"data":[],"next_page_token":{}}"#)).await;
    let mut pages = studio(&server.url).orders().list_orders(AccountNumber::new("4400017")).pages();
    assert!(pages.next().await.unwrap().unwrap().data.is_empty());
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Paging, "{error}");
    assert_eq!(server.requests().len(), 1);
}
