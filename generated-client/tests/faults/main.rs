//! Every fault of a server or a connection, each against a server that commits it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it panics")]

mod answers;
mod delivery;
mod dropped;
mod http2;
mod tls;

use clear_street::operation::Method;
use clear_street::retry::RetrySettings;
use clear_street::trading::{Client, ClientBuilder};
use clear_street::{Json, Response, Result, RootCertificates};
use clear_street_test_support::KEY;
use clear_street_test_support::certificate::Authority;

/// An answer that every client takes.
pub(crate) const OK: &str = r#"{"data": 1}"#;

/// A client that asks once.
pub(crate) fn builder(url: &str) -> ClientBuilder {
    let once = RetrySettings::new().max_attempts(1);
    Client::builder().api_key(KEY).base_url(url).retries(once.clone()).order_retries(once)
}

pub(crate) fn client(url: &str) -> Client {
    builder(url).build().unwrap()
}

pub(crate) fn trusted(authority: &Authority) -> RootCertificates {
    RootCertificates::from_pem(authority.pem()).unwrap()
}

/// Sends an order-like request: with a body, and never to be repeated.
pub(crate) async fn post(client: &Client) -> Result<Response<Json>> {
    let body = format!("\"{}\"", "x".repeat(1000)).parse().unwrap();
    client.request(Method::Post, "/v1/things").body(&body).send().await
}
