//! Dials over loopback, and how the machine sees their results. What a whole stream makes of it is tested
//! with the supervisor, and how connections end with the connection, too.

use clear_street_test_support::frames::frame;
use tokio::net::TcpListener;

use super::*;
use crate::stream::machine::Closed;
use crate::transport::{ProxySettings, RootCertificates};
use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::fault::{FaultServer, Step};
use clear_street_test_support::proxy::Proxy;
use tokio_tungstenite::tungstenite::Message;

/// What a server answers to the upgrade, with more lines.
fn accept_with(request: &str, more: &str) -> Vec<u8> {
    let mut headers = request.lines().filter_map(|line| line.split_once(": "));
    let (_, key) = headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
        sec-websocket-accept: {accept}\r\n{more}\r\n"
    )
    .into_bytes()
}

/// What a server answers to the upgrade.
fn accept(request: &str) -> Vec<u8> {
    accept_with(request, "")
}

/// The upgrade, and then these steps.
fn upgraded(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    [Step::Receive, Step::AnswerTo(accept)].into_iter().chain(steps).collect()
}

fn text(text: &str) -> Step {
    Step::Send(frame(0x81, text.as_bytes()))
}

/// The settings of a dial that trusts an authority, and goes through a proxy.
fn transport(authority: Option<&Authority>, proxy: Option<String>) -> TransportSettings {
    let trusted = authority.map(|authority| RootCertificates::from_pem(authority.pem()).unwrap());
    let (root_certificates, proxy) = (trusted.into_iter().collect(), proxy.map(ProxySettings::new));
    TransportSettings { root_certificates, proxy, ..TransportSettings::default() }
}

/// Reads messages of at most 1 KiB.
async fn dial(url: &str, authority: Option<&Authority>) -> Result<Connection, DialFailure> {
    let server = Server::new(url, "test/1", &transport(authority, None)).unwrap();
    server.dial(&Settings { max_message: 1 << 10, ..Settings::default() }).await
}

/// A server with TLS and these steps on every connection.
fn tls(authority: &Authority, flaw: Flaw, steps: Vec<Step>) -> FaultServer {
    FaultServer::tls(authority.acceptor(flaw, "http/1.1"), move |_| steps.clone())
}

async fn next_text(connection: &mut Connection) -> Result<String, Closed> {
    loop {
        if let Some(Message::Text(text)) = poll_fn(|context| connection.poll_next(context)).await? {
            return Ok(text.to_string());
        }
    }
}

#[tokio::test]
async fn what_comes_with_the_upgrade_is_read() {
    let at_once = |request: &str| {
        [b"HTTP/1.1 103 Early\r\n\r\n".to_vec(), accept(request), frame(0x81, b"first")].concat()
    };
    let server = FaultServer::always([Step::Receive, Step::AnswerTo(at_once), text("second"), Step::Hold]);
    let mut connection = dial(&server.url(), None).await.unwrap();
    assert_eq!(next_text(&mut connection).await.as_deref(), Ok("first"));
    assert_eq!(next_text(&mut connection).await.as_deref(), Ok("second"));
    let request = server.book().requests.concat();
    let host = format!("Host: {}\r\n", server.address);
    for line in ["GET / HTTP/1.1\r\n", "User-Agent: test/1\r\n", "Sec-Websocket-Version: 13\r\n", &host] {
        assert!(request.contains(line), "{request}");
    }
}

#[tokio::test]
async fn rows_7_8_9_a_connection_that_is_not_made_names_its_stage() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(dial(&format!("ws://{nobody}"), None).await.unwrap_err(), DialFailure::Failed(Stage::Tcp));
    let silent = FaultServer::always([Step::Hold]);
    let encrypted = silent.url().replace("http", "wss");
    let impatient = Settings { dial_timeout: Duration::from_millis(200), ..Settings::default() };
    for (url, stage) in [(silent.url(), Stage::Upgrade), (encrypted, Stage::Tls)] {
        let server = Server::new(&url, "test/1", &transport(None, None)).unwrap();
        assert_eq!(server.dial(&impatient).await.unwrap_err(), DialFailure::TimedOut(Some(stage)));
    }
    let authority = Authority::default();
    for (flaw, trusted) in
        [(Flaw::Expired, &authority), (Flaw::OtherHost, &authority), (Flaw::None, &Authority::default())]
    {
        let server = tls(&authority, flaw, vec![Step::Receive]);
        let failure = dial(&server.url(), Some(trusted)).await.unwrap_err();
        assert_eq!(failure, DialFailure::Certificate, "{flaw:?}");
        assert_eq!(server.all_ended().await.requests, [""; 0]);
    }
}

#[tokio::test]
async fn rows_1_2_10_an_end_without_a_close_is_named() {
    let authority = Authority::default();
    for (end, how) in [
        (vec![Step::Wait, Step::Reset], Closed::Reset),
        (vec![], Closed::Eof),
        // TLS without its own end.
        (vec![Step::Cut], Closed::Eof),
    ] {
        let steps = upgraded([text("one")].into_iter().chain(end));
        for server in [FaultServer::always(steps.clone()), tls(&authority, Flaw::None, steps)] {
            let mut connection = dial(&server.url(), Some(&authority)).await.unwrap();
            assert_eq!(next_text(&mut connection).await.as_deref(), Ok("one"));
            server.release();
            assert_eq!(next_text(&mut connection).await, Err(how));
        }
    }
}

#[tokio::test]
async fn rows_6_11_13_14_the_failure_of_a_dial_is_named() {
    let no_tls = FaultServer::always([Step::send("no TLS")]).url().replace("http", "wss");
    assert_eq!(dial(&no_tls, None).await.unwrap_err(), DialFailure::Failed(Stage::Tls));
    let nameless = Host { name: "\0".to_owned(), port: 1, tls: None };
    assert_eq!(resolve(&nameless).await.unwrap_err(), DialFailure::Failed(Stage::Resolve));
    let other = FaultServer::always([Step::Hold]);
    let elsewhere = other.url();
    let status = |status, headers: &[(&str, &str)], retry_after: Option<u64>| {
        let retry_after = retry_after.map(Duration::from_secs);
        (Step::answer_with(status, headers, "no"), DialFailure::Status { status, retry_after })
    };
    let wrong = |answer: fn(&str) -> Vec<u8>, fault| (Step::AnswerTo(answer), DialFailure::Handshake(fault));
    for (answer, failure) in [
        status(429, &[("retry-after", "7")], Some(7)),
        status(503, &[], None),
        status(301, &[("location", &elsewhere)], None),
        (Step::send("HTTP/1.1 101 "), DialFailure::Failed(Stage::Upgrade)),
        wrong(|_| accept("Sec-WebSocket-Key: of another request"), "wrong `Sec-WebSocket-Accept`"),
        wrong(
            |it| accept_with(it, "sec-websocket-extensions: permessage-deflate\r\n"),
            "unasked `Sec-WebSocket-Extensions`",
        ),
        wrong(|it| accept_with(it, "sec-websocket-protocol: other\r\n"), "unasked `Sec-WebSocket-Protocol`"),
        wrong(
            |it| String::from_utf8(accept(it)).unwrap().replace("upgrade: ", "x: ").into_bytes(),
            "wrong `Upgrade` or `Connection`",
        ),
        wrong(|_| b"\x00\x01\x02\x03 not HTTP\r\n\r\n".to_vec(), "not HTTP, or a head that is too long"),
        wrong(
            |_| [b"HTTP/1.1 101 Switching\r\nendless: ".to_vec(), vec![b'x'; 500_000]].concat(),
            "not HTTP, or a head that is too long",
        ),
    ] {
        let ends = matches!(failure, DialFailure::Failed(_));
        let steps = [Step::Receive, answer].into_iter().chain((!ends).then_some(Step::Hold));
        let server = FaultServer::always(steps.collect::<Vec<_>>());
        assert_eq!(dial(&server.url(), None).await.unwrap_err(), failure);
        assert_eq!(server.all_ended().await.connections, 1);
        let is_invalid = failure.to_string().starts_with("invalid answer to the upgrade: ");
        assert_eq!(is_invalid, matches!(failure, DialFailure::Handshake(_)), "{failure}");
    }
    assert_eq!(other.book().connections, 0, "a redirect was followed");
}

#[tokio::test]
async fn row_12_a_proxy_carries_what_it_cannot_read_or_is_named_with_its_status() {
    let authority = Authority::default();
    let server = tls(&authority, Flaw::None, upgraded([text("one"), Step::Hold]));
    let address = server.address;
    for (answer, failure) in [
        ("HTTP/1.1 200 Connected\r\nvia: me\r\n\r\n", None),
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", Some(DialFailure::Proxy { status: 407 })),
        ("200 200 \r\n\r\n", Some(DialFailure::Failed(Stage::Proxy))),
        ("", Some(DialFailure::Failed(Stage::Proxy))),
    ] {
        let proxy = Proxy::to(address, answer);
        let settings = transport(Some(&authority), Some(proxy.url("user:p%40ss@")));
        let through = Server::new(&server.url(), "test", &settings).unwrap();
        assert!(!format!("{through:?}").contains("ss@"));
        let made = through.dial(&Settings::default()).await;
        assert_eq!(made.as_ref().err(), failure.as_ref(), "{answer}");
        if let Ok(mut connection) = made {
            assert_eq!(next_text(&mut connection).await.as_deref(), Ok("one"));
        }
        let asked = proxy.asked();
        assert!(asked.starts_with(&format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n")), "{asked}");
        assert!(asked.contains("\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n"), "{asked}");
    }
    assert_eq!(server.book().connections, 1);
    let refused = DialFailure::Proxy { status: 407 };
    assert_eq!(refused.to_string(), "the proxy refused to connect, with status 407");
    assert_eq!(DialFailure::Failed(Stage::Proxy).to_string(), "proxy CONNECT failed");

    // It is not used for what it could read.
    let server = FaultServer::always(upgraded([Step::Hold]));
    let proxy = Proxy::to(server.address, "");
    let direct = Server::new(&server.url(), "test", &transport(None, Some(proxy.url("")))).unwrap();
    assert!(direct.dial(&Settings::default()).await.is_ok());
    assert_eq!(proxy.asked(), "");
}

#[test]
fn a_url_is_taken_apart_or_refused() {
    for (url, encrypted, host, port, authority, path) in [
        ("wss://api.example.com/v2/ws", true, "api.example.com", 443, "api.example.com", "/v2/ws"),
        ("https://api.example.com:8443", true, "api.example.com", 8443, "api.example.com:8443", "/"),
        ("WS://localhost:80/", false, "localhost", 80, "localhost", "/"),
        (" ws://[::1]:9/x ", false, "::1", 9, "[::1]:9", "/x"),
    ] {
        let server = Server::new(url, "test", &TransportSettings::default()).unwrap();
        let named = (server.host.tls.is_some(), &*server.host.name, server.host.port);
        assert_eq!(named, (encrypted, host, port));
        let named = server.upgrade.headers()["host"].to_str().unwrap();
        assert_eq!((named, server.upgrade.uri().path()), (authority, path));
    }
    for (url, proxy) in [
        ("ws://api.example.com", None),
        ("wss://a/?token=planted", None),
        ("wss://localhost", Some("ftp://u:planted@localhost".to_owned())),
    ] {
        let error = Server::new(url, "test", &transport(None, proxy)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
        assert!(!format!("{error} {error:?}").contains("planted"));
    }
}

#[tokio::test]
async fn an_address_that_refuses_does_not_hide_one_that_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let answers = listener.local_addr().unwrap();
    let refuses = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(connect(vec![refuses, answers]).await.unwrap().peer_addr().unwrap(), answers);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_stops_waiting_takes_no_permit() {
    let limit = DialLimit::new();
    for (permits, seconds) in [(21, 1), (5, 5)] {
        let begun = Instant::now();
        for _ in 0..permits {
            limit.permit().await;
        }
        let waited = begun.elapsed().as_secs_f64().round();
        assert_eq!(waited, f64::from(seconds), "twenty at once, then one a second");
        for _ in 0..5 {
            assert!(timeout(Duration::from_millis(10), limit.permit()).await.is_err());
        }
    }
}
