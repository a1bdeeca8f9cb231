//! What a test of somebody else's program does with a server.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod http;

use std::time::Duration;

use clear_street::ErrorKind;
use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street_mock::MockServer;
use clear_street_mock::http::StatusCode;
use futures_util::future::join_all;
use rust_decimal::Decimal;
use serde_json::json;
use tokio::time::Instant;

use self::http::{send, send_with};

fn client(server: &MockServer) -> Client {
    let once = clear_street::retry::RetrySettings::new().max_attempts(1);
    Client::builder().api_key("id.secret").base_url(server.trading_url()).retries(once).build().unwrap()
}

#[tokio::test]
async fn what_was_received_is_typed() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let client = client(&server);
    let quantity = Decimal::from(12);
    let price = Decimal::new(325, 2);
    let order = NewOrder::limit("AAPL", Side::Buy, quantity, price, RequestTimeInForce::Day);
    let account = AccountId::new(7);
    let orders = vec![order.id("mine")];
    assert_eq!(client.orders().submit_orders(account, orders).send().await.unwrap().rows().len(), 1);
    client.orders().get_orders(account).page_size(5).send().await.unwrap();

    let received = server.received_for("submit_orders");
    let [submitted] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!((submitted.method.as_str(), submitted.status), ("POST", Some(200)));
    assert_eq!(submitted.parameter::<AccountId>("account_id").unwrap(), account);
    let orders: Vec<NewOrder> = submitted.body().unwrap();
    assert_eq!((orders[0].side.clone(), orders[0].quantity), (Side::Buy, quantity));
    assert_eq!(submitted.headers["authorization"], "Bearer id.secret");

    let all = server.received();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].parameter::<u32>("page_size").unwrap(), 5);
    assert_eq!(all[1].parameter::<Option<String>>("page_token").unwrap(), None);
    assert!(all[1].body::<NewOrder>().is_err());
    server.forget();
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn what_is_refused_is_received_as_well() {
    let server = MockServer::start().await.unwrap();
    send(&server, "GET /nothing?a=1", "").await;
    send_with(&server, "GET /v1/accounts", "", "").await;
    send(&server, "GET /v1/accounts?bogus=1", "[1]").await;
    let received = server.received();
    let told: Vec<_> = received.iter().map(|it| (it.operation.as_deref(), it.status.unwrap())).collect();
    assert_eq!(told, [(None, 404), (Some("get_accounts"), 401), (Some("get_accounts"), 400)]);
    assert_eq!((received[0].query.as_str(), &received[2].body), ("a=1", &Some(json!([1]))));
    assert!(received[2].to_string().starts_with("GET /v1/accounts?bogus=1 get_accounts 400 "));
}

#[tokio::test]
async fn only_the_last_requests_are_kept() {
    let server = MockServer::builder().keep(2).start().await.unwrap();
    for number in 0..4 {
        send(&server, &format!("GET /{number}"), "").await;
    }
    let paths: Vec<_> =
        server.received().into_iter().map(|received| (received.path, received.status)).collect();
    assert_eq!(paths, [("/2".to_owned(), Some(404)), ("/3".to_owned(), Some(404))]);
}

#[tokio::test]
async fn answers_are_replaced_in_turn() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let client = client(&server);
    let clock = || client.calendar().get_clock().send();
    let usual = clock().await.unwrap().data;
    server.respond("get_clock").unwrap().status(StatusCode::SERVICE_UNAVAILABLE).once();
    server.respond("get_clock").unwrap().refuse(StatusCode::FORBIDDEN, "not today").times(2);
    server.respond("get_clock").unwrap().body("<html>").once();

    let error = clock().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(503)));
    for _ in 0..2 {
        let error = clock().await.unwrap_err();
        assert_eq!((error.status(), error.message()), (Some(403), "not today"));
    }
    assert_eq!(clock().await.unwrap_err().kind(), ErrorKind::Response);
    assert_eq!(clock().await.unwrap().data, usual);
}

#[tokio::test]
async fn an_answer_may_be_for_some_calls_only() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let order = json!({ "nothing": "of an order" });
    server
        .respond("get_order_by_id")
        .unwrap()
        .when(|call| call.parameters["order_id"] == "special")
        .value(order.clone())
        .header("x-note".parse().unwrap(), "made".parse().unwrap())
        .always();
    for _ in 0..2 {
        let answer = send(&server, "GET /v1/accounts/7/orders/special", "").await;
        assert_eq!(answer.json()["data"], order);
        assert!(answer.head.contains("x-note: made"), "{}", answer.head);
    }
    let other = send(&server, "GET /v1/accounts/7/orders/other", "").await;
    assert_eq!(other.json()["data"]["id"], "other");
}

#[tokio::test]
async fn the_items_of_a_list_are_cut_into_pages() {
    let server = MockServer::start().await.unwrap();
    server.respond("get_watchlists").unwrap().value(json!([1, 2, 3])).always();
    let first = send(&server, "GET /v1/watchlists?page_size=2", "").await.json();
    assert_eq!(first["data"], json!([1, 2]));
    let token = first["metadata"]["next_page_token"].as_str().unwrap();
    let second = send(&server, &format!("GET /v1/watchlists?page_token={token}"), "").await.json();
    assert_eq!(second["data"], json!([3]));
}

#[tokio::test]
async fn an_answer_may_come_late() {
    let server = MockServer::start().await.unwrap();
    server.respond("get_clock").unwrap().delay(Duration::from_millis(150)).once();
    let begun = Instant::now();
    assert_eq!(send(&server, "GET /v1/clock", "").await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(150), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn expectations_say_what_did_not_happen() {
    let server = MockServer::start().await.unwrap();
    assert!(server.verify().is_ok());
    server.expect("get_clock").unwrap().once();
    server.expect("get_accounts").unwrap().never();
    server.expect("trading/get_watchlists").unwrap().when(|call| call.page.is_some()).times(2);
    let unmet = server.verify().unwrap_err();
    let text = "expected 1 call of get_clock, received 0\n\
                expected 2 calls of trading/get_watchlists, received 0";
    assert_eq!(unmet.to_string(), text);
    assert_eq!(format!("{unmet:?}"), text);
    for request in ["GET /v1/clock", "GET /v1/watchlists", "GET /v1/watchlists"] {
        assert_eq!(send(&server, request, "").await.status, 200);
    }
    server.verify().unwrap();
    send(&server, "GET /v1/accounts", "").await;
    let unmet = server.verify().unwrap_err().to_string();
    assert_eq!(unmet, "expected 0 calls of get_accounts, received 1");
}

#[tokio::test]
async fn an_operation_that_there_is_not_is_an_error_at_once() {
    let server = MockServer::start().await.unwrap();
    let error = server.respond("get_ordres").unwrap_err();
    let text = "no API that is served has an operation `get_ordres`: did you mean `get_orders`?";
    assert_eq!(error.to_string(), text);
    assert!(server.expect("studio/get_watchlists").is_err());
}

#[tokio::test]
async fn two_hundred_clients_are_served_at_once() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    // So long that all of them wait together.
    server.respond("get_order_by_id").unwrap().delay(Duration::from_millis(500)).always();
    let begun = Instant::now();
    let server = &server;
    let clients = (0..200).map(|number| async move {
        let answer = send(server, &format!("GET /v1/accounts/{number}/orders/order-{number}"), "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let order = &answer.json()["data"];
        assert_eq!(order["id"], format!("order-{number}"));
        assert_eq!(order["account_id"], number);
    });
    join_all(clients).await;
    // One after the other would take 100 seconds.
    assert!(begun.elapsed() < Duration::from_secs(50), "{:?}", begun.elapsed());
    assert_eq!(server.received_for("get_order_by_id").len(), 200);
}
