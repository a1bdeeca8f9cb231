//! Whole streams over loopback, plain and over TLS, in real time: all waits are set to be short.
//!
//! As over pipes, all loggers are at their finest level, every message must have been seen in the
//! end, and no task may be left. Dials that fail, and what only sockets can do, are tested in `dial`.

use std::future::ready;

use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::frames::frame;
use tokio::net::TcpSocket;

use super::server::{Order, numbered};
use super::*;
use crate::authentication::{Token, TokenFuture, TokenRequest, TokenSource};
use crate::stream::machine::NoToken;
use crate::stream::supervisor::TokenProvider;
use crate::stream::{ClientTokens, dial};
use crate::studio::{Client, ClientBuilder};
use crate::transport::{RootCertificates, TransportSettings};

/// Longest wait for something that has to come. Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Plays it twice, plain and over TLS, with a stream that is live.
fn over_loopback(change: impl Fn(&mut Settings), play: impl AsyncFn(&Server, &mut Caller)) {
    let mut settings = Settings { max_backoff: millis(20), ..Settings::default() };
    change(&mut settings);
    for scheme in ["ws", "wss"] {
        let lines = run(Builder::new_current_thread().enable_all(), async |_| {
            let socket = TcpSocket::new_v4().unwrap();
            // Little room, so that a server who does not read is soon noticed.
            socket.set_recv_buffer_size(4 << 10).unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(16).unwrap();
            let url = format!("{scheme}://{}/ws", listener.local_addr().unwrap());
            let authority = Authority::default();
            let root_certificates = vec![RootCertificates::from_pem(authority.pem()).unwrap()];
            let transport = TransportSettings { root_certificates, ..TransportSettings::default() };
            let dial = dial::Server::new(&url, "test/1", &transport).unwrap();
            let tls = (scheme == "wss").then(|| authority.acceptor(Flaw::None, "http/1.1"));
            let server = Server::default();
            let listening = tokio::spawn(server.clone().listen(listener, tls));
            let mut caller = Caller::new(open(dial, &server, settings.clone(), &shared()), PATIENCE);
            server.write(1);
            caller.saw(again("r1, ")).await;
            play(&server, &mut caller).await;
            caller.end(&server).await;
            listening.abort();
        });
        let is_heard = |target| lines.iter().any(|line| line.starts_with(target));
        assert!(is_heard("tungstenite::protocol") && is_heard("rustls") == (scheme == "wss"));
    }
}

#[test]
fn rows_02_03_however_a_connection_ends_nothing_is_lost() {
    let change =
        |settings: &mut Settings| (settings.ping_after, settings.pong_timeout) = (millis(150), millis(300));
    // The library rejects the code 1014.
    let close = Order::Bytes(frame(0x88, b"\x03\xf6why"));
    let ends = [(Order::End, "Eof"), (close, "Code(Some(1014))"), (Order::Freeze, "NoPong")];
    over_loopback(change, async |server, caller| {
        for (number, (order, cause)) in (2..).step_by(2).zip(&ends) {
            server.write(1);
            caller.saw(number.to_string()).await;
            server.order(order.clone());
            server.write_silently();
            let again = again(&format!("r{}, ", number + 1));
            caller.saw(format!("disconnected {cause}, retrying {cause}, {again}")).await;
        }
    });
}

#[test]
fn row_04_half_open_while_writing() {
    over_loopback(|settings| settings.write_timeout = SECOND, end_by_a_stuck_write);
}

/// The server does not read the pongs. Messages between the pings still arrive.
pub(super) async fn end_by_a_stuck_write(server: &Server, caller: &mut Caller) {
    server.order(Order::Deafen);
    for number in 2.. {
        server.order(Order::Bytes(frame(0x89, &[b'x'; 125]).repeat(1_000)));
        server.write(1);
        let word = caller.take_one().await;
        if word == "disconnected WriteTimeout" {
            caller.take_until("caught up").await;
            // The last one comes in the replay, or after it.
            while caller.delivered.len() < number {
                caller.take_one().await;
            }
            return;
        }
        assert_eq!(word, number.to_string());
        sleep(millis(100)).await;
    }
}

/// A large message in a hundred parts, with pauses, is delivered, although nothing else arrives.
#[test]
fn row_40_bytes_of_a_slow_message_keep_the_connection_alive() {
    let change =
        |settings: &mut Settings| (settings.ping_after, settings.pong_timeout) = (millis(300), millis(300));
    over_loopback(change, async |server, caller| {
        // No ping would be answered, and no heartbeat comes between.
        server.order(Order::Deafen);
        server.order(Order::Mute);
        server.write_silently();
        let text = numbered(0, 2).replacen('{', &format!("{{{}", " ".repeat(50_000)), 1);
        for (at, piece) in text.as_bytes().chunks(500).enumerate() {
            server.order(Order::Bytes(frame(if at == 0 { 0x01 } else { 0x00 }, piece)));
            sleep(millis(20)).await;
        }
        server.order(Order::Bytes(frame(0x80, b"")));
        caller.saw("2").await;
        assert_eq!(server.dials().len(), 1);
        server.order(Order::End);
        caller.saw(format!("disconnected Eof, retrying Eof, {}", again(""))).await;
    });
}

struct Source;

impl TokenSource for Source {
    fn fetch<'a>(&'a self, _: &'a TokenRequest) -> TokenFuture<'a> {
        Box::pin(ready(Ok(Token::new("planted").expires_in(DAY))))
    }
}

#[tokio::test]
async fn tokens_are_those_of_the_client() {
    let tokens = |builder: ClientBuilder| {
        ClientTokens(builder.base_url("http://127.0.0.1:9").settings.build().unwrap())
    };
    let renewed = tokens(Client::builder().token_source(Source));
    let first = renewed.token(None).await.unwrap();
    assert_eq!(renewed.token(None).await.unwrap().generation, first.generation);
    assert!(renewed.token(Some(first.generation)).await.unwrap().generation > first.generation);
    assert!(first.expires.is_some() && !format!("{first:?} {renewed:?}").contains("planted"));

    let fixed = tokens(Client::builder().access_token("fixed"));
    let generation = fixed.token(None).await.unwrap().generation;
    assert!(matches!(fixed.token(Some(generation)).await, Err(NoToken::Refused(_))));
}
