//! Waiting instead of awaiting, against a real server on loopback.

#![allow(clippy::unwrap_used, reason = "a test fails where it panics")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::instruments::InstrumentId;
use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street::trading::positions::{PositionInstructionSubmissionRequest, PositionInstructionType};
use clear_street::{Error, RowOutcome};
use clear_street_test_support::KEY;
use clear_street_test_support::server::{Action, Request, Server, json, last};
use rust_decimal::Decimal;
use tokio::runtime::Runtime;

const CLOCK: &str = r#"{"data": {"clock": "2025-10-31T14:30:00Z"}, "metadata": {"request_id": "r1"}}"#;

fn client(url: &str) -> Client {
    Client::builder().api_key(KEY).base_url(url).build().unwrap()
}

/// A server that runs as long as what comes with it.
fn server(answer: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static) -> (Server, Runtime) {
    let runtime = Runtime::new().unwrap();
    (runtime.block_on(Server::start(answer)), runtime)
}

fn clock() -> (Server, Runtime) {
    server(|_| json(200, CLOCK))
}

#[test]
fn requests_are_waited_for() {
    let (server, _runtime) = server(|request| match request.target.as_str() {
        "/v1/clock" => json(200, CLOCK),
        _ => json(404, r#"{"error": {"code": 404, "message": "no such account"}}"#),
    });
    let client = client(&server.url);
    let response = client.calendar().get_clock().send().wait().unwrap();
    assert_eq!(response.request_id(), Some("r1"));
    assert_eq!(response.data.clock.to_string(), "2025-10-31T14:30:00Z");
    let error = client.accounts().get_account_by_id(AccountId::new(1)).send().wait().unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(404), "no such account"));
}

/// The token is fetched on the client's own thread, for all that wait on theirs.
#[test]
fn tokens_are_waited_for_too() {
    let (server, _runtime) = server(|request| match request.target.as_str() {
        "/token" => json(200, r#"{"access_token": "planted-token", "expires_in": 60}"#),
        _ => json(200, r#"{"data": []}"#),
    });
    let builder = clear_street::studio::Client::builder().credentials("planted-id", "planted-secret");
    let client = builder.token_url(format!("{}/token", server.url)).base_url(&server.url).build().unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.accounts().list_accounts().send().wait().unwrap());
        }
    });
    let fetches = server.requests().iter().filter(|request| request.target == "/token").count();
    assert_eq!((fetches, server.requests().len()), (1, 9));
}

#[test]
fn any_number_of_threads_may_wait() {
    let (server, _runtime) = clock();
    let client = client(&server.url);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..4 {
                    client.calendar().get_clock().send().wait().unwrap();
                }
            });
        }
    });
    assert_eq!(server.requests().len(), 64);
}

/// Pages of executions: the first has two, the second one, each with an id of its own.
fn executions(request: &Request) -> Vec<Action> {
    let item = |id: &str| {
        format!(
            r#"{{"id": "{id}", "order_id": "o", "price": "1", "quantity": "1", "side": "BUY", "transaction_time": "2025-10-31T14:30:00Z"}}"#
        )
    };
    let (items, next) = if request.target.contains("page_token=t2") {
        (item("e3"), "")
    } else {
        ([item("e1"), item("e2")].join(","), r#", "next_page_token": "t2""#)
    };
    json(200, format!(r#"{{"data": [{items}], "metadata": {{"request_id": "r"{next}}}}}"#))
}

#[test]
fn lists_are_iterators() {
    let (server, _runtime) = server(executions);
    let client = client(&server.url);
    let list = || client.orders().get_executions(AccountId::new(1));
    let mut pages = list().pages().wait();
    assert_eq!(pages.next().unwrap().unwrap().data.len(), 2);
    assert_eq!(pages.token(), Some("t2"));
    assert_eq!(pages.next().unwrap().unwrap().data.len(), 1);
    assert!(pages.next().is_none());
    for items in [list().items().wait(), list().items().prefetch().wait()] {
        let ids: Vec<String> = items.map(|item| item.unwrap().id.to_string()).collect();
        assert_eq!(ids, ["e1", "e2", "e3"]);
    }
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn failures_of_lists_come_as_items() {
    let (server, _runtime) = server(|_| json(403, r#"{"error": {"code": 403, "message": "no"}}"#));
    let items = client(&server.url).orders().get_executions(AccountId::new(1)).items().wait();
    let outcomes: Vec<Result<_, Error>> = items.collect();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].as_ref().unwrap_err().status(), Some(403));
}

/// More calls than Tokio lets a task make before it must yield.
#[test]
fn asynchronous_programs_may_wait_and_drop_the_client_too() {
    let (server, _runtime) = clock();
    let url = server.url.clone();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async move {
        let client = client(&url);
        for _ in 0..300 {
            client.calendar().get_clock().send().wait().unwrap();
        }
        drop(client);
    });
    assert_eq!(server.requests().len(), 300);
}

/// Reads one request without a body and answers it; the connection stays open.
fn answer(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let head = BufReader::new(&stream).lines().take_while(|line| !line.as_ref().unwrap().is_empty());
    assert!(head.count() > 1);
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{CLOCK}", CLOCK.len()).unwrap();
    stream
}

/// Returns when the client has closed its side.
fn until_closed(mut stream: TcpStream) {
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

/// A request on such a connection would be lost, and nobody could say whether it arrived.
#[test]
fn a_connection_that_the_server_closes_is_given_up_while_nobody_waits() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    thread::scope(|scope| {
        let first = scope.spawn(|| answer(&listener));
        client.calendar().get_clock().send().wait().unwrap();
        let first = first.join().unwrap();
        first.shutdown(Shutdown::Write).unwrap();
        until_closed(first);
        let second = scope.spawn(|| answer(&listener));
        client.calendar().get_clock().send().wait().unwrap();
        let second = second.join().unwrap();
        drop(client);
        // The last clone took the connections with it.
        until_closed(second);
    });
}

/// Rows as the exchange has them: an order and an instruction, each under the key `mine`.
const ORDERS: &str = r#"{"data": [{"id": "o", "client_order_id": "mine", "account_id": 42, "venue": "XNAS",
    "side": "BUY", "order_type": "MARKET", "time_in_force": "DAY", "status": "NEW", "quantity": "1",
    "filled_quantity": "0", "leaves_quantity": "1", "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z"}]}"#;
const INSTRUCTIONS: &str = r#"{"data": [{"id": "i", "instruction_id": "mine", "account_id": 42,
    "instrument_id": "0195d5e6-0000-7000-8000-000000000000", "symbol": "A", "instruction_type": "EXERCISE",
    "quantity": "1", "status": "SENT"}]}"#;

/// Cuts the answers to submissions, and refuses the first lists.
fn cutting(rows: &'static str, refused: usize) -> (Server, Runtime) {
    let lists = AtomicUsize::new(0);
    server(move |request| match request.method.as_str() {
        "POST" => last(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()),
        _ if lists.fetch_add(1, Ordering::Relaxed) < refused => json(403, "{}"),
        _ => json(200, rows),
    })
}

fn order() -> NewOrder {
    NewOrder::market("A", Side::Buy, Decimal::ONE, RequestTimeInForce::Day).id("mine")
}

#[test]
fn rows_whose_answer_is_lost_are_looked_for_while_the_thread_waits() {
    let account = AccountId::new(42);
    let (orders, _first) = cutting(ORDERS, 0);
    let submission = client(&orders.url).orders().submit_orders(account, [order()]).send().wait().unwrap();
    assert!(matches!(submission.rows()[0].outcome, RowOutcome::Accepted(_)));

    let (instructions, _second) = cutting(INSTRUCTIONS, 0);
    let instruction = PositionInstructionSubmissionRequest::new(
        InstrumentId::new("0195d5e6-0000-7000-8000-000000000000"),
        PositionInstructionType::Exercise,
        Decimal::ONE,
    );
    let submitting = client(&instructions.url)
        .positions()
        .submit_position_instructions(account, [instruction.instruction_id("mine")])
        .send();
    let submission = submitting.wait().unwrap();
    assert!(matches!(submission.rows()[0].outcome, RowOutcome::Accepted(_)));

    for server in [orders, instructions] {
        let methods = server.requests().into_iter().map(|request| request.method);
        assert_eq!(methods.collect::<Vec<_>>(), ["POST", "GET"]);
    }
}

#[test]
fn what_is_unknown_can_be_resolved_later() {
    // So many looks are made, each refused; and one more by the caller.
    let (server, _runtime) = cutting(ORDERS, 6);
    let client = Client::builder().api_key(KEY).base_url(&server.url).retry_budgets(500, 0).build().unwrap();
    let mut submission = client.orders().submit_orders(AccountId::new(42), [order()]).send().wait().unwrap();
    assert!(matches!(submission.rows()[0].outcome, RowOutcome::Unknown { .. }));
    assert_eq!(submission.resolve_and_wait().unwrap_err().status(), Some(403));
    assert!(submission.resolve_and_wait().unwrap());
    assert!(matches!(submission.rows()[0].outcome, RowOutcome::Accepted(_)));
}
