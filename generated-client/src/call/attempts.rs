//! Sends a request until there is a response, or no further attempt is allowed.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use tracing::Instrument;

use super::Call;
use crate::authentication::CachedToken;
use crate::client::ClientInner;
use crate::error::{Delivery, Error, ErrorKind, History, Result, retry_after};
use crate::headers::Headers;
use crate::operation::{Method, Operation, Repeat};
use crate::response::accepts;
use crate::retry::{
    AttemptOutcome, Limits, RetryCause, RetryClass, RetryDecision, Situation, StopReason, decide,
};
use crate::transport::{HttpRequest, HttpResponse, TransportError};

/// The attempts of one call, all with the same bytes.
///
/// [`run`](Self::run) may be called again to continue the same call: attempts, time and budget costs keep
/// counting. The caller must know that another attempt is safe.
pub(crate) struct Attempts {
    core: ClientInner,
    operation: &'static Operation,
    /// As rate limits match it: with placeholders, except for an unknown endpoint.
    path: Cow<'static, str>,
    request: HttpRequest,
    limits: Limits,
    began: Instant,
    made: u32,
    /// Taken from the budget.
    spent: u32,
    /// An attempt may have had its effect.
    maybe_done: bool,
    /// Attempts that may have been written to the server, except those with a 401.
    writes: u32,
    /// Attempts whose token was refused and renewed: at most one.
    renewals: u32,
}

/// Time limit, from the start of a call, for writing keyed rows to a connection: a later order has a stale
/// price.
const FRESH: Duration = Duration::from_secs(5);

/// How attempts ended.
pub(crate) struct LastReply {
    /// The last response, whatever its status, or why there is none.
    pub(crate) reply: Result<HttpResponse>,
    /// Why there was no further attempt.
    pub(crate) reason: StopReason,
    pub(crate) history: History,
}

impl Attempts {
    /// Freezes the request. The time of the call begins.
    pub(crate) fn new(call: &Call) -> Result<Self> {
        let limits = call.limits()?;
        let request = call.prepare(&limits)?;
        let core = call.core.clone();
        core.retry().counters.call();
        let began = core.retry().time.now();
        let operation = call.operation;
        let path = call.path.clone().map_or(Cow::Borrowed(operation.path), Cow::Owned);
        Ok(Self {
            core,
            operation,
            path,
            request,
            limits,
            began,
            made: 0,
            spent: 0,
            maybe_done: false,
            writes: 0,
            renewals: 0,
        })
    }

    /// Remaining time of the call.
    pub(crate) fn left(&self) -> Duration {
        self.limits.call_timeout.saturating_sub(self.elapsed())
    }

    /// Attempts, and the time that they and the waiting took.
    pub(crate) fn history(&self) -> History {
        History { attempts: self.made, elapsed: self.elapsed(), gone: false }
    }

    /// Returns the costs of this call to the budget.
    pub(crate) fn succeeded(&mut self) {
        let spent = std::mem::take(&mut self.spent);
        self.core.retry().class(self.operation.repeat).budget.succeeded(spent);
    }

    /// When the call began.
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// The numbers of the call.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many attempts may have been written to the server, except those with a 401, which has no effect.
    pub(crate) fn writes(&self) -> u32 {
        self.writes
    }

    /// How long to wait after a 429; none if the caller does not want to wait, or not that long.
    pub(crate) fn throttled_wait(&self, error: &Error) -> Option<Duration> {
        let wait = error.retry_after().unwrap_or(self.limits.throttled_backoff);
        (self.limits.wait_if_throttled && wait <= self.limits.max_retry_after).then_some(wait)
    }

    /// Whether a keyed request may be sent a second time, after a look-up that did not find its rows; pays
    /// the cost. No request is sent a third time.
    pub(crate) fn repeat(&mut self) -> bool {
        let cost = self.limits.cost(RetryCause::Lost);
        let retry = self.core.retry();
        let may = self.writes <= 1
            && self.counted() < self.limits.attempts
            && !self.left_to_send().is_zero()
            && retry.class(self.operation.repeat).budget.take(cost);
        if may {
            self.spent += cost;
            self.maybe_done = true;
            retry.counters.retry(RetryCause::Lost);
        }
        may
    }

    /// Attempts, except one that had no effect because of its token.
    fn counted(&self) -> u32 {
        self.made - self.renewals
    }

    /// How long the request may still be sent, if its price becomes stale.
    fn fresh(&self) -> Option<Duration> {
        match self.operation.repeat {
            Repeat::Keyed => Some(FRESH.saturating_sub(self.elapsed())),
            Repeat::Read | Repeat::Idempotent | Repeat::Never => None,
        }
    }

    /// Remaining time in which the request may be sent.
    fn left_to_send(&self) -> Duration {
        self.fresh().map_or(self.left(), |fresh| fresh.min(self.left()))
    }

    fn elapsed(&self) -> Duration {
        self.core.retry().time.now().saturating_duration_since(self.began)
    }

    /// Sends the request until there is a reason to stop.
    pub(crate) async fn run(&mut self) -> LastReply {
        loop {
            let (outcome, reply) = self.attempt().await;
            match self.decide(outcome) {
                RetryDecision::Retry { after, cause } => {
                    tracing::debug!(attempt = self.made, ?cause, ?after, "retrying");
                    self.core.retry().time.sleep(after).await;
                    // A sleep may last longer than it should.
                    if self.left().is_zero() {
                        return self.end(reply, StopReason::Deadline);
                    }
                    self.core.retry().counters.retry(cause);
                    self.maybe_done |= outcome.may_have_had_effect();
                }
                RetryDecision::Stop(reason) => return self.end(reply, reason),
            }
        }
    }

    /// Makes one attempt.
    async fn attempt(&mut self) -> (AttemptOutcome, Result<HttpResponse>) {
        match self.authenticated().await {
            Ok(reply) => (outcome(&reply), reply),
            Err(error) => (AttemptOutcome::NotAdmitted, Err(error)),
        }
    }

    /// Sends the request with a token, and once more with another one if the server refuses the first: a 401
    /// has no effect.
    ///
    /// # Errors
    /// If there is no token, or too many requests before this one.
    async fn authenticated(&mut self) -> Result<Result<HttpResponse>> {
        let token = self.admit().await?;
        let reply = self.send(&token).await;
        if !is_unauthorized(&reply) || !self.renew(&token).await {
            return Ok(reply);
        }
        let token = self.admit().await?;
        Ok(self.send(&token).await)
    }

    /// Waits for a valid token and for the rate limit.
    async fn admit(&self) -> Result<Arc<CachedToken>> {
        let operation = self.operation;
        let held = match timeout(self.left(), self.core.credentials().get(self.request.url.as_str())).await {
            Ok(held) => held.map_err(|error| error.operating(operation))?,
            Err(_) => {
                let message = "the time was up before there was an access token";
                return Err(Error::new(ErrorKind::Timeout, message).operating(operation));
            }
        };
        let time = &self.core.retry().time;
        let turn = self.core.limiter().take(operation.name, &self.path, time.now(), self.left());
        let wait = turn.map_err(|too_many| {
            Error::new(ErrorKind::RateLimit, too_many.to_string()).operating(operation)
        })?;
        if !wait.is_zero() {
            tracing::debug!(?wait, "waiting for its turn");
            time.sleep(wait).await;
        }
        Ok(held)
    }

    /// Waits for a token other than the refused one; whether there is one.
    async fn renew(&mut self, refused: &CachedToken) -> bool {
        let credentials = self.core.credentials();
        if self.renewals > 0 || !credentials.is_renewable() {
            return false;
        }
        if self.counted() >= self.limits.attempts_not_sent || self.left_to_send().is_zero() {
            // For the calls that follow.
            credentials.begin_renewal(refused.generation);
            return false;
        }
        tracing::debug!(attempt = self.made, "the server refuses the token");
        self.renewals += 1;
        let renewal = timeout(self.left(), credentials.renew(refused.generation));
        let is_renewed = renewal.await.unwrap_or(false) && !self.left().is_zero();
        if is_renewed {
            self.core.retry().counters.renewal();
        }
        is_renewed
    }

    /// Sends the request once.
    async fn send(&mut self, held: &CachedToken) -> Result<HttpResponse> {
        self.made += 1;
        self.core.retry().counters.attempt();
        let mut request = self.request.clone();
        request.headers.push(held.header.clone());
        request.timeout = self.limits.attempt_timeout.min(self.left());
        request.begin_before = self.fresh().and_then(|left| tokio::time::Instant::now().checked_add(left));
        let span = tracing::debug_span!(
            "attempt",
            number = self.made,
            status = tracing::field::Empty,
            elapsed = tracing::field::Empty,
        );
        let began = self.core.retry().time.now();
        let reply = self.core.transport().send(request).instrument(span.clone()).await;
        let reply = reply.or_else(|failure| unanswered(self.operation, failure));
        let elapsed = self.core.retry().time.now().saturating_duration_since(began);
        let status = reply.as_ref().map_or_else(Error::status, |response| Some(response.status));
        span.record("status", status).record("elapsed", tracing::field::debug(elapsed));
        self.writes += u32::from(outcome(&reply).is_written());
        reply
    }

    /// Decides, and pays the cost of a retry from the budget.
    fn decide(&mut self, outcome: AttemptOutcome) -> RetryDecision {
        let retry = self.core.retry();
        let RetryClass { budget, .. } = retry.class(self.operation.repeat);
        let mut situation = Situation {
            class: self.operation.repeat,
            attempt: self.counted(),
            outcome,
            budget: budget.left(),
            left: self.left_to_send(),
            limits: &self.limits,
            random: retry.time.random(),
        };
        loop {
            let decision = decide(&situation);
            let RetryDecision::Retry { cause, .. } = decision else { return decision };
            let cost = self.limits.cost(cause);
            if budget.take(cost) {
                self.spent += cost;
                return decision;
            }
            // Somebody else was faster: decide anew with what is left.
            situation.budget = budget.left();
        }
    }

    fn end(&mut self, reply: Result<HttpResponse>, reason: StopReason) -> LastReply {
        let status = reply.as_ref().ok().map(|response| response.status);
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.succeeded();
        }
        let deletes = self.operation.method == Method::Delete && self.operation.repeat == Repeat::Idempotent;
        let gone = deletes && self.maybe_done && status == Some(404);
        let history = History { gone, ..self.history() };
        // What the last attempt did not do, one before it may have done. Rows are looked for.
        let in_doubt = self.maybe_done && self.operation.repeat != Repeat::Keyed;
        let reply = reply.map_err(|error| match error.delivery() {
            Delivery::NotSent if in_doubt => error.delivered(Delivery::MaybeSent),
            _ => error,
        });
        match reply {
            Ok(response) if gone && self.operation.answer.is_nothing() => {
                LastReply { reply: Ok(without_content(response.headers)), reason, history }
            }
            reply => LastReply { reply, reason, history },
        }
    }
}

/// The result of a request without a complete or readable response.
///
/// # Errors
///
/// Everything that is not a success regardless of its body.
fn unanswered(operation: &Operation, failure: TransportError) -> Result<HttpResponse> {
    let accepted = match &failure.head {
        Some((status, _)) => accepts(operation, *status),
        None => false,
    };
    match failure {
        TransportError { head: Some((status, headers)), .. } if accepted && operation.answer.is_nothing() => {
            Ok(HttpResponse { status, headers, body: Vec::new() })
        }
        // Complete, but of no use.
        failure if accepted && failure.delivery == Delivery::Answered => {
            Err(failure.into_error().of_kind(ErrorKind::AcceptedUnreadable).operating(operation))
        }
        failure => Err(failure.into_error().operating(operation)),
    }
}

/// The response of a deletion that succeeded although its own response was lost.
fn without_content(headers: Headers) -> HttpResponse {
    HttpResponse { status: 204, headers, body: Vec::new() }
}

fn is_unauthorized(reply: &Result<HttpResponse>) -> bool {
    matches!(outcome(reply), AttemptOutcome::Answered { status: 401, .. })
}

fn outcome(reply: &Result<HttpResponse>) -> AttemptOutcome {
    match reply {
        Ok(response) => {
            AttemptOutcome::Answered { status: response.status, retry_after: retry_after(&response.headers) }
        }
        Err(error) => match error.delivery() {
            Delivery::NotSent if error.kind() == ErrorKind::Invalid => AttemptOutcome::Refused,
            Delivery::NotSent => AttemptOutcome::NotSent,
            // It was answered, and the next answer would have as many headers.
            Delivery::MaybeSent if error.kind() == ErrorKind::TooLarge => AttemptOutcome::Unreadable,
            Delivery::MaybeSent => AttemptOutcome::MaybeSent,
            Delivery::Answered => AttemptOutcome::Answered {
                status: error.status().unwrap_or_default(),
                retry_after: error.retry_after(),
            },
        },
    }
}
