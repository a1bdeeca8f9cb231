//! HTTP/2: many requests on one connection, each with its own fate.

#![allow(clippy::unwrap_used, reason = "a test fails where it panics")]

#[path = "support/certificate.rs"]
mod certificate;
#[path = "support/fault.rs"]
mod fault;
mod support;

use std::sync::Arc;

use bytes::Bytes;
use clear_street::operation::Method;
use clear_street::trading::Client;
use clear_street::{Delivery, ErrorKind, Json, Response, Result};
use h2::Reason;
use h2::server::SendResponse;
use tokio::sync::watch;

use crate::certificate::{Authority, Flaw};
use crate::fault::in_thread;
use crate::support::KEY;

/// Connections, requests, and streams that the client reset.
type Counts = Arc<watch::Sender<(usize, usize, usize)>>;

/// A server that does what the path of a request says.
fn serve(authority: &Authority) -> (Client, Counts) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = authority.acceptor(Flaw::None, "h2");
    let counts = Counts::default();
    let log = Arc::clone(&counts);
    in_thread(async move {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let stream = acceptor.accept(stream).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            log.send_modify(|counts| counts.0 += 1);
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                while let Some(Ok((request, respond))) = connection.accept().await {
                    log.send_modify(|counts| counts.1 += 1);
                    match request.uri().path() {
                        "/v1/break" => return,
                        path => drop(tokio::spawn(answer(path.to_owned(), respond, Arc::clone(&log)))),
                    }
                }
            });
        }
    });
    let builder = Client::builder().api_key(KEY).base_url(url).root_certificates(authority.root());
    (builder.build().unwrap(), counts)
}

async fn answer(path: String, mut respond: SendResponse<Bytes>, log: Counts) {
    let status = http::Response::builder().status(200).body(()).unwrap();
    match path.as_str() {
        "/v1/refuse" => respond.send_reset(Reason::REFUSED_STREAM),
        "/v1/reset" => respond.send_reset(Reason::INTERNAL_ERROR),
        "/v1/cut" => {
            let mut body = respond.send_response(status, false).unwrap();
            body.send_data(Bytes::from_static(b"{\"data\""), false).unwrap();
            body.send_reset(Reason::INTERNAL_ERROR);
        }
        "/v1/hold" => {
            let _ = std::future::poll_fn(|context| respond.poll_reset(context)).await;
            log.send_modify(|counts| counts.2 += 1);
        }
        _ => {
            let mut body = respond.send_response(status, false).unwrap();
            body.send_data(Bytes::from_static(b"{\"data\": 1}"), true).unwrap();
        }
    }
}

async fn post(client: &Client, path: &str) -> Result<Response<Json>> {
    client.request(Method::Post, path).body(&"[1]".parse().unwrap()).send().await
}

#[tokio::test]
async fn broken_streams_and_connections_may_have_been_sent() {
    let (client, counts) = serve(&Authority::new());
    for (sent, (path, status)) in
        [("/v1/reset", None), ("/v1/cut", Some(200)), ("/v1/break", None)].into_iter().enumerate()
    {
        let error = post(&client, path).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent), "{path}");
        assert!(error.status().is_none() || error.status() == status, "{path}");
        assert_eq!(*counts.borrow(), (1, sent + 1, 0), "sent once, on one connection");
    }
    // The next request finds out that the connection is gone, and nothing else.
    assert_eq!(post(&client, "/v1/answer").await.unwrap().data.text(), "1");
    assert_eq!(*counts.borrow(), (2, 4, 0));
}

#[tokio::test]
async fn a_refused_stream_was_not_sent() {
    let (client, counts) = serve(&Authority::new());
    let error = post(&client, "/v1/refuse").await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::NotSent));
    // Each attempt on a connection of its own, and no attempt but ours.
    let attempts = usize::try_from(error.attempts()).unwrap();
    assert_eq!((attempts, *counts.borrow()), (3, (3, 3, 0)));
}

#[tokio::test]
async fn a_dropped_request_ends_its_stream_and_not_the_connection() {
    let (client, counts) = serve(&Authority::new());
    tokio::select! {
        biased;
        answer = post(&client, "/v1/hold") => assert!(answer.is_ok(), "it is never answered"),
        _ = async { counts.subscribe().wait_for(|counts| counts.1 == 1).await.map(|_| ()) } => {}
    }
    counts.subscribe().wait_for(|counts| counts.2 == 1).await.unwrap();
    assert_eq!(post(&client, "/v1/answer").await.unwrap().data.text(), "1");
    assert_eq!(*counts.borrow(), (1, 2, 1));
}
