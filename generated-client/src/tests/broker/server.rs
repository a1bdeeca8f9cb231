//! A broker whose book is a list of rows, behind a gateway that fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::script::{
    Answer, Attempt, Body, Filter, Intake, Kind, KnownKeys, Look, Order, Plan, Reach, Script, Spelling,
    Stranger,
};
use crate::headers::Headers;
use crate::operation::Method;
use crate::transport::memory::{MemoryServer, RequestProgress, ServeFuture};
use crate::transport::{Fault, HttpRequest, HttpResponse, TransportError};

pub(super) const ACCOUNT: i64 = 4_400_017;

/// Statuses that are neither live nor done nor refused.
const ODD_ORDERS: [&str; 5] = ["OTHER", "REJECTED_BY_RISK", "rejected", "", "new"];
const ODD_INSTRUCTIONS: [&str; 5] = ["UNKNOWN", "REFUSED", "rejected", "", "sent"];

pub(super) struct Broker {
    script: Script,
    start: Instant,
    /// The broker's clock at the start.
    clock: Timestamp,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) book: Vec<Entry>,
    seen: BTreeSet<String>,
    /// Requests that are under way to the broker.
    queue: Vec<Arrival>,
    pub(super) attempts: usize,
    pub(super) posts: Vec<Post>,
    gets: usize,
    pub(super) looks: Vec<ListWalk>,
    /// Everything works from now on.
    recovered: bool,
    pub(super) happened: BTreeSet<&'static str>,
}

/// A row of the book.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    /// As the broker writes it.
    pub(super) key: String,
    /// As it was sent.
    pub(super) sent_key: String,
    /// The request that it came with; none if an earlier process sent it.
    pub(super) post: Option<usize>,
    pub(super) at: Instant,
    pub(super) yesterday: bool,
    pub(super) plan: Plan,
    pub(super) listed: bool,
}

struct Arrival {
    at: Instant,
    post: usize,
}

/// A request that was written to a connection.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) written: Instant,
    pub(super) body: Vec<u8>,
    keys: Vec<String>,
    /// What the broker answers to it and to its copy.
    replies: Vec<Reply>,
    pub(super) unprocessed: bool,
    /// Status of the answer whose head the client has.
    pub(super) status: Option<u16>,
    /// The answer is complete.
    pub(super) answered: bool,
    /// The client has a row with a key of ours.
    pub(super) showed_ours: bool,
}

#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    rows: Option<Vec<Value>>,
    message: Option<&'static str>,
}

/// A walk through the list.
#[derive(Debug)]
pub(super) struct ListWalk {
    pub(super) began: Instant,
    /// All pages were served, and the key of every row could be read.
    pub(super) complete: Option<Instant>,
    pub(super) by_key: bool,
    /// Later than when the first request was written.
    pub(super) from_too_late: bool,
    keyless: bool,
    rows: Vec<Value>,
}

impl Broker {
    pub(super) fn new(script: &Script) -> Self {
        let start = Instant::now();
        // Whole seconds, so that a run does not depend on when it is made.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let clock = Timestamp::from_second(i64::try_from(now).unwrap()).unwrap()
            + SignedDuration::from_mins(script.list.skew);
        let mut state = State::default();
        for (index, row) in script.rows.iter().enumerate() {
            let Some(earlier) = &row.earlier else { continue };
            state.happened.insert("key of an earlier process");
            let key = script.key(index);
            state.seen.insert(key.clone());
            let id = format!("bk-e{index}");
            let plan = if earlier.refused { Plan::Refused } else { Plan::Open };
            let (sent_key, yesterday) = (key.clone(), earlier.yesterday);
            state.book.push(Entry {
                id,
                key,
                sent_key,
                post: None,
                at: start,
                yesterday,
                plan,
                listed: true,
            });
        }
        Self { script: script.clone(), start, clock, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        self.advance(&mut state);
        state
    }

    /// From now on nothing fails any more.
    pub(super) fn recover(&self) {
        self.state().recovered = true;
    }

    /// Whether the list shows a row of the book by now.
    fn is_shown(&self, row: &Entry, at: Instant) -> bool {
        let list = &self.script.list;
        let is_due = at >= row.at + Duration::from_millis(list.lag);
        row.listed && (is_due || (list.refused_at_once && row.plan == Plan::Refused))
    }

    fn time(&self, at: Instant) -> Timestamp {
        self.clock + SignedDuration::try_from(at - self.start).unwrap()
    }

    /// The broker takes what has arrived.
    fn advance(&self, state: &mut State) {
        let now = Instant::now();
        loop {
            let next = state.queue.iter().enumerate().filter(|(_, arrival)| arrival.at <= now);
            let Some(index) = next.min_by_key(|(_, arrival)| arrival.at).map(|(index, _)| index) else {
                return;
            };
            let arrival = state.queue.remove(index);
            let keys = state.posts[arrival.post].keys.clone();
            let reply = self.take(state, &keys, &arrival);
            state.posts[arrival.post].replies.push(reply);
        }
    }

    fn take(&self, state: &mut State, keys: &[String], arrival: &Arrival) -> Reply {
        let known: Vec<bool> = keys.iter().map(|key| state.seen.contains(key)).collect();
        let policy = self.script.known_keys;
        if known.contains(&true) && policy == KnownKeys::Unchecked {
            state.happened.insert("known key: not checked");
        }
        let refuse = |status, message| Reply { status, rows: None, message: Some(message) };
        if known.contains(&true) && policy != KnownKeys::Unchecked {
            match policy {
                KnownKeys::Conflict => {
                    state.happened.insert("known key: 409");
                    return refuse(409, "client order id already used");
                }
                KnownKeys::Named => {
                    state.happened.insert("known key: 422 that names it");
                    return refuse(422, "duplicate client order id");
                }
                KnownKeys::Unnamed => {
                    state.happened.insert("known key: 422 that does not name it");
                    return refuse(422, "the request cannot be processed");
                }
                KnownKeys::ConflictWithRows => drop(state.happened.insert("known key: 409 with rows")),
                KnownKeys::RejectedRow => drop(state.happened.insert("known key: a rejected row")),
                KnownKeys::FirstRow => drop(state.happened.insert("known key: the first row")),
                KnownKeys::Unchecked => {}
            }
        } else if let Some(refusal) = self.script.refusal {
            // Some brokers remember the keys of what they refuse, and some list it.
            let label = if refusal.with_rows { "refused, with rows" } else { "refused, without rows" };
            state.happened.insert(label);
            let listed = refusal.with_rows && self.refusals_listed();
            let rows = keys.iter().map(|key| self.book(state, key, Plan::Refused, arrival, listed)).collect();
            let rows = Some(rows).filter(|_| refusal.with_rows);
            return Reply { status: refusal.status, rows, message: Some("refused") };
        }
        let mut rows = Vec::new();
        let mut refused = 0;
        for ((key, &known), submitted) in keys.iter().zip(&known).zip(&self.script.rows) {
            let row = match policy {
                KnownKeys::FirstRow if known => {
                    let first = state.book.iter().find(|row| row.sent_key == *key).cloned();
                    self.json(&first.unwrap(), Instant::now())
                }
                KnownKeys::ConflictWithRows | KnownKeys::RejectedRow if known => {
                    refused += 1;
                    let listed = self.script.repetitions_listed && self.refusals_listed();
                    self.book(state, key, Plan::Refused, arrival, listed)
                }
                _ => {
                    let plan = submitted.plan;
                    refused += usize::from(plan == Plan::Refused);
                    self.book(state, key, plan, arrival, plan != Plan::Refused || self.refusals_listed())
                }
            };
            rows.push(row);
        }
        let conflict = policy == KnownKeys::ConflictWithRows && !known.contains(&false);
        let status = match refused {
            0 => 200,
            _ if conflict => 409,
            _ if refused == rows.len() && policy != KnownKeys::RejectedRow => 422,
            _ if refused == rows.len() => 200,
            _ => 207,
        };
        let message = (status != 200).then_some("not everything was accepted");
        Reply { status, rows: Some(rows), message }
    }

    /// Instructions that were refused are never kept.
    fn refusals_listed(&self) -> bool {
        self.script.list.refused_listed && self.script.kind == Kind::Orders
    }

    fn book(&self, state: &mut State, key: &str, plan: Plan, arrival: &Arrival, listed: bool) -> Value {
        match plan {
            Plan::Odd(_) => drop(state.happened.insert("status that is not known")),
            Plan::Refused => drop(state.happened.insert("row refused")),
            Plan::RefusedLater(_) => drop(state.happened.insert("row refused later")),
            Plan::Open | Plan::Done => {}
        }
        let id = format!("bk-{}", state.book.len());
        let spelled = match self.script.spelling {
            Spelling::Exact => key.to_owned(),
            Spelling::UpperCase => {
                state.happened.insert("keys in capitals");
                key.to_uppercase()
            }
            Spelling::Own => {
                state.happened.insert("keys of the broker");
                format!("x-{id}")
            }
        };
        let row = Entry {
            id,
            key: spelled,
            sent_key: key.to_owned(),
            post: Some(arrival.post),
            at: arrival.at,
            yesterday: false,
            plan,
            listed,
        };
        let json = self.json(&row, arrival.at);
        state.seen.insert(key.to_owned());
        state.book.push(row);
        json
    }

    fn json(&self, row: &Entry, at: Instant) -> Value {
        let created = self.time(row.at) - SignedDuration::from_hours(if row.yesterday { 24 } else { 0 });
        self.row(&row.id, &row.key, self.status(row.plan, at - row.at), created)
    }

    fn status(&self, plan: Plan, age: Duration) -> &'static str {
        match (self.script.kind, plan) {
            (_, Plan::Refused) => "REJECTED",
            (_, Plan::RefusedLater(after)) if age >= Duration::from_millis(after) => "REJECTED",
            (Kind::Orders, Plan::Open | Plan::RefusedLater(_)) => "NEW",
            (Kind::Orders, Plan::Done) => "FILLED",
            (Kind::Orders, Plan::Odd(index)) => ODD_ORDERS[index],
            (Kind::Instructions, Plan::Open | Plan::RefusedLater(_)) => "SENT",
            (Kind::Instructions, Plan::Done) => "ACCEPTED",
            (Kind::Instructions, Plan::Odd(index)) => ODD_INSTRUCTIONS[index],
        }
    }

    fn row(&self, id: &str, key: &str, status: &str, created: Timestamp) -> Value {
        match self.script.kind {
            Kind::Orders => json!({
                "id": id, "client_order_id": key, "account_id": ACCOUNT, "symbol": "KLMN",
                "venue": "XTST", "side": "BUY", "order_type": "LIMIT", "time_in_force": "DAY",
                "status": status, "quantity": "25", "filled_quantity": "0", "leaves_quantity": "25",
                "limit_price": "41.70", "created_at": created.to_string(),
                "updated_at": created.to_string(),
            }),
            Kind::Instructions => json!({
                "id": id, "instruction_id": key, "account_id": ACCOUNT,
                "instrument_id": "01900000-0000-7000-8000-00000000000a", "symbol": "KLMN",
                "instruction_type": "EXERCISE", "quantity": "1", "status": status,
                "created_at": created.to_string(), "updated_at": created.to_string(),
            }),
        }
    }

    fn response(&self, status: u16, more: &[(&str, String)], body: &str) -> HttpResponse {
        HttpResponse { status, headers: self.headers(more), body: body.as_bytes().to_vec() }
    }

    fn headers(&self, more: &[(&str, String)]) -> Headers {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if self.script.list.date {
            let now = SystemTime::from(self.time(Instant::now()));
            headers.push(("date", httpdate::fmt_http_date(now)));
        }
        headers.extend(more.iter().cloned());
        headers.into_iter().collect()
    }

    // Submissions.

    async fn submit(
        &self,
        request: &HttpRequest,
        progress: &RequestProgress,
    ) -> Result<HttpResponse, TransportError> {
        let attempt = {
            let mut state = self.state();
            let index = state.attempts;
            state.attempts += 1;
            let recovered = state.recovered;
            let planned = self.script.attempts.get(index).filter(|_| !recovered);
            planned.cloned().unwrap_or(Attempt::HONEST)
        };
        let connecting = match attempt.reach {
            Reach::Refused => {
                self.state().happened.insert("connection refused");
                sleep(Duration::from_millis(1)).await;
                return Err(progress.failure(Fault::Connect));
            }
            Reach::Slowly(time) => {
                self.state().happened.insert("slow connection");
                time
            }
            Reach::Connects | Reach::Unprocessed => 1,
        };
        progress.begin(Duration::from_millis(connecting)).await?;
        let post = self.written(request, &attempt);
        if attempt.reach == Reach::Unprocessed {
            sleep(Duration::from_millis(attempt.latency)).await;
            return Err(progress.unprocessed());
        }
        let result = self.answer(post, &attempt, progress).await;
        let mut state = self.state();
        let post = &mut state.posts[post];
        match &result {
            Ok(response) => (post.status, post.answered) = (Some(response.status), true),
            Err(failure) => post.status = failure.head.as_ref().map(|(status, _)| *status),
        }
        result
    }

    /// The request is under way, whatever becomes of the one who sent it.
    fn written(&self, request: &HttpRequest, attempt: &Attempt) -> usize {
        let mut state = self.state();
        let now = Instant::now();
        let body = request.body.clone().unwrap_or_default();
        let rows: Vec<Value> = serde_json::from_slice(&body).unwrap();
        let member = match self.script.kind {
            Kind::Orders => "id",
            Kind::Instructions => "instruction_id",
        };
        let keys = rows.iter().map(|row| row[member].as_str().unwrap().to_owned()).collect();
        let post = state.posts.len();
        let unprocessed = attempt.reach == Reach::Unprocessed;
        state.posts.push(Post {
            written: now,
            body,
            keys,
            replies: Vec::new(),
            unprocessed,
            status: None,
            answered: false,
            showed_ours: false,
        });
        if unprocessed {
            state.happened.insert("not processed");
            return post;
        }
        let wait = match attempt.taken {
            Intake::Never => return post,
            Intake::AtOnce => 0,
            Intake::Late(time) => {
                state.happened.insert("taken late");
                time
            }
        };
        let at = now + Duration::from_millis(attempt.latency + wait);
        state.queue.push(Arrival { at, post });
        if let Some(copy) = &self.script.copy {
            state.happened.insert(if copy.answers_copy { "copied, copy answered" } else { "copied" });
            state.queue.push(Arrival { at: at + Duration::from_millis(copy.after), post });
        }
        post
    }

    async fn answer(
        &self,
        post: usize,
        attempt: &Attempt,
        progress: &RequestProgress,
    ) -> Result<HttpResponse, TransportError> {
        let latency = Duration::from_millis(attempt.latency);
        sleep(latency).await;
        let reply = if attempt.answer.is_brokers() { Some(self.reply(post).await) } else { None };
        sleep(latency).await;
        let label = attempt.answer.label();
        self.state().happened.insert(label);
        if let (Intake::AtOnce | Intake::Late(_), Answer::Failure { .. }) = (attempt.taken, attempt.answer) {
            self.state().happened.insert("failure after forwarding");
        }
        let later = |wait: Option<u16>| -> Vec<(&str, String)> {
            wait.map(|seconds| ("retry-after", seconds.to_string())).into_iter().collect()
        };
        match attempt.answer {
            Answer::HeadTooLarge => Err(progress.failure(Fault::HeadTooLarge)),
            Answer::Reset => Err(progress.failure(Fault::Broken)),
            Answer::Silence => std::future::pending().await,
            Answer::Cut { status, silent } => {
                progress.head(status, self.headers(&[]));
                self.state().posts[post].status = Some(status);
                if silent { std::future::pending().await } else { Err(progress.failure(Fault::Broken)) }
            }
            Answer::TooLarge => {
                progress.head(200, self.headers(&[]));
                Err(progress.failure(Fault::TooLarge))
            }
            Answer::Corrupt => {
                progress.head(200, self.headers(&[]));
                Err(progress.failure(Fault::Corrupt))
            }
            Answer::NoContent => Ok(self.response(204, &[], "")),
            Answer::Empty(status) => Ok(self.response(status, &[], "")),
            Answer::DataNull => Ok(self.response(200, &[], r#"{"data":null,"metadata":{}}"#)),
            Answer::NotJson => Ok(self.response(200, &[], r#"{"data":[{"id":"bk-"#)),
            Answer::Html => Ok(self.response(200, &[], "<html>welcome</html>")),
            Answer::OtherKind => {
                Ok(self.response(200, &[], r#"{"data":{"token":"t"},"metadata":{"request_id":"rq-9"}}"#))
            }
            Answer::Failure { status, retry_after, body } => {
                let body = match body {
                    Body::Empty => "",
                    Body::Object => "{}",
                    Body::Html => "<html>bad gateway</html>",
                    Body::Error => r#"{"error":{"code":503,"message":"try later"},"metadata":{}}"#,
                };
                Ok(self.response(status, &later(retry_after), body))
            }
            Answer::Throttled(wait) => Ok(self.response(429, &later(wait), "{}")),
            Answer::Denied(status) | Answer::Rejected(status) => {
                let body = r#"{"error":{"code":400,"message":"no"},"metadata":{}}"#;
                Ok(self.response(status, &[], body))
            }
            Answer::Redirect(status) => {
                Ok(self.response(status, &[("location", "https://else.example/".to_owned())], ""))
            }
            Answer::Foreign { status, refused } => {
                let status_text = if refused { "REJECTED" } else { self.status(Plan::Open, Duration::ZERO) };
                let rows = self.foreign(post, status_text, ACCOUNT);
                Ok(self.rows(post, status, rows, None))
            }
            Answer::OtherAccount => {
                let rows = self.foreign(post, self.status(Plan::Open, Duration::ZERO), 5_500_001);
                Ok(self.rows(post, 200, rows, None))
            }
            answer => Ok(self.own(post, answer, reply.unwrap())),
        }
    }

    /// As many rows as were sent, of another call.
    fn foreign(&self, post: usize, status: &str, account: i64) -> Vec<Value> {
        let count = self.state().posts[post].keys.len();
        let now = self.time(Instant::now());
        let rows = (0..count).map(|index| {
            let mut row = self.row(&format!("bk-f{index}"), &format!("ord-0000-{index}"), status, now);
            row["account_id"] = account.into();
            row
        });
        rows.collect()
    }

    /// The broker's answer to the request, or to its copy.
    async fn reply(&self, post: usize) -> Reply {
        let wanted = self.script.copy.as_ref().map_or(0, |copy| usize::from(copy.answers_copy));
        loop {
            let (reply, next) = {
                let state = self.state();
                let next = state.queue.iter().filter(|arrival| arrival.post == post).map(|a| a.at).min();
                (state.posts[post].replies.get(wanted).cloned(), next)
            };
            match (reply, next) {
                (Some(reply), _) => return reply,
                (None, Some(at)) => sleep_until(at).await,
                (None, None) => panic!("the broker answers only what it took"),
            }
        }
    }

    /// The broker's answer, with something different about it.
    fn own(&self, post: usize, answer: Answer, reply: Reply) -> HttpResponse {
        let Reply { mut status, rows, message } = reply;
        let Some(mut rows) = rows else {
            let error = json!({"error": {"code": status, "message": message}, "metadata": {}});
            return self.response(status, &[], &error.to_string());
        };
        let key = self.script.member();
        match answer {
            Answer::Shuffled => rows.reverse(),
            Answer::Repeated => rows.extend(rows.clone()),
            Answer::RowsMissing => drop(rows.remove(0)),
            Answer::NoRows => rows.clear(),
            Answer::RowsWithoutKeys => {
                for row in &mut rows {
                    row.as_object_mut().unwrap().remove(key);
                }
            }
            Answer::OneRowWithoutKey => drop(rows[0].as_object_mut().unwrap().remove(key)),
            Answer::Respelled => {
                for row in &mut rows {
                    row[key] = row[key].as_str().unwrap().to_uppercase().into();
                }
            }
            Answer::UnreadableRows => {
                for row in &mut rows {
                    row["quantity"] = json!({});
                }
            }
            Answer::ForeignRowBeside => {
                // An answer that is put together from several is wrong about ours, too.
                if self.script.seed % 2 == 1 {
                    rows.iter_mut().for_each(|row| row["status"] = "REJECTED".into());
                }
                let status = self.status(Plan::Open, Duration::ZERO);
                rows.insert(0, self.row("bk-f", "ord-0000", status, self.time(Instant::now())));
            }
            // The refusal of a copy is never passed on as anything else.
            Answer::FailureWithRows(failure) if status != 409 => status = failure,
            _ => {}
        }
        let metadata = match answer {
            Answer::WrongMetadata => Some(json!({"request_id": 17, "total_items": "one", "page_number": {}})),
            _ => None,
        };
        self.rows(post, status, rows, metadata)
    }

    fn rows(&self, post: usize, status: u16, rows: Vec<Value>, metadata: Option<Value>) -> HttpResponse {
        let mut state = self.state();
        let post = &mut state.posts[post];
        let key = self.script.member();
        let ours = |row: &Value| post.keys.iter().any(|own| row[key].as_str() == Some(own));
        post.showed_ours |= rows.iter().any(ours);
        drop(state);
        let mut envelope = json!({"data": rows});
        envelope["metadata"] = metadata.unwrap_or_else(|| json!({"request_id": "rq-1"}));
        if status >= 300 || status == 207 {
            envelope["error"] = json!({"code": status, "message": "not everything was accepted"});
        }
        self.response(status, &[], &envelope.to_string())
    }

    // The list.

    async fn list(
        &self,
        request: &HttpRequest,
        progress: &RequestProgress,
    ) -> Result<HttpResponse, TransportError> {
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let token = query.get("page_token").map(String::as_str);
        let began = Instant::now();
        let mut look = {
            let mut state = self.state();
            let index = state.gets;
            state.gets += 1;
            if state.recovered {
                Look::True
            } else {
                self.script.looks.get(index).copied().unwrap_or(self.script.outage)
            }
        };
        let is_paged = self.script.kind == Kind::Orders;
        if let Look::Endless(_) | Look::SameToken | Look::UnreadableToken = look
            && !is_paged
        {
            look = Look::True;
        }
        self.state().happened.insert(look.label());
        if look == Look::Unreachable {
            sleep(Duration::from_millis(1)).await;
            return Err(progress.failure(Fault::Connect));
        }
        progress.begin(Duration::from_millis(1)).await?;
        let latency = match look {
            Look::Slow(time) | Look::Endless(time) => time,
            _ => self.script.list.latency,
        };
        sleep(Duration::from_millis(latency)).await;
        let body = match look {
            Look::Reset => return Err(progress.failure(Fault::Broken)),
            Look::Silence => std::future::pending().await,
            Look::Cut => {
                progress.head(200, self.headers(&[]));
                return Err(progress.failure(Fault::Broken));
            }
            Look::TooLarge => {
                progress.head(200, self.headers(&[]));
                return Err(progress.failure(Fault::TooLarge));
            }
            Look::Status(status, wait) => {
                let wait = wait.map(|seconds| ("retry-after", seconds.to_string()));
                return Ok(self.response(status, wait.as_slice(), "{}"));
            }
            Look::NoContent => return Ok(self.response(204, &[], "")),
            Look::Html => "<html>maintenance</html>".to_owned(),
            Look::DataNull => r#"{"data":null,"metadata":{"request_id":"rq-2"}}"#.to_owned(),
            Look::NoData => "{}".to_owned(),
            Look::NotJson => r#"{"data":[{"id":"#.to_owned(),
            Look::OtherKind => r#"{"data":{"status":"ok"},"metadata":{}}"#.to_owned(),
            Look::True
            | Look::Slow(_)
            | Look::WithoutKeys
            | Look::Endless(_)
            | Look::SameToken
            | Look::UnreadableToken
            | Look::WrongMetadata
            | Look::Unreachable => {
                let Some(page) = self.page(look, &query, token, began) else {
                    return Ok(self.response(400, &[], r#"{"error":{"code":400,"message":"token"}}"#));
                };
                page.to_string()
            }
        };
        Ok(self.response(200, &[], &body))
    }

    /// A page of the list as it stood when the walk began; none for a token that is not known.
    fn page(
        &self,
        look: Look,
        query: &BTreeMap<String, String>,
        token: Option<&str>,
        began: Instant,
    ) -> Option<Value> {
        let mut state = self.state();
        let key = self.script.member();
        if let Look::Endless(_) = look {
            let next = format!("endless-{}", state.gets);
            let (_, row) = self.stranger(&state, Stranger::Today, state.gets);
            return Some(json!({"data": [row], "metadata": {"next_page_token": next}}));
        }
        let (index, offset) = match token {
            None => {
                let walk = self.walk(&mut state, query, began);
                state.looks.push(walk);
                (state.looks.len() - 1, 0)
            }
            Some(token) => {
                let (index, offset) = token.strip_prefix("pt-")?.split_once('-')?;
                (index.parse::<usize>().ok()?, offset.parse::<usize>().ok()?)
            }
        };
        let asked = query.get("page_size").and_then(|size| size.parse().ok()).unwrap_or(usize::MAX);
        let size =
            if self.script.kind == Kind::Orders { self.script.list.page.min(asked) } else { usize::MAX };
        let walk = state.looks.get_mut(index)?;
        let end = offset.saturating_add(size).min(walk.rows.len());
        let begin = if self.script.list.repeats && offset > 0 { offset - 1 } else { offset };
        let mut rows = walk.rows[begin..end].to_vec();
        if look == Look::WithoutKeys {
            rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove(key)));
        }
        walk.keyless |= rows.iter().any(|row| row[key].as_str().is_none());
        let mut metadata = json!({"request_id": "rq-1"});
        let is_last = end == walk.rows.len();
        match look {
            Look::SameToken => metadata["next_page_token"] = "pt-same".into(),
            Look::UnreadableToken => metadata["next_page_token"] = json!({}),
            _ if !is_last => metadata["next_page_token"] = format!("pt-{index}-{end}").into(),
            _ => {
                if !walk.keyless {
                    walk.complete = Some(Instant::now());
                }
            }
        }
        if look == Look::WrongMetadata {
            metadata["total_items"] = "many".into();
            metadata["request_id"] = json!({});
        }
        if !is_last {
            state.happened.insert("several pages");
        }
        if begin < offset {
            state.happened.insert("rows repeated");
        }
        Some(json!({"data": rows, "metadata": metadata}))
    }

    fn walk(&self, state: &mut State, query: &BTreeMap<String, String>, began: Instant) -> ListWalk {
        let now = Instant::now();
        let recovered = state.recovered;
        let from = query.get("from").map(|from| from.parse::<Timestamp>().unwrap());
        let list = &self.script.list;
        let mut rows: Vec<(Timestamp, Value)> = Vec::new();
        for row in &state.book {
            if row.listed && (recovered || self.is_shown(row, now)) {
                let mut shown = self.json(row, now);
                if list.unreadable && row.plan != Plan::Refused {
                    state.happened.insert("unreadable rows of ours");
                    shown["quantity"] = json!({});
                }
                let hours = if row.yesterday { 24 } else { 0 };
                rows.push((self.time(row.at) - SignedDuration::from_hours(hours), shown));
            } else if row.listed {
                state.happened.insert("the list lags");
            }
        }
        for (index, stranger) in list.strangers.iter().enumerate() {
            state.happened.insert(stranger.label());
            rows.push(self.stranger(state, *stranger, index));
        }
        if list.skew != 0 {
            state.happened.insert(if list.skew > 0 { "clock ahead" } else { "clock behind" });
        }
        state.happened.insert(if list.date { "clock in the answer" } else { "no clock in the answer" });
        if let Some(from) = from {
            rows.retain(|(created, _)| *created >= from);
        }
        let ids = query.get("order_ids").map(|ids| ids.split(',').map(str::to_owned).collect::<Vec<_>>());
        if let Some(ids) = &ids {
            let member = self.script.member();
            state.happened.insert(match list.filter {
                Filter::Keys => "asked for keys",
                Filter::Nothing => "asked for keys, says nothing",
                Filter::Everything => "asked for keys, says everything",
            });
            match list.filter {
                Filter::Keys => rows.retain(|(_, row)| {
                    row[member].as_str().is_some_and(|key| ids.iter().any(|id| id == key))
                }),
                Filter::Nothing => rows.clear(),
                Filter::Everything => {}
            }
        }
        match list.order {
            Order::Newest => rows.sort_by_key(|(created, _)| std::cmp::Reverse(*created)),
            Order::Oldest => rows.sort_by_key(|(created, _)| *created),
            Order::Key => rows.sort_by_key(|(_, row)| row[self.script.member()].to_string()),
            Order::Mixed => {
                rows.sort_by_key(|(_, row)| row["id"].to_string().chars().rev().collect::<String>())
            }
        }
        let written = state.posts.first().map(|post| self.time(post.written));
        ListWalk {
            began,
            complete: None,
            by_key: ids.is_some(),
            from_too_late: from.zip(written).is_some_and(|(from, written)| from > written),
            keyless: false,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }

    fn stranger(&self, state: &State, stranger: Stranger, index: usize) -> (Timestamp, Value) {
        let hours = if stranger == Stranger::Yesterday { 24 } else { 0 };
        let created =
            self.time(self.start) - SignedDuration::from_hours(hours) - SignedDuration::from_mins(1);
        let status = self.status(Plan::Done, Duration::ZERO);
        let mut row = self.row(&format!("bk-s{index}"), &format!("ord-s{index}"), status, created);
        let key = self.script.member();
        match stranger {
            Stranger::Today | Stranger::Yesterday => {}
            Stranger::OtherAccount => row["account_id"] = 5_500_001.into(),
            Stranger::Unreadable => {
                row["created_at"] = "0000-00-00 09:31:07".into();
                row["quantity"] = json!([]);
            }
            Stranger::WithoutKey => drop(row.as_object_mut().unwrap().remove(key)),
            Stranger::OurKeyInCapitals => {
                if let Some(post) = state.posts.first() {
                    row[key] = post.keys[0].to_uppercase().into();
                }
            }
        }
        (created, row)
    }
}

impl MemoryServer for Broker {
    fn serve<'a>(&'a self, request: &'a HttpRequest, progress: &'a RequestProgress) -> ServeFuture<'a> {
        Box::pin(async move {
            match request.method {
                Method::Post => self.submit(request, progress).await,
                _ => self.list(request, progress).await,
            }
        })
    }
}
