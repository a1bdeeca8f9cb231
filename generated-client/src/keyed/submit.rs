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
use crate::operation::Operation;
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
    submission: Task<'static, Result<Submission<T>>>,
}

impl<T: ReadBack> Submitting<T> {
    pub(crate) fn new(mut call: Call, rows: Rows<impl Value>) -> Self {
        call.body(rows.view());
        if let Some(fault) = rows.fault(call.operation()) {
            call.refuse(fault);
        }
        let (own, keys) = (call.clone(), rows.into_keys());
        let submission = Box::pin(async move {
            let mut submission = Submission::<T>::new(list(&own, T::LIST, T::SINCE), keys);
            submit(&own, &mut submission).await?;
            Ok(submission)
        });
        Self { call, submission }
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

/// A submission whose type of rows only the operation knows: so what sends them and looks for them
/// is compiled once, and not for every type.
trait Submitted: Send {
    /// Takes what an attempt ended with. An error means that nothing was submitted.
    fn conclude(&mut self, sent: &Sent<'_>, ended: Ended, is_repetition: bool) -> Result<Again>;
    /// Reads the list until every row is found.
    fn look(&mut self) -> Task<'_, Result<()>>;
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Number of rows that are unknown.
    fn unknown(&self) -> usize;
    /// Whether an answer came that was a success at least in part.
    fn is_answered(&self) -> bool;
}

/// The request, and the span of all that is done for it.
struct Sent<'a> {
    call: &'a Call,
    span: Span,
}

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl<T: ReadBack> Submitted for Submission<T> {
    fn conclude(&mut self, sent: &Sent<'_>, ended: Ended, is_repetition: bool) -> Result<Again> {
        let mut rows = Vec::<T>::blank();
        let outcome = sent.call.conclude(&sent.span, ended.reply, ended.history, &mut rows);
        let verdict = Verdict::new(outcome.map(|parts| Response::new(rows, parts)));
        // What is refused now may be refused because it was taken before.
        match verdict {
            Verdict::Nothing(error) if !is_repetition => return Err(error),
            Verdict::Refusal(rows, error) if !is_repetition => {
                self.settle(rows, Proof::Refusal);
                self.failed(error);
            }
            Verdict::Rows(response) => {
                self.answered(response, if is_repetition { Proof::Acceptance } else { Proof::All });
            }
            Verdict::Nothing(error) | Verdict::Refusal(_, error) => self.failed(error),
            Verdict::Doubt(error, again) => {
                self.failed(error);
                return Ok(again);
            }
        }
        Ok(Again::No)
    }

    fn look(&mut self) -> Task<'_, Result<()>> {
        Box::pin(Submission::look(self))
    }

    fn rows(&self) -> usize {
        self.rows().len()
    }

    fn unknown(&self) -> usize {
        self.unknown().count()
    }

    fn is_answered(&self) -> bool {
        self.answer().is_some()
    }
}

/// Sends rows, and looks for them after each attempt that ends in doubt.
fn submit<'a>(call: &'a Call, submission: &'a mut dyn Submitted) -> Task<'a, Result<()>> {
    let span = call.span();
    Box::pin(submit_rows(Sent { call, span: span.clone() }, submission).instrument(span))
}

async fn submit_rows(sent: Sent<'_>, submission: &mut dyn Submitted) -> Result<()> {
    let call = sent.call;
    let mut attempts = Attempts::new(call)?;
    let mut looking = Looking { pace: &*call.core().retry().pace, left: LOOKING };
    loop {
        let ended = attempts.run().await;
        let again = submission.conclude(&sent, ended, attempts.maybe_done())?;
        looking.look(submission, attempts.left()).await;
        // What was found shows that the request arrived; what was not may have been refused.
        let is_worth_it = again == Again::Yes && submission.unknown() == submission.rows();
        if !is_worth_it || attempts.history().elapsed >= FRESH || !attempts.repeat() {
            break;
        }
    }
    let unknown = submission.unknown();
    if unknown == 0 && !submission.is_answered() {
        attempts.succeeded();
    }
    if unknown > 0 {
        tracing::warn!(unknown, rows = submission.rows(), "the fate of rows is unknown");
    }
    Ok(())
}

/// The call that lists the rows of the same account.
fn list(call: &Call, operation: &'static Operation, since: Option<&str>) -> Call {
    let mut list = call.beside(operation);
    if let Some(name) = since {
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
    async fn look(&mut self, submission: &mut dyn Submitted, longest: Duration) {
        self.left = self.left.min(longest);
        for pause in PAUSES {
            if submission.unknown() == 0 || pause >= self.left {
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
