//! The Studio API's client with credentials: tokens and limits as the specification says.

use std::time::{Duration, Instant};

use clear_street::ErrorKind;
use clear_street::operation::Method;
use clear_street::rate_limit::RateLimits;
use clear_street::studio::{Client, ClientBuilder};
use clear_street_test_support::server::{Server, json};

fn client(endpoint: &Server, server: &Server) -> ClientBuilder {
    Client::builder()
        .credentials("planted-id", "planted-secret")
        .token_url(format!("{}/oauth/token", endpoint.url))
        .base_url(&server.url)
}

async fn endpoint() -> Server {
    Server::answering(
        200,
        r#"{"access_token": "planted-token", "expires_in": 86400, "token_type": "Bearer"}"#,
    )
    .await
}

#[tokio::test]
async fn credentials_become_a_token() {
    let endpoint = endpoint().await;
    let server = Server::answering(200, r#"{"data": []}"#).await;
    let client = client(&endpoint, &server).build().unwrap();
    for _ in 0..2 {
        client.request(Method::Get, "/accounts").send().await.unwrap();
    }
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer planted-token"));
    }
    let body = endpoint.request().body;
    for part in ["client_credentials", "planted-id", "planted-secret", "https://api.clearstreet.io"] {
        assert!(body.contains(part), "{body}");
    }
}

/// The published numbers: what a second lets through at once, and the room for cancelling.
#[tokio::test]
async fn limits_are_those_that_are_published() {
    let endpoint = endpoint().await;
    let server = Server::start(|_| json(200, "{}")).await;
    for (path, most) in [
        ("/accounts/7/orders", 7),
        ("/accounts/7/bulk-orders", 1),
        ("/accounts/7/locate-orders", 18),
        ("/accounts/7/positions", 30),
    ] {
        let client = client(&endpoint, &server).rate_limits(RateLimits::fail_fast()).build().unwrap();
        let began = Instant::now();
        let calls: Vec<_> =
            (0..30).map(|_| tokio::spawn(client.request(Method::Post, path).send())).collect();
        let mut sent = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => sent += 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::RateLimit, "{error}"),
            }
        }
        // On a machine that is slower than that, the next second has begun.
        if began.elapsed() < Duration::from_secs(1) {
            assert_eq!(sent, most, "{path}");
        }
    }
}
