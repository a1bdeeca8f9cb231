//! Whole streams over loopback, plain and over TLS, in real time: all waits are set to be short.
//!
//! As over pipes, all loggers are at their finest level, every message must have been seen in the
//! end, and no task may be left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::server::Answer;
use super::*;
use crate::authentication::{FetchingToken, Given, Token, TokenError, TokenRequest, TokenSource};
use crate::builder::ApiClient;
use crate::client;
use crate::stream::ClientTokens;
use crate::stream::dial;
use crate::stream::dial::tests::accept;
use crate::stream::machine::NoToken;
use crate::tests::certificate::{Authority, Flaw};
use crate::transport::TransportSettings;

/// Longest wait for something that has to come. Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

fn short_waits() -> Settings {
    Settings {
        max_backoff: millis(20),
        close_timeout: millis(500),
        certificate_wait: millis(60),
        ..Settings::default()
    }
}

/// A server on loopback, and a caller of it; it is plain, or has a certificate that may be no good.
struct Net {
    server: Server,
    caller: Caller,
    /// Taken, but not listened on.
    socket: Option<TcpSocket>,
    tls: Option<TlsAcceptor>,
}

impl Net {
    fn listen(&mut self) -> tokio::task::AbortHandle {
        let listener = self.socket.take().unwrap().listen(16).unwrap();
        tokio::spawn(self.server.clone().listen(listener, self.tls.clone())).abort_handle()
    }
}

fn over_loopback(flaw: Option<Flaw>, change: impl Fn(&mut Settings), play: impl AsyncFnOnce(&mut Net)) {
    let ears = Ears::open();
    let mut settings = short_waits();
    change(&mut settings);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        // Little room, so that a server who does not read is soon noticed.
        socket.set_recv_buffer_size(4 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let scheme = if flaw.is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://{}/ws", socket.local_addr().unwrap());
        let authority = Authority::new();
        let root_certificates = vec![authority.root()];
        let transport = TransportSettings { root_certificates, ..TransportSettings::default() };
        let dial = dial::Server::new(&url, "test/1", &transport).unwrap();
        let server = Server::default();
        let stream = open(dial, server.tokens.clone(), settings, &shared(), ResumePoint::default());
        let caller = Caller::new(stream, PATIENCE);
        let tls = flaw.map(|flaw| authority.acceptor(flaw, "http/1.1"));
        let mut net = Net { server, caller, socket: Some(socket), tls };
        play(&mut net).await;
        net.caller.end(&net.server).await;
        let until = Instant::now() + PATIENCE;
        while Handle::current().metrics().num_alive_tasks() > 0 {
            assert!(Instant::now() < until, "a task is left");
            sleep(millis(1)).await;
        }
    });
    drop(runtime);
    let lines = ears.take();
    lines.iter().for_each(|line| assert_holds_no_token(line));
    assert_eq!(flaw.is_some(), lines.iter().any(|line| line.starts_with("rustls")), "what TLS says is heard");
}

/// Plays it twice, plain and over TLS, against a server that listens.
fn over_both(change: impl Fn(&mut Settings), play: impl AsyncFn(&Server, &mut Caller)) {
    for flaw in [None, Some(Flaw::None)] {
        over_loopback(flaw, &change, async |net| {
            let listening = net.listen();
            play(&net.server, &mut net.caller).await;
            listening.abort();
        });
    }
}

#[test]
fn rows_01_02_03_10_39_42_however_a_connection_ends_nothing_is_lost() {
    let change = |settings: &mut Settings| {
        settings.max_message = 1 << 10;
        settings.ping_after = millis(150);
        settings.pong_timeout = millis(300);
    };
    over_both(change, async |server, caller| {
        let reset = (Order::Reset, "disconnected Reset, retrying Reset");
        let cut = (Order::Cut, "disconnected Eof, retrying Eof");
        end_by_each(server, caller, Duration::ZERO, ends().into_iter().chain([reset, cut])).await;
    });
}

#[test]
fn row_04_half_open_while_writing() {
    let change = |settings: &mut Settings| settings.write_timeout = SECOND;
    over_both(change, async |server, caller| end_by_a_stuck_write(server, caller).await);
}

#[test]
fn row_40_bytes_of_a_slow_message_keep_the_connection_alive() {
    let change = |settings: &mut Settings| {
        settings.ping_after = millis(200);
        settings.pong_timeout = millis(200);
    };
    over_both(change, async |server, caller| {
        begin(server, caller, 5).await;
        // No ping would be answered.
        server.order(Order::Deafen);
        server.order(Order::Mute);
        server.write_silently();
        let spaces = format!("{{{}", " ".repeat(50_000));
        let text = super::server::numbered(0, 6).replacen('{', &spaces, 1);
        for (at, piece) in text.as_bytes().chunks(2_000).enumerate() {
            server.order(Order::Bytes(frame(if at == 0 { 0x01 } else { 0x00 }, piece)));
            sleep(millis(50)).await;
        }
        server.order(Order::Bytes(frame(0x80, b"")));
        caller.saw("6").await;
        server.order(Order::End);
        caller.saw(format!("disconnected Eof, retrying Eof, {}", again(""))).await;
    });
}

#[test]
fn rows_07_08_11_13_14_dials_that_fail_are_repeated() {
    for flaw in [None, Some(Flaw::None)] {
        let change = |settings: &mut Settings| settings.dial_timeout = millis(800);
        over_loopback(flaw, change, async |net| {
            // Nobody listens.
            net.caller.saw("connecting, retrying Failed(Tcp), ".repeat(3).trim_end_matches(", ")).await;
            let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let location = format!("location: ws://{}/ws\r\n", elsewhere.local_addr().unwrap());
            let http = |head: &str| Answer::Http(format!("HTTP/1.1 {head}content-length: 0\r\n\r\n"));
            let other = accept("Sec-WebSocket-Key: of another request");
            let stage = if flaw.is_some() { "Tls" } else { "Upgrade" };
            let answers = [
                (Answer::Hang, format!("{stage} timed out")),
                (Answer::NoUpgrade, "Upgrade timed out".to_owned()),
                (http(&format!("301 Moved\r\n{location}")), "status 301".to_owned()),
                (http(&format!("307 Moved\r\n{location}")), "status 307".to_owned()),
                (Answer::Http(String::from_utf8(other).unwrap()), "Handshake(Accept)".to_owned()),
                (Answer::Http("not HTTP\r\n\r\n".to_owned()), "Handshake(Http)".to_owned()),
                (http("503 Busy\r\nretry-after: 1\r\n"), "status 503".to_owned()),
            ];
            let (answers, causes): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
            net.server.answer(answers);
            let listening = net.listen();
            net.server.write(5);
            let words = net.caller.take_until("caught up").await.join(", ");
            let seen: String = causes.iter().map(|cause| format!("connecting, retrying {cause}, ")).collect();
            // Some more dials may have been refused before it listened.
            assert!(words.ends_with(&(seen + &again(&replay(1..=5)))), "{words}");
            let [.., busy, last] = net.server.dials()[..] else { panic!("two dials") };
            assert!(last - busy >= millis(990), "{:?}", last - busy);
            assert!(timeout(millis(20), elsewhere.accept()).await.is_err(), "a redirect was followed");
            listening.abort();
        });
    }
}

#[test]
fn row_09_a_certificate_that_cannot_be_trusted() {
    for flaw in [Flaw::Expired, Flaw::NotYetValid, Flaw::OtherHost, Flaw::None] {
        over_loopback(
            Some(flaw),
            |_| {},
            async |net| {
                if flaw == Flaw::None {
                    // Of an authority that is not known.
                    net.tls = Some(Authority::new().acceptor(Flaw::None, "http/1.1"));
                }
                let listening = net.listen();
                let from = Instant::now();
                let tries = "connecting, retrying Certificate, ".repeat(2);
                net.caller.saw(tries + "connecting, failed Certificate, end").await;
                assert!(from.elapsed() >= millis(120), "{:?}", from.elapsed());
                sleep(millis(100)).await;
                assert_eq!(net.server.dials().len(), 3, "a dial after the end");
                listening.abort();
            },
        );
    }
}

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

fn client_tokens(url: &str, given: Given) -> ClientTokens {
    let mut settings = client::Settings::new(<crate::studio::Client as ApiClient>::api(), url);
    settings.credentials = Some(given);
    ClientTokens(settings.build().unwrap())
}

#[tokio::test]
async fn tokens_are_those_of_the_client() {
    let tokens = |given| client_tokens("http://127.0.0.1:9", given);
    let renewed = tokens(Given::Source(Arc::new(Source::default())));
    let first = renewed.token(None).await.unwrap();
    assert_eq!(renewed.token(None).await.unwrap().generation, first.generation);
    assert!(renewed.token(Some(first.generation)).await.unwrap().generation > first.generation);
    assert!(first.expires.is_some() && !format!("{first:?} {renewed:?}").contains("token-1"));

    let fixed = tokens(Given::Key("fixed".into()));
    let generation = fixed.token(None).await.unwrap().generation;
    assert!(matches!(fixed.token(Some(generation)).await, Err(NoToken::Refused(_))));

    let refused = tokens(Given::Source(Arc::new(Source { refuses: true, ..Source::default() })));
    assert!(matches!(refused.token(None).await, Err(NoToken::Refused(_))));
}
