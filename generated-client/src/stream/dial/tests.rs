//! Rows of the fault table that need a network, as one connection sees them: what the core is told.

#[path = "../../../tests/support/eavesdrop.rs"]
pub(in crate::stream) mod eavesdrop;
mod logs;
#[path = "../../../tests/support/proxy.rs"]
mod proxy;

use std::future::poll_fn;
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use self::proxy::Proxy;
use super::{Dial, DialLimits, Server};
use crate::ErrorKind;
use crate::stream::connection::tests::frames::frame;
use crate::stream::connection::{Arrival, Connection, Limits, Wire};
use crate::stream::machine::{Closed, DialFailure, HandshakeFault, Settings, Stage};
use crate::tests::certificate::{Authority, Flaw};
use crate::tests::fault::{self, FaultServer, Step};
use crate::transport::{ProxySettings, TransportSettings};

/// The same with more lines.
fn accept_with(request: &str, more: &str) -> Vec<u8> {
    let mut lines = request.lines();
    let key = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
        sec-websocket-accept: {accept}\r\n{more}\r\n"
    )
    .into_bytes()
}

/// What a server answers to the upgrade.
pub(in crate::stream) fn accept(request: &str) -> Vec<u8> {
    accept_with(request, "")
}

/// The upgrade, and then these steps.
fn upgraded(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    [Step::Receive, Step::AnswerTo(accept)].into_iter().chain(steps).collect()
}

fn text(text: &str) -> Step {
    Step::Send(frame(0x81, text.as_bytes()))
}

fn server(url: &str, authority: Option<&Authority>) -> Server {
    let root_certificates = authority.map(Authority::root).into_iter().collect();
    Server::new(url, "test/1", &TransportSettings { root_certificates, ..TransportSettings::default() })
        .unwrap()
}

async fn dial(url: &str, authority: Option<&Authority>) -> Result<Wire, DialFailure> {
    server(url, authority).dial(DialLimits::from(&Settings::default())).await
}

/// What a server with these steps is found to be.
async fn refused(steps: impl Into<Vec<Step>>) -> DialFailure {
    dial(&FaultServer::always(steps).url(), None).await.unwrap_err()
}

/// The connection, with this limit of a message.
async fn open(wire: Wire, max_message: usize) -> Connection {
    wire.open(Limits { max_message, ..Limits::from(&Settings::default()) }).await
}

/// A connection to a server with these steps after the upgrade, plain and with TLS.
async fn both(steps: impl IntoIterator<Item = Step>) -> [(FaultServer, Connection); 2] {
    let steps = upgraded(steps);
    let plain = FaultServer::always(steps.clone());
    let authority = Authority::new();
    let tls = FaultServer::tls(authority.acceptor(Flaw::None, "http/1.1"), move |_| steps.clone());
    let mut made = Vec::new();
    for (server, authority) in [(plain, None), (tls, Some(&authority))] {
        let wire = dial(&server.url(), authority).await.unwrap();
        made.push((server, open(wire, 1 << 10).await));
    }
    made.try_into().ok().unwrap()
}

async fn next_text(connection: &mut Connection) -> Result<String, Closed> {
    loop {
        match poll_fn(|context| connection.poll_next(context)).await? {
            Arrival::Text(text) => return Ok(text.to_string()),
            Arrival::Ping | Arrival::Pong | Arrival::Part => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_comes_with_the_upgrade_is_read() {
    let at_once = |request: &str| [accept(request), frame(0x81, b"first")].concat();
    let server = FaultServer::always([Step::Receive, Step::AnswerTo(at_once), text("second"), Step::Hold]);
    let mut connection = open(dial(&server.url(), None).await.unwrap(), 1 << 10).await;
    assert_eq!(next_text(&mut connection).await.as_deref(), Ok("first"));
    assert_eq!(next_text(&mut connection).await.as_deref(), Ok("second"));
    let request = server.book().requests.join("");
    for line in ["GET / HTTP/1.1", "User-Agent: test/1", "Sec-WebSocket-Version: 13"] {
        assert!(request.contains(line), "{request}");
    }
    assert!(request.contains(&format!("Host: {}\r\n", server.address)), "{request}");
}

#[tokio::test]
async fn row_1_a_reset_in_mid_stream() {
    for (server, mut connection) in both([text("one"), Step::Wait, Step::Reset]).await {
        assert_eq!(next_text(&mut connection).await.as_deref(), Ok("one"));
        server.release();
        assert_eq!(next_text(&mut connection).await, Err(Closed::Reset));
        assert_eq!(next_text(&mut connection).await, Err(Closed::Reset));
    }
}

#[tokio::test]
async fn row_2_an_end_without_a_close() {
    for (_server, mut connection) in both([text("one")]).await {
        assert_eq!(next_text(&mut connection).await.as_deref(), Ok("one"));
        assert_eq!(next_text(&mut connection).await, Err(Closed::Eof));
    }
}

#[tokio::test]
async fn row_7_a_connection_that_is_refused() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = dial(&format!("ws://{nobody}"), None).await.unwrap_err();
    assert_eq!(failure, DialFailure::Failed(Stage::Tcp));
}

#[tokio::test]
async fn row_8_a_server_that_says_nothing_is_left_in_the_stage_where_it_is() {
    let silent = FaultServer::always([Step::Hold]);
    let limits =
        |stage, all| DialLimits { stage: Duration::from_millis(stage), all: Duration::from_millis(all) };
    let encrypted = format!("wss://{}", silent.address);
    let authority = Authority::new();
    for (url, limits, stage) in [
        (encrypted.clone(), limits(100, 10_000), Some(Stage::Tls)),
        (silent.url(), limits(100, 10_000), Some(Stage::Upgrade)),
        (silent.url(), limits(10_000, 100), Some(Stage::Upgrade)),
        (encrypted, limits(10_000, 100), Some(Stage::Tls)),
    ] {
        let failure = server(&url, Some(&authority)).dial(limits).await.unwrap_err();
        assert_eq!(failure, DialFailure::TimedOut(stage), "{url}");
    }
}

#[tokio::test]
async fn row_9_a_certificate_that_cannot_be_trusted() {
    let authority = Authority::new();
    for (flaw, trusted) in [
        (Flaw::Expired, &authority),
        (Flaw::NotYetValid, &authority),
        (Flaw::OtherHost, &authority),
        (Flaw::None, &Authority::new()),
    ] {
        let acceptor = authority.acceptor(flaw, "http/1.1");
        let server = FaultServer::tls(acceptor, |_| vec![Step::Receive]);
        let failure = dial(&server.url(), Some(trusted)).await.unwrap_err();
        assert_eq!(failure, DialFailure::Certificate, "{flaw:?}");
        assert_eq!(server.all_ended().await.requests, [""; 0]);
    }
    let no_tls = FaultServer::always([Step::send("no TLS")]).url().replace("http", "wss");
    let failure = dial(&no_tls, Some(&authority)).await.unwrap_err();
    assert_eq!(failure, DialFailure::Failed(Stage::Tls));
}

#[tokio::test]
async fn row_10_tls_that_is_cut() {
    let [_, (_server, mut connection)] = both([text("one"), Step::Cut]).await;
    assert_eq!(next_text(&mut connection).await.as_deref(), Ok("one"));
    assert_eq!(next_text(&mut connection).await, Err(Closed::Eof));
}

#[tokio::test]
async fn rows_11_to_13_another_answer_than_the_upgrade() {
    let other = FaultServer::always([Step::Hold]);
    let elsewhere = other.url();
    for (status, headers, retry_after) in [
        (401, vec![], None),
        (403, vec![], None),
        (429, vec![("retry-after", "7")], Some(7)),
        (503, vec![], None),
        (200, vec![], None),
        (301, vec![("location", elsewhere.as_str())], None),
        (308, vec![("location", elsewhere.as_str())], None),
    ] {
        let server = FaultServer::always([Step::Receive, Step::answer_with(status, &headers, "no")]);
        let failure = dial(&server.url(), None).await.unwrap_err();
        let retry_after = retry_after.map(Duration::from_secs);
        assert_eq!(failure, DialFailure::Status { status, retry_after });
        assert_eq!(server.all_ended().await.connections, 1);
    }
    assert_eq!(other.book().connections, 0, "a redirect was followed");
}

#[tokio::test]
async fn row_14_a_wrong_answer_to_the_upgrade_is_named() {
    type Answer = fn(&str) -> Vec<u8>;
    let wrong: [(HandshakeFault, Answer); 6] = [
        (HandshakeFault::Accept, |_| accept("Sec-WebSocket-Key: of another request")),
        (HandshakeFault::Extension, |request| {
            accept_with(request, "sec-websocket-extensions: permessage-deflate\r\n")
        }),
        (HandshakeFault::Subprotocol, |request| accept_with(request, "sec-websocket-protocol: other\r\n")),
        (HandshakeFault::Upgrade, |request| {
            String::from_utf8(accept(request)).unwrap().replace("upgrade: ", "x-upgrade: ").into_bytes()
        }),
        (HandshakeFault::Http, |_| b"\x00\x01\x02\x03 not HTTP\r\n\r\n".to_vec()),
        (HandshakeFault::Http, |_| {
            format!("HTTP/1.1 101 Switching\r\nendless: {}", "x".repeat(70_000)).into_bytes()
        }),
    ];
    for (fault, answer) in wrong {
        let failure = refused([Step::Receive, Step::AnswerTo(answer), Step::Hold]).await;
        assert_eq!(failure, DialFailure::Handshake(fault));
        assert!(failure.to_string().starts_with("invalid answer to the upgrade: "), "{failure}");
    }
    let failure = refused([Step::Receive, Step::send("HTTP/1.1 101 ")]).await;
    assert_eq!(failure, DialFailure::Failed(Stage::Upgrade));
}

#[tokio::test]
async fn row_39_more_than_is_read() {
    let begin = || Step::Send(frame(0x01, &[b' '; 500]));
    for steps in [
        // One frame, refused when its head is there; one by one, without an end; and a size beyond
        // all memory.
        vec![Step::send([0x81, 126, 4, 1])],
        vec![begin(), Step::Repeat(frame(0x00, &[b' '; 500]), 1_000_000)],
        vec![Step::send([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ] {
        for (_server, mut connection) in both(steps.into_iter().chain([Step::Hold])).await {
            assert_eq!(next_text(&mut connection).await, Err(Closed::TooLarge));
        }
    }
    for (_server, mut connection) in both([begin(), Step::Send(frame(0x80, &[b' '; 524])), Step::Hold]).await
    {
        assert_eq!(next_text(&mut connection).await.unwrap().len(), 1 << 10, "so much is read");
    }
}

#[tokio::test]
async fn row_42_what_is_not_the_protocol() {
    for bytes in [
        frame(0x81, b"\xff\xfe"),
        frame(0xC1, b"compressed"),
        frame(0x83, b"an opcode that does not exist"),
        [&[0x81, 0x84, 1, 2, 3, 4][..], b"mask"].concat(),
        frame(0x80, b"goes on with nothing"),
        [frame(0x01, b"not at its end"), frame(0x81, b"before this")].concat(),
        frame(0x88, b"1"),
        frame(0x88, b"\x03\xe8\xff"),
    ] {
        let shown = format!("{bytes:02x?}");
        for (_server, mut connection) in both([Step::Send(bytes.clone()), Step::Hold]).await {
            assert_eq!(next_text(&mut connection).await, Err(Closed::Protocol), "{shown}");
        }
    }
}

#[tokio::test]
async fn the_code_of_a_close_is_told_and_answered() {
    for (payload, code) in [
        (vec![], None),
        (1000_u16.to_be_bytes().to_vec(), Some(1000)),
        ([&1012_u16.to_be_bytes()[..], "we restart".as_bytes()].concat(), Some(1012)),
        (4001_u16.to_be_bytes().to_vec(), Some(4001)),
        // The library takes only the first of these for what it is.
        ([&1002_u16.to_be_bytes()[..], "Protocol violation".as_bytes()].concat(), Some(1002)),
        ([&1014_u16.to_be_bytes()[..], "why".as_bytes()].concat(), Some(1014)),
        (1006_u16.to_be_bytes().to_vec(), Some(1006)),
    ] {
        for (server, mut connection) in both([Step::Send(frame(0x88, &payload)), Step::Hold]).await {
            let before = server.book().requests.concat().len();
            assert_eq!(next_text(&mut connection).await, Err(Closed::Code(code)));
            // At least head and mask.
            server.until(|book| book.bytes >= before + 6).await;
        }
    }
}

/// A dial through a proxy with this answer, and what the proxy was asked.
async fn through(answer: &'static str) -> (FaultServer, Result<Wire, DialFailure>, String) {
    let authority = Authority::new();
    let steps = upgraded([text("one"), Step::Hold]);
    let server = FaultServer::tls(authority.acceptor(Flaw::None, "http/1.1"), move |_| steps.clone());
    let proxy = Proxy::to(server.address, answer);
    let settings = TransportSettings {
        root_certificates: vec![authority.root()],
        proxy: Some(ProxySettings::new(proxy.url("user:p%40ss@"))),
        ..TransportSettings::default()
    };
    let through = Server::new(&server.url(), "test", &settings).unwrap();
    assert!(!format!("{through:?}").contains("ss@"));
    let made = through.dial(DialLimits::from(&Settings::default())).await;
    (server, made, proxy.asked())
}

#[tokio::test]
async fn a_proxy_carries_what_it_cannot_read() {
    for answer in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 Connected\r\nvia: me\r\n\r\n"] {
        let (server, made, asked) = through(answer).await;
        let mut connection = open(made.unwrap(), 1 << 10).await;
        assert_eq!(next_text(&mut connection).await.as_deref(), Ok("one"));
        let address = server.address;
        assert!(asked.starts_with(&format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n")), "{asked}");
        assert!(asked.contains("\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n"), "{asked}");
    }
}

#[tokio::test]
async fn row_12_a_proxy_that_refuses_is_named_with_its_status() {
    for (answer, failure, text) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            DialFailure::Proxy { status: 407 },
            "the proxy refused to connect, with status 407",
        ),
        (
            "HTTP/1.1 401 No\r\n\r\n",
            DialFailure::Proxy { status: 401 },
            "the proxy refused to connect, with status 401",
        ),
        ("200 200 \r\n\r\n", DialFailure::Failed(Stage::Proxy), "proxy CONNECT failed"),
        ("", DialFailure::Failed(Stage::Proxy), "proxy CONNECT failed"),
    ] {
        let (server, made, _) = through(answer).await;
        assert_eq!(made.unwrap_err(), failure, "{answer}");
        assert_eq!(failure.to_string(), text);
        assert_eq!(server.book().connections, 0);
    }
}

#[tokio::test]
async fn a_proxy_is_not_used_for_what_it_could_read() {
    let server = FaultServer::always(upgraded([text("one"), Step::Hold]));
    let proxy = Proxy::to(server.address, "");
    let settings =
        TransportSettings { proxy: Some(ProxySettings::new(proxy.url(""))), ..TransportSettings::default() };
    let direct = Server::new(&server.url(), "test", &settings).unwrap();
    assert!(direct.dial(DialLimits::from(&Settings::default())).await.is_ok());
    assert_eq!(proxy.asked(), "");
}

#[test]
fn what_cannot_be_dialled_is_refused() {
    let proxied = TransportSettings {
        proxy: Some(ProxySettings::new("ftp://u:planted@localhost".to_owned())),
        ..TransportSettings::default()
    };
    for (url, settings) in [("wss://localhost", proxied), ("ws://example.com", TransportSettings::default())]
    {
        let error = Server::new(url, "test", &settings).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!format!("{error} {error:?}").contains("planted"));
    }
}
