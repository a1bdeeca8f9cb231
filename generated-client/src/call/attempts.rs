//! Sending a request until there is an answer, or nothing more that may be done.

use std::time::{Duration, Instant};

use tracing::Instrument;

use super::Call;
use super::send::unanswered;
use crate::client::Core;
use crate::error::{Delivery, Error, ErrorKind, Result, retry_after};
use crate::headers::Headers;
use crate::operation::{Method, Operation, Repeat};
use crate::retry::{Cause, Decision, Happened, Lane, Limits, Reason, Situation, decide};
use crate::transport::{HttpRequest, HttpResponse};

/// The attempts of one call, all with the same bytes.
///
/// [`run`](Self::run) may be called again, to go on in the same call: attempts, time and what was
/// taken from the budget count on. Who does so has to know that a repetition is safe.
pub(crate) struct Attempts {
    core: Core,
    operation: &'static Operation,
    request: HttpRequest,
    limits: Limits,
    began: Instant,
    made: u32,
    /// Taken from the budget.
    spent: u32,
    /// An attempt may have had its effect.
    maybe_done: bool,
}

/// How attempts ended.
pub(crate) struct Ended {
    /// The last answer, whatever its status, or why there is none.
    pub(crate) reply: Result<HttpResponse>,
    /// Why there was no further attempt. [`Reason::LookFirst`]: the operation is keyed, and whether
    /// it had its effect is to be found out with the keys.
    pub(crate) reason: Reason,
    pub(crate) history: History,
}

/// What an error says of the attempts before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct History {
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// Something was deleted, perhaps by an earlier attempt, and is not there any more.
    pub(crate) gone: bool,
}

impl Attempts {
    /// Freezes the request. The time of the call begins.
    pub(crate) fn new(call: &Call) -> Result<Self> {
        let limits = call.limits()?;
        let request = call.prepare(&limits)?;
        let core = call.core.clone();
        core.retry().counters.call();
        let began = core.retry().pace.now();
        let operation = call.operation;
        Ok(Self { core, operation, request, limits, began, made: 0, spent: 0, maybe_done: false })
    }

    /// What is left of the time of the call.
    pub(crate) fn left(&self) -> Duration {
        self.limits.call_timeout.saturating_sub(self.elapsed())
    }

    /// Attempts, and the time that they and the waiting took.
    pub(crate) fn history(&self) -> History {
        History { attempts: self.made, elapsed: self.elapsed(), gone: false }
    }

    /// Gives back to the budget what was taken.
    pub(crate) fn succeeded(&mut self) {
        let spent = std::mem::take(&mut self.spent);
        self.core.retry().lane(self.operation.repeat).budget.succeeded(spent);
    }

    /// Whether an attempt before the last may have had its effect.
    pub(crate) fn maybe_done(&self) -> bool {
        self.maybe_done
    }

    /// Whether the same may be sent once more after it was looked for in vain; takes what that
    /// costs.
    pub(crate) fn repeat(&mut self) -> bool {
        let cost = self.limits.cost(Cause::Lost);
        let retry = self.core.retry();
        let may = self.made < self.limits.attempts
            && !self.left().is_zero()
            && retry.lane(self.operation.repeat).budget.take(cost);
        if may {
            self.spent = self.spent.saturating_add(cost);
            self.maybe_done = true;
            retry.counters.retry(Cause::Lost);
        }
        may
    }

    fn elapsed(&self) -> Duration {
        self.core.retry().pace.now().saturating_duration_since(self.began)
    }

    /// Sends the request until there is a reason not to.
    pub(crate) async fn run(&mut self) -> Ended {
        loop {
            let reply = self.attempt().await;
            let happened = happened(&reply);
            match self.decide(happened) {
                Decision::Repeat { after, cause } => {
                    tracing::debug!(attempt = self.made, ?cause, ?after, "repeating");
                    self.core.retry().pace.sleep(after).await;
                    // A sleep may last longer than it should.
                    if self.left().is_zero() {
                        return self.end(reply, Reason::Deadline);
                    }
                    self.core.retry().counters.retry(cause);
                    self.maybe_done |= may_be_done(happened);
                }
                Decision::GiveUp(reason) => {
                    return self.end(reply, reason);
                }
            }
        }
    }

    /// Sends the request once.
    async fn attempt(&mut self) -> Result<HttpResponse> {
        self.made = self.made.saturating_add(1);
        self.core.retry().counters.attempt();
        let mut request = self.request.clone();
        request.timeout = self.limits.attempt_timeout.min(self.left());
        let span = tracing::debug_span!(
            "attempt",
            number = self.made,
            status = tracing::field::Empty,
            elapsed = tracing::field::Empty,
        );
        let began = self.core.retry().pace.now();
        let reply = self.core.transport().send(request).instrument(span.clone()).await;
        let reply = reply.map_err(|failure| unanswered(self.operation, failure));
        let elapsed = self.core.retry().pace.now().saturating_duration_since(began);
        let status = reply.as_ref().map_or_else(Error::status, |response| Some(response.status));
        span.record("status", status).record("elapsed", tracing::field::debug(elapsed));
        reply
    }

    /// Decides, and takes from the budget what a repetition costs.
    fn decide(&mut self, happened: Happened) -> Decision {
        let retry = self.core.retry();
        let Lane { budget, .. } = retry.lane(self.operation.repeat);
        let mut situation = Situation {
            class: self.operation.repeat,
            attempt: self.made,
            happened,
            budget: budget.left(),
            left: self.left(),
            limits: &self.limits,
            random: retry.pace.random(),
        };
        loop {
            let decision = decide(&situation);
            let Decision::Repeat { cause, .. } = decision else { return decision };
            let cost = self.limits.cost(cause);
            if budget.take(cost) {
                self.spent = self.spent.saturating_add(cost);
                return decision;
            }
            // Somebody else was faster: decide anew with what is left.
            situation.budget = budget.left();
        }
    }

    fn end(&mut self, reply: Result<HttpResponse>, reason: Reason) -> Ended {
        let status = reply.as_ref().ok().map(|response| response.status);
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.succeeded();
        }
        let deletes = self.operation.method == Method::Delete && self.operation.repeat == Repeat::Idempotent;
        let gone = deletes && self.maybe_done && status == Some(404);
        let history = History { gone, ..self.history() };
        match reply {
            Ok(response) if gone && self.operation.answer.is_nothing() => {
                Ended { reply: Ok(without_content(response.headers)), reason, history }
            }
            reply => Ended { reply, reason, history },
        }
    }
}

/// The answer of a deletion that has been done, but whose own answer was lost.
fn without_content(headers: Headers) -> HttpResponse {
    HttpResponse { status: 204, headers, body: Vec::new() }
}

fn happened(reply: &Result<HttpResponse>) -> Happened {
    match reply {
        Ok(response) => {
            Happened::Answered { status: response.status, retry_after: retry_after(&response.headers) }
        }
        Err(error) => match error.delivery() {
            Delivery::NotSent if error.kind() == ErrorKind::Invalid => Happened::Refused,
            Delivery::NotSent => Happened::NotSent,
            Delivery::MaybeSent => Happened::MaybeSent,
            Delivery::Answered => Happened::Answered {
                status: error.status().unwrap_or_default(),
                retry_after: error.retry_after(),
            },
        },
    }
}

/// Whether an attempt that is going to be repeated may have had its effect.
fn may_be_done(happened: Happened) -> bool {
    match happened {
        Happened::Refused | Happened::NotSent => false,
        Happened::MaybeSent => true,
        Happened::Answered { status, .. } => status != 429,
    }
}
