//! An exchange on loopback: a book that takes one order per key, behind a line that breaks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one submission.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// The connection is reset before the order is read.
    ResetBefore,
    /// The order is taken, and the connection reset.
    ResetAfter,
    /// The order is taken, and the answer ends after so many bytes.
    Cut(usize),
    /// The order is taken, and there is no answer.
    Silence,
    /// Somebody in between answers this status, after or before the order was taken.
    Status(u16, Taken),
    /// The same, asking to wait for a second.
    Later(u16, Taken),
    /// Only the first of the orders is taken, and the connection reset.
    FirstOnly,
    /// The order is refused: a row says so, or the status alone.
    Refused { status: u16, rows: bool },
    /// All but the first are refused, with status 207.
    InPart,
    /// The order is taken, and the answer is a success that makes no sense.
    Nonsense,
    /// The order is taken, and the answer has no row for it.
    NoRows,
    /// The order is taken, and answered under other keys.
    Renamed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    No,
}

/// How a key is answered that is in the book already; nobody knows how the real ones do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Duplicate {
    /// As if it were new.
    Same,
    /// With this status and no rows.
    Status(u16),
    /// With this status and a row that says that it is refused.
    Row(u16),
}

/// The things that are submitted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Orders,
    Instructions,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) kind: Kind,
    /// By key: what was taken, in the order of their keys.
    pub(super) book: BTreeMap<String, Value>,
    /// What was refused and is listed nevertheless.
    pub(super) refusals: Vec<Value>,
    /// What happens to the next submissions.
    pub(super) faults: VecDeque<Fault>,
    pub(super) duplicate: Duplicate,
    /// So many readings show nothing yet.
    pub(super) lag: usize,
    /// Whether the list can be read.
    pub(super) list_fails: bool,
    /// Whether answers come in chunks.
    pub(super) chunked: bool,
    pub(super) page_size: usize,
    /// Bodies of the submissions that were read.
    pub(super) submissions: Vec<String>,
    /// Targets and headers of the readings.
    pub(super) readings: Vec<(String, Vec<String>)>,
    /// How long it takes until a submission fails.
    pub(super) takes: Duration,
    pub(super) clock: Arc<super::Script>,
    /// Length of the last answer to a submission.
    pub(super) answer_length: usize,
}

impl State {
    pub(super) fn keys(&self) -> Vec<&str> {
        self.book.keys().map(String::as_str).collect()
    }
}

pub(super) struct Exchange {
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

impl Exchange {
    pub(super) async fn start(kind: Kind, clock: Arc<super::Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            kind,
            book: BTreeMap::new(),
            refusals: Vec::new(),
            faults: VecDeque::new(),
            duplicate: Duplicate::Status(409),
            lag: 0,
            list_fails: false,
            chunked: false,
            page_size: 1000,
            submissions: Vec::new(),
            readings: Vec::new(),
            takes: Duration::ZERO,
            clock,
            answer_length: 0,
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state }
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// An empty book, and what happens to the next submissions.
    pub(super) fn reset(&self, faults: &[Fault]) {
        self.with(|state| {
            state.book.clear();
            state.refusals.clear();
            state.submissions.clear();
            state.readings.clear();
            state.faults = faults.iter().copied().collect();
            state.lag = 0;
            state.list_fails = false;
        });
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    if stream.read_line(&mut line).await.is_err() {
        return;
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return };
    let is_submission = method == "POST";
    let fault = if is_submission {
        state.lock().unwrap().faults.pop_front().unwrap_or(Fault::None)
    } else {
        Fault::None
    };
    if let Fault::ResetBefore = fault {
        return break_off(&stream);
    }
    let Some((headers, body)) = receive(&mut stream).await else { return };
    let answer = {
        let mut state = state.lock().unwrap();
        if is_submission { state.submit(&body, fault) } else { state.read(target, headers) }
    };
    match fault {
        Fault::ResetAfter | Fault::FirstOnly => break_off(&stream),
        Fault::Silence => drop(stream.read_to_end(&mut Vec::new()).await),
        Fault::Cut(length) => drop(stream.write_all(&answer[..length.min(answer.len())]).await),
        // The client may have seen enough and gone.
        _ => drop(stream.write_all(&answer).await),
    }
}

#[expect(deprecated, reason = "it may block where something is left to send, and here nothing is")]
fn break_off(stream: &BufReader<TcpStream>) {
    stream.get_ref().set_linger(Some(Duration::ZERO)).unwrap();
}

async fn receive(stream: &mut BufReader<TcpStream>) -> Option<(Vec<String>, String)> {
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length: ") {
            length = number.parse().unwrap();
        }
        headers.push(line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((headers, String::from_utf8(body).unwrap()))
}

impl State {
    fn submit(&mut self, body: &str, fault: Fault) -> Vec<u8> {
        self.submissions.push(body.to_owned());
        self.clock.pass(self.takes);
        let rows: Vec<Value> = serde_json::from_str(body).unwrap();
        let (status, data) = match fault {
            Fault::Status(status, taken) | Fault::Later(status, taken) => {
                if taken == Taken::Yes {
                    self.take_all(&rows);
                }
                (status, Value::Null)
            }
            Fault::Refused { status, rows: true } => (status, self.refuse(&rows)),
            Fault::Refused { status, rows: false } => (status, Value::Null),
            Fault::FirstOnly => self.take_all(&rows[..1]),
            Fault::InPart => {
                let mut data = self.take_all(&rows[..1]).1;
                let refused = rows[1..].iter().map(|row| self.row(row, "REJECTED"));
                data.as_array_mut().unwrap().extend(refused);
                // In an order of its own.
                data.as_array_mut().unwrap().reverse();
                (207, data)
            }
            _ => self.take_all(&rows),
        };
        let data = match fault {
            Fault::Nonsense => json!("what"),
            Fault::NoRows => json!([]),
            Fault::Renamed => {
                let key = self.answered_key();
                let mut data = data;
                for row in data.as_array_mut().unwrap() {
                    row[key] = format!("X-{}", row[key].as_str().unwrap()).into();
                }
                data
            }
            _ => data,
        };
        let answer = self.answer(status, data, matches!(fault, Fault::Later(..)));
        self.answer_length = answer.len();
        answer
    }

    /// What the exchange does with orders: one per key.
    fn take_all(&mut self, rows: &[Value]) -> (u16, Value) {
        let key = self.submitted_key();
        let known = rows.iter().any(|row| self.book.contains_key(row[key].as_str().unwrap()));
        if known {
            return match self.duplicate {
                Duplicate::Same => (200, rows.iter().map(|row| self.row(row, "NEW")).collect()),
                Duplicate::Status(status) => (status, Value::Null),
                Duplicate::Row(status) => (status, self.refuse(rows)),
            };
        }
        for row in rows {
            self.book.insert(row[key].as_str().unwrap().to_owned(), self.row(row, "NEW"));
        }
        (200, rows.iter().map(|row| self.row(row, "NEW")).collect())
    }

    /// Refuses orders; orders are listed then, instructions are not.
    fn refuse(&mut self, rows: &[Value]) -> Value {
        let refused: Vec<Value> = rows.iter().map(|row| self.row(row, "REJECTED")).collect();
        if let Kind::Orders = self.kind {
            self.refusals.extend(refused.iter().cloned());
        }
        refused.into()
    }

    fn read(&mut self, target: &str, headers: Vec<String>) -> Vec<u8> {
        self.readings.push((target.to_owned(), headers));
        if self.list_fails {
            return self.answer(403, Value::Null, false);
        }
        if self.lag > 0 {
            self.lag -= 1;
            return self.answer(200, json!([]), false);
        }
        let token = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("page_token="));
        let page = token.map_or(0, |token| token.parse::<usize>().unwrap());
        let start = page * self.page_size;
        let listed = self.refusals.iter().chain(self.book.values());
        let rows: Value = listed.skip(start).take(self.page_size).cloned().collect();
        let more = start + self.page_size < self.refusals.len() + self.book.len();
        let mut metadata = json!({"request_id": "r"});
        if more {
            metadata["next_page_token"] = (page + 1).to_string().into();
        }
        self.encode(200, &json!({"data": rows, "metadata": metadata}), false)
    }

    fn submitted_key(&self) -> &'static str {
        match self.kind {
            Kind::Orders => "id",
            Kind::Instructions => "instruction_id",
        }
    }

    fn answered_key(&self) -> &'static str {
        match self.kind {
            Kind::Orders => "client_order_id",
            Kind::Instructions => "instruction_id",
        }
    }

    fn row(&self, submitted: &Value, status: &str) -> Value {
        let key = &submitted[self.submitted_key()];
        match self.kind {
            Kind::Orders => json!({
                "id": "o", "client_order_id": key, "account_id": 7, "venue": "XNAS", "side": "BUY",
                "quantity": "1", "order_type": "MARKET", "time_in_force": "DAY", "status": status,
                "filled_quantity": "0", "leaves_quantity": "1",
                "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
            }),
            Kind::Instructions => json!({
                "id": "i", "instruction_id": key, "account_id": 7,
                "instrument_id": "0195d5e6-0000-7000-8000-000000000000", "symbol": "A",
                "instruction_type": "EXERCISE", "quantity": "1",
                "status": if status == "NEW" { "SENT" } else { status },
            }),
        }
    }

    fn answer(&self, status: u16, data: Value, later: bool) -> Vec<u8> {
        let mut envelope = json!({"metadata": {"request_id": "r"}});
        if !data.is_null() {
            envelope["data"] = data;
        }
        if status != 200 {
            envelope["error"] = json!({"code": status, "message": "so it is"});
        }
        self.encode(status, &envelope, later)
    }

    fn encode(&self, status: u16, envelope: &Value, later: bool) -> Vec<u8> {
        let body = envelope.to_string();
        let later = if later { "retry-after: 1\r\n" } else { "" };
        let head = format!("HTTP/1.1 {status} S\r\nconnection: close\r\n{later}");
        if !self.chunked {
            return format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes();
        }
        let (one, other) = body.split_at(body.len() / 2);
        let (first, second) = (one.len(), other.len());
        format!(
            "{head}transfer-encoding: chunked\r\n\r\n{first:x}\r\n{one}\r\n{second:x}\r\n{other}\r\n0\r\n\r\n"
        )
        .into_bytes()
    }
}
