//! The two sides: a stream of this crate, and tokio-tungstenite with serde's derives.

use std::net::SocketAddr;
use std::pin::Pin;

use clear_street::stream::{Event, EventStream, Message};
use clear_street::studio::Client;
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use futures_core::Stream;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{WebSocketStream, client_async};

use clear_street_test_support::messages::{Tagged, TaggedPayload};

/// A stream of a client of its own, so that no limit of dials is shared.
pub(crate) struct Ours(pub(crate) EventStream<ActivityMessage>);

impl Ours {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let client = Client::builder()
            .access_token("token")
            .base_url(format!("http://{address}"))
            .stream_url(format!("ws://{address}/ws"))
            .build()
            .unwrap();
        Self(client.stream(ActivitySubscription::new(AccountId::new("100023"))).start().unwrap())
    }

    /// The next event that is one of these.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event<ActivityMessage>) -> bool) {
        while !wanted(&self.0.next().await.unwrap().unwrap()) {}
    }

    pub(crate) async fn update(&mut self) -> Message<ActivityMessage> {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Event::Message(message) => return message,
                Event::Connection(_) | Event::CaughtUp => {}
                event => panic!("{event:?}"),
            }
        }
    }
}

/// The bare loop: no number is looked at, no ping is sent, and nothing is made good.
pub(crate) struct Bare(WebSocketStream<TcpStream>);

impl Bare {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut socket, _) = client_async(format!("ws://{address}/ws"), stream).await.unwrap();
        // An empty text, with a mask of zeros: the server does not look at what it says.
        socket.get_mut().write_all(&[0x81, 0x80, 0, 0, 0, 0]).await.unwrap();
        Self(socket)
    }

    pub(crate) async fn update(&mut self) -> Tagged {
        loop {
            let frame = std::future::poll_fn(|context| Pin::new(&mut self.0).poll_next(context)).await;
            if let Frame::Text(text) = frame.unwrap().unwrap() {
                let message: Tagged = serde_json::from_str(&text).unwrap();
                if matches!(message.payload, TaggedPayload::OrderUpdate { .. }) {
                    return message;
                }
            }
        }
    }
}
