//! A broker whose book is a list: it holds two rows with one key if it is sent two.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clear_street::trading::orders::Order;
use clear_street::{Result, RowOutcome, Submission};
use clear_street_test_support::server::{Action, Request, Server, answer, json};

use crate::{KEY, account, client, order, row, rows};

/// Rows, each with the instant from which it is listed.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Vec<(String, Instant)>>>);

impl Book {
    /// Adds a row that is listed at once.
    pub(crate) fn add(&self, row: String) {
        self.add_later(row, Duration::ZERO);
    }

    /// Adds a row that is listed later.
    pub(crate) fn add_later(&self, row: String, lag: Duration) {
        self.0.lock().unwrap().push((row, Instant::now() + lag));
    }

    /// The answer of an honest list.
    pub(crate) fn listed(&self) -> Vec<Action> {
        let now = Instant::now();
        let book = self.0.lock().unwrap();
        let listed: Vec<String> =
            book.iter().filter(|(_, from)| *from <= now).map(|(row, _)| row.clone()).collect();
        json(200, rows(&listed))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// A broker, and what was submitted to it.
pub(crate) struct Broker {
    pub(crate) server: Server,
    pub(crate) book: Book,
}

impl Broker {
    pub(crate) async fn start(
        post: impl Fn(&Book, usize, &Request) -> Vec<Action> + Send + Sync + 'static,
        get: impl Fn(&Book, usize, &Request) -> Vec<Action> + Send + Sync + 'static,
    ) -> Self {
        let book = Book::default();
        let (shared, counts) = (book.clone(), Mutex::new((0, 0)));
        let server = Server::start(move |request| {
            let mut counts = counts.lock().unwrap();
            let is_post = request.method == "POST";
            let count = if is_post { &mut counts.0 } else { &mut counts.1 };
            let number = *count;
            *count += 1;
            if is_post { post(&shared, number, request) } else { get(&shared, number, request) }
        })
        .await;
        Self { server, book }
    }

    /// Submits one order with the usual key.
    pub(crate) async fn submit(&self) -> Result<Submission<Order>> {
        client(&self.server.url).orders().submit_orders(account(), [order(KEY)]).send().await
    }

    pub(crate) fn posts(&self) -> Vec<Request> {
        self.server.with_method("POST")
    }

    pub(crate) fn looks(&self) -> Vec<Request> {
        self.server.with_method("GET")
    }
}

/// Books the order and resets the connection.
pub(crate) fn book_and_reset(book: &Book, _: usize, _: &Request) -> Vec<Action> {
    book.add(row(KEY, "NEW"));
    vec![Action::Reset]
}

/// Lists nothing.
pub(crate) fn nothing(_: &Book, _: usize, _: &Request) -> Vec<Action> {
    json(200, rows(&[]))
}

/// Lists the book.
pub(crate) fn listed(book: &Book, _: usize, _: &Request) -> Vec<Action> {
    book.listed()
}

/// A gateway that cannot reach the list.
pub(crate) fn unavailable(_: &Book, _: usize, _: &Request) -> Vec<Action> {
    answer(503, &[], "{}")
}

/// The outcome of the only row: `A`, `R`, `?`, or `E` for an error.
pub(crate) fn outcome(submission: &Result<Submission<Order>>) -> char {
    match submission {
        Ok(submission) => {
            assert_eq!(submission.rows().len(), 1);
            letter(&submission.rows()[0].outcome)
        }
        Err(_) => 'E',
    }
}

/// The outcomes of all rows.
pub(crate) fn outcomes(submission: &Submission<Order>) -> String {
    submission.rows().iter().map(|row| letter(&row.outcome)).collect()
}

pub(crate) fn letter<T>(outcome: &RowOutcome<T>) -> char {
    match outcome {
        RowOutcome::Accepted(_) => 'A',
        RowOutcome::Refused(_) => 'R',
        RowOutcome::Unknown { .. } => '?',
    }
}
