//! Streams with the tokens of a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::authentication::{FetchingToken, Given, Token, TokenError, TokenRequest, TokenSource};
use crate::builder::ApiClient;
use crate::client;
use crate::stream::machine::NoToken;
use crate::stream::supervisor::tests::DAY;
use crate::stream::supervisor::tests::server::Server;
use crate::stream::supervisor::{Bearers, ClientBearers};

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

/// A server on loopback that goes on by itself; its address.
async fn listen(server: Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            stream.write_all(&accept(&request)).await.unwrap();
            tokio::spawn(server.clone().serve_over(stream));
        }
    });
    address.to_string()
}

#[tokio::test]
async fn a_stream_with_the_tokens_of_a_client_loses_nothing() {
    let server = Server::new(DAY);
    server.write(10);
    let address = listen(server.clone()).await;
    let client = client(&format!("http://{address}"), Given::Source(Arc::new(Source::default())));
    let url = format!("ws://{address}/ws");
    let to = dial::Server::new(&url, "test/1", &TransportSettings::default()).unwrap();
    let shared = Shared { limit: DialLimit::new(), clock: Instant::now() };
    let bearers = ClientBearers::new(client);
    let stream = begin(to, bearers, short_waits(), &shared, ResumePoint::default());
    let mut caller = Caller::new(stream, PATIENCE);
    for _ in 0..3 {
        caller.take_until("caught up").await;
        caller.handle().wait_until_live(PATIENCE).await.unwrap();
        server.cut();
        server.write(10);
    }
    caller.take_until("caught up").await;
    caller.handle().rotate_now();
    caller.take_until("rotated").await;
    caller.assert_got(&server.said());
    assert_eq!(caller.statistics().await.disconnects, 3);
    let closed = caller.handle().close();
    caller.take_until("end").await;
    timeout(PATIENCE, closed).await.expect("the server is told");
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
    assert!(matches!(fixed.bearer(Some(generation)).await, Err(NoToken::Refused(_))));

    let refused = bearers(Given::Source(Arc::new(Source { refuses: true, ..Source::default() })));
    assert!(matches!(refused.bearer(None).await, Err(NoToken::Refused(_))));
}
