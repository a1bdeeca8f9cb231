//! Group H of the cases: connections, and when they are given up; and of group D those that are about
//! the form of messages.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clear_street::operation::Method;
use clear_street::retry::RetrySettings;
use clear_street::studio;
use clear_street::studio::orders::{CreateOrder, OrderSide, TimeInForce};
use clear_street::trading::{Client, ClientBuilder};
use clear_street::{Delivery, ErrorKind, RootCertificates, RowOutcome};
use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::fault::time_passes;
use clear_street_test_support::http2::{Act, Http2Server, REFUSED_STREAM, Stream};
use clear_street_test_support::server::{Action, Request, Server, answer, json};

use crate::{KEY, account, client, order, row, rows, submit, trading};

/// The key in the body of an order.
fn key(body: &str) -> String {
    let (_, rest) = body.split_once(r#""id":""#).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// The keys of all orders that a server received, in order.
type Book = Arc<Mutex<Vec<String>>>;

/// Books an order and answers it, or lists the book.
fn broker(book: &Book, request: &Request, headers: &[(&str, &str)]) -> Vec<Action> {
    let mut book = book.lock().unwrap();
    let listed = if request.method == "POST" {
        book.push(key(&request.body));
        vec![row(&key(&request.body), "NEW")]
    } else {
        book.iter().map(|key| row(key, "NEW")).collect()
    };
    answer(200, &[&[("content-type", "application/json")], headers].concat(), rows(&listed))
}

/// Submits an order every so often; the number of those whose outcome is not known.
async fn submit_every(client: &Client, pause: Duration, count: usize, book: &Book) -> usize {
    let mut doubtful = 0;
    for number in 0..count {
        let key = format!("ord-{number}-{pause:?}");
        let submitting = client.orders().submit_orders(account(), [order(&key)]).send();
        let booked = |book: &Book| book.lock().unwrap().iter().filter(|known| **known == key).count();
        match submitting.await {
            Ok(submission) => match &submission.rows()[0].outcome {
                RowOutcome::Accepted(_) => assert_eq!(booked(book), 1, "{key} is in the book"),
                outcome => {
                    assert!(!matches!(outcome, RowOutcome::Refused(_)), "{key} was not refused");
                    doubtful += 1;
                }
            },
            Err(error) => assert_eq!((error.delivery(), booked(book)), (Delivery::NotSent, 0), "{error}"),
        }
        assert!(booked(book) <= 1, "{key} was sent twice");
        tokio::time::sleep(pause).await;
    }
    doubtful
}

/// A client with the same certificates and, where something is in doubt, little patience.
fn builder(url: &str) -> ClientBuilder {
    trading(url).order_timeout(Duration::from_secs(1))
}

async fn keep_alive_race(unit: Duration, count: usize, idle: Option<Duration>) -> (usize, Server) {
    let book = Book::default();
    let log = Arc::clone(&book);
    let server = Server::start_closing(unit * 1000, move |request| broker(&log, request, &[])).await;
    let mut builder = builder(&server.url);
    if let Some(idle) = idle {
        builder = builder.order_idle_timeout(idle);
    }
    let doubtful = submit_every(&builder.build().unwrap(), unit * 999, count, &book).await;
    (doubtful, server)
}

/// Whether a connection was used again after it was idle for longer than this.
fn reused_after(requests: &[Request], idle: Duration) -> bool {
    requests.iter().enumerate().any(|(number, request)| {
        let mut before = requests[..number].iter().rev();
        let last = before.find(|earlier| earlier.connection == request.connection);
        last.is_some_and(|last| request.at.saturating_duration_since(last.at) > idle)
    })
}

#[tokio::test]
async fn h1_keep_alive_race() {
    keep_alive_race(Duration::from_micros(100), 50, None).await;
}

#[tokio::test]
async fn h1_keep_alive_race_with_an_idle_timeout() {
    let (doubtful, server) =
        keep_alive_race(Duration::from_micros(100), 50, Some(Duration::from_millis(90))).await;
    assert_eq!(doubtful, 0);
    assert_eq!(server.with_method("POST").len(), 50);
    assert!(!reused_after(&server.requests(), Duration::from_millis(95)));
}

#[tokio::test]
#[ignore = "takes more than half an hour"]
async fn h1_keep_alive_race_in_full() {
    let unit = Duration::from_millis(1);
    keep_alive_race(unit, 1_000, None).await;
    let (doubtful, server) = keep_alive_race(unit, 1_000, Some(unit * 900)).await;
    assert_eq!(doubtful, 0);
    assert!(!reused_after(&server.requests(), unit * 905));
}

#[tokio::test]
async fn h2_keep_alive_header() {
    let book = Book::default();
    let log = Arc::clone(&book);
    let seconds = Duration::from_secs;
    let answered = move |request: &Request| broker(&log, request, &[("keep-alive", "timeout=3")]);
    let server = Server::start_closing(seconds(3), answered).await;
    let client = client(&server.url);
    assert_eq!(submit_every(&client, Duration::from_millis(2_999), 5, &book).await, 0);
    assert!(!reused_after(&server.requests(), seconds(2)));
    // Without a pause the connection is used again.
    let before = server.connections();
    assert_eq!(submit_every(&client, Duration::ZERO, 3, &book).await, 0);
    assert_eq!(server.connections(), before + 1);
    assert!(server.with_method("GET").is_empty());
}

/// A broker that closes idle connections as HTTP/2 does.
fn http2_broker(
    idle: Duration,
    first: impl Fn(&Stream) -> Option<Vec<Act>> + Send + Sync + 'static,
) -> (Http2Server, Authority, Book) {
    let (authority, book) = (Authority::default(), Book::default());
    let log = Arc::clone(&book);
    let server = Http2Server::start(authority.acceptor(Flaw::None, "h2"), idle, move |stream| {
        if let Some(acts) = first(stream) {
            return acts;
        }
        let mut book = log.lock().unwrap();
        if stream.body.is_empty() {
            let listed: Vec<_> = book.iter().map(|key| row(key, "NEW")).collect();
            return vec![Act::Answer(200, rows(&listed))];
        }
        book.push(key(&stream.body));
        vec![Act::Answer(200, rows(&[row(&key(&stream.body), "NEW")]))]
    });
    (server, authority, book)
}

#[tokio::test]
async fn h3_goaway_when_idle() {
    goaway_when_idle(Duration::from_micros(100), 50).await;
}

#[tokio::test]
#[ignore = "takes a quarter of an hour"]
async fn h3_goaway_when_idle_in_full() {
    goaway_when_idle(Duration::from_millis(1), 960).await;
}

async fn goaway_when_idle(unit: Duration, count: usize) {
    let (server, authority, book) = http2_broker(unit * 1000, |_| None);
    let client = builder(&server.url)
        .root_certificates(RootCertificates::from_pem(authority.pem()).unwrap())
        .build()
        .unwrap();
    assert_eq!(submit_every(&client, unit * 999, count, &book).await, 0);
    assert_eq!(book.lock().unwrap().len(), count);
    assert!(server.streams().iter().all(|stream| !stream.body.is_empty()), "nothing was looked up");
}

/// What the server does with the second request of its first connection.
fn on_second(acts: fn() -> Vec<Act>) -> impl Fn(&Stream) -> Option<Vec<Act>> + Send + Sync + 'static {
    move |stream| (stream.connection == 0 && stream.id == 3).then(acts)
}

/// Two orders, the second of which meets a connection that does this.
async fn second_order(
    acts: fn() -> Vec<Act>,
) -> (RowOutcome<clear_street::trading::orders::Order>, Book, usize) {
    let (server, authority, book) = http2_broker(Duration::from_secs(60), on_second(acts));
    let client = builder(&server.url)
        .root_certificates(RootCertificates::from_pem(authority.pem()).unwrap())
        .build()
        .unwrap();
    let submit = |key| client.orders().submit_orders(account(), [order(key)]).send();
    assert!(submit(KEY).await.unwrap().is_known());
    let submission = submit("ord-7f32").await.unwrap();
    let looks = server.streams().iter().filter(|stream| stream.body.is_empty()).count();
    (submission.rows()[0].outcome.clone(), book, looks)
}

#[tokio::test]
async fn h4_goaway_above_the_last_stream() {
    let goaway: fn() -> Vec<Act> = || vec![Act::GoAway(1)];
    for acts in [goaway, || vec![Act::Reset(REFUSED_STREAM)]] {
        let begun = Instant::now();
        let (outcome, book, looks) = second_order(acts).await;
        assert!(matches!(outcome, RowOutcome::Accepted(_)), "{outcome:?}");
        assert_eq!(
            (book.lock().unwrap().as_slice(), looks),
            ([KEY, "ord-7f32"].map(str::to_owned).as_slice(), 0)
        );
        assert!(begun.elapsed() < Duration::from_secs(2), "at once");
    }
}

#[tokio::test]
async fn h4_goaway_that_includes_the_stream() {
    let (outcome, book, _) = second_order(|| vec![Act::GoAway(3), Act::Close]).await;
    assert!(!matches!(outcome, RowOutcome::Accepted(_) | RowOutcome::Refused(_)), "{outcome:?}");
    assert_eq!(*book.lock().unwrap(), [KEY], "it was not sent again");
}

#[tokio::test]
async fn h4_goaway_of_a_studio_order() {
    let created = r#"{"order_id":"01900000-0000-7000-8000-00000000000a"}"#;
    let goaway: fn() -> Vec<Act> = || vec![Act::GoAway(1)];
    let include: fn() -> Vec<Act> = || vec![Act::GoAway(3), Act::Close];
    for (acts, unprocessed) in [(goaway, true), (|| vec![Act::Reset(REFUSED_STREAM)], true), (include, false)]
    {
        let authority = Authority::default();
        let second = on_second(acts);
        let server = Http2Server::start(
            authority.acceptor(Flaw::None, "h2"),
            Duration::from_secs(60),
            move |stream| second(stream).unwrap_or_else(|| vec![Act::Answer(201, created.to_owned())]),
        );
        let builder = studio::Client::builder().access_token("case-token").base_url(&server.url);
        let client =
            builder.root_certificates(RootCertificates::from_pem(authority.pem()).unwrap()).build().unwrap();
        let create = || {
            let order = CreateOrder::limit("KLMN", OrderSide::Buy, 25, 41, TimeInForce::Day);
            client.orders().create_order(studio::accounts::AccountId::new("acc-1"), order).send()
        };
        create().await.unwrap();
        match create().await {
            Ok(_) => assert!(unprocessed),
            Err(error) => {
                assert!(!unprocessed, "{error}");
                assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent));
            }
        }
        assert_eq!(server.streams().len(), if unprocessed { 3 } else { 2 });
    }
}

/// A connection that died unnoticed is found out by PING, long before the time of the request is up.
#[tokio::test]
async fn a_silent_connection_of_http2_is_found_out() {
    let (server, authority, _) = http2_broker(Duration::from_secs(600), |_| Some(vec![Act::Silence]));
    let patient = Duration::from_secs(300);
    let client = trading(&server.url)
        .root_certificates(RootCertificates::from_pem(authority.pem()).unwrap())
        .timeout(patient)
        .retries(RetrySettings::new().max_attempts(1).attempt_timeout(patient))
        .build()
        .unwrap();
    let reading = tokio::spawn(client.orders().get_orders(account()).send());
    while server.streams().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut passed = 0;
    while !reading.is_finished() {
        assert!(passed < 15, "after {passed} s");
        time_passes(Duration::from_secs(1)).await;
        passed += 1;
        // What is due then is done.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = reading.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent));
}

#[tokio::test]
async fn d3_write_without_a_body() {
    let server = Server::start(|request| match request.header("content-length") {
        Some("0") => json(200, r#"{"data":1}"#),
        _ => json(411, "{}"),
    })
    .await;
    for method in [Method::Post, Method::Put, Method::Patch] {
        client(&server.url).request(method, "/v1/new").send().await.unwrap();
    }
    for method in [Method::Get, Method::Delete] {
        let error = client(&server.url).request(method, "/v1/new").send().await.unwrap_err();
        assert_eq!(error.status(), Some(411), "{method} needs none");
    }
}

/// A server whose answers have so many additional headers.
async fn with_headers(count: usize) -> Server {
    let names: Vec<_> = (0..count).map(|number| format!("x-t-{number}")).collect();
    Server::start(move |request| {
        let mut headers: Vec<_> = names.iter().map(|name| (name.as_str(), "a")).collect();
        headers.push(("content-type", "application/json"));
        let listed = if request.method == "POST" { vec![row(KEY, "NEW")] } else { vec![] };
        answer(200, &headers, rows(&listed))
    })
    .await
}

#[tokio::test]
async fn d4_more_than_a_hundred_headers() {
    let server = with_headers(150).await;
    let client = client(&server.url);
    let submission = submit(&client).await.unwrap();
    assert!(matches!(submission.rows()[0].outcome, RowOutcome::Accepted(_)));
    client.orders().get_orders(account()).send().await.unwrap();
    assert_eq!((server.with_method("POST").len(), server.with_method("GET").len()), (1, 1));
}

#[tokio::test]
async fn d4_more_headers_than_the_limit() {
    let server = with_headers(1_001).await;
    let client = client(&server.url);
    let error = client.orders().get_orders(account()).send().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::TooLarge, Delivery::MaybeSent));
    assert!(error.to_string().contains("more than 1,000 headers"), "{error}");
    assert_eq!(server.requests().len(), 1, "it does not get better by repeating");
    let submission = submit(&client).await.unwrap();
    assert!(!submission.is_known());
    assert_eq!(server.with_method("POST").len(), 1);
}
