//! Reads the list for submitted rows, and knows whether a reading is complete.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::evidence::ListedRow;
use super::progress::Progress;
use crate::Json;
use crate::api::ListEncoding;
use crate::call::Call;
use crate::error::{Delivery, ErrorKind, Result};
use crate::operation::{Answer, Lookup};
use crate::page::Pages;
use crate::record::{Value, View};
use crate::retry::TimeSource;

/// Most keys of one request, so that its URL is one that servers take.
const KEYS_PER_REQUEST: usize = 100;

/// How far the clocks of one service are assumed to differ among each other. The clock of this
/// machine is never used.
const SERVER_SKEW: Duration = Duration::from_secs(60);

/// Which rows a reading asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those with the open keys that the caller supplied.
    SuppliedKeys,
    /// Those with the open keys.
    Keys,
    /// All since the first attempt.
    All,
}

/// The list in which the rows of one submission are looked up.
pub(super) struct List {
    /// The list, without restriction.
    call: Call,
    lookup: &'static Lookup,
    /// When the first attempt began; none for rows that another process submitted.
    began: Option<Instant>,
    /// An instant before the first attempt, by the server's clock.
    since: Option<Timestamp>,
}

impl List {
    /// The list of the account that a call submits to.
    pub(super) fn new(call: &Call, lookup: &'static Lookup) -> Self {
        let mut list = call.beside(lookup.list);
        list.answer_as(Answer::of::<Vec<Json>>());
        Self { call: list, lookup, began: None, since: None }
    }

    /// Notes when the first attempt began.
    pub(super) fn begin(&mut self, began: Instant) {
        self.began.get_or_insert(began);
    }

    /// The client that reads it.
    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    /// Whether the list can be asked for these keys.
    pub(super) fn takes_keys(&self, keys: &[&str]) -> bool {
        let is_one_item = |key: &&str| match self.call.operation().api.list {
            ListEncoding::Comma => !key.contains(','),
            ListEncoding::Repeat => true,
        };
        self.lookup.keys.is_some() && keys.iter().all(is_one_item)
    }

    /// Reads the list once. A reading that fails is not complete: the error says why. What it found
    /// until then counts.
    pub(super) async fn read(&mut self, progress: &mut Progress, scope: Scope) -> Result<()> {
        let keys: Vec<String> =
            progress.open_keys(scope == Scope::SuppliedKeys).into_iter().map(str::to_owned).collect();
        let takes_keys = self.takes_keys(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        if scope != Scope::All
            && takes_keys
            && let Some(parameter) = self.lookup.keys
        {
            match self.read_keys(progress, parameter, &keys).await {
                // The server does not take keys of this form: the list has to be read whole.
                Err(error) if matches!(error.status(), Some(400 | 414 | 422)) => {}
                read => return read,
            }
        }
        let mut call = self.call.clone();
        if let (Some(parameter), Some(since)) = (self.lookup.since, self.since) {
            call.set(parameter, View::Timestamp(since));
        }
        self.walk(call, progress, true).await
    }

    async fn read_keys(&mut self, progress: &mut Progress, parameter: usize, keys: &[String]) -> Result<()> {
        for keys in keys.chunks(KEYS_PER_REQUEST) {
            let mut call = self.call.clone();
            call.set(parameter, keys.to_vec().view());
            self.walk(call, progress, false).await?;
        }
        Ok(())
    }

    async fn walk(&mut self, call: Call, progress: &mut Progress, is_unfiltered: bool) -> Result<()> {
        let mut pages = Pages::<Json>::new(call);
        let mut hidden = None;
        while let Some(page) = pages.next().await {
            let page = page?;
            if is_unfiltered && self.since.is_none() {
                self.since = self.floor(page.headers().get("date"));
            }
            for (index, row) in page.into_data().into_iter().enumerate() {
                let row = ListedRow::read(self.lookup, row);
                if row.key.is_none() {
                    hidden.get_or_insert(index);
                }
                progress.find(row);
            }
            if progress.is_found() {
                return Ok(());
            }
        }
        let Some(index) = hidden else { return Ok(()) };
        let message =
            format!("a row of the list has no `{}` that can be read: it may be any", self.lookup.key);
        let path = format!("$.data[{index}].{}", self.lookup.key);
        Err(self.call.error(ErrorKind::Response, message).at(path).delivered(Delivery::Answered))
    }

    /// A time by the server's clock that lies before the first attempt.
    fn floor(&self, date: Option<&str>) -> Option<Timestamp> {
        let date = Timestamp::try_from(httpdate::parse_http_date(date?).ok()?).ok()?;
        let time: &dyn TimeSource = &*self.call.core().retry().time;
        let since_then = time.now().checked_duration_since(self.began?)?.checked_add(SERVER_SKEW)?;
        date.checked_sub(SignedDuration::try_from(since_then).ok()?).ok()
    }
}
