//! The key is in nothing that is printed, and in no line that anything logs: this crate, and the
//! HTTP and TLS libraries below it. A program of its own: what is logged depends on the first
//! subscriber of a process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it panics")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use clear_street::authentication::Token;
use clear_street::operation::Method;
use clear_street::rate_limit::RateLimits;
use clear_street::stream::{SocketBuilder, StreamBuilder, subscribe};
use clear_street::studio;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street::trading::{Client, ClientBuilder};
use clear_street::{Error, ErrorDetail, ErrorKind, RequestOptions, Response, Result, RootCertificates};
use clear_street_test_support::KEY;
use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::eavesdrop::{LINES, Logs, Traces, faces};
use clear_street_test_support::fault::{FaultServer, Step};
use clear_street_test_support::http2::{Act, Http2Server};
use clear_street_test_support::sources::sources;
use rust_decimal::Decimal;
use syn::{Item, Type, Visibility};

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

/// What was printed, by the place and name of its type.
#[derive(Default)]
struct Shown(BTreeSet<&'static str>);

impl Shown {
    #[track_caller]
    fn show(&mut self, name: &'static str, value: impl Debug) {
        is_clean(&format!("{value:?}"));
        is_clean(&format!("{value:#?}"));
        self.0.insert(name);
    }

    fn error(&mut self, error: &Error) {
        self.show("error::Error", error);
        is_clean(&error.to_string());
        is_clean(error.message());
        is_clean(error.path().unwrap_or_default());
        is_clean(&String::from_utf8_lossy(error.body().unwrap_or_default()));
        self.show("headers::Headers", error.headers());
        if let Some(problem) = error.problem() {
            self.show("error::problem::ProblemDetails", problem);
        }
        for detail in error.details() {
            is_clean(&detail.to_string());
            match &detail {
                ErrorDetail::Violation(violation) => self.show("error::detail::Violation", violation),
                ErrorDetail::Info(info) => self.show("error::detail::ErrorInfo", info),
                _ => {}
            }
            self.show("error::detail::ErrorDetail", detail);
        }
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            is_clean(&format!("{cause} {cause:?} {cause:#?}"));
            source = cause.source();
        }
    }

    /// A success, without its data: they are the caller's, as the server sent them.
    fn answer<T>(&mut self, answer: Result<Response<T>>) {
        match answer {
            Ok(response) => {
                self.show("headers::Headers", response.headers());
                self.show("response::metadata::Metadata", response.metadata());
                self.show("error::body::ApiError", response.error());
            }
            Err(error) => self.error(&error),
        }
    }
}

fn order() -> NewOrder {
    NewOrder::market("A", Side::Buy, Decimal::ONE, RequestTimeInForce::Day).id("mine")
}

/// Calls that succeed and fail in all ways, and everything that can be printed of them.
async fn use_client(shown: &mut Shown, builder: ClientBuilder) {
    let builder = builder.api_key(KEY).header("x-desk", "planted-header");
    let client = builder.clone().build().unwrap();
    let options = RequestOptions::new().header("x-trace", "planted-header").query("q", "planted-header");
    let accounts = client.accounts().get_accounts().options(options.clone());
    let undocumented = client.request(Method::Post, "/v1/things").body(&"[1]".parse().unwrap());
    let orders = client.orders().submit_orders(AccountId::new(42), [order()]).options(options.clone());

    shown.answer(accounts.clone().send().await);
    shown.answer(undocumented.clone().send().await);
    shown.answer(client.orders().get_orders(AccountId::new(42)).send().await);
    let mut items = client.accounts().get_accounts().items();
    if let Some(Err(error)) = items.next().await {
        shown.error(&error);
    }
    shown.show("page::Items", items);
    shown.show("page::Pages", accounts.clone().pages());
    #[cfg(feature = "blocking")]
    {
        shown.show("blocking::list::Items", accounts.clone().items().wait());
        shown.show("blocking::list::Pages", accounts.clone().pages().wait());
    }
    shown.show("call::send::ResponseFuture", accounts.clone().send());
    shown.show("keyed::submit::SubmissionFuture", orders.clone().send());
    shown.show("call::undocumented::UndocumentedRequest", undocumented);
    // A request and a handle; all others are made of the same, see below.
    is_clean(&format!("{accounts:?} {orders:?} {:?}", client.accounts()));
    shown.show("options::RequestOptions", options);
    shown.show("retry::statistics::Statistics", client.statistics());
    shown.show("builder::ClientBuilder", builder);
    shown.show("trading::Client", client);
}

/// An order that is accepted in part of a success, and one whose fate is unknown.
async fn submit(shown: &mut Shown) {
    let row = r#"{"id": "o", "client_order_id": "mine", "account_id": 42, "venue": "XNAS", "side": "BUY",
        "order_type": "MARKET", "time_in_force": "DAY", "status": "NEW", "quantity": "1",
        "filled_quantity": "0", "leaves_quantity": "1", "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05Z"}"#;
    let error = format!(r#"{{"message": "key {KEY}", "details": ["Bearer {KEY}"]}}"#);
    let in_part = Step::answer(207, format!(r#"{{"data": [{row}], "error": {error}}}"#));
    for (steps, known) in [(vec![Step::Receive, in_part], true), (vec![Step::Receive, Step::Reset], false)] {
        let server = FaultServer::always(steps);
        let builder = Client::builder().api_key(KEY).base_url(server.url());
        let client = builder.order_timeout(Duration::from_secs(1)).build().unwrap();
        let submission = client.orders().submit_orders(AccountId::new(42), [order()]).send().await.unwrap();
        assert_eq!(submission.is_known(), known);
        if let Some(answer) = submission.answer() {
            assert!(answer.error().unwrap().message().unwrap().contains("[redacted]"));
            shown.show("error::body::ApiError", answer.error());
            shown.show("response::Response", answer);
        }
        if let Some(error) = submission.error() {
            shown.error(error);
        }
        shown.show("keyed::submission::Row", &submission.rows()[0]);
        shown.show("keyed::submission::RowOutcome", &submission.rows()[0].outcome);
        shown.show("keyed::submission::Submission", submission);
    }
}

/// The other API: its clients are made of the same, and its errors are of another form.
async fn use_studio(shown: &mut Shown) {
    let problem =
        format!(r#"{{"type": "{KEY}", "title": "{KEY}", "detail": "Bearer {KEY}", "status": 401}}"#);
    let server = FaultServer::always([Step::Receive, Step::answer(401, problem)]);
    let builder = studio::Client::builder().access_token(KEY).base_url(server.url());
    let client = builder.clone().build().unwrap();
    let error = client.accounts().list_accounts().send().await.unwrap_err();
    assert!(error.problem().is_some());
    shown.error(&error);
    // Sealed: seen through the builder, and the handles.
    shown.show("client::Settings", builder.clone());
    shown.show("builder::ClientBuilder", builder);
    shown.show("client::ClientInner", client.accounts());
    let account = ActivitySubscription::new(studio::accounts::AccountId::new("a"));
    stream(shown, client.stream(account.clone())).await;
    socket(shown, client.socket(), account.clone()).await;
    shown.show("studio::Client", client);
    let message = subscribe::<ActivityMessage>(&account, KEY).unwrap();
    assert!(message.expose().contains(KEY));
    shown.show("stream::message::SubscribeMessage", message);
}

/// A stream whose token the server refuses, with a word of its own.
async fn stream(shown: &mut Shown, builder: StreamBuilder<ActivityMessage>) {
    shown.show("stream::streams::StreamBuilder", &builder);
    let mut stream = builder.start().unwrap();
    let handle = stream.handle().clone();
    let error = loop {
        shown.show("stream::supervisor::caller::EventStream", &stream);
        match stream.next().await.unwrap() {
            Ok(event) => shown.show("stream::supervisor::caller::Event", event),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Stream, "{error}");
    shown.error(&error);
    shown.error(&handle.wait_until_live(Duration::ZERO).await.unwrap_err());
    shown.show("stream::supervisor::caller::Messages", stream.messages());
    shown.show("stream::supervisor::caller::States", handle.states());
    shown.show("stream::supervisor::caller::Handle", handle);
}

/// The same on a socket.
async fn socket(shown: &mut Shown, builder: SocketBuilder, account: ActivitySubscription) {
    shown.show("stream::socket::SocketBuilder", &builder);
    let mut socket = builder.start().unwrap();
    socket.subscribe(account).unwrap();
    let error = loop {
        shown.show("stream::socket::Socket", &socket);
        match socket.next().await.unwrap() {
            Ok(event) => shown.show("stream::socket::SocketEvent", event),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Stream, "{error}");
    shown.error(&error);
}

/// Public types that hold nothing of a client: constants, what a program made itself, and what was
/// read from a message.
///
/// The machine of a stream decides without input or output: it gets no message and no token, and words
/// of the server without the token.
const WITHOUT_SECRET: &[&str] = &[
    "api::Api",
    "api::Authentication",
    "api::Pagination",
    "api::RateLimit",
    "authentication::source::TokenRequest",
    "authentication::token::TokenError",
    "error::Delivery",
    "error::ErrorKind",
    "operation::BodyKind",
    "operation::Lookup",
    "operation::Method",
    "operation::Operation",
    "operation::PageToken",
    "operation::Parameter",
    "operation::Place",
    "operation::Repeat",
    "retry::settings::RetrySettings",
    "stream::channel::Channel",
    "stream::channel::Layout",
    "stream::channel::MessageKind",
    "stream::channel::Place",
    "stream::channel::Role",
    "stream::supervisor::caller::Message",
    "stream::message::Received",
    "stream::message::Undecodable",
    "stream::socket::SocketMessage",
    "transport::certificates::RootCertificates",
    "value::json::Json",
    "value::json::JsonError",
    "value::not_listed::NotListed",
    "value::patch::Patch",
    "value::unknown::UnknownVariant",
    "value::unknown::Unrecognized",
];

/// The public types of the sources that are written by hand, as `module::Type`.
///
/// The names in `record` are public and cannot be reached: they seal what models implement.
fn public_types() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut types = BTreeSet::new();
    for (path, items) in sources(&root) {
        let path = path.strip_prefix(&root).unwrap().with_extension("");
        let parts: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
        let is_there = cfg!(feature = "blocking") || parts[0] != "blocking";
        let is_sealed = matches!(parts[0], "generated" | "record" | "tests");
        if !is_there || is_sealed || path.starts_with("stream/machine") {
            continue;
        }
        let module: Vec<&str> = parts.into_iter().filter(|part| *part != "mod").collect();
        for item in &items {
            let (vis, name) = match item {
                Item::Struct(item) => (&item.vis, &item.ident),
                Item::Enum(item) => (&item.vis, &item.ident),
                Item::Union(item) => (&item.vis, &item.ident),
                _ => continue,
            };
            if matches!(vis, Visibility::Public(_)) {
                types.insert(format!("{}::{name}", module.join("::")));
            }
        }
    }
    types
}

/// Fields that models do not have: those of handles and requests.
#[test]
fn all_handles_and_requests_are_made_of_what_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    let mut kinds = BTreeSet::new();
    for (_, items) in sources(&root) {
        for item in items {
            let Item::Struct(item) = item else { continue };
            for field in item.fields.iter().filter(|field| !matches!(field.vis, Visibility::Public(_))) {
                let Type::Path(ty) = &field.ty else { panic!("a field of {}", item.ident) };
                let ty = &ty.path.segments.last().unwrap().ident;
                let Some(name) = &field.ident else { continue };
                kinds.insert(if name == "body" { "body".to_owned() } else { format!("{name}: {ty}") });
            }
        }
    }
    assert_eq!(kinds, BTreeSet::from(["body", "call: Call", "core: ClientInner"].map(str::to_owned)));
}

/// An HTTP/2 server that refuses every request, with the key in its answer.
fn http2(authority: &Authority) -> Http2Server {
    Http2Server::start(authority.acceptor(Flaw::None, "h2"), Duration::from_secs(60), |_| {
        vec![Act::Answer(401, format!(r#"{{"error": {{"message": "{KEY}"}}}}"#))]
    })
}

#[tokio::test]
async fn nothing_printed_or_logged_shows_a_secret() {
    tracing::subscriber::set_global_default(Traces).unwrap();
    log::set_boxed_logger(Box::new(Logs)).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let authority = Authority::default();
    let answer = |status, body: &str| vec![Step::Receive, Step::answer(status, body)];
    let plain: Vec<Vec<Step>> = vec![
        answer(200, r#"{"data": []}"#),
        answer(401, &format!(r#"{{"error": {{"message": "key {KEY}", "details": ["Bearer {KEY}"]}}}}"#)),
        answer(
            403,
            &format!(r#"{{"error": {{"details": [{{"subject": "{KEY}"}}, {{"reason": "{KEY}"}}]}}}}"#),
        ),
        answer(200, &format!(r#"{{"data": [{{"id": "{KEY}"}}]}}"#)),
        answer(500, &format!("<p>{KEY}</p>")),
        vec![Step::Receive, Step::Reset],
        vec![Step::Receive, Step::send("no HTTP\r\n\r\n")],
    ];
    let mut shown = Shown::default();
    for steps in plain {
        let server = FaultServer::always(steps);
        use_client(&mut shown, Client::builder().base_url(server.url())).await;
    }
    submit(&mut shown).await;
    use_studio(&mut shown).await;
    shown.show("authentication::token::Token", Token::new(KEY));
    shown.show("rate_limit::settings::RateLimits", RateLimits::default());
    for flaw in [Flaw::None, Flaw::Expired] {
        let steps = answer(200, r#"{"data": []}"#);
        let server = FaultServer::tls(authority.acceptor(flaw, "http/1.1"), move |_| steps.clone());
        let builder = Client::builder()
            .base_url(server.url())
            .root_certificates(RootCertificates::from_pem(authority.pem()).unwrap());
        use_client(&mut shown, builder.clone()).await;
        let refusing = FaultServer::always([Step::send("HTTP/1.1 407 No\r\n\r\n")]);
        let proxy = format!("http://planted-header:planted-password@{}", refusing.address);
        use_client(&mut shown, builder.proxy(proxy)).await;
    }
    let builder = Client::builder()
        .base_url(http2(&authority).url)
        .root_certificates(RootCertificates::from_pem(authority.pem()).unwrap());
    use_client(&mut shown, builder).await;

    let lines = LINES.lock().unwrap().clone();
    for line in &lines {
        is_clean(line);
    }
    let known: BTreeSet<String> =
        shown.0.iter().chain(WITHOUT_SECRET).map(|name| (*name).to_owned()).collect();
    let public = public_types();
    let missing: Vec<_> = public.symmetric_difference(&known).collect();
    assert!(missing.is_empty(), "show these, or say that they hold no secret, or forget them: {missing:#?}");

    // It was really heard what each of them says.
    for target in ["clear_street", "hyper_util", "h2", "rustls"] {
        assert!(lines.iter().any(|line| line.starts_with(target)), "{target} says nothing");
    }
}
