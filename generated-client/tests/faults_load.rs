//! Ten thousand calls over 64 connections that often break. A program of its own, because it counts
//! what is allocated.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it panics")]

use std::alloc::System;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clear_street::operation::Method;
use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street::{ErrorKind, RowOutcome};
use clear_street_test_support::{KEY, listen, server};
use rust_decimal::Decimal;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that are allocated, by the client and by the server.
fn live() -> usize {
    let stats = HEAP.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

const CALLS: usize = 10_000;
const CONNECTIONS: usize = 64;
/// After so many calls everything that is kept was made once.
const WARM: usize = 2_000;
/// What the calls after that may leave behind: 64 bytes each. The pool forgets connections that
/// ended only in time.
const LEFT: usize = 64 * (CALLS - WARM);
/// Another seed is another test.
const SEED: u64 = 0x00c1_ea25;

/// What a call does; its number decides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    /// Never sent again once it may have arrived.
    Write,
    /// An order with the number as its key.
    Order,
}

fn kind(number: usize) -> Kind {
    match number % 10 {
        0 => Kind::Order,
        1 | 2 => Kind::Write,
        _ => Kind::Read,
    }
}

/// Orders of an account are few, because each look for one lists them all.
fn account(number: usize) -> usize {
    number / 10 % CONNECTIONS
}

#[derive(Clone, Copy)]
enum Fault {
    /// The connection is reset, without or with the effect of the request.
    Reset {
        done: bool,
    },
    /// The answer ends in the middle.
    Cut,
    Unavailable {
        done: bool,
    },
}

/// One request of 20 fails; which, and how, depends on nothing but the seed.
fn fault(number: usize, time: u8) -> Option<Fault> {
    let number = u64::try_from(number).unwrap() * 256 + u64::from(time);
    let mut random = fastrand::Rng::with_seed(SEED.wrapping_add(number));
    let done = random.bool();
    match random.u8(..60) {
        0 => Some(Fault::Reset { done }),
        1 => Some(Fault::Cut),
        2 => Some(Fault::Unavailable { done }),
        _ => None,
    }
}

/// What the server saw of a call.
#[derive(Clone, Copy, Default)]
struct Seen {
    requests: u8,
    /// How often it had its effect.
    done: u8,
    /// Successes that were sent whole.
    answered: u8,
}

struct Exchange {
    /// By number; beyond the calls the lists of orders by account.
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    faults: AtomicUsize,
    /// Connections that are open; all of them end when it is told to.
    open: watch::Sender<usize>,
    close: watch::Sender<()>,
}

impl Exchange {
    fn start() -> (Arc<Self>, String) {
        let exchange = Arc::new(Self {
            seen: Mutex::new(vec![Seen::default(); CALLS + CONNECTIONS]),
            connections: AtomicUsize::new(0),
            faults: AtomicUsize::new(0),
            open: watch::Sender::new(0),
            close: watch::Sender::new(()),
        });
        let shared = Arc::clone(&exchange);
        let address = listen(move |_, stream| {
            shared.connections.fetch_add(1, Ordering::Relaxed);
            shared.open.send_modify(|open| *open += 1);
            let shared = Arc::clone(&shared);
            async move {
                let mut close = shared.close.subscribe();
                tokio::select! {
                    () = shared.serve(stream) => {}
                    _ = close.changed() => {}
                }
                shared.open.send_modify(|open| *open -= 1);
            }
        });
        (exchange, format!("http://{address}"))
    }

    /// Ends all connections, and returns when the client has nothing left of them.
    async fn close(&self) {
        self.close.send_replace(());
        self.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
        // One task looks after idle connections for as long as the client lives.
        while Handle::current().metrics().num_alive_tasks() > 1 {
            tokio::task::yield_now().await;
        }
    }

    /// Answers requests until one fails.
    async fn serve(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        while let Some((head, body)) = receive(&mut stream, &mut bytes).await {
            let number = number(&head, &body);
            let fault = self.requested(number);
            match fault {
                Some(Fault::Reset { done }) => {
                    self.book(number, done, 0);
                    return stream.set_zero_linger().unwrap();
                }
                Some(Fault::Cut) => {
                    let answer = self.answer(number, true);
                    let _ = stream.write_all(&answer[..answer.len() / 2]).await;
                    return;
                }
                Some(Fault::Unavailable { done }) => {
                    self.book(number, done, 0);
                    let _ =
                        stream.write_all(&server::bytes(503, &[], r#"{"error": {"message": "busy"}}"#)).await;
                }
                None => {
                    let answer = self.answer(number, true);
                    self.book(number, false, 1);
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            }
            bytes.clear();
        }
    }

    fn requested(&self, number: usize) -> Option<Fault> {
        let mut seen = self.seen.lock().unwrap();
        let time = seen[number].requests;
        seen[number].requests = time.wrapping_add(1);
        let fault = fault(number, time);
        self.faults.fetch_add(usize::from(fault.is_some()), Ordering::Relaxed);
        fault
    }

    fn book(&self, number: usize, done: bool, answered: u8) {
        let mut seen = self.seen.lock().unwrap();
        seen[number].done += u8::from(done);
        seen[number].answered = seen[number].answered.wrapping_add(answered);
    }

    /// Does what is asked and says so.
    fn answer(&self, number: usize, done: bool) -> Vec<u8> {
        if number < CALLS {
            self.book(number, done, 0);
        }
        let data = match number.checked_sub(CALLS) {
            Some(account) => self.orders(account),
            None if kind(number) == Kind::Order => format!("[{}]", order(number)),
            None => number.to_string(),
        };
        let body = format!(r#"{{"data": {data}, "metadata": {{"request_id": "r"}}}}"#);
        server::bytes(200, &[], body)
    }

    fn orders(&self, wanted: usize) -> String {
        let seen = self.seen.lock().unwrap();
        let done = (0..CALLS).filter(|number| {
            kind(*number) == Kind::Order && account(*number) == wanted && seen[*number].done > 0
        });
        format!("[{}]", done.map(order).collect::<Vec<_>>().join(","))
    }
}

/// Reads one request: its first line and its body.
async fn receive(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, String)> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = std::str::from_utf8(&bytes[..end]).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
            if bytes.len() >= whole {
                let body = String::from_utf8(bytes[end + 4..whole].to_vec()).unwrap();
                return Some((head.lines().next()?.to_owned(), body));
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// The number of the call, or of the list.
fn number(line: &str, body: &str) -> usize {
    if let Some((_, rest)) = line.split_once("/v1/things/") {
        rest.split(' ').next().unwrap().parse().unwrap()
    } else if line.starts_with("GET ") {
        let (_, rest) = line.split_once("/v1/accounts/").unwrap();
        CALLS + rest.split('/').next().unwrap().parse::<usize>().unwrap()
    } else {
        let (_, rest) = body.split_once(r#""id":""#).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    }
}

fn order(number: usize) -> String {
    format!(
        r#"{{"id": "o", "client_order_id": "{number}", "account_id": {}, "venue": "XNAS",
            "side": "BUY", "order_type": "MARKET", "time_in_force": "DAY", "status": "NEW",
            "quantity": "1", "filled_quantity": "0", "leaves_quantity": "1",
            "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}}"#,
        account(number)
    )
}

/// How a call ended.
#[derive(Debug)]
enum Outcome {
    Answered,
    Failed(ErrorKind),
    /// The fate of an order is known from the answer, from the list, or not at all.
    Accepted,
    Found,
    Unknown,
}

async fn call(client: &Client, number: usize) -> Outcome {
    let thing = |method| client.request(method, format!("/v1/things/{number}"));
    let answer = match kind(number) {
        Kind::Read => thing(Method::Get).send().await,
        Kind::Write => thing(Method::Post).body(&"[1]".parse().unwrap()).send().await,
        Kind::Order => {
            let order = NewOrder::market("A", Side::Buy, Decimal::ONE, RequestTimeInForce::Day);
            let account = AccountId::new(i64::try_from(account(number)).unwrap());
            let submitting = client.orders().submit_orders(account, [order.id(number.to_string())]).send();
            let submission = submitting.await.unwrap();
            let answered = submission.answer().is_some();
            return match &submission.rows()[0].outcome {
                RowOutcome::Accepted(order) => {
                    assert_eq!(order.client_order_id.as_str(), number.to_string());
                    if answered { Outcome::Accepted } else { Outcome::Found }
                }
                RowOutcome::Refused(order) => panic!("nothing is refused: {order:?}"),
                RowOutcome::Unknown { .. } => Outcome::Unknown,
            };
        }
    };
    match answer {
        Ok(response) => {
            assert_eq!(response.data.text(), number.to_string(), "the answer to another call");
            Outcome::Answered
        }
        Err(error) => Outcome::Failed(error.kind()),
    }
}

/// Makes the calls up to this number, as many at once as there are connections.
async fn calls(client: &Client, next: &Arc<AtomicUsize>, end: usize) -> Vec<(usize, Outcome)> {
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, next) = (client.clone(), Arc::clone(next));
        workers.spawn(async move {
            let mut outcomes = Vec::new();
            while let Ok(number) = next
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| (next < end).then_some(next + 1))
            {
                outcomes.push((number, call(&client, number).await));
            }
            outcomes
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_each_end_once_and_leave_nothing_behind() {
    let (exchange, url) = Exchange::start();
    let long = Duration::from_secs(300);
    let client = Client::builder()
        .api_key(KEY)
        .base_url(url)
        .timeout(long)
        .order_timeout(long)
        .concurrent_requests(CONNECTIONS)
        .build()
        .unwrap();
    let next = Arc::new(AtomicUsize::new(0));
    let mut outcomes = Vec::with_capacity(2 * CALLS);
    outcomes.extend(calls(&client, &next, WARM).await);
    exchange.close().await;
    let warm = live();
    outcomes.extend(calls(&client, &next, CALLS).await);
    exchange.close().await;
    let end = live();

    outcomes.sort_by_key(|(number, _)| *number);
    assert!(outcomes.iter().map(|(number, _)| *number).eq(0..CALLS), "every call ends, and once");
    let seen = exchange.seen.lock().unwrap();
    for ((number, outcome), seen) in outcomes.iter().zip(seen.iter()) {
        let case = format!("call {number}: {outcome:?}");
        let answered = matches!(outcome, Outcome::Answered | Outcome::Accepted);
        assert_eq!(seen.answered, u8::from(answered), "{case}");
        if let Outcome::Failed(kind) = outcome {
            assert!(matches!(kind, ErrorKind::Api | ErrorKind::Connection), "{case}");
        }
        match (kind(*number), outcome) {
            (Kind::Read, _) => assert!(seen.requests <= 3, "{case}"),
            (Kind::Write, _) => assert!(seen.requests == 1 && seen.done <= 1, "{case}"),
            (Kind::Order, Outcome::Accepted | Outcome::Found) => {
                assert!(seen.requests <= 2 && seen.done == 1, "{case}");
            }
            (Kind::Order, _) => assert!(seen.requests <= 2 && seen.done <= 1, "{case}"),
        }
    }
    drop(seen);

    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, outcome)| wanted(outcome)).count();
    let faults = exchange.faults.load(Ordering::Relaxed);
    let connections = exchange.connections.load(Ordering::Relaxed);
    let summary = format!(
        "{faults} faults, {connections} connections, {} failed, {} found, {} unknown, {warm} and {end} bytes, {:?}",
        count(|outcome| matches!(outcome, Outcome::Failed(_))),
        count(|outcome| matches!(outcome, Outcome::Found)),
        count(|outcome| matches!(outcome, Outcome::Unknown)),
        client.statistics(),
    );
    assert!((400..700).contains(&faults), "{summary}");
    assert!(connections < 2 * CONNECTIONS + faults, "connections are used again: {summary}");
    assert!(end < warm + LEFT, "{summary}");
}
