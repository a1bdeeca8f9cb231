//! A client that sends whatever it is told, also what no client should send.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test program uses a part of it, and fails where it fails"
)]

use std::net::SocketAddr;

use clear_street_mock::MockServer;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As they came, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request with a key.
pub(crate) async fn send(server: &MockServer, request: &str, body: &str) -> Answer {
    send_with(server, request, AUTHORIZED, body).await
}

/// What lets a request in.
pub(crate) const AUTHORIZED: &str = "authorization: Bearer key\r\n";

/// Sends a request, `GET /v1/accounts`, with these headers.
pub(crate) async fn send_with(server: &MockServer, request: &str, headers: &str, body: &str) -> Answer {
    send_to(server.address(), request, headers, body).await
}

/// The same to a server somewhere else.
pub(crate) async fn send_to(address: SocketAddr, request: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}
