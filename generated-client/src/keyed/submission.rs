//! What became of rows that were submitted.

use std::fmt;

use super::ReadBack;
use crate::call::Call;
#[cfg(feature = "blocking")]
use crate::client::Core;
use crate::error::{Error, Result};
use crate::page::Items;
use crate::response::Response;

/// What became of rows that were submitted with keys: every row in the order in which it was given.
///
/// The answer to a request can be lost after the server acted on it. Rows whose answer is missing
/// are looked for by key; what cannot be found is [`RowOutcome::Unknown`]: it may be in the market
/// or come there. Do not submit it again under another key; [`resolve`](Self::resolve) looks again.
///
/// ```no_run
/// # use clear_street::trading::{Client, accounts::AccountId, orders::NewOrder};
/// # async fn run(client: Client, account: AccountId, order: NewOrder) -> clear_street::Result<()> {
/// use clear_street::RowOutcome;
///
/// let submission = client.orders().submit_orders(account, [order]).send().await?;
/// for row in submission.rows() {
///     match &row.outcome {
///         RowOutcome::Accepted(order) => println!("{} is order {}", row.key, order.id),
///         RowOutcome::Refused(order) => println!("{} was refused: {:?}", row.key, order.details),
///         RowOutcome::Unknown => println!("{} may be in the market: look before you act", row.key),
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "a row may be unknown: it may have its effect although its answer is lost"]
pub struct Submission<T> {
    rows: Vec<Row<T>>,
    /// Lists what the account has.
    list: Call,
    answer: Option<Response<()>>,
    error: Option<Error>,
}

/// A row that was submitted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row<T> {
    /// The key that it was submitted with.
    pub key: String,
    /// What became of it.
    pub outcome: RowOutcome<T>,
}

/// What became of a row that was submitted.
#[derive(Clone, Debug, PartialEq)]
pub enum RowOutcome<T> {
    /// The server has it.
    Accepted(T),
    /// The server refused it; the reason is in it.
    Refused(T),
    /// Nobody knows: its answer is lost, and it was not found. It may still have its effect.
    Unknown,
}

/// What the rows of an answer prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// All that they say.
    All,
    /// That a row was accepted: a refusal may be of a repetition only.
    Acceptance,
    /// That a row was refused.
    Refusal,
}

impl<T: ReadBack> Submission<T> {
    pub(super) fn new(list: Call, keys: Vec<String>) -> Self {
        let rows = keys.into_iter().map(|key| Row { key, outcome: RowOutcome::Unknown }).collect();
        Self { rows, list, answer: None, error: None }
    }

    /// Looks once more for the rows that are unknown; true if there are none left.
    ///
    /// A row that was refused when it was submitted may never be listed, and stays unknown. The
    /// list may lag behind: one look is no proof.
    ///
    /// # Errors
    ///
    /// Those of listing; what is known stays known.
    pub async fn resolve(&mut self) -> Result<bool> {
        self.look().await?;
        Ok(self.is_known())
    }

    /// Reads the list until every row is found.
    pub(super) async fn look(&mut self) -> Result<()> {
        let mut found = Items::<T>::new(self.list.clone());
        let mut refused = Vec::new();
        while !self.is_known()
            && let Some(row) = found.next().await
        {
            match row? {
                row if row.is_refused() => refused.push(row),
                row => self.take(row, Proof::All),
            }
        }
        // A repetition that was refused as one may stand beside what was accepted.
        refused.into_iter().for_each(|row| self.take(row, Proof::All));
        Ok(())
    }

    /// Takes an answer.
    pub(super) fn answered(&mut self, answer: Response<Vec<T>>, proof: Proof) {
        let (rows, answer) = answer.split();
        self.settle(rows, proof);
        self.answer = Some(answer);
    }

    /// Takes the rows of an answer, whose order need not be that of the request.
    pub(super) fn settle(&mut self, answered: Vec<T>, proof: Proof) {
        let ours = |row: &T| self.rows.iter().any(|own| own.key == row.key());
        if answered.len() == self.rows.len() && !answered.iter().any(ours) {
            // The server calls the rows by other names: they are still the answer to these.
            for (own, row) in self.rows.iter_mut().zip(answered) {
                own.take(row, proof);
            }
        } else {
            answered.into_iter().for_each(|row| self.take(row, proof));
        }
    }

    fn take(&mut self, row: T, proof: Proof) {
        if let Some(own) = self.rows.iter_mut().find(|own| own.key == row.key()) {
            own.take(row, proof);
        }
    }
}

impl<T> RowOutcome<T> {
    /// Whether it is known what became of the row.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

impl<T: ReadBack> Row<T> {
    fn take(&mut self, row: T, proof: Proof) {
        if self.outcome.is_known() {
            return;
        }
        match (row.is_refused(), proof) {
            (true, Proof::All | Proof::Refusal) => self.outcome = RowOutcome::Refused(row),
            (false, Proof::All | Proof::Acceptance) => self.outcome = RowOutcome::Accepted(row),
            _ => {}
        }
    }
}

impl<T> Submission<T> {
    /// The client that sent it.
    #[cfg(feature = "blocking")]
    pub(crate) fn core(&self) -> &Core {
        self.list.core()
    }

    /// The rows, in the order in which they were given.
    #[must_use]
    pub fn rows(&self) -> &[Row<T>] {
        &self.rows
    }

    /// The rows, in the order in which they were given.
    #[must_use]
    pub fn into_rows(self) -> Vec<Row<T>> {
        self.rows
    }

    /// Whether it is known of every row what became of it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.rows.iter().all(|row| row.outcome.is_known())
    }

    /// The keys of the rows that are unknown.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter(|row| !row.outcome.is_known()).map(|row| row.key.as_str())
    }

    /// The server's answer, if one came and was a success at least in part; without the rows.
    #[must_use]
    pub fn answer(&self) -> Option<&Response<()>> {
        self.answer.as_ref()
    }

    /// What went wrong last, if anything did: why rows are unknown, or what the server said about
    /// all of them.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    pub(super) fn failed(&mut self, error: Error) {
        self.error = Some(error);
    }
}

impl<T: fmt::Debug> fmt::Debug for Submission<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("rows", &self.rows)
            .field("answer", &self.answer)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
