//! Sending rows, and looking for them where the answer is lost.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{Instrument, Span};

use super::submission::Proof;
use super::verdict::{Again, Verdict};
use super::{ReadBack, Rows, Submission};
use crate::call::{Attempts, Call, Ended};
#[cfg(feature = "blocking")]
use crate::client::Core;
use crate::error::Result;
use crate::record::{Value, View};
use crate::response::Response;
use crate::retry::Pace;

/// Pauses before each look for rows whose answer is lost.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];

/// Longest time of all looks together.
const LOOKING: Duration = Duration::from_secs(5);

/// Longest time after the first attempt at which the same may be sent again: then the price is stale.
const FRESH: Duration = Duration::from_secs(5);

/// Rows are looked for among those since the request and so long before it: as much as the clock
/// here may be ahead of the server's.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

/// Rows that are being submitted: a future of their [`Submission`].
///
/// Nothing is sent before it is polled. Rows whose future is dropped may or may not have reached
/// the server; the keys, which can be read from the request beforehand, tell them apart.
#[must_use = "a request is not sent until it is awaited"]
pub struct Submitting<T> {
    call: Call,
    submission: Pin<Box<dyn Future<Output = Result<Submission<T>>> + Send>>,
}

impl<T: ReadBack> Submitting<T> {
    pub(crate) fn new(mut call: Call, rows: Rows<impl Value>) -> Self {
        call.body(rows.view());
        if let Some(fault) = rows.fault(call.operation()) {
            call.refuse(fault);
        }
        let span = call.span();
        let submission = submit(call.clone(), rows.into_keys(), span.clone()).instrument(span);
        Self { call, submission: Box::pin(submission) }
    }
}

impl<T> Submitting<T> {
    /// The client that sends it.
    #[cfg(feature = "blocking")]
    pub(crate) fn core(&self) -> &Core {
        self.call.core()
    }
}

impl<T> Future for Submitting<T> {
    type Output = Result<Submission<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.submission.as_mut().poll(context)
    }
}

/// Sends rows, and looks for them after each attempt that ends in doubt.
async fn submit<T: ReadBack>(call: Call, keys: Vec<String>, span: Span) -> Result<Submission<T>> {
    let mut attempts = Attempts::new(&call)?;
    let mut submission = Submission::new(list::<T>(&call), keys);
    let mut looking = Looking { pace: &*call.core().retry().pace, left: LOOKING };
    loop {
        let Ended { reply, history, .. } = attempts.run().await;
        let mut rows = Vec::blank();
        let outcome = call.conclude(&span, reply, history, &mut rows);
        let verdict = Verdict::new(outcome.map(|parts| Response::new(rows, parts)));
        // What is refused now may be refused because it was taken before.
        let is_repetition = attempts.maybe_done();
        let again = match verdict {
            Verdict::Nothing(error) if !is_repetition => return Err(error),
            Verdict::Refusal(rows, error) if !is_repetition => {
                submission.settle(rows, Proof::Refusal);
                submission.failed(error);
                Again::No
            }
            Verdict::Rows(response) => {
                submission.answered(response, if is_repetition { Proof::Acceptance } else { Proof::All });
                Again::No
            }
            Verdict::Nothing(error) | Verdict::Refusal(_, error) => {
                submission.failed(error);
                Again::No
            }
            Verdict::Doubt(error, again) => {
                submission.failed(error);
                again
            }
        };
        looking.look(&mut submission, attempts.left()).await;
        // What was found shows that the request arrived; what was not may have been refused.
        let is_worth_it = again == Again::Yes && submission.is_blank();
        if !is_worth_it || attempts.history().elapsed >= FRESH || !attempts.repeat() {
            break;
        }
    }
    let unknown = submission.unknown().count();
    if unknown == 0 && submission.answer().is_none() {
        attempts.succeeded();
    }
    if unknown > 0 {
        tracing::warn!(unknown, rows = submission.rows().len(), "the fate of rows is unknown");
    }
    Ok(submission)
}

/// The call that lists the rows of the same account.
fn list<T: ReadBack>(call: &Call) -> Call {
    let mut list = call.beside(T::LIST);
    if let Some(name) = T::SINCE {
        let since = Timestamp::now().saturating_sub(SKEW);
        list.set_named(name, since.map_or(View::Absent, View::Timestamp));
    }
    list
}

/// Looks for rows, as long as there is time.
struct Looking<'a> {
    pace: &'a dyn Pace,
    left: Duration,
}

impl Looking<'_> {
    /// Returns when all rows are known, or when it has looked often enough or for this long.
    async fn look<T: ReadBack>(&mut self, submission: &mut Submission<T>, longest: Duration) {
        self.left = self.left.min(longest);
        for pause in PAUSES {
            if submission.is_known() || pause >= self.left {
                return;
            }
            let began = self.pace.now();
            self.pace.sleep(pause).await;
            let look = tokio::time::timeout(self.left.saturating_sub(pause), submission.look());
            if let Ok(Err(error)) = look.await {
                tracing::debug!(kind = ?error.kind(), "the rows cannot be looked for");
            }
            self.left = self.left.saturating_sub(self.pace.now().saturating_duration_since(began));
        }
    }
}

impl<T> fmt::Debug for Submitting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Submitting").field(&self.call).finish()
    }
}
