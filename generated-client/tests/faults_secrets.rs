//! The key is in nothing that is printed, and in no line that anything logs: this crate, and the
//! HTTP and TLS libraries below it. A program of its own: what is logged depends on the first
//! subscriber of a process.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it panics")]

#[path = "support/certificate.rs"]
mod certificate;
#[path = "support/fault.rs"]
mod fault;
mod support;

use std::fmt::{Debug, Write};
use std::sync::{LazyLock, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use bytes::Bytes;
use clear_street::RequestOptions;
use clear_street::operation::Method;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::{Client, ClientBuilder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::certificate::{Authority, Flaw};
use crate::fault::{FaultServer, Step, in_thread};
use crate::support::KEY;

/// Every line of every library, with its target.
static LINES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);

fn note(line: String) {
    LINES.lock().unwrap().push(line);
}

/// What libraries say through `tracing`.
struct Traces;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Traces {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("{} {}", span.metadata().target(), span.metadata().name()));
        span.record(&mut line);
        note(line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line("recorded".to_owned());
        values.record(&mut line);
        note(line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        note(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What libraries say through `log`.
struct Logs;

impl log::Log for Logs {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        note(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// The ways in which a secret can be seen: as it is, as bytes, in hex, and in base64 wherever it
/// begins among the bytes around it.
fn faces(secret: &str) -> Vec<String> {
    let mut faces = vec![secret.to_owned()];
    let hex = |separator: &str, upper: bool| {
        let digits =
            secret.bytes().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        digits.collect::<Vec<_>>().join(separator)
    };
    faces.extend([hex("", false), hex("", true), hex(" ", false), hex(":", false), hex(", ", false)]);
    let numbers: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
    faces.extend([numbers.join(", "), numbers.join(",")]);
    for offset in 0..3 {
        let shifted = [vec![b'.'; offset], secret.as_bytes().to_vec()].concat();
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE] {
            // Without what depends on the bytes before and after.
            let text = engine.encode(&shifted);
            faces.push(text[4..text.len() - 4].to_owned());
        }
    }
    faces
}

#[track_caller]
fn is_clean(text: &str) {
    for secret in [KEY, "planted-header", "planted-password"] {
        for face in faces(secret) {
            assert!(!text.contains(&face), "{face} in {text}");
        }
    }
}

#[test]
fn a_secret_is_found_in_every_form() {
    for around in ["", "a", "ab"] {
        let text = format!("{around}{KEY}{around}");
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        for shown in [
            text.clone(),
            hex,
            STANDARD.encode(&text),
            URL_SAFE.encode(&text),
            format!("{:?}", text.as_bytes()),
        ] {
            assert!(faces(KEY).iter().any(|face| shown.contains(face)), "{shown}");
        }
    }
}

/// Calls that succeed and fail in all ways, and everything that can be printed of them.
async fn use_client(builder: ClientBuilder) {
    let builder = builder.api_key(KEY).header("x-desk", "planted-header");
    let client = builder.clone().build().unwrap();
    let options = RequestOptions::new().header("x-trace", "planted-header").query("q", "planted-header");
    let accounts = client.accounts().get_accounts().options(options.clone());
    let undocumented = client.request(Method::Post, "/v1/things").body(&"[1]".parse().unwrap());
    let mut shown: Vec<Box<dyn Debug>> = vec![
        Box::new(accounts.clone().send().await),
        // The data of a success are the caller's, as the server sent them.
        Box::new(undocumented.clone().send().await.err()),
        Box::new(client.orders().get_orders(AccountId::new(42)).send().await),
        Box::new(accounts.clone().send()),
        Box::new(accounts.clone().pages()),
        Box::new(accounts.clone().items()),
        Box::new(accounts),
        Box::new(undocumented),
        Box::new(options),
        Box::new(builder),
    ];
    let mut items = client.accounts().get_accounts().items();
    shown.push(Box::new(items.next().await));
    shown.push(Box::new(items));
    shown.push(Box::new(client));
    for shown in shown {
        is_clean(&format!("{shown:?}"));
        is_clean(&format!("{shown:#?}"));
    }
}

/// An HTTP/2 server that refuses every request, with the key in its answer.
fn http2(authority: &Authority) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = authority.acceptor(Flaw::None, "h2");
    in_thread(async move {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let mut connection = h2::server::handshake(stream).await.unwrap();
            tokio::spawn(async move {
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let answer = http::Response::builder().status(401).body(()).unwrap();
                    let mut body = respond.send_response(answer, false).unwrap();
                    body.send_data(Bytes::from(format!(r#"{{"error": {{"message": "{KEY}"}}}}"#)), true)
                        .unwrap();
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn nothing_printed_or_logged_shows_a_secret() {
    tracing::subscriber::set_global_default(Traces).unwrap();
    log::set_boxed_logger(Box::new(Logs)).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let authority = Authority::new();
    let answer = |status, body: &str| vec![Step::Receive, Step::answer(status, body)];
    let plain: Vec<Vec<Step>> = vec![
        answer(200, r#"{"data": []}"#),
        answer(401, &format!(r#"{{"error": {{"message": "key {KEY}", "details": ["Bearer {KEY}"]}}}}"#)),
        answer(200, &format!(r#"{{"data": [{{"id": "{KEY}"}}]}}"#)),
        answer(500, &format!("<p>{KEY}</p>")),
        vec![Step::Receive, Step::Reset],
        vec![Step::Receive, Step::send("no HTTP\r\n\r\n")],
    ];
    for steps in plain {
        let server = FaultServer::always(steps);
        use_client(Client::builder().base_url(server.url())).await;
    }
    for flaw in [Flaw::None, Flaw::Expired] {
        let steps = answer(200, r#"{"data": []}"#);
        let server = FaultServer::tls(authority.acceptor(flaw, "http/1.1"), move |_| steps.clone());
        let builder = Client::builder().base_url(server.url()).root_certificates(authority.root());
        use_client(builder.clone()).await;
        let refusing = FaultServer::always([Step::send("HTTP/1.1 407 No\r\n\r\n")]);
        let proxy = format!("http://planted-header:planted-password@{}", refusing.address);
        use_client(builder.proxy(proxy)).await;
    }
    let builder = Client::builder().base_url(http2(&authority)).root_certificates(authority.root());
    use_client(builder).await;

    let lines = LINES.lock().unwrap().clone();
    for line in &lines {
        is_clean(line);
    }
    // It was really heard what each of them says.
    for target in ["clear_street", "reqwest", "hyper_util", "h2", "rustls"] {
        assert!(lines.iter().any(|line| line.starts_with(target)), "{target} says nothing");
    }
}
