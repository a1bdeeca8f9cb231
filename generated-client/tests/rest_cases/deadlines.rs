//! Group F of the cases: deadlines and sizes.

use std::time::{Duration, Instant};

use clear_street::{ErrorKind, studio};
use clear_street_test_support::fault::{FaultServer, Step};
use clear_street_test_support::server::{Action, Server};

use crate::{account, submit, trading};

/// What a call may take beyond its deadline on a busy machine.
const SLACK: Duration = Duration::from_secs(1);

/// Lists orders with this time; how long it took. It must end because the time is up.
async fn read_within(url: &str, timeout: Duration) -> Duration {
    let client = trading(url).timeout(timeout);
    let begun = Instant::now();
    let error = client.build().unwrap().orders().get_orders(account()).send().await.unwrap_err();
    let took = begun.elapsed();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(took < timeout + Duration::from_millis(100) + SLACK, "{took:?}");
    took
}

fn empty_members() -> FaultServer {
    let member = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let chunk = [b"2dc6c0\r\n".as_slice(), &member.repeat(150_000), b"\r\n"].concat();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\
        transfer-encoding: chunked\r\n\r\n";
    FaultServer::always([Step::Receive, Step::send(head), Step::Repeat(chunk, usize::MAX)])
}

#[tokio::test]
async fn f1_gzip_of_empty_members() {
    let server = empty_members();
    let builder = trading(server.url());
    let unlimited = builder.clone().response_limit(usize::MAX);
    for builder in [builder.clone(), unlimited.clone()] {
        let client = builder.order_timeout(Duration::from_secs(2)).build().unwrap();
        let begun = Instant::now();
        let submission = submit(&client).await.unwrap();
        assert!(!submission.is_known());
        assert!(begun.elapsed() < Duration::from_millis(2_100) + SLACK, "{:?}", begun.elapsed());
    }
    let posts = server.book().requests.iter().filter(|request| request.starts_with("POST")).count();
    assert_eq!(posts, 2, "each order was sent once");
    // Without a limit the deadline ends it, with a small one the size.
    let client = unlimited.timeout(Duration::from_millis(500)).build().unwrap();
    let error = client.orders().get_orders(account()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let client = builder.response_limit(1 << 20).build().unwrap();
    let error = client.orders().get_orders(account()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[tokio::test]
async fn f2_endless_early_hints() {
    let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(1_000);
    let server = FaultServer::always([Step::Receive, Step::Repeat(hints, usize::MAX)]);
    let took = read_within(&server.url(), Duration::from_secs(1)).await;
    assert!(took < Duration::from_millis(1_200) + SLACK, "{took:?}");
}

#[tokio::test]
async fn f3_slow_answers() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 400\r\n\r\n";
    let drip = |text: &str| {
        let pause = Action::Sleep(Duration::from_millis(50));
        text.bytes().flat_map(|byte| [Action::Send(vec![byte]), pause.clone()]).collect::<Vec<_>>()
    };
    let body = [vec![Action::Send(head.into())], drip(&" ".repeat(400))].concat();
    for actions in [drip(head), body, vec![Action::Hold]] {
        let server = Server::start(move |_| actions.clone()).await;
        read_within(&server.url, Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn f3_token_endpoint_that_hangs() {
    let endpoint = Server::start(|_| vec![Action::Hold]).await;
    let timeout = Duration::from_millis(500);
    let client = studio::Client::builder()
        .credentials("cl-7", "case-secret")
        .token_url(format!("{}/oauth/token", endpoint.url))
        .base_url("http://127.0.0.1:9")
        .timeout(timeout)
        .build()
        .unwrap();
    let begun = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let sending = client.accounts().list_accounts().send();
        callers.spawn(async move { sending.await.map(drop) });
    }
    while let Some(ended) = callers.join_next().await {
        assert_eq!(ended.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    }
    assert!(begun.elapsed() < timeout + Duration::from_millis(100) + SLACK);
    assert_eq!(endpoint.requests().len(), 1);
}
