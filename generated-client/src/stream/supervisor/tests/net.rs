//! Whole streams over loopback, plain and over TLS, in real time: all waits are set to be short.
//!
//! As over pipes, all loggers are at their finest level, every message must have been seen in the
//! end, and no task may be left. Dials that fail, and what only sockets can do, are tested in `dial`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpSocket;

use super::*;
use crate::authentication::{FetchingToken, Given, Token, TokenError, TokenRequest, TokenSource};
use crate::builder::ApiClient;
use crate::client;
use crate::stream::ClientTokens;
use crate::stream::dial;
use crate::stream::machine::NoToken;
use crate::tests::certificate::{Authority, Flaw};
use crate::transport::TransportSettings;

/// Longest wait for something that has to come. Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Plays it twice, plain and over TLS.
fn over_loopback(settings: &Settings, play: impl AsyncFn(&Server, &mut Caller)) {
    for scheme in ["ws", "wss"] {
        let ears = Ears::open();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            // Little room, so that a server who does not read is soon noticed.
            socket.set_recv_buffer_size(4 << 10).unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(16).unwrap();
            let url = format!("{scheme}://{}/ws", listener.local_addr().unwrap());
            let authority = Authority::new();
            let root_certificates = vec![authority.root()];
            let transport = TransportSettings { root_certificates, ..TransportSettings::default() };
            let dial = dial::Server::new(&url, "test/1", &transport).unwrap();
            let tls = (scheme == "wss").then(|| authority.acceptor(Flaw::None, "http/1.1"));
            let server = Server::default();
            let listening = tokio::spawn(server.clone().listen(listener, tls));
            let from = ResumePoint::default();
            let stream = open(dial, server.tokens.clone(), settings.clone(), &shared(), from);
            let mut caller = Caller::new(stream, PATIENCE);
            play(&server, &mut caller).await;
            caller.end(&server).await;
            listening.abort();
            let until = Instant::now() + PATIENCE;
            while Handle::current().metrics().num_alive_tasks() > 0 {
                assert!(Instant::now() < until, "a task is left");
                sleep(millis(1)).await;
            }
        });
        let lines = ears.take();
        lines.iter().for_each(|line| assert_holds_no_token(line));
        let tls_is_heard = lines.iter().any(|line| line.starts_with("rustls"));
        assert_eq!(tls_is_heard, scheme == "wss");
    }
}

#[test]
fn rows_02_03_39_42_however_a_connection_ends_nothing_is_lost() {
    let settings = Settings {
        max_backoff: millis(20),
        max_message: 1 << 10,
        ping_after: millis(150),
        pong_timeout: millis(300),
        ..Settings::default()
    };
    over_loopback(&settings, async |server, caller| {
        end_by_each(server, caller, Duration::ZERO, ends()).await;
    });
}

#[test]
fn row_04_half_open_while_writing() {
    let settings = Settings { max_backoff: millis(20), write_timeout: SECOND, ..Settings::default() };
    over_loopback(&settings, async |server, caller| end_by_a_stuck_write(server, caller).await);
}

#[test]
fn row_40_bytes_of_a_slow_message_keep_the_connection_alive() {
    let settings = Settings {
        max_backoff: millis(20),
        ping_after: millis(300),
        pong_timeout: millis(300),
        ..Settings::default()
    };
    over_loopback(&settings, async |server, caller| take_a_slow_message(server, caller, millis(20)).await);
}

/// Gives a new token every time, or refuses.
struct Source(Option<AtomicU64>);

impl TokenSource for Source {
    fn fetch<'a>(&'a self, _: &'a TokenRequest) -> FetchingToken<'a> {
        Box::pin(async {
            let given = self.0.as_ref().ok_or_else(|| TokenError::refused("unknown client"))?;
            Ok(Token::new(format!("token-{}", given.fetch_add(1, Ordering::SeqCst))).expires_in(DAY))
        })
    }
}

#[tokio::test]
async fn tokens_are_those_of_the_client() {
    let tokens = |given| {
        let api = <crate::studio::Client as ApiClient>::api();
        let mut settings = client::Settings::new(api, "http://127.0.0.1:9");
        settings.credentials = Some(given);
        ClientTokens(settings.build().unwrap())
    };
    let renewed = tokens(Given::Source(Arc::new(Source(Some(AtomicU64::new(1))))));
    let first = renewed.token(None).await.unwrap();
    assert_eq!(renewed.token(None).await.unwrap().generation, first.generation);
    assert!(renewed.token(Some(first.generation)).await.unwrap().generation > first.generation);
    assert!(first.expires.is_some() && !format!("{first:?} {renewed:?}").contains("token-1"));

    let fixed = tokens(Given::Key("fixed".into()));
    let generation = fixed.token(None).await.unwrap().generation;
    assert!(matches!(fixed.token(Some(generation)).await, Err(NoToken::Refused(_))));

    let refused = tokens(Given::Source(Arc::new(Source(None))));
    assert!(matches!(refused.token(None).await, Err(NoToken::Refused(_))));
}
