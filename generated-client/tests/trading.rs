//! The Trading API as a program uses it, against a real server on loopback. What holds for every
//! operation is tested beside the runtime.

#![allow(clippy::unwrap_used, reason = "a test fails where it panics")]

mod support;

use std::fmt::Debug;

use clear_street::operation::Method;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::OrderStatus;
use clear_street::trading::{Client, OPERATIONS};
use clear_street::{ErrorKind, RequestOptions};

use crate::support::{KEY, Reply, Server};

fn client(server: &Server) -> Client {
    Client::builder().api_key(KEY).base_url(&server.url).build().unwrap()
}

#[tokio::test]
async fn orders_are_listed() {
    let server = Server::answering(200, r#"{"data": [], "metadata": {"request_id": "r1"}}"#).await;
    let request = client(&server)
        .orders()
        .get_orders(AccountId::new(42))
        .status([OrderStatus::New, OrderStatus::Filled]);
    let response = request.send().await.unwrap();
    assert_eq!(response.request_id(), Some("r1"));
    assert!(response.data.is_empty());
    assert_eq!(server.request().target, "/v1/accounts/42/orders?status=NEW,FILLED");
}

#[tokio::test]
async fn accounts_are_walked() {
    let server = Server::start(|request| match request.target.as_str() {
        "/v1/accounts" => {
            Reply::json(200, r#"{"data": [], "metadata": {"request_id": "1", "next_page_token": "a="}}"#)
        }
        "/v1/accounts?page_token=a%3D" => {
            Reply::json(200, r#"{"data": [], "metadata": {"request_id": "2"}}"#)
        }
        other => Reply::json(400, format!(r#"{{"error": {{"code": 400, "message": "{other}"}}}}"#)),
    })
    .await;
    let accounts = client(&server).accounts().get_accounts().items().into_vec().await.unwrap();
    assert!(accounts.is_empty());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn endpoints_that_are_not_documented_can_be_called() {
    let server = Server::answering(200, r#"{"data": {"a": 1}}"#).await;
    let client = client(&server);
    let response = client.request(Method::Get, "/v1/new-thing").query("depth", "5").send().await.unwrap();
    assert_eq!(response.data.text(), r#"{"a": 1}"#);
    assert_eq!(server.request().target, "/v1/new-thing?depth=5");
}

#[tokio::test]
async fn debug_of_nothing_shows_the_key() {
    let server = Server::answering(200, r#"{"data": [], "metadata": {"request_id": "r1"}}"#).await;
    let builder =
        Client::builder().api_key(KEY).header("x-desk", "planted").base_url("https://u:planted@x.com");
    let client = client(&server);
    let options = RequestOptions::new().header("x-desk", "planted").query("q", "planted");
    let accounts = client.accounts().get_accounts().options(options.clone());
    let undocumented = client.request(Method::Get, "/v1/new-thing").options(options.clone());
    let shown: [&dyn Debug; 11] = [
        &builder,
        &builder.clone().build().unwrap_err(),
        &client,
        &client.accounts(),
        &options,
        &accounts,
        &undocumented,
        &accounts.clone().send(),
        &accounts.clone().pages(),
        &accounts.clone().items(),
        &accounts.clone().send().await.unwrap(),
    ];
    for shown in shown {
        for text in [format!("{shown:?}"), format!("{shown:#?}")] {
            assert!(!text.contains("planted"), "{text}");
        }
    }
}

#[test]
fn a_client_needs_a_key() {
    let error = Client::builder().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn clients_are_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Client>();
}

#[test]
fn the_metadata_has_the_names_of_the_api() {
    for operation in OPERATIONS {
        assert_eq!(operation.api.pagination.next, "next_page_token");
        assert_eq!(operation.api.pagination.previous, Some("previous_page_token"));
    }
}
