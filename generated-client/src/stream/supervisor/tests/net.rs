//! Whole streams over loopback, with the tokens of a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tungstenite::handshake::derive_accept_key;

use super::*;
use crate::authentication::{FetchingToken, Given, Token, TokenError, TokenRequest, TokenSource};
use crate::builder::ApiClient;
use crate::client;
use crate::stream::core::NoToken;
use crate::stream::dial;
use crate::stream::supervisor::Bearers;
use crate::stream::supervisor::bearers::ClientBearers;
use crate::transport::TransportSettings;

/// Gives a new token every time, or refuses.
#[derive(Default)]
struct Source {
    given: AtomicU64,
    refuses: bool,
}

impl TokenSource for Source {
    fn fetch<'a>(&'a self, _: &'a TokenRequest) -> FetchingToken<'a> {
        Box::pin(async {
            match self.refuses {
                true => Err(TokenError::refused("unknown client")),
                false => {
                    let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
                    Ok(Token::new(format!("token-{number}")).expires_in(DAY))
                }
            }
        })
    }
}

fn client(url: &str, given: Given) -> client::Core {
    let mut settings = client::Settings::new(<crate::studio::Client as ApiClient>::api(), url);
    settings.credentials = Some(given);
    settings.build().unwrap()
}

/// Answers upgrades on loopback, and hands what comes of them to the server; gives its address.
async fn listen(server: Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(upgrade(server.clone(), stream));
        }
    });
    address.to_string()
}

async fn upgrade(server: Server, mut stream: TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    let request = String::from_utf8(request).unwrap();
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    server.serve(stream).await;
}

#[tokio::test]
async fn a_stream_over_loopback_loses_nothing() {
    let server = Server::new(DAY, None);
    server.write(10);
    let address = listen(server.clone()).await;
    let client = client(&format!("http://{address}"), Given::Source(Arc::new(Source::default())));
    let url = format!("ws://{address}/ws");
    let to = dial::Server::new(&url, "test/1", &TransportSettings::default()).unwrap();
    // Five dials, and no waiting for the limit.
    let shared = Shared { limit: DialLimit::new(100, MINUTE, 10), clock: Instant::now() };
    let subscription = ActivitySubscription::new(AccountId::new("100000"));
    let bearers = ClientBearers::new(client);
    let settings = Settings { token_pace: Duration::ZERO, ..Settings::default() };
    let mut stream: Activity =
        start(subscription, to, bearers, settings, &shared, ResumePoint::default()).unwrap();
    let mut seen = Seen::default();
    for round in 1..=3 {
        while seen.numbers.len() < round * 10 {
            seen.note(stream.next().await.unwrap().unwrap());
        }
        stream.handle().wait_until_live(MINUTE).await.unwrap();
        server.cut();
        server.write(10);
    }
    while seen.numbers.len() < 40 {
        seen.note(stream.next().await.unwrap().unwrap());
    }
    stream.handle().wait_until_live(MINUTE).await.unwrap();
    stream.handle().rotate_now();
    while !seen.has(&Event::Connection(Connection::Rotated)) {
        seen.note(stream.next().await.unwrap().unwrap());
    }
    seen.assert_all(40);
    assert_eq!(seen.disconnects(), 3);
    timeout(MINUTE, stream.close()).await.expect("the server is told");
}

#[tokio::test]
async fn tokens_are_those_of_the_client() {
    let url = "http://127.0.0.1:9";
    let bearers = |given| ClientBearers::new(client(url, given));
    let renewed = bearers(Given::Source(Arc::new(Source::default())));
    let first = renewed.bearer(None).await.unwrap();
    assert_eq!(renewed.bearer(None).await.unwrap().generation, first.generation);
    assert!(renewed.bearer(Some(first.generation)).await.unwrap().generation > first.generation);
    assert!(first.expires.is_some() && !format!("{first:?} {renewed:?}").contains("token-1"));

    let fixed = bearers(Given::Key("fixed".into()));
    let generation = fixed.bearer(None).await.unwrap().generation;
    assert_eq!(fixed.bearer(Some(generation)).await.unwrap_err(), NoToken::Refused);

    let refused = bearers(Given::Source(Arc::new(Source { refuses: true, ..Source::default() })));
    assert_eq!(refused.bearer(None).await.unwrap_err(), NoToken::Refused);
}
