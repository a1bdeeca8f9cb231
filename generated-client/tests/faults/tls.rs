//! TLS that is not as it should be, and the proxy that carries it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street::trading::{Client, ClientBuilder};
use clear_street::{Delivery, ErrorKind, RowOutcome};
use clear_street_test_support::KEY;
use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::fault::{FaultServer, Step};
use clear_street_test_support::proxy::Proxy;
use rust_decimal::Decimal;

use crate::{OK, client, post, trusted};

fn builder(server: &FaultServer, authority: &Authority) -> ClientBuilder {
    crate::builder(&server.url()).root_certificates(trusted(authority))
}

/// A server that answers each connection's first request.
fn answering(authority: &Authority, flaw: Flaw) -> FaultServer {
    FaultServer::tls(authority.acceptor(flaw, "http/1.1"), |_| vec![Step::Receive, Step::answer(200, OK)])
}

#[tokio::test]
async fn trusted_authority() {
    let authority = Authority::default();
    let server = answering(&authority, Flaw::None);
    let client = builder(&server, &authority).build().unwrap();
    assert_eq!(post(&client).await.unwrap().data.text(), "1");
    assert_eq!(server.book().requests.len(), 1);
}

#[tokio::test]
async fn certificates_that_are_not_good_are_refused_before_anything_is_sent() {
    let authority = Authority::default();
    for (flaw, cause) in [
        (Flaw::Expired, "expired"),
        (Flaw::NotYetValid, "not valid yet"),
        (Flaw::OtherHost, "not valid for name"),
        (Flaw::None, "invalid peer certificate"),
    ] {
        let server = answering(&authority, flaw);
        let trusted = if flaw == Flaw::None { Authority::default() } else { authority.clone() };
        let client = builder(&server, &trusted).build().unwrap();
        let error = post(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent), "{flaw:?}");
        let causes = causes(&error);
        assert!(causes.contains(cause), "{causes}");
        let book = server.all_ended().await;
        assert_eq!((book.connections, book.bytes), (1, 0));
    }
}

/// The whole chain of an error.
fn causes(error: &clear_street::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

#[tokio::test]
async fn connection_without_tls_is_refused_before_anything_is_sent() {
    let server =
        FaultServer::always([Step::send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), Step::Hold]);
    let url = format!("https://{}", server.address);
    let client = client(&url);
    let error = post(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent));
}

#[tokio::test]
async fn versions_before_tls_1_2_are_neither_offered_nor_taken() {
    for version in [0, 1, 2] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = vec![0; 4096];
            let length = stream.read(&mut hello).unwrap();
            hello.truncate(length);
            stream.write_all(&server_hello(version)).unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            (hello, rest)
        });
        let client = client(&url);
        let error = post(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent));
        let (hello, rest) = server.join().unwrap();
        // The extension with the versions that are offered: 1.3 and 1.2, in any order.
        let offers = |versions: [u8; 4]| {
            let extension = [[0, 0x2b, 0, 5, 4].as_slice(), &versions].concat();
            hello.windows(extension.len()).any(|window| window == extension)
        };
        assert!(offers([3, 4, 3, 3]) || offers([3, 3, 3, 4]), "{hello:02x?}");
        // Nothing follows but a fatal alert: protocol version.
        assert!(rest.starts_with(&[0x15, 3]) && rest.ends_with(&[0, 2, 2, 70]), "{rest:02x?}");
        assert_eq!(rest.len(), 7);
    }
}

/// The answer of a server that speaks SSL 3.0 (0), TLS 1.0 (1) or TLS 1.1 (2), in a record of its own.
fn server_hello(version: u8) -> Vec<u8> {
    let cipher = [0, 0x2f];
    let hello = [[3, version].as_slice(), &[7; 32], &[0], &cipher, &[0]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    [[0x16, 3, version, 0, length + 4, 2, 0, 0, length].as_slice(), &hello].concat()
}

#[tokio::test]
async fn end_without_close_notify_is_no_end() {
    let authority = Authority::default();
    let length = OK.len();
    // Without a length the end of the connection is the end of the body.
    for (head, whole) in [
        (format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{OK}"), true),
        (format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{OK}", length + 1), false),
        (format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{OK}"), false),
        (format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n{OK}\r\n"), false),
        ("HTTP/1.1 200 OK\r\nconte".to_owned(), false),
        (String::new(), false),
    ] {
        let steps = [Step::Receive, Step::send(&head), Step::Cut];
        let server = FaultServer::tls(authority.acceptor(Flaw::None, "http/1.1"), move |_| steps.to_vec());
        let client = builder(&server, &authority).build().unwrap();
        match post(&client).await {
            Ok(response) => assert!(whole && response.data.text() == "1", "{head}"),
            Err(error) => {
                assert!(!whole, "{head}");
                let seen = (error.kind(), error.delivery());
                assert_eq!(seen, (ErrorKind::Connection, Delivery::MaybeSent), "{head}");
            }
        }
        assert_eq!(server.book().requests.len(), 1);
    }
    // The same with an orderly end is an answer.
    let steps = [Step::Receive, Step::send(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{OK}"))];
    let server = FaultServer::tls(authority.acceptor(Flaw::None, "http/1.1"), move |_| steps.to_vec());
    let client = builder(&server, &authority).build().unwrap();
    assert_eq!(post(&client).await.unwrap().data.text(), "1");
}

/// The order row of the fault table once more, where a cut can be told from an end.
#[tokio::test]
async fn an_order_whose_answer_is_lost_is_found() {
    let order = r#"{"id": "o", "client_order_id": "mine", "account_id": 42, "venue": "XNAS",
        "side": "BUY", "order_type": "MARKET", "time_in_force": "DAY", "status": "NEW",
        "quantity": "1", "filled_quantity": "0", "leaves_quantity": "1",
        "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}"#;
    let body = format!(r#"{{"data": [{order}]}}"#);
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let authority = Authority::default();
    for (sent, end) in [
        (String::new(), Step::Reset),
        (head[..20].to_owned(), Step::Cut),
        (head.to_owned(), Step::Cut),
        (format!("{head}{body}"), Step::Cut),
    ] {
        let found = Step::answer(200, &body);
        let server =
            FaultServer::tls(authority.acceptor(Flaw::None, "http/1.1"), move |number| match number {
                0 => vec![Step::Receive, Step::send(&sent), end.clone()],
                _ => vec![Step::Receive, found.clone(), Step::Hold],
            });
        let builder = Client::builder().api_key(KEY).base_url(server.url());
        let client = builder.root_certificates(trusted(&authority)).build().unwrap();
        let order = NewOrder::market("A", Side::Buy, Decimal::ONE, RequestTimeInForce::Day).id("mine");
        let submission = client.orders().submit_orders(AccountId::new(42), [order]).send().await.unwrap();
        assert!(
            matches!(&submission.rows()[0].outcome, RowOutcome::Accepted(order) if order.id.as_str() == "o")
        );
        let error = submission.error().unwrap();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent));
        let requests = server.book().requests;
        assert_eq!(requests.len(), 2);
        assert!(requests[0].starts_with("POST /v1/accounts/42/orders "), "{requests:?}");
        assert!(requests[1].starts_with("GET /v1/accounts/42/orders?order_ids=mine "), "{requests:?}");
    }
}

#[tokio::test]
async fn proxy_carries_what_it_cannot_read() {
    let authority = Authority::default();
    let server = answering(&authority, Flaw::None);
    // The proxy: its answer to CONNECT, then whatever the two say to each other.
    let proxy = Proxy::to(server.address, "HTTP/1.1 200 OK\r\n\r\n");
    let client = builder(&server, &authority).proxy(proxy.url("user:planted-password@")).build().unwrap();
    assert!(!format!("{client:?}").contains("planted"));
    assert_eq!(post(&client).await.unwrap().data.text(), "1");
    assert_eq!(server.book().requests.len(), 1);
    let asked = proxy.asked();
    assert!(asked.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.address)), "{asked}");
    assert!(asked.to_ascii_lowercase().contains("proxy-authorization: basic "), "{asked}");
    assert!(!asked.contains(KEY), "the key was shown to the proxy");
}

#[tokio::test]
async fn proxy_that_refuses_was_sent_nothing() {
    let authority = Authority::default();
    let server = answering(&authority, Flaw::None);
    for refusal in ["HTTP/1.1 407 Who Are You\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 502 No\r\n\r\n", ""] {
        let proxy = Proxy::to(server.address, refusal);
        let client = builder(&server, &authority).proxy(proxy.url("")).build().unwrap();
        let error = post(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent), "{refusal}");
        assert!(!proxy.asked().contains(KEY));
    }
    assert_eq!(server.book().connections, 0);
}

#[tokio::test]
async fn proxy_is_not_used_for_what_it_could_read() {
    let server = FaultServer::always([Step::Receive, Step::answer(200, OK)]);
    let proxy = Proxy::to(server.address, "");
    let client = crate::builder(&server.url()).proxy(proxy.url("")).build().unwrap();
    assert_eq!(post(&client).await.unwrap().data.text(), "1");
    assert_eq!(proxy.asked(), "");
}

/// Everything that other programs take a proxy from.
const VARIABLES: [&str; 6] =
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// In a process of its own, because variables are those of a process.
#[test]
fn proxy_of_the_environment_is_not_used() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", nowhere.local_addr().unwrap());
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "tls::proxy_is_not_used_for_what_it_could_read", "tls::trusted_authority"]);
    program.envs(VARIABLES.map(|name| (name, &proxy)));
    let output = program.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("2 passed"), "{text}");
    nowhere.set_nonblocking(true).unwrap();
    assert!(nowhere.accept().is_err(), "the proxy was asked");
}
