//! A client of the WebSocket that sees every frame, over a pipe.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test program uses a part of it, and fails where it fails"
)]

use std::ops::RangeInclusive;

use clear_street_mock::call::{Answer, Call};
use clear_street_mock::{Builder, MockServer, StatefulHandlers};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{DuplexStream, duplex};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub(crate) const ACCOUNT: &str = "100000";

/// Handlers of an exchange on which nothing happens.
struct Nobody;

impl StatefulHandlers for Nobody {
    fn answer(&self, _: &Call<'_>) -> Option<Answer> {
        None
    }
}

/// A server with all accounts there could be, so that only what a test appends is told.
pub(crate) async fn server(change: impl FnOnce(Builder) -> Builder) -> MockServer {
    change(MockServer::builder().handlers(Nobody)).start().await.unwrap()
}

/// Appends messages with these numbers in them.
pub(crate) fn appended(server: &MockServer, numbers: RangeInclusive<u64>) {
    let journal = server.journal("activity").unwrap();
    numbers.for_each(|number| _ = journal.append(ACCOUNT, "order-update", &json!({ "n": number }), true));
}

pub(crate) fn subscribe(channel: &str, token: &str) -> String {
    let payload = json!({ "type": format!("subscribe-{channel}"), "account_id": ACCOUNT });
    json!({ "authorization": token, "payload": payload }).to_string()
}

pub(crate) fn activity(token: &str) -> String {
    subscribe("activity", token)
}

/// What a client hears.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Message(Value),
    Pong(Vec<u8>),
    /// Code and reason.
    Closed(u16, String),
    /// The end without a close frame, or after one.
    Gone,
}

/// A connection over a pipe.
pub(crate) struct Pipe(WebSocketStream<DuplexStream>);

impl Pipe {
    pub(crate) async fn open(server: &MockServer) -> Self {
        Self::open_with(server, &[]).await
    }

    pub(crate) async fn open_with(server: &MockServer, headers: &[(&'static str, &str)]) -> Self {
        let (ours, theirs) = duplex(16 << 10);
        tokio::spawn(server.serve(theirs));
        let mut request = server.stream_url().unwrap().into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        Self(client_async(request, ours).await.unwrap().0)
    }

    /// A connection with a new token that has heard the acknowledgement and the replay.
    pub(crate) async fn subscribed(server: &MockServer) -> Self {
        let mut pipe = Self::open(server).await;
        pipe.send(&activity(&server.tokens().issue())).await;
        while pipe.payload().await["type"] != "replay-complete" {}
        pipe
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    pub(crate) async fn ping(&mut self, payload: &'static [u8]) {
        self.0.send(Message::Ping(payload.into())).await.unwrap();
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.0.send(Message::Close(Some(frame))).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Heard {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Heard::Message(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Pong(payload))) => Heard::Pong(payload.to_vec()),
            Some(Ok(Message::Close(Some(frame)))) => {
                Heard::Closed(frame.code.into(), frame.reason.to_string())
            }
            Some(Err(Error::Protocol(_) | Error::Io(_))) | None => Heard::Gone,
            other => panic!("heard {other:?}"),
        }
    }

    pub(crate) async fn message(&mut self) -> Value {
        match self.next().await {
            Heard::Message(message) => message,
            other => panic!("heard {other:?}"),
        }
    }

    pub(crate) async fn skip(&mut self, messages: usize) {
        for _ in 0..messages {
            self.message().await;
        }
    }

    pub(crate) async fn payload(&mut self) -> Value {
        self.message().await["payload"].take()
    }
}
