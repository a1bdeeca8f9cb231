//! The outcome of every submitted row.

use std::fmt;

use super::lookup::{List, Scope};
use super::progress::{Progress, RowProgress, RowState};
use crate::Json;
use crate::call::Call;
#[cfg(feature = "blocking")]
use crate::client::ClientInner;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::operation::Lookup;
use crate::record::{self, Value};
use crate::response::Response;

/// The outcome of submitted rows, in the order of the request.
///
/// The response to a request can be lost after the server acted on it. Rows without a response are looked
/// up by key. A row that is not found is [`RowOutcome::Unknown`]: it may be in the market, or get there
/// later, because a list can lag and a request can wait in a queue. Do not submit it again under another
/// key; [`resolve`](Self::resolve) looks again.
///
/// ```no_run
/// # use clear_street::trading::{Client, accounts::AccountId, orders::NewOrder};
/// # async fn run(client: Client, account: AccountId, order: NewOrder) -> clear_street::Result<()> {
/// use clear_street::RowOutcome;
///
/// let mut submission = client.orders().submit_orders(account, [order]).send().await?;
/// if !submission.is_known() {
///     // Later, as often as it takes.
///     submission.resolve().await?;
/// }
/// for row in submission.rows() {
///     match &row.outcome {
///         RowOutcome::Accepted(order) => println!("{} is order {}", row.key, order.id),
///         RowOutcome::Refused(order) => println!("{} was refused: {:?}", row.key, order.details),
///         RowOutcome::Unknown { .. } => println!("{} may be in the market: look before you act", row.key),
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "a row may be unknown: it may have its effect although its answer is lost"]
pub struct Submission<T> {
    rows: Vec<Row<T>>,
    pub(super) state: State,
}

/// All of a submission except its typed rows.
pub(super) struct State {
    pub(super) progress: Progress,
    pub(super) list: List,
    pub(super) answer: Option<Response<()>>,
    pub(super) error: Option<Error>,
}

/// A submitted row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row<T> {
    /// Its key.
    pub key: String,
    /// Its outcome.
    pub outcome: RowOutcome<T>,
}

/// The outcome of a submitted row.
#[derive(Clone, PartialEq)]
pub enum RowOutcome<T> {
    /// The server has the row: it is or was in effect.
    Accepted(T),
    /// The server refused the row, with the reason. This request did not put it into effect.
    ///
    /// If an earlier process submitted the same key, that row can still be in effect: the key was looked up
    /// once and not listed, but a list can lag.
    Refused(T),
    /// It is unknown whether the server has the row. It may be in effect, or take effect later.
    #[non_exhaustive]
    Unknown {
        /// The last row with this key in a response or list, if there was one: its status is unknown to
        /// this crate, or it is a refusal that may belong to another attempt.
        row: Option<T>,
        /// The same as JSON, even if it cannot be decoded as `T`.
        raw: Option<Json>,
    },
}

impl<T: Value> Submission<T> {
    pub(super) fn new(
        call: &Call,
        lookup: &'static Lookup,
        keys: impl Iterator<Item = (String, bool)>,
    ) -> Self {
        let progress = Progress::new(lookup, |row| read::<T>(row).is_some(), keys);
        let state = State { progress, list: List::new(call, lookup), answer: None, error: None };
        let mut submission = Self { rows: Vec::new(), state };
        submission.update();
        submission
    }

    /// Looks up the unknown rows once more; true if none is left.
    ///
    /// The list can lag, so a row that is not found can still be in effect. A row that was sent twice and
    /// refused once stays unknown until it is listed in effect. The look-up ends within the timeout of a
    /// read ([`ClientBuilder::timeout`](crate::ClientBuilder::timeout)) and can be repeated at any time.
    ///
    /// # Errors
    ///
    /// Those of the list request. Known outcomes stay known, and rows found before the error count.
    pub async fn resolve(&mut self) -> Result<bool> {
        let looked_up = self.state.resolve().await;
        self.update();
        looked_up?;
        Ok(self.is_known())
    }

    /// Reads the rows that have come.
    pub(super) fn update(&mut self) {
        let call = self.state.list.call();
        let rows = self.state.progress.rows().iter();
        self.rows = rows.map(|row| Row { key: row.key.clone(), outcome: outcome(call, row) }).collect();
    }
}

fn outcome<T: Value>(call: &Call, row: &RowProgress) -> RowOutcome<T> {
    let Some(seen) = &row.seen else { return RowOutcome::Unknown { row: None, raw: None } };
    match (row.fate, read(seen)) {
        (RowState::Accepted, Some(value)) => RowOutcome::Accepted(value),
        (RowState::Refused, Some(value)) => RowOutcome::Refused(value),
        (_, row) => RowOutcome::Unknown { row, raw: scrubbed(call, seen) },
    }
}

fn read<T: Value>(row: &Json) -> Option<T> {
    let mut value = T::blank();
    record::decode_text(row.text(), value.slot()).is_ok().then_some(value)
}

/// A row without the credentials that the server may have repeated in it.
fn scrubbed(call: &Call, row: &Json) -> Option<Json> {
    let text = call.core().credentials().scrub(row.text().as_bytes());
    std::str::from_utf8(&text).ok()?.parse().ok()
}

impl State {
    async fn resolve(&mut self) -> Result<()> {
        let longest = self.list.call().limits()?.call_timeout;
        let looked_up = tokio::time::timeout(longest, async {
            for scope in [Scope::Keys, Scope::All] {
                // A list that cannot be asked for keys is read whole, once.
                if self.progress.is_known()
                    || scope == Scope::Keys && !self.list.takes_keys(&self.progress.open_keys(false))
                {
                    continue;
                }
                self.look_up(scope).await?;
            }
            Ok(())
        })
        .await;
        looked_up.unwrap_or_else(|_| {
            self.progress.end_reading(false);
            let error =
                self.list.call().error(ErrorKind::Timeout, "the time was up before the list was read");
            Err(error.delivered(Delivery::MaybeSent))
        })
    }

    /// Reads the list once, and draws the conclusions.
    pub(super) async fn look_up(&mut self, scope: Scope) -> Result<()> {
        self.progress.begin_reading();
        let read = self.list.read(&mut self.progress, scope).await;
        self.progress.end_reading(read.is_ok());
        read
    }
}

impl<T> RowOutcome<T> {
    /// Whether the outcome of the row is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }
}

impl<T> Submission<T> {
    /// The client that sent it.
    #[cfg(feature = "blocking")]
    pub(crate) fn core(&self) -> &ClientInner {
        self.state.list.call().core()
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

    /// Whether the outcome of every row is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.rows.iter().all(|row| row.outcome.is_known())
    }

    /// The keys of the unknown rows.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter(|row| !row.outcome.is_known()).map(|row| row.key.as_str())
    }

    /// The server's response without its rows, if it was at least a partial success and belonged to this
    /// request.
    #[must_use]
    pub fn answer(&self) -> Option<&Response<()>> {
        self.state.answer.as_ref()
    }

    /// The last failure, if any: why rows are unknown, or the server's message about all rows.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.state.error.as_ref()
    }
}

impl<T: fmt::Debug> fmt::Debug for Submission<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("rows", &self.rows)
            .field("answer", &self.state.answer)
            .field("error", &self.state.error)
            .finish_non_exhaustive()
    }
}

/// The JSON of a row may be personal, and is not shown.
impl<T: fmt::Debug> fmt::Debug for RowOutcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(row) => f.debug_tuple("Accepted").field(row).finish(),
            Self::Refused(row) => f.debug_tuple("Refused").field(row).finish(),
            Self::Unknown { row, .. } => f.debug_struct("Unknown").field("row", row).finish_non_exhaustive(),
        }
    }
}
