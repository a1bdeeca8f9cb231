//! Group B of the cases: the outcomes that are reported of rows are true.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clear_street::retry::RetrySettings;
use clear_street::trading::Client;
use clear_street::trading::instruments::InstrumentId;
use clear_street::trading::positions::{
    PositionInstruction, PositionInstructionSubmissionRequest, PositionInstructionType,
};
use clear_street::{Delivery, Result, RowOutcome, Submission};
use clear_street_test_support::server::{Action, Request, Server, json};
use rust_decimal::Decimal;

use crate::broker::{Book, Broker, letter, listed, nothing, outcome, outcomes, unavailable};
use crate::{KEY, account, client, order, row, rows, submit, trading};

fn error(status: u16, message: &str) -> Vec<Action> {
    let body = format!(
        r#"{{"error":{{"code":{status},"message":"{message}"}},"metadata":{{"request_id":"rq-3"}}}}"#
    );
    json(status, body)
}

fn refused(status: u16, row: &str) -> Vec<Action> {
    let body =
        format!(r#"{{"data":[{row}],"error":{{"code":{status},"message":"rejected"}},"metadata":{{}}}}"#);
    json(status, body)
}

/// The JSON of the row that an outcome is about.
fn shown<T: std::fmt::Debug>(outcome: &RowOutcome<T>) -> String {
    match outcome {
        RowOutcome::Accepted(row) | RowOutcome::Refused(row) => format!("{row:?}"),
        RowOutcome::Unknown { row, .. } => format!("{row:?}"),
    }
}

#[tokio::test]
async fn b1_conflict_on_the_first_attempt() {
    for is_listed in [true, false] {
        let broker = Broker::start(
            |book, _, _| {
                book.add(row(KEY, "NEW"));
                error(409, "client order id already used")
            },
            if is_listed { listed } else { nothing },
        )
        .await;
        let submission = broker.submit().await.unwrap();
        assert_eq!(submission.error().unwrap().status(), Some(409));
        assert_eq!(outcome(&Ok(submission)), if is_listed { 'A' } else { '?' });
        assert_eq!(broker.posts().len(), 1);
        assert!(!broker.looks().is_empty());
    }
}

#[tokio::test]
async fn b2_restarted_program_submits_stored_keys() {
    for is_row in [false, true] {
        let broker = Broker::start(
            move |_, _, _| match is_row {
                false => error(422, "duplicate client order id"),
                true => json(200, rows(&[row(KEY, "REJECTED")])),
            },
            listed,
        )
        .await;
        broker.book.add(row(KEY, "FILLED"));
        let submission = broker.submit().await.unwrap();
        assert!(shown(&submission.rows()[0].outcome).contains("FILLED"), "{submission:?}");
        assert_eq!(outcome(&Ok(submission)), 'A');
        assert_eq!((broker.posts().len(), broker.looks().len()), (1, 1));
    }
}

fn instruction(key: &str) -> PositionInstructionSubmissionRequest {
    let instrument: InstrumentId = InstrumentId::new("01900000-0000-7000-8000-00000000000a");
    PositionInstructionSubmissionRequest::new(instrument, PositionInstructionType::Exercise, Decimal::ONE)
        .instruction_id(key)
}

async fn instruct(client: &Client, key: &str) -> Result<Submission<PositionInstruction>> {
    client.positions().submit_position_instructions(account(), [instruction(key)]).send().await
}

fn instruction_row(id: &str, key: &str, status: &str) -> String {
    format!(
        r#"{{"id":"{id}","instruction_id":"{key}","account_id":4400017,"instrument_id":"01900000-0000-7000-8000-00000000000a","symbol":"KLMN","instruction_type":"EXERCISE","quantity":"1","status":"{status}","details":["existing_id=pi-2"],"created_at":"2026-03-02T14:30:00Z","updated_at":"2026-03-02T14:30:00Z"}}"#
    )
}

#[tokio::test]
async fn b3_instructions_all_duplicates() {
    for is_listed in [true, false] {
        let server = Server::start(move |request| match request.method.as_str() {
            "POST" => refused(409, &instruction_row("pi-9", "ins-4a10", "REJECTED")),
            _ if is_listed => json(200, rows(&[instruction_row("pi-2", "ins-4a10", "SENT")])),
            _ => json(200, rows(&[])),
        })
        .await;
        let submission = instruct(&client(&server.url), "ins-4a10").await.unwrap();
        let row = &submission.rows()[0].outcome;
        assert_eq!(letter(row), if is_listed { 'A' } else { '?' });
        assert!(shown(row).contains(if is_listed { "pi-2" } else { "pi-9" }), "{row:?}");
        assert_eq!(server.with_method("POST").len(), 1);
        assert!(!is_listed || server.with_method("GET").len() == 1);
    }
}

#[tokio::test]
async fn b4_refusal_after_a_repetition() {
    for is_answered in [true, false] {
        let broker = Broker::start(
            move |book, number, _| {
                if number == 0 {
                    book.add_later(row(KEY, "NEW").replace("bk-501", "bk-first"), Duration::from_secs(4));
                    return vec![Action::Reset];
                }
                book.add(row(KEY, "REJECTED"));
                if is_answered { json(200, rows(&[row(KEY, "REJECTED")])) } else { vec![Action::Reset] }
            },
            listed,
        )
        .await;
        let settings = RetrySettings::new().assume_known_keys_refused(Duration::from_millis(100));
        let client = trading(&broker.server.url).order_retries(settings).build().unwrap();
        let began = Instant::now();
        let mut submission = submit(&client).await.unwrap();
        assert_eq!(outcomes(&submission), "?", "{submission:?}");
        assert!(shown(&submission.rows()[0].outcome).contains("REJECTED"), "{submission:?}");
        assert_eq!(broker.posts().len(), 2);
        tokio::time::sleep_until((began + Duration::from_millis(4500)).into()).await;
        assert!(submission.resolve().await.unwrap());
        assert!(shown(&submission.rows()[0].outcome).contains("bk-first"), "{submission:?}");
        assert_eq!(outcomes(&submission), "A");
    }
}

#[tokio::test]
async fn b5_true_refusal() {
    let reject = |_: &Book, _: usize, _: &Request| {
        let rejected =
            row(KEY, "REJECTED").replace(r#""status""#, r#""details":["price off the grid"],"status""#);
        refused(422, &rejected)
    };
    let broker = Broker::start(reject, nothing).await;
    let submission = broker.submit().await.unwrap();
    assert!(shown(&submission.rows()[0].outcome).contains("price off the grid"), "{submission:?}");
    assert_eq!(outcome(&Ok(submission)), 'R');
    assert_eq!((broker.posts().len(), broker.looks().len()), (1, 1));

    // The key is the caller's: without a look-up it may be that of an earlier submission.
    let broker = Broker::start(reject, unavailable).await;
    assert_eq!(outcome(&broker.submit().await), '?');
    assert_eq!(broker.posts().len(), 1);

    // A key that was made for this call cannot be known.
    let server = Server::start(|request| {
        let key = request.body.split(r#""id":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
        refused(422, &row(&key, "REJECTED"))
    })
    .await;
    let unkeyed = clear_street::trading::orders::NewOrder::limit(
        "KLMN",
        clear_street::trading::orders::Side::Buy,
        Decimal::from(25),
        Decimal::new(41_70, 2),
        clear_street::trading::orders::RequestTimeInForce::Day,
    );
    let submission = client(&server.url).orders().submit_orders(account(), [unkeyed]).send().await.unwrap();
    assert_eq!(outcomes(&submission), "R");
    assert_eq!(server.requests().len(), 1);

    for (status, looks) in [(400, 1), (401, 0), (403, 0), (404, 1)] {
        let broker = Broker::start(move |_, _, _| error(status, "no"), nothing).await;
        let refusal = broker.submit().await.unwrap_err();
        assert_eq!((refusal.status(), refusal.delivery()), (Some(status), Delivery::Answered));
        assert_eq!((broker.posts().len(), broker.looks().len()), (1, looks), "{status}");
    }
    let broker = Broker::start(|_, _, _| error(400, "no"), unavailable).await;
    assert_eq!(outcome(&broker.submit().await), '?', "the key may be known");
    let broker = Broker::start(|_, _, _| error(400, "no"), listed).await;
    broker.book.add(row(KEY, "NEW"));
    assert_eq!(outcome(&broker.submit().await), 'A');
}

#[tokio::test]
async fn b6_rows_of_another_call() {
    let broker = Broker::start(|_, _, _| json(200, rows(&[row("ord-0000", "NEW")])), nothing).await;
    let client = client(&broker.server.url);
    let submission = submit(&client).await.unwrap();
    assert!(submission.answer().is_none(), "the answer is that of another request");
    assert!(submission.error().unwrap().to_string().contains("another request"), "{submission:?}");
    assert_eq!(outcome(&Ok(submission)), '?');
    assert_eq!(broker.posts().len(), 1);
    assert_ne!(broker.looks()[0].connection, broker.posts()[0].connection);
    assert_eq!(submit(&client).await.unwrap().rows().len(), 1);
    assert_ne!(broker.posts()[1].connection, broker.posts()[0].connection);

    let broker = Broker::start(
        |book, _, _| {
            book.add(row(KEY, "NEW"));
            refused(422, &row("ord-0000", "REJECTED"))
        },
        listed,
    )
    .await;
    assert_eq!(outcome(&broker.submit().await), 'A');
    assert_ne!(broker.looks()[0].connection, broker.posts()[0].connection);

    // A row of ours beside a foreign one is doubt as well.
    let broker =
        Broker::start(|_, _, _| json(200, rows(&[row(KEY, "NEW"), row("ord-0000", "NEW")])), nothing).await;
    assert_eq!(outcome(&broker.submit().await), '?');
}

#[tokio::test]
async fn b7_connection_off_by_one() {
    let answered = |key: &str, id: &str| {
        let body = format!(r#"{{"data":[{}],"metadata":{{"request_id":"{id}"}}}}"#, row(key, "NEW"));
        json(200, body)
    };
    let key_of = |request: &Request| {
        request.body.split(r#""id":""#).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let count = AtomicUsize::new(0);
    let broker = Broker::start(
        move |book, _, request| {
            let key = key_of(request);
            book.add(row(&key, "NEW"));
            let number = count.fetch_add(1, Ordering::SeqCst);
            let mut actions = answered(&key, &format!("rq-of-{key}"));
            if number == 0 {
                actions.push(Action::Sleep(Duration::from_millis(5)));
                actions.extend(answered("ord-0000", "rq-of-nobody"));
            }
            actions
        },
        listed,
    )
    .await;
    let client = client(&broker.server.url);
    for number in 1..=4 {
        let key = format!("ord-{number}");
        let submission = client.orders().submit_orders(account(), [order(&key)]).send().await.unwrap();
        assert_eq!(outcomes(&submission), "A", "{submission:?}");
        assert!(shown(&submission.rows()[0].outcome).contains(&key));
        if let Some(answer) = submission.answer() {
            assert_eq!(answer.request_id(), Some(format!("rq-of-{key}").as_str()));
        }
    }
    assert_eq!((broker.posts().len(), broker.book.len()), (4, 4));
    assert_ne!(broker.posts()[0].connection, broker.posts()[2].connection);
}

#[tokio::test]
async fn b8_rows_in_another_order_and_too_few() {
    let broker = Broker::start(
        |_, _, _| {
            let body = rows(&[row("ord-7f33", "NEW"), row("ord-7f31", "REJECTED")]);
            json(207, body)
        },
        listed,
    )
    .await;
    for key in ["ord-7f32", "ord-7f33"] {
        broker.book.add(row(key, "NEW"));
    }
    let orders = ["ord-7f31", "ord-7f32", "ord-7f33"].map(order);
    let client = client(&broker.server.url);
    let submission = client.orders().submit_orders(account(), orders).send().await.unwrap();
    assert_eq!(outcomes(&submission), "RAA", "{submission:?}");
    let keys: Vec<_> = submission.rows().iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["ord-7f31", "ord-7f32", "ord-7f33"]);
    assert_eq!(broker.posts().len(), 1);
    assert!(!broker.looks().is_empty());
}

#[tokio::test]
async fn b9_rows_without_keys() {
    let keyless = || row(KEY, "NEW").replace(&format!(r#""client_order_id":"{KEY}","#), "");
    for has_keys in [true, false] {
        let broker = Broker::start(
            move |book, _, _| {
                book.add(if has_keys { row(KEY, "NEW") } else { keyless() });
                json(200, rows(&[keyless()]))
            },
            listed,
        )
        .await;
        assert_eq!(outcome(&broker.submit().await), if has_keys { 'A' } else { '?' });
        assert_eq!(broker.posts().len(), 1);
    }
}

#[tokio::test]
async fn b10_status_that_is_not_known() {
    for status in ["REJECTED_BY_RISK", "rejected", "OTHER", ""] {
        let broker = Broker::start(
            move |_, _, _| {
                let row = row(KEY, status).replace(r#""status""#, r#""details":["why"],"status""#);
                json(200, rows(&[row]))
            },
            nothing,
        )
        .await;
        let submission = broker.submit().await.unwrap();
        assert!(shown(&submission.rows()[0].outcome).contains("why"), "{submission:?}");
        assert_eq!(outcome(&Ok(submission)), '?', "{status}");
        assert_eq!(broker.posts().len(), 1);
    }
    let server = Server::start(|request| match request.method.as_str() {
        "POST" => json(200, rows(&[instruction_row("pi-1", "ins-1", "UNKNOWN")])),
        _ => json(200, rows(&[])),
    })
    .await;
    let submission = instruct(&client(&server.url), "ins-1").await.unwrap();
    assert_eq!(letter(&submission.rows()[0].outcome), '?');
    assert!(shown(&submission.rows()[0].outcome).contains("pi-1"), "{submission:?}");
}

#[tokio::test]
async fn of_several_rows_with_one_key_the_one_in_effect_decides() {
    for order_of_rows in [["REJECTED", "NEW"], ["NEW", "REJECTED"]] {
        let both = order_of_rows.map(|status| row(KEY, status));
        let broker =
            Broker::start(|_, _, _| vec![Action::Reset], move |_, _, _| json(200, rows(&both))).await;
        assert_eq!(outcome(&broker.submit().await), 'A');
    }
    let broker = Broker::start(
        |_, _, _| vec![Action::Reset],
        |_, _, _| json(200, rows(&[row(KEY, "REJECTED"), row(KEY, "OTHER")])),
    )
    .await;
    assert_eq!(outcome(&broker.submit().await), '?');
}

#[tokio::test]
async fn a_refused_row_of_the_list_decides_if_the_request_was_written_once() {
    let broker =
        Broker::start(|_, _, _| vec![Action::Reset], |_, _, _| json(200, rows(&[row(KEY, "REJECTED")])))
            .await;
    assert_eq!(outcome(&broker.submit().await), 'R');
    assert_eq!((broker.posts().len(), broker.looks().len()), (1, 1));
}

#[tokio::test]
async fn a_list_that_refuses_keys_of_the_caller_is_read_whole() {
    let broker = Broker::start(
        |_, _, _| refused(422, &row(KEY, "REJECTED")),
        |book, _, request| match request.query("order_ids") {
            Some(_) => error(400, "order_ids takes identifiers of ours only"),
            None => book.listed(),
        },
    )
    .await;
    assert_eq!(outcome(&broker.submit().await), 'R');
    assert_eq!(broker.looks().len(), 2);
    broker.book.add(row(KEY, "NEW"));
    assert_eq!(outcome(&broker.submit().await), 'A');
}

#[tokio::test]
async fn keys_that_a_list_cannot_be_asked_for_are_looked_up_without_a_filter() {
    let key = "ord,7f31";
    let broker = Broker::start(
        move |book, _, _| {
            book.add(row(key, "NEW"));
            vec![Action::Reset]
        },
        listed,
    )
    .await;
    let client = client(&broker.server.url);
    let submission = client.orders().submit_orders(account(), [order(key)]).send().await.unwrap();
    assert_eq!(outcomes(&submission), "A");
    assert_eq!(broker.looks()[0].query("order_ids"), None);
}
