//! Answers and expectations of a test.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use clear_street_spec::diagnostic::nearest;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::call::{Answer, Call, Refusal};
use crate::lock::lock;

type Condition = Box<dyn Fn(&Call<'_>) -> bool + Send + Sync>;

/// What a test wants to be answered instead of what the server would answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) answer: Option<Answer>,
    /// Instead of the status that the answer has.
    pub(crate) status: Option<StatusCode>,
    /// Instead of the answer's body.
    pub(crate) body: Option<Bytes>,
    pub(crate) headers: HeaderMap,
    pub(crate) delay: Duration,
}

/// All answers and expectations of a server.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<Vec<Hook>>);

struct Hook {
    target: Target,
    conditions: Vec<Condition>,
    purpose: Purpose,
    /// How many calls it was for.
    calls: usize,
}

enum Purpose {
    /// To answer so many calls; all if there is no number.
    Answer(Box<Reply>, Option<usize>),
    /// To be called so many times.
    Count(usize),
}

/// An operation, of one API or of any that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    api: Option<String>,
    operation: String,
}

impl Target {
    /// `get_orders`, or `trading/get_orders` where several APIs have it.
    pub(crate) fn parse(name: &str) -> Self {
        match name.split_once('/') {
            Some((api, operation)) => Self { api: Some(api.to_owned()), operation: operation.to_owned() },
            None => Self { api: None, operation: name.to_owned() },
        }
    }

    pub(crate) fn is(&self, api: &str, operation: &str) -> bool {
        self.operation == operation && self.api.as_deref().is_none_or(|known| known == api)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(api) = &self.api {
            write!(f, "{api}/")?;
        }
        f.write_str(&self.operation)
    }
}

impl Hook {
    fn is_for(&self, call: &Call<'_>) -> bool {
        self.target.is(&call.api.name, &call.operation.name)
            && self.conditions.iter().all(|condition| condition(call))
    }
}

impl Hooks {
    /// Counts a call for all that expect it; answers what the oldest hook wants that still has a word.
    pub(crate) fn reply(&self, call: &Call<'_>) -> Option<Reply> {
        let mut reply = None;
        for hook in lock(&self.0).iter_mut() {
            let has_turn = match &hook.purpose {
                Purpose::Answer(_, times) => reply.is_none() && times.is_none_or(|times| hook.calls < times),
                Purpose::Count(_) => true,
            };
            if has_turn && hook.is_for(call) {
                hook.calls += 1;
                if let Purpose::Answer(wanted, _) = &hook.purpose {
                    reply = Some((**wanted).clone());
                }
            }
        }
        reply
    }

    pub(crate) fn verify(&self) -> Result<(), Unmet> {
        let hooks = lock(&self.0);
        let unmet = hooks.iter().filter_map(|hook| match hook.purpose {
            Purpose::Count(expected) if expected != hook.calls => {
                let calls = if expected == 1 { "call" } else { "calls" };
                Some(format!("expected {expected} {calls} of {}, received {}", hook.target, hook.calls))
            }
            Purpose::Count(_) | Purpose::Answer(..) => None,
        });
        let unmet: Vec<_> = unmet.collect();
        if unmet.is_empty() { Ok(()) } else { Err(Unmet(unmet.join("\n"))) }
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    fn add(&self, target: Target, conditions: Vec<Condition>, purpose: Purpose) {
        lock(&self.0).push(Hook { target, conditions, purpose, calls: 0 });
    }
}

/// An answer that is being made; it holds from [`once`](Self::once), [`times`](Self::times) or
/// [`always`](Self::always) on.
#[must_use = "nothing is answered before `once`, `times` or `always`"]
pub struct Respond<'a> {
    hooks: &'a Hooks,
    target: Target,
    conditions: Vec<Condition>,
    reply: Reply,
}

impl<'a> Respond<'a> {
    pub(crate) fn new(hooks: &'a Hooks, target: Target) -> Self {
        Self { hooks, target, conditions: Vec::new(), reply: Reply::default() }
    }

    /// Only calls for which this is true.
    pub fn when(mut self, condition: impl Fn(&Call<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.conditions.push(Box::new(condition));
        self
    }

    /// This result; of an operation whose list comes in pages, all items of it.
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.reply.answer = Some(Answer::Value(value.into()));
        self
    }

    /// Whatever an operation can answer.
    pub fn answer(mut self, answer: impl Into<Answer>) -> Self {
        self.reply.answer = Some(answer.into());
        self
    }

    /// An error in the form of the API.
    pub fn refuse(self, status: StatusCode, message: impl Into<String>) -> Self {
        self.answer(Refusal::new(status, message))
    }

    /// This status; without a value or body, as an error in the form of the API.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.reply.status = Some(status);
        self
    }

    /// These bytes as the body, whatever they are.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.reply.body = Some(body.into());
        self
    }

    /// A header beside those that every answer has.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.reply.headers.append(name, value);
        self
    }

    /// Waits before the answer; simulated time counts.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.reply.delay = delay;
        self
    }

    /// Answers the next call.
    pub fn once(self) {
        self.times(1);
    }

    /// Answers so many calls.
    pub fn times(self, times: usize) {
        self.add(Some(times));
    }

    /// Answers all calls.
    pub fn always(self) {
        self.add(None);
    }

    fn add(self, times: Option<usize>) {
        self.hooks.add(self.target, self.conditions, Purpose::Answer(Box::new(self.reply), times));
    }
}

impl fmt::Debug for Respond<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Respond").field("target", &self.target).field("reply", &self.reply).finish()
    }
}

/// An expectation that is being made; it holds from [`times`](Self::times) on.
#[must_use = "nothing is expected before `times`, `once` or `never`"]
pub struct Expect<'a> {
    hooks: &'a Hooks,
    target: Target,
    conditions: Vec<Condition>,
}

impl<'a> Expect<'a> {
    pub(crate) fn new(hooks: &'a Hooks, target: Target) -> Self {
        Self { hooks, target, conditions: Vec::new() }
    }

    /// Only calls for which this is true.
    pub fn when(mut self, condition: impl Fn(&Call<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.conditions.push(Box::new(condition));
        self
    }

    /// There shall be so many calls, no more.
    pub fn times(self, times: usize) {
        self.hooks.add(self.target, self.conditions, Purpose::Count(times));
    }

    /// There shall be one call, no more.
    pub fn once(self) {
        self.times(1);
    }

    /// There shall be no call.
    pub fn never(self) {
        self.times(0);
    }
}

impl fmt::Debug for Expect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expect").field("target", &self.target).finish_non_exhaustive()
    }
}

/// What was expected and did not happen, or happened too often.
#[derive(thiserror::Error)]
#[error("{0}")]
pub struct Unmet(String);

/// The same as for people, because `unwrap` shows this.
impl fmt::Debug for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The server has no such operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no API that is served has an operation `{name}`{suggestion}")]
pub struct NoSuchOperation {
    name: String,
    suggestion: String,
}

impl NoSuchOperation {
    pub(crate) fn new<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let suggestion = nearest(name, known).map(|known| format!(": did you mean `{known}`?"));
        Self { name: name.to_owned(), suggestion: suggestion.unwrap_or_default() }
    }
}
