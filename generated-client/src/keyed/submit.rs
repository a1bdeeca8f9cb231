//! Decides when rows are sent, and when they are looked up.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tracing::{Instrument, Span};

use super::lookup::Scope;
use super::progress::RefusedRow;
use super::submission::State;
use super::{Rows, Submission};
use crate::Json;
use crate::call::{Attempts, Call, LastReply};
#[cfg(feature = "blocking")]
use crate::client::ClientInner;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::operation::Lookup;
use crate::record::Value;
use crate::response::Response;
use crate::retry::TimeSource;

/// Pauses before each look-up of rows in doubt.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];

/// Time limit of all look-ups together.
const LOOKING: Duration = Duration::from_secs(5);

/// Rows in submission: a future of their [`Submission`].
///
/// Nothing is sent before it is polled. If the future is dropped, the rows may or may not have reached the
/// server; identify them by their keys, which the request shows beforehand.
#[must_use = "a request is not sent until it is awaited"]
pub struct SubmissionFuture<T> {
    call: Call,
    submission: Task<'static, Result<Submission<T>>>,
}

impl<T: Value + Send> SubmissionFuture<T> {
    pub(crate) fn new(mut call: Call, rows: Rows<impl Value>) -> Self {
        call.body(rows.view());
        if let Some(fault) = rows.fault(call.operation()) {
            call.refuse(fault);
        }
        let own = call.clone();
        let keys: Vec<_> = rows.into_keys().collect();
        let submission = Box::pin(async move {
            let Some(lookup) = own.operation().lookup else {
                let message = "the operation does not say how its rows are looked up";
                return Err(own.error(ErrorKind::Invalid, message));
            };
            let mut submission = Submission::<T>::new(&own, lookup, keys.into_iter());
            let submitted = submit(&own, lookup, &mut submission.state).await;
            submission.update();
            submitted.map(|()| submission)
        });
        Self { call, submission }
    }
}

impl<T> SubmissionFuture<T> {
    /// The client that sends it.
    #[cfg(feature = "blocking")]
    pub(crate) fn core(&self) -> &ClientInner {
        self.call.core()
    }
}

impl<T> Future for SubmissionFuture<T> {
    type Output = Result<Submission<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.submission.as_mut().poll(context)
    }
}

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whether the same bytes may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resend {
    /// No: the server received the request, or the caller does not allow it.
    Never,
    /// After a complete look-up that begins this long after the attempt.
    After(Duration),
}

/// The next step after an attempt.
enum Next {
    /// None: every row is decided.
    Settled,
    /// Look up once, immediately, the refused rows with keys of the caller; then the rows without a
    /// response.
    Check,
    /// The same if the response had no rows. The error is returned if the server has none of them.
    CheckRefusal(Error),
    /// Look up the rows until they are known: they are in doubt.
    LookUp(Resend),
    /// Wait, look up the rows and send them again, after a 429. The error is returned if that is not
    /// possible.
    Wait(Duration, Error),
}

/// Sends rows, and looks them up after an attempt that ends in doubt. An error means that nothing was
/// submitted.
fn submit<'a>(call: &'a Call, lookup: &'static Lookup, state: &'a mut State) -> Task<'a, Result<()>> {
    let span = call.span();
    let task = async move {
        let attempts = Attempts::new(call)?;
        state.list.begin(attempts.began());
        let submit = Submit { call, lookup, state, attempts, span: Span::current(), left: LOOKING };
        submit.run().await
    };
    Box::pin(task.instrument(span))
}

struct Submit<'a> {
    call: &'a Call,
    lookup: &'static Lookup,
    state: &'a mut State,
    attempts: Attempts,
    span: Span,
    /// Remaining time for look-ups.
    left: Duration,
}

impl Submit<'_> {
    async fn run(mut self) -> Result<()> {
        loop {
            let ended = self.attempts.run().await;
            self.state.progress.writes = self.attempts.writes();
            let again = match self.conclude(ended)? {
                Next::Settled => false,
                Next::Check => {
                    self.look_up_once(Scope::SuppliedKeys, Duration::ZERO).await;
                    self.look_up(Resend::Never).await
                }
                Next::CheckRefusal(error) => {
                    let is_complete = self.look_up_once(Scope::SuppliedKeys, Duration::ZERO).await;
                    if is_complete && !self.state.progress.is_received() {
                        return Err(error);
                    }
                    self.state.error = Some(error);
                    false
                }
                Next::LookUp(resend) => self.look_up(resend).await,
                Next::Wait(time, error) => {
                    let again = self.wait(time).await;
                    if !again && !self.state.progress.is_received() {
                        return Err(error);
                    }
                    self.state.error = Some(error);
                    again
                }
            };
            if !again {
                break;
            }
        }
        let unknown = self.state.progress.rows().iter().filter(|row| !row.is_known()).count();
        if unknown > 0 {
            let rows = self.state.progress.rows().len();
            tracing::warn!(unknown, rows, "the outcome of rows is unknown");
        } else if self.state.answer.is_none() {
            self.attempts.succeeded();
        }
        Ok(())
    }

    /// Decides the next step after an attempt. An error means that nothing was submitted.
    fn conclude(&mut self, ended: LastReply) -> Result<Next> {
        let mut rows = Vec::<Json>::new();
        let outcome = self.call.conclude(&self.span, ended.reply, ended.history, &mut rows);
        let is_only_write = self.attempts.writes() <= 1;
        // Attempts that the server answered with 401 are not among the writes.
        let is_first_write = match &outcome {
            Err(error) if error.status() == Some(401) => self.attempts.writes() == 0,
            _ => is_only_write,
        };
        let refused = if is_only_write { RefusedRow::ThisRequest } else { RefusedRow::Nothing };
        let error = match outcome {
            Ok(parts) if self.state.progress.take_answer(rows, refused) => {
                self.state.answer = Some(Response::new((), parts));
                return Ok(self.answered());
            }
            Ok(parts) => {
                self.call.core().transport().give_up_connections();
                self.state.error = Some(self.foreign(parts.status));
                return Ok(Next::LookUp(Resend::Never));
            }
            Err(error) => error,
        };
        let status = error.status();
        let can_mean_known_key =
            status.is_some_and(|status| status == 409 || self.lookup.known_key.contains(&status));
        if let (Some(300..), Ok(Some(rows))) = (status, error.data::<Vec<Json>>())
            && !rows.is_empty()
        {
            let refused = if can_mean_known_key { RefusedRow::Nothing } else { refused };
            let is_ours = self.state.progress.take_answer(rows, refused);
            self.state.error = Some(error);
            if is_ours {
                return Ok(self.answered());
            }
            self.call.core().transport().give_up_connections();
            return Ok(Next::LookUp(Resend::Never));
        }
        let in_doubt = Resend::from(self.attempts.limits().resend_after);
        let next = match (error.delivery(), status) {
            (Delivery::NotSent, _) if self.attempts.writes() == 0 => return Err(error),
            (Delivery::NotSent, _) => Next::LookUp(Resend::Never),
            // The head of a success says that the server has the request, whatever becomes of its body.
            (_, Some(200..=299)) => Next::LookUp(Resend::Never),
            (_, None | Some(408 | 500..)) => Next::LookUp(in_doubt),
            // A refusal that did not come whole, or that may be that of a repetition.
            (Delivery::MaybeSent, Some(_)) => Next::LookUp(Resend::Never),
            _ if !is_first_write || can_mean_known_key => Next::LookUp(Resend::Never),
            (_, Some(429)) => match self.attempts.throttled_wait(&error) {
                Some(time) => return Ok(Next::Wait(time, error)),
                None => return Err(error),
            },
            (_, Some(300..=399 | 401 | 403)) => return Err(error),
            (..) if self.state.progress.has_supplied_keys() => return Ok(Next::CheckRefusal(error)),
            (..) => return Err(error),
        };
        self.state.error = Some(error);
        Ok(next)
    }

    /// The next step after a response with our rows.
    fn answered(&self) -> Next {
        if self.state.progress.is_unchecked() {
            Next::Check
        } else if self.state.progress.is_in_doubt() {
            Next::LookUp(Resend::Never)
        } else {
            Next::Settled
        }
    }

    /// The error of a success with rows of other keys.
    fn foreign(&self, status: u16) -> Error {
        let message = format!(
            "the answer (status {status}) has a row with another `{}` than those sent: it may be the answer \
             to another request",
            self.lookup.key,
        );
        self.call.error(ErrorKind::Response, message).delivered(Delivery::MaybeSent)
    }

    /// Looks up the rows until they are known, within the time limit. True if the same bytes may be sent
    /// again.
    async fn look_up(&mut self, resend: Resend) -> bool {
        let time = self.time();
        let ended = time.now();
        // A list that ignores keys of the caller is read whole every other time.
        let scopes = [Scope::Keys, Scope::All].into_iter().cycle();
        for (pause, scope) in PAUSES.into_iter().zip(scopes) {
            if !self.state.progress.is_in_doubt() || pause >= self.left() {
                return false;
            }
            time.sleep(pause).await;
            // Nothing that was sent before can arrive after this.
            let is_late = match resend {
                Resend::After(wait) => time.now().saturating_duration_since(ended) >= wait,
                Resend::Never => false,
            };
            let scope = if is_late { Scope::All } else { scope };
            let is_complete = self.look_up_once(scope, pause).await;
            if is_late && is_complete && !self.state.progress.is_received() {
                return self.attempts.repeat();
            }
        }
        false
    }

    /// Waits, and looks up the rows. True if the complete list has none of them, so that they may be sent
    /// again.
    async fn wait(&mut self, time: Duration) -> bool {
        if time >= self.left() {
            return false;
        }
        self.time().sleep(time).await;
        let is_complete = self.look_up_once(Scope::All, time).await;
        is_complete && !self.state.progress.is_received() && self.attempts.repeat()
    }

    /// Reads the list once, after a pause that took its part of the time. True if the reading is
    /// complete.
    async fn look_up_once(&mut self, scope: Scope, pause: Duration) -> bool {
        let time = self.time();
        let began = time.now();
        let longest = self.left();
        let looked_up = tokio::time::timeout(longest, self.state.look_up(scope)).await;
        let took = time.now().saturating_duration_since(began);
        self.left = self.left.saturating_sub(pause).saturating_sub(took);
        match looked_up {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::debug!(kind = ?error.kind(), "the rows cannot be looked up");
                false
            }
            Err(_) => {
                self.state.progress.end_reading(false);
                false
            }
        }
    }

    /// Remaining time for look-ups.
    fn left(&self) -> Duration {
        self.left.min(self.attempts.left())
    }

    fn time(&self) -> std::sync::Arc<dyn TimeSource> {
        std::sync::Arc::clone(&self.call.core().retry().time)
    }
}

impl From<Option<Duration>> for Resend {
    fn from(after: Option<Duration>) -> Self {
        after.map_or(Self::Never, Self::After)
    }
}

impl<T> fmt::Debug for SubmissionFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SubmissionFuture").field(&self.call).finish()
    }
}
