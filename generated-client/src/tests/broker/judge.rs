//! What must hold of every run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::script::{
    Answer, Attempt, Client, Filter, Intake, KnownKeys, Look, Plan, Reach, Script, Spelling, Stranger,
};
use super::server::{Entry, ListWalk, Post, State};
use super::world::{CallError, CallReport, Outcome, RowReport, RowView, World};
use crate::error::Delivery;

/// A promise that was broken, and how.
pub(super) type Violation = (&'static str, String);

const FRESH: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(30);
/// Timers are exact to a millisecond; some follow one another.
const SLACK: Duration = Duration::from_millis(20);

const LIVE_OR_DONE: [&str; 4] = ["NEW", "FILLED", "SENT", "ACCEPTED"];

/// Everything that is wrong with a run.
pub(super) fn judge(script: &Script, world: &World) -> Vec<Violation> {
    let state = world.broker.state();
    let mut judge = Judge { script, world, state: &state, found: Vec::new() };
    judge.posts();
    judge.books();
    match &world.call {
        None => judge.violated("a call ends within its time", "it does not end"),
        Some(called) => judge.call(called),
    }
    judge.resolves();
    judge.found
}

/// The rows of the book with a key.
fn rows<'a>(state: &'a State, key: &'a str) -> impl Iterator<Item = &'a Entry> + Clone {
    state.book.iter().filter(move |row| row.sent_key == key)
}

struct Judge<'a> {
    script: &'a Script,
    world: &'a World,
    state: &'a State,
    found: Vec<Violation>,
}

impl Judge<'_> {
    fn violated(&mut self, promise: &'static str, how: impl Into<String>) {
        self.found.push((promise, how.into()));
    }

    fn since(&self, post: &Post) -> Duration {
        post.written - self.world.began
    }

    // What was sent.

    fn posts(&mut self) {
        let client = &self.script.client;
        let state = self.state;
        if let Some(late) = state.posts.iter().find(|post| self.since(post) > FRESH + SLACK / 10) {
            let how = format!("written {:?} after the call began", self.since(late));
            self.violated("nothing is sent after 5 s", how);
        }
        if state.posts.windows(2).any(|pair| pair[0].body != pair[1].body) {
            self.violated("the same bytes are sent", "other bytes");
        }
        let posts: Vec<_> = state.posts.iter().filter(|post| !post.unprocessed).collect();
        let most = if client.resend.is_some() || client.wait { 2 } else { 1 };
        if posts.len() > most {
            let how = format!("{} times, {most} allowed", posts.len());
            self.violated("nothing is sent too often", how);
        }
        if client.max_attempts == Some(1) && state.attempts > 1 {
            let how = format!("{} attempts", state.attempts);
            self.violated("one attempt means one", how);
        }
        for pair in posts.windows(2) {
            if let Some(how) = self.repetition(pair[0], pair[1]) {
                self.violated("nothing is sent again unsafely", how);
            }
        }
    }

    /// Why a request must not follow another, if it must not.
    fn repetition(&self, first: &Post, second: &Post) -> Option<String> {
        let client = &self.script.client;
        if first.showed_ours {
            return Some("after a row of ours".to_owned());
        }
        let began = match (first.status, client.resend) {
            (Some(429), _) if client.wait => first.written,
            (Some(408 | 500..) | None, Some(in_flight)) => first.written + Duration::from_millis(in_flight),
            (status, _) => return Some(format!("after the status {status:?}")),
        };
        let proves = |look: &&ListWalk| {
            let complete = look.complete.is_some_and(|complete| complete <= second.written);
            look.began >= began && complete && !look.by_key && !look.from_too_late
        };
        if self.state.looks.iter().any(|look| proves(&look)) {
            return None;
        }
        Some("without a complete look that began late enough".to_owned())
    }

    fn books(&mut self) {
        for key in &self.world.keys {
            let rows = rows(self.state, key).filter(|row| row.post.is_some() && row.plan != Plan::Refused);
            let posts: BTreeSet<_> = rows.clone().map(|row| row.post).collect();
            if posts.len() < 2 {
                continue;
            }
            let script = self.script;
            if script.client.resend.is_some_and(|in_flight| {
                let first = rows.map(|row| row.at).min();
                let arrives = first
                    .zip(self.state.posts.first())
                    .is_none_or(|(at, post)| at > post.written + Duration::from_millis(in_flight));
                script.known_keys == KnownKeys::Unchecked
                    && (arrives || script.list.lag > 0 || script.spelling != Spelling::Exact)
            }) {
                continue;
            }
            self.violated("no order is in the book twice", format!("{key} is, by {posts:?}"));
        }
    }

    // What was said.

    fn call(&mut self, called: &CallReport) {
        let most = self.script.client.timeout.map_or(Duration::from_secs(10), Duration::from_millis);
        if called.took > most + SLACK {
            let how = format!("{:?} instead of {most:?}", called.took);
            self.violated("a call ends within its time", how);
        }
        match &called.told {
            Ok(told) => {
                self.told(told);
                self.expected(told);
                self.repeated(told);
            }
            Err(failed) => self.failed(failed),
        }
    }

    fn told(&mut self, told: &[RowReport]) {
        if !told.iter().map(|row| &row.key).eq(&self.world.keys) {
            self.violated("outcomes are in the order of the rows", format!("{told:?}"));
        }
        for row in told {
            match &row.outcome {
                Outcome::Accepted(shown) => self.accepted(&row.key, shown),
                Outcome::Refused(shown) => self.refused(&row.key, shown),
                Outcome::Unknown => {}
            }
        }
    }

    fn accepted(&mut self, key: &str, shown: &RowView) {
        let effective = |plan| matches!(plan, Plan::Open | Plan::Done | Plan::RefusedLater(_));
        let mut rows = self.state.book.iter();
        let is_true = shown.key == key
            && LIVE_OR_DONE.contains(&shown.status.as_str())
            && rows.any(|row| row.id == shown.id && row.key == key && effective(row.plan));
        if !is_true {
            self.violated("Accepted is true", format!("{key}: {shown:?}"));
        }
    }

    fn refused(&mut self, key: &str, shown: &RowView) {
        if shown.key != key || shown.status != "REJECTED" {
            self.violated("Refused is true", format!("{key}: {shown:?}"));
        }
        // The refused row is that of an earlier process: with a key that is used again after it was
        // refused, no client can tell whose row it is.
        if rows(self.state, key).any(|row| row.post.is_none() && row.id == shown.id) {
            return;
        }
        let own = rows(self.state, key).filter(|row| row.post.is_some());
        let mut effective = own.filter(|row| !matches!(row.plan, Plan::Refused | Plan::RefusedLater(_)));
        if let Some(row) = effective.next().cloned() {
            self.violated("Refused is true", format!("{key} is in the book: {row:?}"));
        }
        if let Some(how) = self.earlier(key) {
            self.violated("Refused is true", how);
        }
    }

    /// The row of an earlier process that the caller should have been shown.
    fn earlier(&self, key: &str) -> Option<String> {
        let list = &self.script.list;
        if list.lag > 0 || list.filter == Filter::Nothing {
            return None;
        }
        let mut rows = rows(self.state, key).filter(|row| row.post.is_none() && row.plan != Plan::Refused);
        rows.next().map(|row| format!("{key} of an earlier process is in the book: {row:?}"))
    }

    fn failed(&mut self, failed: &CallError) {
        const PROMISE: &str = "an error says that nothing was submitted";
        let how = format!("{failed:?}");
        let mut posts = self.state.posts.iter().filter(|post| !post.unprocessed);
        let is_allowed = match failed.delivery {
            Delivery::NotSent => posts.all(|post| post.status == Some(429)),
            Delivery::Answered => failed.status.is_some_and(|status| (300..500).contains(&status)),
            Delivery::MaybeSent => false,
        };
        if !is_allowed {
            self.violated(PROMISE, how.clone());
        }
        for key in &self.world.keys {
            let mut own = rows(self.state, key).filter(|row| row.post.is_some() && row.plan != Plan::Refused);
            if let Some(row) = own.next().cloned() {
                self.violated(PROMISE, format!("{how}, and in the book is {row:?}"));
            }
            let is_judged =
                failed.status.is_some_and(|status| status >= 400 && ![401, 403, 429].contains(&status));
            if let Some(earlier) = self.earlier(key).filter(|_| is_judged) {
                self.violated(PROMISE, format!("{how}, and {earlier}"));
            }
        }
        let script = self.script;
        let is_known = script.rows.iter().any(|row| row.earlier.as_ref().is_some_and(|row| !row.refused));
        let is_wrong = match script.rows.iter().all(|row| row.earlier.is_none()) {
            true => script.refusal.is_none_or(|refusal| refusal.with_rows),
            false => is_known && script.known_keys != KnownKeys::Unchecked,
        };
        if is_wrong && expectation(script).is_some() {
            self.violated("a healthy broker is understood", how);
        }
    }

    /// What the caller must know when nothing fails, or only the answer is lost.
    fn expected(&mut self, told: &[RowReport]) {
        let Some(is_lost) = expectation(self.script) else { return };
        let has_rows = self.script.refusal.is_none_or(|refusal| refusal.with_rows);
        let is_only_write = self.state.posts.iter().filter(|post| !post.unprocessed).count() == 1;
        let promise = if is_lost { "a lost answer is found" } else { "a healthy broker is understood" };
        for (row, told) in self.script.rows.iter().zip(told) {
            let known =
                rows(self.state, &told.key).any(|row| row.post.is_none() && row.plan != Plan::Refused);
            let mut own: Vec<_> = rows(self.state, &told.key).filter(|row| row.post.is_some()).collect();
            if is_lost {
                own.retain(|row| row.listed);
            }
            let is_right = match (own.first().map(|row| row.plan), &told.outcome) {
                // The broker refused the whole request because of a key of another row.
                (None, Outcome::Unknown) if !known => true,
                // A row that was refused without an answer to it, beside one that is known.
                (Some(Plan::Refused), Outcome::Unknown) if !has_rows => true,
                _ if known && self.script.known_keys != KnownKeys::Unchecked => {
                    matches!(told.outcome, Outcome::Accepted(_))
                }
                (Some(Plan::Open | Plan::Done), outcome) => matches!(outcome, Outcome::Accepted(_)),
                // A refusal after a repetition can be that of the repetition.
                (Some(Plan::Refused), outcome) if row.earlier.is_none() && is_only_write => {
                    matches!(outcome, Outcome::Refused(_))
                }
                (Some(Plan::RefusedLater(_)), outcome) => !matches!(outcome, Outcome::Unknown),
                (Some(Plan::Odd(_)), outcome) if !known => matches!(outcome, Outcome::Unknown),
                _ => true,
            };
            if !is_right {
                self.violated(promise, format!("{told:?}"));
            }
        }
    }

    /// What the settings allow to be sent again is sent again.
    fn repeated(&mut self, told: &[RowReport]) {
        let script = self.script;
        let Client { resend, wait, max_attempts, timeout, .. } = script.client;
        let [Attempt { reach: Reach::Connects, taken: Intake::Never, answer, latency }] = *script.attempts
        else {
            return;
        };
        let may = match answer {
            Answer::Reset => resend.is_some_and(|in_flight| in_flight <= 1_000),
            Answer::Throttled(None | Some(0)) => wait,
            _ => false,
        };
        let is_plain = script.rows.iter().all(|row| row.earlier.is_none() && row.plan == Plan::Open)
            && script.refusal.is_none()
            && timeout.is_none()
            && max_attempts != Some(1)
            && latency < 150;
        if !may || !is_plain || !is_calm(script) {
            return;
        }
        if !told.iter().all(|row| matches!(row.outcome, Outcome::Accepted(_))) {
            self.violated("what may be sent again is sent again", format!("{told:?}"));
        }
    }

    fn resolves(&mut self) {
        let world = self.world;
        let Some(CallReport { told: Ok(before), .. }) = &world.call else { return };
        let mut before = before;
        for resolved in &world.resolves {
            if resolved.took > READ + SLACK {
                self.violated("resolve() ends", format!("not after {:?}", resolved.took));
            }
            for (old, new) in before.iter().zip(&resolved.told) {
                let is_kept = old.outcome == Outcome::Unknown || old == new;
                if !is_kept {
                    self.violated("resolve() keeps what is known", format!("{old:?}, then {new:?}"));
                }
            }
            let all = resolved.told.iter().all(|row| row.outcome != Outcome::Unknown);
            if matches!(resolved.outcome, Some(Ok(known)) if known != all) {
                self.violated("resolve() says whether all is known", format!("{:?}", resolved.told));
            }
            self.told(&resolved.told);
            if resolved.last {
                self.last(&resolved.told, resolved.outcome.as_ref());
            }
            before = &resolved.told;
        }
    }

    /// When everything works, what is in the book is found.
    fn last(&mut self, told: &[RowReport], outcome: Option<&Result<bool, String>>) {
        const PROMISE: &str = "resolve() finds what is in the book";
        let list = &self.script.list;
        if list.unreadable {
            return;
        }
        let is_complete = !list.strangers.contains(&Stranger::WithoutKey);
        if let Some(Err(error)) = outcome
            && is_complete
        {
            self.violated(PROMISE, error.clone());
        }
        for row in told {
            let visible = rows(self.state, &row.key).filter(|booked| booked.listed && booked.key == row.key);
            let mut effective =
                visible.filter(|row| !row.yesterday && matches!(row.plan, Plan::Open | Plan::Done));
            if let Some(booked) = effective.next().cloned()
                && row.outcome == Outcome::Unknown
            {
                self.violated(PROMISE, format!("{booked:?}"));
            }
        }
    }
}

/// Whether the list is true, and nothing else is in the way of an outcome.
fn is_calm(script: &Script) -> bool {
    let list = &script.list;
    let looks = &mut script.looks.iter().chain([&script.outage]);
    list.lag == 0
        && list.filter != Filter::Nothing
        && !list.unreadable
        && list.strangers.iter().all(|stranger| matches!(stranger, Stranger::Today | Stranger::Yesterday))
        && looks.all(|look| *look == Look::True)
        && script.copy.is_none()
        && script.spelling == Spelling::Exact
}

/// Whether the answer is lost; none if there is any other fault.
fn expectation(script: &Script) -> Option<bool> {
    let has_time = script.client.timeout.is_none_or(|time| time >= 2_500);
    if !has_time || !is_calm(script) {
        return None;
    }
    let Attempt { reach, taken, answer, .. } = script.attempts.first().unwrap_or(&Attempt::HONEST);
    match (reach, taken, answer) {
        (Reach::Connects, Intake::AtOnce, Answer::Honest) => Some(false),
        (Reach::Connects, Intake::AtOnce, answer) if answer.is_lost() => Some(true),
        _ => None,
    }
}
