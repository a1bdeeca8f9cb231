//! Every fault of requests once, over loopback, and what the client makes of it.

use std::time::{Duration, Instant};

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, Order, RequestTimeInForce, Side};
use clear_street::{ErrorKind, RequestOptions, RowOutcome};
use clear_street_mock::{MockServer, RequestFault};
use http::StatusCode;
use rust_decimal::Decimal;

use crate::support::{studio, trading};

const LIST: &str = "get_accounts";

async fn server(fault: RequestFault) -> (MockServer, Client) {
    let server = MockServer::start().await.unwrap();
    server.fault(fault).unwrap();
    let client = trading(&server);
    (server, client)
}

/// A list that succeeds although the first answer is spoilt.
async fn survived(fault: RequestFault) -> clear_street::retry::Statistics {
    let (_server, client) = server(fault.operation(LIST).call(1)).await;
    client.accounts().get_accounts().send().await.unwrap();
    client.statistics()
}

#[tokio::test]
async fn lost_answers_are_asked_for_again() {
    for fault in [
        RequestFault::new().reset_after(0),
        RequestFault::new().reset_after(60),
        RequestFault::new().cut_after(0),
        RequestFault::new().cut_after(60),
        RequestFault::new().carried_out(false).reset_after(0),
    ] {
        assert_eq!(survived(fault.clone()).await.retries_lost, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again() {
    let statistics = survived(RequestFault::new().status(StatusCode::SERVICE_UNAVAILABLE)).await;
    assert_eq!(statistics.retries_server_error, 1);
    let begun = Instant::now();
    let statistics = survived(RequestFault::new().status(StatusCode::TOO_MANY_REQUESTS).retry_after(1)).await;
    assert_eq!(statistics.retries_throttled, 1);
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn answers_come_late() {
    let begun = Instant::now();
    survived(RequestFault::new().delay(Duration::from_millis(300))).await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_an_error() {
    let (_server, client) = server(RequestFault::new().operation(LIST).malformed()).await;
    let error = client.accounts().get_accounts().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Response);
}

#[tokio::test]
async fn an_error_has_the_shape_of_the_api() {
    let (_server, client) = server(RequestFault::new().status(StatusCode::FORBIDDEN)).await;
    let error = client.accounts().get_accounts().send().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(403)));
    assert!(error.to_string().contains("this was asked for as a fault"), "{error}");
}

#[tokio::test]
async fn a_request_can_ask_for_what_befalls_it() {
    let server = MockServer::start().await.unwrap();
    let client = trading(&server);
    let asking = |text: &str| {
        client.accounts().get_accounts().options(RequestOptions::new().header("x-mock-fault", text)).send()
    };
    let error = asking("status=403, delay=1ms").await.unwrap_err();
    assert_eq!(error.status(), Some(403));
    let error = asking("statu=403").await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert!(error.to_string().contains("unknown key `statu`"), "{error}");
    client.accounts().get_accounts().send().await.unwrap();
}

#[tokio::test]
async fn tokens_end_and_are_renewed() {
    let server = MockServer::builder().client("id", "secret").start().await.unwrap();
    let client = studio(&server);
    for renewed in 0..2 {
        client.accounts().list_accounts().send().await.unwrap();
        assert_eq!(client.statistics().retries_unauthorized, renewed);
        server.tokens().expire_all();
    }
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_is_asked_again() {
    let server = MockServer::start().await.unwrap();
    let trouble = RequestFault::new().operation("token").call(1).status(StatusCode::SERVICE_UNAVAILABLE);
    server.fault(trouble).unwrap();
    studio(&server).accounts().list_accounts().send().await.unwrap();
}

#[tokio::test]
async fn who_is_not_known_gets_no_token() {
    let server = MockServer::builder().client("id", "another").start().await.unwrap();
    let error = studio(&server).accounts().list_accounts().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("invalid_client"), "{error}");
}

/// An order through a fault: what became of its row, and how many orders there are then.
async fn ordered(fault: RequestFault) -> (RowOutcome<Order>, usize) {
    let (_server, client) = server(fault.operation("submit_orders").call(1)).await;
    let account = AccountId::new(100_000);
    let day = RequestTimeInForce::Day;
    let order = NewOrder::limit("AAPL", Side::Buy, Decimal::TEN, Decimal::ONE, day).id("my-order-1");
    let submission = client.orders().submit_orders(account, [order]).send().await.unwrap();
    let orders = client.orders().get_orders(account).send().await.unwrap();
    (submission.rows().first().unwrap().outcome.clone(), orders.data.len())
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_found_by_its_key_and_there_is_one() {
    for fault in [
        RequestFault::new().reset_after(0),
        RequestFault::new().cut_after(100),
        // It was carried out, although the server says that it failed.
        RequestFault::new().status(StatusCode::INTERNAL_SERVER_ERROR).carried_out(true),
    ] {
        let (outcome, orders) = ordered(fault.clone()).await;
        let RowOutcome::Accepted(order) = outcome else { panic!("{fault:?}: {outcome:?}") };
        assert_eq!((order.client_order_id.as_str(), orders), ("my-order-1", 1), "{fault:?}");
    }
}

#[tokio::test]
async fn an_order_that_was_not_carried_out_is_not_sent_again() {
    for fault in [
        RequestFault::new().status(StatusCode::SERVICE_UNAVAILABLE),
        RequestFault::new().reset_after(0).carried_out(false),
    ] {
        let (outcome, orders) = ordered(fault.clone()).await;
        assert!(matches!(outcome, RowOutcome::Unknown { .. }), "{fault:?}: {outcome:?}");
        assert_eq!(orders, 0, "{fault:?}");
    }
}
