//! How servers begin and end.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod http;

use std::time::Duration;

use clear_street_mock::MockServer;
use tokio::net::TcpStream;
use tokio::time::timeout;

use http::send;

#[tokio::test]
async fn many_servers_know_nothing_of_each_other() {
    let one = MockServer::builder().stateless().start().await.unwrap();
    let other = MockServer::builder().stateless().start().await.unwrap();
    assert_ne!(one.address(), other.address());
    one.respond("get_clock").unwrap().status(clear_street_mock::http::StatusCode::GONE).always();
    assert_eq!(send(&one, "GET /v1/clock", "").await.status, 410);
    assert_eq!(send(&other, "GET /v1/clock", "").await.status, 200);
    assert_eq!((one.received().len(), other.received().len()), (1, 1));
}

#[tokio::test]
async fn a_dropped_server_listens_no_more() {
    let server = MockServer::start().await.unwrap();
    let address = server.address();
    assert!(TcpStream::connect(address).await.is_ok());
    drop(server);
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), refused).await.unwrap();
}

#[tokio::test]
async fn what_was_begun_is_finished_before_the_end() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let address = server.address();
    server.respond("get_clock").unwrap().delay(Duration::from_millis(200)).once();
    let begun =
        tokio::spawn(
            async move { http::send_to(address, "GET /v1/clock", http::AUTHORIZED, "").await.status },
        );
    while server.received().is_empty() {
        tokio::task::yield_now().await;
    }
    server.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(begun.await.unwrap(), 200);
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_refused_and_any_key_is_good() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let status = async |bearer: &str| {
        let headers = format!("authorization: Bearer {bearer}\r\n");
        let answer = http::send_with(&server, "GET /studio/v2/accounts", &headers, "").await;
        (answer.status, answer.body.contains("not valid any more"))
    };
    let token = server.tokens().issue();
    assert_eq!(status("whatever").await, (200, false));
    assert_eq!(status(&token).await, (200, false));
    server.tokens().expire(&token);
    assert_eq!(status(&token).await, (401, true));
    // Also when it is forgotten.
    server.tokens().issue();
    assert_eq!(status(&token).await, (401, true));
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    // One byte too many, so that nothing of it is left unread when it is refused.
    let long = " ".repeat((16 << 20) + 1);
    let answer = send(&server, "POST /v1/accounts/7/orders", &long).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    assert_eq!(answer.json()["error"]["message"], "the body is longer than 16777216 bytes");
}

#[tokio::test]
async fn requests_for_tokens_and_streams_are_noted_without_secrets() {
    let (told, hears) = std::sync::mpsc::channel();
    let server = MockServer::builder();
    let server = server.log(move |received| told.send(received.to_string()).unwrap()).start().await.unwrap();
    let body = r#"{"grant_type":"client_credentials","client_id":"me","client_secret":"secret"}"#;
    let headers = "content-type: application/json\r\n";
    assert_eq!(http::send_with(&server, "POST /oauth/token", headers, body).await.status, 200);
    let upgrade = send(&server, "GET /studio/v2/ws", "").await.status;
    let (tokens, streams) = (server.received_for("token"), server.received_for("stream"));
    assert_eq!((tokens.len(), tokens[0].status, &tokens[0].body), (1, Some(200), &None));
    assert_eq!((streams.len(), streams[0].status), (1, Some(upgrade)));
    let logged: Vec<_> = hears.try_iter().collect();
    assert!(logged[0].starts_with("POST /oauth/token token 200 "), "{logged:?}");
    assert!(logged[1].starts_with(&format!("GET /studio/v2/ws stream {upgrade} ")), "{logged:?}");
}
