//! Orders and position instructions over a line that breaks: none is ever made twice, and the caller
//! learns the truth or that nobody knows it.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod exchange;
mod limits;

use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rust_decimal::Decimal;

use self::exchange::{Duplicate, Exchange, Fault, Kind, Taken};
use super::support::KEY;
use crate::authentication::Given;
use crate::call::Call;
use crate::client::{Core, Settings};
use crate::error::{Delivery, ErrorKind, Result};
use crate::keyed::{ReadBack, Rows, Submitting};
use crate::operation::Operation;
use crate::options::RequestOptions;
use crate::record::Value;
use crate::retry::Pace;
use crate::trading::accounts::AccountId;
use crate::trading::instruments::InstrumentId;
use crate::trading::orders::{NewOrder, Order, RequestTimeInForce, Side, SubmitOrders};
use crate::trading::positions::{
    PositionInstruction, PositionInstructionSubmissionRequest, PositionInstructionType,
    SubmitPositionInstructions,
};
use crate::{RowOutcome, Submission};

/// Time that passes only when somebody waits.
#[derive(Debug)]
struct Script {
    now: Mutex<Instant>,
    pauses: Mutex<Vec<u64>>,
}

impl Script {
    fn new() -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(Instant::now()), pauses: Mutex::default() })
    }

    fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    /// Pauses so far, in milliseconds.
    fn pauses(&self) -> Vec<u64> {
        std::mem::take(&mut self.pauses.lock().unwrap())
    }
}

impl Pace for Script {
    fn now(&self) -> Instant {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.pauses.lock().unwrap().push(u64::try_from(pause.as_millis()).unwrap());
        self.pass(pause);
        Box::pin(ready(()))
    }

    fn random(&self) -> u32 {
        0
    }
}

struct Line {
    exchange: Exchange,
    core: Core,
    clock: Arc<Script>,
}

impl Line {
    async fn to(kind: Kind) -> Self {
        Self::with(kind, |_| {}).await
    }

    async fn with(kind: Kind, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Script::new();
        let exchange = Exchange::start(kind, Arc::clone(&clock)).await;
        let mut settings = Settings::new(SubmitOrders::OPERATION.api, &exchange.url);
        settings.credentials = Some(Given::Key(KEY.into()));
        // No case spends what another needs.
        settings.retry_budgets = (u32::MAX / 2, u32::MAX / 2);
        settings.pace = Arc::<Script>::clone(&clock);
        change(&mut settings);
        Self { core: settings.build().unwrap(), exchange, clock }
    }

    fn call(&self, operation: &'static Operation) -> Call {
        let mut call = Call::new(&self.core, operation);
        call.set(0, AccountId::new(7).view());
        call
    }

    fn orders(&self, orders: Vec<NewOrder>) -> Submitting<Order> {
        let rows = Rows::new(&SubmitOrders::OPERATION, orders);
        self.submit(&SubmitOrders::OPERATION, rows)
    }

    fn instructions(&self, keys: &[&str]) -> Submitting<PositionInstruction> {
        let rows = keys.iter().map(|key| {
            let contract = InstrumentId::new("0195d5e6-0000-7000-8000-000000000000");
            let exercise = PositionInstructionType::Exercise;
            let row = PositionInstructionSubmissionRequest::new(contract, exercise, Decimal::ONE);
            row.instruction_id(*key)
        });
        let rows = Rows::new(&SubmitPositionInstructions::OPERATION, rows.collect());
        self.submit(&SubmitPositionInstructions::OPERATION, rows)
    }

    fn submit<T: ReadBack>(&self, operation: &'static Operation, rows: Rows<impl Value>) -> Submitting<T> {
        Submitting::new(self.call(operation), rows)
    }

    /// What must hold however it went: what is said is true, and nothing was sent too often.
    async fn assert_true<T: ReadBack>(&self, case: &str, outcome: Result<Submission<T>>) {
        let sent = self.exchange.with(|state| state.submissions.clone());
        assert!(sent.len() <= 2, "{case}: sent {} times", sent.len());
        assert!(sent.windows(2).all(|pair| pair[0] == pair[1]), "{case}: other bytes");
        let mut submission = match outcome {
            Ok(submission) => submission,
            Err(error) => {
                let keys = self.exchange.with(|state| state.book.len());
                assert_eq!(keys, 0, "{case}: it is in the book, and the caller sees {error}");
                return;
            }
        };
        self.assert_rows(case, &submission);
        self.exchange.with(|state| state.lag = 0);
        submission.resolve().await.unwrap();
        self.assert_rows(case, &submission);
        for row in submission.rows() {
            let is_in_book = self.exchange.with(|state| state.book.contains_key(&row.key));
            let is_accepted = matches!(row.outcome, RowOutcome::Accepted(_));
            assert_eq!(is_accepted, is_in_book, "{case}: after looking again");
        }
    }

    fn assert_rows<T: ReadBack>(&self, case: &str, submission: &Submission<T>) {
        for row in submission.rows() {
            let is_in_book = self.exchange.with(|state| state.book.contains_key(&row.key));
            match &row.outcome {
                RowOutcome::Accepted(_) => assert!(is_in_book, "{case}: {} is not in the book", row.key),
                RowOutcome::Refused(_) => assert!(!is_in_book, "{case}: {} is in the book", row.key),
                RowOutcome::Unknown => {
                    let reason = submission.error().is_some() || submission.answer().is_some();
                    assert!(reason, "{case}: unknown, and no reason");
                }
            }
        }
    }
}

fn order() -> NewOrder {
    NewOrder::market("AAPL", Side::Buy, Decimal::ONE, RequestTimeInForce::Day)
}

const DUPLICATES: [Duplicate; 5] = [
    Duplicate::Same,
    Duplicate::Status(409),
    Duplicate::Status(422),
    Duplicate::Row(409),
    Duplicate::Row(200),
];

fn outcomes<T>(submission: &Submission<T>) -> String {
    let letter = |outcome: &RowOutcome<T>| match outcome {
        RowOutcome::Accepted(_) => 'A',
        RowOutcome::Refused(_) => 'R',
        RowOutcome::Unknown => '?',
    };
    submission.rows().iter().map(|row| letter(&row.outcome)).collect()
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_leaves_one_order_and_the_caller_knows_it() {
    let line = Line::to(Kind::Orders).await;
    for chunked in [false, true] {
        line.exchange.with(|state| state.chunked = chunked);
        line.exchange.reset(&[Fault::None]);
        assert!(line.orders(vec![order()]).await.unwrap().is_known());
        let length = line.exchange.with(|state| state.answer_length);
        assert!(length > 300);
        for at in 0..=length {
            // Found at once; or only after the same was sent again, and that cut at the same byte.
            for lag in [0, 5] {
                line.exchange.reset(&[Fault::Cut(at), Fault::Cut(at)]);
                line.exchange.with(|state| {
                    state.lag = lag;
                    state.duplicate = DUPLICATES[at % DUPLICATES.len()];
                });
                let submission = line.orders(vec![order().id("mine")]).await.unwrap();
                let case = format!("cut at {at} of {length}, lag {lag}");
                assert_eq!(outcomes(&submission), "A", "{case}: {submission:?}");
                assert_eq!(line.exchange.with(|state| state.book.len()), 1, "{case}");
                line.assert_true(&case, Ok(submission)).await;
            }
        }
    }
}

#[tokio::test]
async fn whatever_breaks_twice_nothing_is_made_twice_and_nothing_false_is_said() {
    use Taken::{No, Yes};
    let faults = [
        Fault::None,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Cut(0),
        Fault::Cut(200),
        Fault::Status(408, Yes),
        Fault::Status(429, No),
        Fault::Later(429, No),
        Fault::Status(500, Yes),
        Fault::Status(500, No),
        Fault::Status(502, Yes),
        Fault::Status(502, No),
        Fault::Status(503, Yes),
        Fault::Later(503, Yes),
        Fault::Later(503, No),
        Fault::Status(504, Yes),
        Fault::Status(504, No),
        Fault::Refused { status: 422, rows: false },
        Fault::Refused { status: 400, rows: true },
        Fault::Nonsense,
        Fault::NoRows,
    ];
    let line = Line::to(Kind::Orders).await;
    for first in faults {
        for second in faults {
            for (index, lag) in [0, 99, 3, 99, 99].into_iter().enumerate() {
                line.exchange.reset(&[first, second]);
                line.exchange.with(|state| {
                    state.lag = lag;
                    state.duplicate = DUPLICATES[index];
                });
                let case = format!("{first:?}, then {second:?}, lag {lag}, {:?}", DUPLICATES[index]);
                let outcome = line.orders(vec![order()]).await;
                line.assert_true(&case, outcome).await;
            }
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_before_anything_is_sent_again() {
    let line = Line::to(Kind::Orders).await;
    line.exchange.reset(&[Fault::ResetAfter]);
    line.exchange.with(|state| state.lag = 2);
    let submission = line.orders(vec![order().id("mine")]).await.unwrap();
    assert_eq!(outcomes(&submission), "A");
    assert_eq!(line.clock.pauses(), [100, 200, 400]);
    line.exchange.with(|state| {
        assert_eq!((state.submissions.len(), state.keys()), (1, vec!["mine"]));
        for (target, headers) in &state.readings {
            assert!(target.starts_with("/v1/accounts/7/orders?from="), "{target}");
            assert!(headers.iter().any(|header| header.ends_with(KEY)), "{headers:?}");
        }
    });
    let error = submission.error().unwrap();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent));
}

#[tokio::test]
async fn what_is_nowhere_is_sent_once_more_and_no_more() {
    let line = Line::to(Kind::Orders).await;
    line.exchange.reset(&[Fault::ResetBefore, Fault::ResetBefore, Fault::None]);
    let mut submission = line.orders(vec![order().id("mine")]).await.unwrap();
    assert_eq!(outcomes(&submission), "?");
    assert_eq!(submission.unknown().collect::<Vec<_>>(), ["mine"]);
    // 5 seconds of looking in all.
    assert_eq!(line.clock.pauses(), [100, 200, 400, 800, 1600, 100, 200, 400, 800]);
    assert_eq!(line.exchange.with(|state| state.submissions.len()), 0, "none was read");
    assert!(!submission.resolve().await.unwrap());

    line.exchange.reset(&[Fault::ResetBefore, Fault::None]);
    submission = line.orders(vec![order()]).await.unwrap();
    assert_eq!(outcomes(&submission), "A");
    assert_eq!(line.clock.pauses(), [100, 200, 400, 800, 1600]);
}

#[tokio::test]
async fn nothing_is_sent_again_when_the_price_is_stale() {
    let line = Line::to(Kind::Orders).await;
    line.exchange.reset(&[Fault::ResetAfter]);
    line.exchange.with(|state| (state.lag, state.takes) = (99, Duration::from_secs(2)));
    let submission = line.orders(vec![order()]).await.unwrap();
    assert_eq!(outcomes(&submission), "?");
    assert_eq!(line.exchange.with(|state| state.submissions.len()), 1);
    line.assert_true("stale", Ok(submission)).await;
}

#[tokio::test]
async fn an_order_without_an_answer_in_time_is_found() {
    let line = Line::to(Kind::Orders).await;
    line.exchange.reset(&[Fault::Silence, Fault::Silence]);
    let rows = Rows::new(&SubmitOrders::OPERATION, vec![order()]);
    let mut call = line.call(&SubmitOrders::OPERATION);
    // Real time: nothing is sent again before it is over.
    call.configure(RequestOptions::new().timeout(Duration::from_millis(200)));
    let outcome = Submitting::<Order>::new(call, rows).await;
    line.assert_true("silence", outcome).await;
}

#[tokio::test]
async fn an_unknown_order_can_be_resolved_later() {
    let line = Line::to(Kind::Orders).await;
    line.exchange.reset(&[Fault::ResetAfter, Fault::ResetBefore]);
    line.exchange.with(|state| state.list_fails = true);
    let mut submission = line.orders(vec![order()]).await.unwrap();
    assert_eq!(outcomes(&submission), "?");
    assert_eq!(submission.resolve().await.unwrap_err().status(), Some(403));
    assert_eq!(outcomes(&submission), "?");
    line.exchange.with(|state| state.list_fails = false);
    assert!(submission.resolve().await.unwrap());
    assert_eq!(outcomes(&submission), "A");
    let readings = line.exchange.with(|state| state.readings.len());
    assert!(submission.resolve().await.unwrap());
    assert_eq!(line.exchange.with(|state| state.readings.len()), readings, "nothing is left to look for");
}

#[tokio::test]
async fn of_a_batch_every_row_has_its_own_outcome() {
    let line = Line::to(Kind::Orders).await;
    let batch = || vec![order().id("b"), order(), order().id("a")];

    line.exchange.reset(&[Fault::FirstOnly]);
    let submission = line.orders(batch()).await.unwrap();
    assert_eq!(outcomes(&submission), "A??");
    assert_eq!(submission.rows()[0].key, "b");
    assert_eq!(line.exchange.with(|state| state.submissions.len()), 1, "it arrived: nothing is sent again");
    assert_eq!(submission.unknown().count(), 2);

    line.exchange.reset(&[Fault::ResetAfter]);
    line.exchange.with(|state| state.page_size = 1);
    let submission = line.orders(batch()).await.unwrap();
    assert_eq!(outcomes(&submission), "AAA");
    assert_eq!(line.exchange.with(|state| state.readings.len()), 3, "one page for each");
    line.exchange.with(|state| state.page_size = 1000);
    let keys = submission.into_rows().into_iter().map(|row| match row.outcome {
        RowOutcome::Accepted(order) => order.client_order_id.as_str().to_owned(),
        _ => String::new(),
    });
    let keys = Vec::from_iter(keys);
    assert_eq!((keys[0].as_str(), keys[2].as_str()), ("b", "a"));

    line.exchange.reset(&[Fault::Renamed]);
    let submission = line.orders(batch()).await.unwrap();
    assert_eq!(outcomes(&submission), "AAA", "the answer to this request, whatever it calls the rows");

    line.exchange.reset(&[Fault::NoRows]);
    let submission = line.orders(batch()).await.unwrap();
    assert_eq!(outcomes(&submission), "AAA", "looked for, as the answer has no rows");
}

#[tokio::test]
async fn instructions_are_answered_per_row_whatever_the_status() {
    let line = Line::to(Kind::Instructions).await;
    line.exchange.reset(&[Fault::InPart]);
    let submission = line.instructions(&["a", "b", "c"]).await.unwrap();
    assert_eq!(outcomes(&submission), "ARR");
    let answer = submission.answer().unwrap();
    assert_eq!((answer.status(), answer.request_id()), (207, Some("r")));
    assert_eq!(answer.error().unwrap().message(), Some("so it is"));

    for status in [400, 409, 500, 503] {
        line.exchange.reset(&[Fault::Refused { status, rows: true }]);
        let submission = line.instructions(&["a", "b"]).await.unwrap();
        assert_eq!(outcomes(&submission), "RR", "{status}");
        assert_eq!(submission.error().unwrap().status(), Some(status));
        assert_eq!(line.exchange.with(|state| state.readings.len()), 0, "{status}");
    }
    line.exchange.reset(&[Fault::Refused { status: 403, rows: false }]);
    assert_eq!(line.instructions(&["a"]).await.unwrap_err().status(), Some(403));

    line.exchange.reset(&[Fault::ResetAfter]);
    let submission = line.instructions(&["a", "b"]).await.unwrap();
    assert_eq!(outcomes(&submission), "AA");
    line.exchange.with(|state| {
        assert_eq!(state.readings[0].0, "/v1/accounts/7/positions/instructions");
    });
}

#[tokio::test]
async fn keys_are_there_before_anything_is_sent() {
    let line = Line::to(Kind::Orders).await;
    let rows = Rows::new(&SubmitOrders::OPERATION, vec![order(), order().id("mine"), order()]);
    let keys = rows.keys().to_vec();
    assert_eq!(keys[1], "mine");
    assert_ne!(keys[0], keys[2]);
    for key in [&keys[0], &keys[2]] {
        assert_eq!(key.parse::<uuid::Uuid>().unwrap().get_version_num(), 7);
    }
    let submission = line.submit::<Order>(&SubmitOrders::OPERATION, rows).await.unwrap();
    assert_eq!(submission.rows().iter().map(|row| &row.key).collect::<Vec<_>>(), Vec::from_iter(&keys));
    let mut sorted = keys.clone();
    sorted.sort();
    line.exchange.with(|state| assert_eq!(state.keys(), sorted));
}

#[tokio::test]
async fn keys_that_tell_no_rows_apart_are_refused_unsent() {
    let line = Line::to(Kind::Orders).await;
    for (orders, path) in [
        (vec![order().id("a"), order(), order().id("a")], "$[2].id"),
        (vec![order(), order().id("")], "$[1].id"),
    ] {
        let error = line.orders(orders).await.unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some(path)), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    line.exchange.with(|state| assert!(state.submissions.is_empty()));
}
