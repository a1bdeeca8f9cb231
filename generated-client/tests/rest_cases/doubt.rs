//! Groups A and C of the cases: orders whose fate is in doubt, and resolving them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clear_street::retry::RetrySettings;
use clear_street::trading::Client;
use clear_street::{Delivery, ErrorKind};
use clear_street_test_support::server::{Action, Request, answer, bytes, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{timeout, timeout_at};

use crate::broker::{Book, Broker, book_and_reset, listed, nothing, outcome, unavailable};
use crate::{KEY, account, client, order, row, rows, submit, trading};

/// With the setting that allows a second sending.
fn resending(url: &str, in_flight: Duration) -> Client {
    with_retries(url, RetrySettings::new().assume_known_keys_refused(in_flight))
}

fn maybe_resending(resends: bool, url: &str, in_flight: Duration) -> Client {
    if resends { resending(url, in_flight) } else { client(url) }
}

fn with_retries(url: &str, settings: RetrySettings) -> Client {
    trading(url).order_retries(settings).build().unwrap()
}

/// Without and with the setting: the order is in doubt and was sent once.
async fn stays_in_doubt(
    name: &str,
    post: fn(&Book, usize, &Request) -> Vec<Action>,
    get: fn(&Book, usize, &Request) -> Vec<Action>,
) {
    for resends in [false, true] {
        let broker = Broker::start(post, get).await;
        let client = maybe_resending(resends, &broker.server.url, Duration::from_millis(200));
        let submission = submit(&client).await;
        assert_eq!(outcome(&submission), '?', "{name} {resends}: {submission:?}");
        assert!(submission.unwrap().error().is_some(), "{name} {resends}");
        assert_eq!((broker.posts().len(), broker.book.len()), (1, 1), "{name} {resends}");
        assert!(!broker.looks().is_empty(), "{name} {resends}");
    }
}

#[tokio::test]
async fn a1_failed_look_is_not_absence() {
    stays_in_doubt("503", book_and_reset, unavailable).await;
    let broker = Broker::start(book_and_reset, unavailable).await;
    let mut submission = broker.submit().await.unwrap();
    assert_eq!(submission.resolve().await.unwrap_err().status(), Some(503));
    assert_eq!(submission.unknown().collect::<Vec<_>>(), [KEY]);
}

#[tokio::test]
async fn a2_every_kind_of_failed_look() {
    type Get = fn(&Book, usize, &Request) -> Vec<Action>;
    let variants: [(&str, Get); 8] = [
        ("401", |_, _, _| answer(401, &[], "{}")),
        ("403", |_, _, _| answer(403, &[], "{}")),
        ("429", |_, _, _| answer(429, &[("retry-after", "1")], "{}")),
        ("500", |_, _, _| answer(500, &[], "{}")),
        ("html", |_, _, _| answer(200, &[("content-type", "text/html")], "<html>maintenance</html>")),
        ("cut", |_, _, _| {
            let whole = bytes(200, &[("content-type", "application/json")], rows(&[]));
            vec![Action::Send(whole[..whole.len() - 20].to_vec()), Action::Close]
        }),
        ("reset", |_, _, _| vec![Action::Reset]),
        ("silence", |_, _, _| vec![Action::Hold]),
    ];
    let variants = variants.map(|(name, get)| tokio::spawn(stays_in_doubt(name, book_and_reset, get)));
    for variant in variants {
        variant.await.unwrap();
    }
}

#[tokio::test]
async fn a3_a_list_without_keys_is_no_look() {
    type Get = fn(&Book, usize, &Request) -> Vec<Action>;
    let variants: [(&str, Get); 3] = [
        ("204", |_, _, _| vec![Action::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())]),
        ("null", |_, _, _| json(200, r#"{"data":null,"metadata":{"request_id":"rq-2"}}"#)),
        ("no key", |_, _, _| {
            let row = row(KEY, "NEW").replace(&format!(r#""client_order_id":"{KEY}","#), "");
            json(200, rows(&[row]))
        }),
    ];
    for (name, get) in variants {
        stays_in_doubt(name, book_and_reset, get).await;
        let broker = Broker::start(book_and_reset, get).await;
        let mut submission = broker.submit().await.unwrap();
        assert!(submission.resolve().await.is_err(), "{name}");
    }
}

fn endless_pages(_: &Book, number: usize, _: &Request) -> Vec<Action> {
    let body = format!(r#"{{"data":[],"metadata":{{"request_id":"rq-2","next_page_token":"pt-{number}"}}}}"#);
    [vec![Action::Sleep(Duration::from_millis(20))], json(200, body)].concat()
}

#[tokio::test]
async fn a4_endless_pages_are_no_look() {
    let began = Instant::now();
    stays_in_doubt("endless", book_and_reset, endless_pages).await;
    assert!(began.elapsed() < Duration::from_secs(2 * 10 + 1));
}

#[tokio::test]
async fn a5_early_looks_do_not_count() {
    for resends in [false, true] {
        let broker = Broker::start(
            |book, _, _| {
                book.add_later(row(KEY, "NEW"), Duration::from_secs(2));
                vec![Action::Reset]
            },
            |book, number, request| {
                if number < 2 { nothing(book, number, request) } else { unavailable(book, number, request) }
            },
        )
        .await;
        let client = maybe_resending(resends, &broker.server.url, Duration::from_millis(1000));
        assert_eq!(outcome(&submit(&client).await), '?');
        assert_eq!(broker.posts().len(), 1);
    }
}

#[tokio::test]
async fn a6_no_time_to_look() {
    for attempts in [None, Some(6)] {
        let broker = Broker::start(book_and_reset, listed).await;
        let mut builder = trading(&broker.server.url);
        builder = builder.order_timeout(Duration::from_millis(90));
        if let Some(attempts) = attempts {
            builder = builder.order_retries(RetrySettings::new().max_attempts(attempts));
        }
        let mut submission = submit(&builder.build().unwrap()).await.unwrap();
        assert_eq!(broker.posts().len(), 1);
        assert!(submission.resolve().await.unwrap());
        assert_eq!(broker.book.len(), 1);
    }
}

#[tokio::test]
async fn a7_looks_are_not_used_up() {
    let broker = Broker::start(|_, _, _| vec![Action::Reset], nothing).await;
    let settings = RetrySettings::new().max_attempts(6).assume_known_keys_refused(Duration::from_millis(250));
    let began = Instant::now();
    assert_eq!(outcome(&submit(&with_retries(&broker.server.url, settings)).await), '?');
    let (posts, looks) = (broker.posts(), broker.looks());
    assert_eq!(posts.len(), 2, "the same bytes are sent once more at most");
    let between = |look: &&Request| look.at > posts[0].at && look.at < posts[1].at;
    assert!(looks.iter().any(|look| between(&look)), "a look-up lies between them");
    assert!(posts[1].at.duration_since(began) < Duration::from_secs(5));
}

#[tokio::test]
async fn a8_success_head_with_cut_body() {
    for status in [200, 201, 202, 207] {
        for (length, end) in [(200, Action::Close), (0, Action::Close), (200, Action::Reset)] {
            for resends in [false, true] {
                let name = format!("{status} {length} {end:?}");
                let end = end.clone();
                let broker = Broker::start(
                    move |book, _, _| {
                        book.add(row(KEY, "NEW"));
                        let head = format!(
                            "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: 412\r\n\r\n"
                        );
                        let part = [head.as_bytes(), &rows(&[row(KEY, "NEW")]).as_bytes()[..length]].concat();
                        // The head arrives before the connection ends, whichever way it ends.
                        vec![Action::Send(part), Action::Sleep(Duration::from_millis(50)), end.clone()]
                    },
                    nothing,
                )
                .await;
                let client = maybe_resending(resends, &broker.server.url, Duration::from_millis(200));
                // The look-ups themselves are those of A1: here the head ends sending.
                let options = clear_street::RequestOptions::new().timeout(Duration::from_millis(800));
                let submission =
                    client.orders().submit_orders(account(), [order(KEY)]).options(options).send().await;
                assert_eq!(outcome(&submission), '?', "{name}");
                assert_eq!(submission.unwrap().error().unwrap().status(), Some(status));
                assert_eq!(broker.posts().len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn a9_client_clock_is_wrong() {
    for hours in [-2, 2] {
        let now = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        let broker = Broker::start(
            move |book, _, _| {
                let row = row(KEY, "NEW").replace("2026-03-02T14:30:00Z", &now.to_string());
                book.add(row);
                vec![Action::Reset]
            },
            move |_, _, request| {
                let is_listed =
                    request.query("from").is_none_or(|from| from.parse::<jiff::Timestamp>().unwrap() <= now);
                let row = row(KEY, "NEW").replace("2026-03-02T14:30:00Z", &now.to_string());
                let date =
                    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap();
                let body = rows(if is_listed { std::slice::from_ref(&row) } else { &[] });
                answer(200, &[("content-type", "application/json"), ("date", &date)], body)
            },
        )
        .await;
        assert_eq!(outcome(&broker.submit().await), 'A', "{hours}");
        assert_eq!((broker.posts().len(), broker.looks().len()), (1, 1));
    }
}

#[tokio::test]
async fn a9_a_later_look_is_bounded_by_the_clock_of_the_server() {
    // The list ignores keys of the caller, and shows the row late.
    let broker = Broker::start(
        |_, _, _| vec![Action::Reset],
        |_, _, _| {
            let headers = [("content-type", "application/json"), ("date", "Mon, 02 Mar 2026 14:30:05 GMT")];
            answer(200, &headers, rows(&[]))
        },
    )
    .await;
    assert_eq!(outcome(&broker.submit().await), '?');
    let looks = broker.looks();
    let asked: Vec<_> = looks.iter().map(|look| (look.query("order_ids"), look.query("from"))).collect();
    assert_eq!(asked.len(), 5);
    for look in [0, 2, 4] {
        assert_eq!(asked[look], (Some(KEY.to_owned()), None), "{asked:?}");
    }
    assert_eq!(asked[1], (None, None), "the first look-up of all rows has no lower bound");
    let from: jiff::Timestamp = asked[3].1.as_deref().unwrap().parse().unwrap();
    let posted: jiff::Timestamp = "2026-03-02T14:30:05Z".parse().unwrap();
    assert!(from < posted, "{from}");
    assert!(from > posted - jiff::SignedDuration::from_mins(5), "{from}");
}

#[tokio::test]
async fn a10_list_lags() {
    for lag in [3600, 6000] {
        let broker = Broker::start(
            move |book, _, _| {
                book.add_later(row(KEY, "NEW"), Duration::from_millis(lag));
                vec![Action::Reset]
            },
            listed,
        )
        .await;
        let began = Instant::now();
        let mut submission = broker.submit().await.unwrap();
        tokio::time::sleep_until((began + Duration::from_millis(lag + 500)).into()).await;
        assert!(submission.resolve().await.unwrap());
        assert_eq!(outcome(&Ok(submission)), 'A');
        assert_eq!(broker.posts().len(), 1);
    }
}

#[tokio::test]
async fn a11_request_is_queued_and_taken_later() {
    for is_answered in [true, false] {
        let broker = Broker::start(
            move |book, _, _| {
                book.add_later(row(KEY, "NEW"), Duration::from_secs(4));
                if is_answered { answer(504, &[], "") } else { vec![Action::Reset] }
            },
            listed,
        )
        .await;
        let began = Instant::now();
        let mut submission = broker.submit().await.unwrap();
        assert_eq!(submission.unknown().count(), 1);
        tokio::time::sleep_until((began + Duration::from_millis(4500)).into()).await;
        assert!(submission.resolve().await.unwrap());
        assert_eq!(broker.posts().len(), 1);
    }
}

#[tokio::test]
async fn a11_a_request_that_can_be_under_way_for_long_is_not_sent_again() {
    let broker = Broker::start(|_, _, _| answer(504, &[], ""), nothing).await;
    let client = resending(&broker.server.url, Duration::from_millis(4100));
    assert_eq!(outcome(&submit(&client).await), '?');
    assert_eq!(broker.posts().len(), 1);
}

#[tokio::test]
async fn a12_server_spells_keys_its_own_way() {
    for key in ["ORD-7F31", "01964b3c-0000-7000-8000-00000000abcd"] {
        let broker = Broker::start(
            move |book, _, _| {
                book.add(row(key, "NEW"));
                vec![Action::Reset]
            },
            listed,
        )
        .await;
        assert_eq!(outcome(&broker.submit().await), '?', "{key}");
        assert_eq!(broker.posts().len(), 1);
    }
}

#[tokio::test]
async fn a13_busy_answer_after_taking() {
    for is_listed in [true, false] {
        let broker = Broker::start(
            |book, _, _| {
                book.add(row(KEY, "NEW"));
                answer(503, &[("retry-after", "0")], "{}")
            },
            if is_listed { listed } else { nothing },
        )
        .await;
        assert_eq!(outcome(&broker.submit().await), if is_listed { 'A' } else { '?' });
        assert_eq!(broker.posts().len(), 1);
        assert!(!broker.looks().is_empty());
    }
}

#[tokio::test]
async fn a14_too_many_requests() {
    let throttle = |_: &Book, number: usize, _: &Request| match number {
        0 => answer(429, &[("retry-after", "1")], "{}"),
        _ => json(200, rows(&[row(KEY, "NEW")])),
    };
    let broker = Broker::start(throttle, nothing).await;
    let error = broker.submit().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(429)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!((broker.posts().len(), broker.looks().len()), (1, 0));

    let broker = Broker::start(throttle, nothing).await;
    let waits = with_retries(&broker.server.url, RetrySettings::new().wait_if_throttled(true));
    assert_eq!(outcome(&submit(&waits).await), 'A');
    let (posts, looks) = (broker.posts(), broker.looks());
    assert_eq!((posts.len(), &posts[0].body), (2, &posts[1].body));
    assert!(looks.iter().any(|look| look.at > posts[0].at && look.at < posts[1].at));
    let waited = posts[1].at.duration_since(posts[0].at);
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(5), "{waited:?}");

    // Rows that the list shows, or may hide, are not sent again.
    for (get, expected) in [(unavailable as fn(&Book, usize, &Request) -> Vec<Action>, 'E'), (listed, 'A')] {
        let broker = Broker::start(
            |book, _, _| {
                book.add(row(KEY, "NEW"));
                answer(429, &[], "{}")
            },
            get,
        )
        .await;
        let waits = with_retries(&broker.server.url, RetrySettings::new().wait_if_throttled(true));
        assert_eq!(outcome(&submit(&waits).await), expected);
        assert_eq!(broker.posts().len(), 1);
    }
}

/// A server whose queue of connections is full until it accepts them: no new connection is possible, and
/// none is refused.
struct Gate {
    listener: TcpListener,
    waiting: Vec<TcpStream>,
}

impl Gate {
    fn new() -> (Self, String) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (Self { listener, waiting: Vec::new() }, url)
    }

    /// Fills the queue.
    async fn close(&mut self) {
        let address = self.listener.local_addr().unwrap();
        while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            self.waiting.push(stream.unwrap());
        }
    }

    /// Accepts everything for a time, and gives the requests that came, with their times.
    async fn open(&mut self, until: Instant, answer: fn(&str) -> Vec<u8>) -> Vec<(String, Instant)> {
        self.waiting.clear();
        let requests = Arc::new(Mutex::new(Vec::new()));
        while let Ok(accepted) = timeout_at(until.into(), self.listener.accept()).await {
            let (mut stream, _) = accepted.unwrap();
            let requests = Arc::clone(&requests);
            tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let answer = answer(&request);
                    requests.lock().unwrap().push((request, Instant::now()));
                    if answer.is_empty() || stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            });
        }
        std::mem::take(&mut *requests.lock().unwrap())
    }
}

#[tokio::test]
async fn a15_stale_price_is_not_sent() {
    let (mut gate, url) = Gate::new();
    gate.close().await;
    let began = Instant::now();
    let submission = tokio::spawn(async move { submit(&client(&url)).await });
    tokio::time::sleep_until((began + Duration::from_secs(7)).into()).await;
    let received =
        gate.open(began + Duration::from_secs(11), |_| bytes(200, &[], rows(&[row(KEY, "NEW")]))).await;
    assert!(received.is_empty(), "{received:?}");
    assert_eq!(submission.await.unwrap().unwrap_err().delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a15_a_second_sending_is_not_stale_either() {
    let (mut gate, url) = Gate::new();
    let began = Instant::now();
    let client = resending(&url, Duration::from_secs(2));
    let submission = tokio::spawn(async move { submit(&client).await });
    let answer = |request: &str| match request.starts_with("GET") {
        true => bytes(200, &[("connection", "close")], rows(&[])),
        false => Vec::new(),
    };
    let first = gate.open(began + Duration::from_millis(2900), answer).await;
    assert!(first.iter().filter(|(request, _)| request.starts_with("POST")).count() == 1, "{first:?}");
    gate.close().await;
    tokio::time::sleep_until((began + Duration::from_millis(6300)).into()).await;
    let late = gate.open(began + Duration::from_secs(11), answer).await;
    assert!(!late.iter().any(|(request, _)| request.starts_with("POST")), "{late:?}");
    assert_eq!(outcome(&submission.await.unwrap()), '?');
}

#[tokio::test]
async fn a16_resend_that_is_allowed() {
    let post = |book: &Book, number: usize, _: &Request| {
        if number == 0 {
            return vec![Action::Reset];
        }
        book.add(row(KEY, "NEW"));
        json(200, rows(&[row(KEY, "NEW")]))
    };
    let get = |_: &Book, _: usize, _: &Request| {
        let headers = [("content-type", "application/json"), ("date", "Mon, 02 Mar 2026 14:30:05 GMT")];
        answer(200, &headers, rows(&[]))
    };
    let broker = Broker::start(post, get).await;
    let began = Instant::now();
    assert_eq!(outcome(&submit(&resending(&broker.server.url, Duration::from_secs(1))).await), 'A');
    let (posts, looks) = (broker.posts(), broker.looks());
    assert_eq!((posts.len(), &posts[0].body), (2, &posts[1].body));
    let after = posts[0].at + Duration::from_secs(1);
    let unfiltered = looks.iter().find(|look| look.at > after && look.at < posts[1].at).unwrap();
    assert_eq!(unfiltered.query("order_ids"), None, "an empty answer to a filtered list proves nothing");
    assert!(posts[1].at.duration_since(began) < Duration::from_secs(5));

    let broker = Broker::start(post, get).await;
    assert_eq!(outcome(&broker.submit().await), '?');
    assert_eq!(broker.posts().len(), 1);

    // The setting of one request.
    let broker = Broker::start(post, get).await;
    let settings = RetrySettings::new().assume_known_keys_refused(Duration::from_millis(100));
    let options = clear_street::RequestOptions::new().retries(settings);
    let orders = client(&broker.server.url).orders();
    let submission = orders.submit_orders(account(), [order(KEY)]).options(options).send().await;
    assert_eq!(outcome(&submission), 'A');
}

#[tokio::test]
async fn a17_lost_answer_is_found() {
    let broker = Broker::start(book_and_reset, |_, number, request| {
        if number == 0 {
            return json(200, rows(&[]));
        }
        let page: usize = request.query("page_token").map_or(0, |token| token.parse().unwrap());
        let mut all: Vec<String> = (0..250).map(|index| row(&format!("ord-{index:04}"), "FILLED")).collect();
        all.push(row(KEY, "NEW"));
        let listed = all[page * 100..all.len().min((page + 1) * 100)].join(",");
        let next = if page < 2 { format!(r#","next_page_token":"{}""#, page + 1) } else { String::new() };
        json(200, format!(r#"{{"data":[{listed}],"metadata":{{"request_id":"rq-1"{next}}}}}"#))
    })
    .await;
    assert_eq!(outcome(&broker.submit().await), 'A');
    assert_eq!((broker.posts().len(), broker.looks().len()), (1, 4));
}

#[tokio::test]
async fn other_fields_and_foreign_rows_hide_nothing() {
    let broker = Broker::start(book_and_reset, |_, _, _| {
        let foreign = r#"{"client_order_id":"ord-0000","status":7,"created_at":"0000-00-00"}"#.to_owned();
        json(200, rows(&[foreign, row(KEY, "NEW")]))
    })
    .await;
    assert_eq!(outcome(&broker.submit().await), 'A');
    // Our row is there, but cannot be read: it is not sent again, and its JSON is at hand.
    let broken = || row(KEY, "NEW").replace("2026-03-02T14:30:00Z", "0000-00-00 09:31:07");
    let broker =
        Broker::start(|_, _, _| vec![Action::Reset], move |_, _, _| json(200, rows(&[broken()]))).await;
    let submission = submit(&resending(&broker.server.url, Duration::from_millis(100))).await.unwrap();
    let clear_street::RowOutcome::Unknown { row: None, raw: Some(raw), .. } = &submission.rows()[0].outcome
    else {
        panic!("{submission:?}");
    };
    assert!(raw.text().contains("0000-00-00 09:31:07"));
    assert_eq!(broker.posts().len(), 1);
}

#[tokio::test]
async fn c1_resolve_ends() {
    type Get = fn(&Book, usize, &Request) -> Vec<Action>;
    let slow: Get = |_, _, _| {
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n".to_vec();
        let byte = [Action::Sleep(Duration::from_secs(1)), Action::Send(b"{".to_vec())];
        std::iter::once(Action::Send(head)).chain(std::iter::repeat_n(byte, 40).flatten()).collect()
    };
    for (name, get) in [("endless", endless_pages as Get), ("slow", slow)] {
        let broker = Broker::start(book_and_reset, get).await;
        let client = trading(&broker.server.url)
            .timeout(Duration::from_secs(2))
            .order_timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let mut submission = submit(&client).await.unwrap();
        for _ in 0..2 {
            let began = Instant::now();
            let error = submission.resolve().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Paging | ErrorKind::Timeout), "{name}: {error}");
            assert!(began.elapsed() < Duration::from_secs(3), "{name}: {:?}", began.elapsed());
            assert_eq!(submission.unknown().collect::<Vec<_>>(), [KEY]);
        }
    }
}

#[tokio::test]
async fn c2_resolve_after_an_outage() {
    let works = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let switch = std::sync::Arc::clone(&works);
    let broker = Broker::start(book_and_reset, move |book, number, request| {
        match works.load(std::sync::atomic::Ordering::SeqCst) {
            true => book.listed(),
            false => unavailable(book, number, request),
        }
    })
    .await;
    let mut submission = broker.submit().await.unwrap();
    assert!(submission.resolve().await.is_err());
    switch.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(submission.resolve().await.unwrap());
    assert_eq!(outcome(&Ok(submission)), 'A');
}
