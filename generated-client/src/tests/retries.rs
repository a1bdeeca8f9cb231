//! What the server sees of repetitions, and what the caller does. Nothing sleeps here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clear_street_test_support::server::{Action, Server, answer, json, last};
use tokio::net::TcpSocket;

use super::time::ScriptedTime;
use super::{BLANK, CREATE, LIST, call, settings};
use crate::call::Call;
use crate::client::{ClientInner, Settings};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::operation::{Answer, BodyKind, Method, Operation, Repeat};
use crate::options::RequestOptions;
use crate::response::Response;
use crate::retry::RetrySettings;

/// Cancels something and answers what is left of it.
static CANCEL: Operation = Operation {
    name: "cancel",
    method: Method::Delete,
    repeat: Repeat::Idempotent,
    path: "/v1/things",
    answer: Answer::of::<Vec<String>>(),
    ..BLANK
};

static REMOVE: Operation = Operation { name: "remove", answer: Answer::nothing(), ..CANCEL };

static KEYED: Operation = Operation {
    name: "keyed",
    method: Method::Post,
    repeat: Repeat::Keyed,
    path: "/v1/things",
    body: BodyKind::None,
    ..BLANK
};

static NEVER: Operation = Operation { name: "never", repeat: Repeat::Never, ..KEYED };

const GOOD: &str = r#"{"result": ["a"]}"#;

/// A server, a client of it, and the client's time.
struct Setting {
    server: Server,
    time: Arc<ScriptedTime>,
    core: ClientInner,
}

impl Setting {
    /// The server answers the first requests with these, and all others with success.
    async fn new(replies: Vec<Vec<Action>>) -> Self {
        Self::with(replies, |_| {}).await
    }

    async fn with(replies: Vec<Vec<Action>>, change: impl FnOnce(&mut Settings)) -> Self {
        let next = AtomicUsize::new(0);
        let server = Server::start(move |_| {
            let reply = replies.get(next.fetch_add(1, Ordering::Relaxed));
            reply.cloned().unwrap_or_else(|| json(200, GOOD))
        })
        .await;
        let time = Arc::new(ScriptedTime::default());
        let mut settings = settings(&server.url);
        settings.time = Arc::clone(&time) as _;
        change(&mut settings);
        Self { core: settings.build().unwrap(), server, time }
    }

    fn call(&self, operation: &'static Operation) -> Call {
        call(&self.core, operation)
    }

    async fn send(&self, operation: &'static Operation) -> Result<Response<Vec<String>>> {
        self.call(operation).send().await
    }

    fn requests(&self) -> usize {
        self.server.requests().len()
    }

    /// What was slept, in milliseconds.
    fn slept(&self) -> Vec<u128> {
        self.time.sleeps().iter().map(Duration::as_millis).collect()
    }
}

fn status(status: u16) -> Vec<Action> {
    json(status, r#"{"problem": {"message": "no"}}"#)
}

fn asking(status: u16, retry_after: &str) -> Vec<Action> {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    answer(status, &[date, ("retry-after", retry_after)], r#"{"problem": {"message": "no"}}"#)
}

fn cut() -> Vec<Action> {
    last(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec())
}

#[tokio::test]
async fn a_read_is_repeated_until_it_succeeds() {
    for (fault, slept) in [
        (status(408), 50),
        (status(500), 50),
        (status(502), 50),
        (status(503), 50),
        (status(504), 50),
        (cut(), 50),
        (status(429), 500),
        (asking(429, "3"), 3050),
        (asking(503, "0"), 50),
        (asking(429, "Sun, 06 Nov 1994 08:49:47 GMT"), 10_050),
        (asking(429, "Sun, 06 Nov 1994 08:40:00 GMT"), 50),
        (asking(429, "soon"), 500),
    ] {
        let setting = Setting::new(vec![fault]).await;
        let response = setting.send(&LIST).await.unwrap();
        assert_eq!(response.data, ["a"]);
        assert_eq!((setting.requests(), setting.slept()), (2, vec![slept]));
        let statistics = setting.core.retry().statistics();
        assert_eq!((statistics.calls, statistics.attempts, statistics.read_budget), (1, 2, 500));
        let requests = setting.server.requests();
        assert_eq!(requests[0].target, requests[1].target);
        assert_eq!(requests[0].headers, requests[1].headers);
    }
}

#[tokio::test]
async fn a_read_is_given_up_after_its_attempts() {
    let setting = Setting::new((0..9).map(|_| status(503)).collect()).await;
    let error = setting.send(&LIST).await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(503), 3));
    assert_eq!(error.elapsed(), Duration::from_millis(150));
    assert_eq!(error.to_string(), "list: status 503: no after 3 attempts in 150.0ms");
    assert_eq!((setting.requests(), setting.slept()), (3, vec![50, 100]));
    let statistics = setting.core.retry().statistics();
    assert_eq!((statistics.attempts, statistics.retries_server_error), (3, 2));
    assert_eq!((statistics.read_budget, statistics.order_budget), (500 - 2 * 14, 100));
}

#[tokio::test]
async fn what_another_attempt_would_not_change_is_sent_once() {
    for (reply, kind) in [
        (status(400), ErrorKind::Api),
        (status(401), ErrorKind::Api),
        (status(403), ErrorKind::Api),
        (status(404), ErrorKind::Api),
        (status(409), ErrorKind::Api),
        (asking(409, "0"), ErrorKind::Api),
        (status(501), ErrorKind::Api),
        (asking(429, "31"), ErrorKind::Api),
        (asking(503, "99999999999"), ErrorKind::Api),
        (asking(503, "Sat, 06 Nov 2094 08:49:37 GMT"), ErrorKind::Api),
        (json(200, "<p>"), ErrorKind::Response),
    ] {
        let setting = Setting::new(vec![reply]).await;
        let error = setting.send(&LIST).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 1), "{error}");
        assert_eq!((setting.requests(), setting.slept()), (1, vec![]), "{error}");
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_left_to_the_caller() {
    let setting = Setting::new(vec![asking(429, "86400")]).await;
    let error = setting.send(&LIST).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)));
}

#[tokio::test]
async fn what_may_have_been_done_is_not_sent_again() {
    for operation in [&KEYED, &NEVER] {
        for fault in [cut(), last(Vec::new()), status(408), status(500), status(502), asking(503, "0")] {
            let setting = Setting::new(vec![fault]).await;
            let error = setting.send(operation).await.unwrap_err();
            assert_eq!((setting.requests(), error.attempts()), (1, 1), "{error}");
        }
    }
}

#[tokio::test]
async fn other_writes_wait_only_if_they_may() {
    for fault in [|| status(429), || asking(429, "1")] {
        let setting = Setting::new(vec![fault()]).await;
        setting.send(&NEVER).await.unwrap_err();
        assert_eq!(setting.requests(), 1);

        let setting = Setting::new(vec![fault()]).await;
        let mut call = setting.call(&NEVER);
        call.configure(RequestOptions::new().retries(RetrySettings::new().wait_if_throttled(true)));
        call.send::<Vec<String>>().await.unwrap();
        assert_eq!(setting.requests(), 2);
    }
}

/// Nobody listens, but nobody else gets the port either.
async fn refused(
    operation: &'static Operation,
    settings_of: impl FnOnce(&mut Settings),
) -> (Error, ClientInner) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut settings = settings(&format!("http://{}", socket.local_addr().unwrap()));
    settings_of(&mut settings);
    let core = settings.build().unwrap();
    let error = Call::new(&core, operation).send::<Vec<String>>().await.unwrap_err();
    (error, core)
}

#[tokio::test]
async fn what_was_not_sent_is_tried_again_whatever_it_is() {
    for operation in [&CANCEL, &KEYED, &NEVER] {
        let (error, core) = refused(operation, |_| {}).await;
        assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 3));
        assert_eq!(core.retry().statistics().retries_not_sent, 2);
    }
}

#[tokio::test]
async fn repeating_can_be_switched_off() {
    let once = || RetrySettings::new().max_attempts(1);
    for operation in [&CANCEL, &KEYED] {
        let (error, _) = refused(operation, |settings| {
            settings.retries = once();
            settings.order_retries = once();
        })
        .await;
        assert_eq!(error.attempts(), 1);
    }
    for fault in [status(503), status(429), cut()] {
        let setting = Setting::with(vec![fault], |settings| settings.retries = once()).await;
        setting.send(&LIST).await.unwrap_err();
        assert_eq!(setting.requests(), 1);
    }
    // One request may do what its client does not, and the reverse.
    let setting = Setting::with(vec![status(503)], |settings| settings.retries = once()).await;
    let mut call = setting.call(&LIST);
    call.configure(RequestOptions::new().retries(RetrySettings::new().max_attempts(2)));
    call.send::<Vec<String>>().await.unwrap();

    let setting = Setting::new(vec![status(503)]).await;
    let mut call = setting.call(&LIST);
    call.configure(RequestOptions::new().retries(once()));
    call.send::<Vec<String>>().await.unwrap_err();
    assert_eq!(setting.requests(), 1);
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_done() {
    for fault in [last(Vec::new()), status(502), status(503)] {
        let setting = Setting::new(vec![fault, status(404)]).await;
        let response = setting.call(&REMOVE).send::<()>().await.unwrap();
        assert_eq!((response.status(), setting.requests()), (204, 2));
    }
    // Its status says all.
    let setting = Setting::new(vec![cut(), status(404)]).await;
    let response = setting.call(&REMOVE).send::<()>().await.unwrap();
    assert_eq!((response.status(), setting.requests()), (200, 1));
    let setting = Setting::new(vec![cut(), status(404)]).await;
    let error = setting.send(&CANCEL).await.unwrap_err();
    assert_eq!((error.status(), error.already_gone()), (Some(404), true));
    assert!(error.to_string().contains("an earlier attempt has most likely done it"), "{error}");
}

#[tokio::test]
async fn a_404_without_an_earlier_attempt_that_may_have_done_it_is_one() {
    for replies in [vec![status(404)], vec![status(429), status(404)]] {
        let setting = Setting::new(replies).await;
        let error = setting.call(&REMOVE).send::<()>().await.unwrap_err();
        assert_eq!((error.status(), error.already_gone()), (Some(404), false));
    }
    let setting = Setting::new(vec![cut(), status(404)]).await;
    assert!(!setting.send(&LIST).await.unwrap_err().already_gone());
}

#[tokio::test]
async fn an_attempt_has_its_own_time() {
    let short = RetrySettings::new().attempt_timeout(Duration::from_millis(200));
    let setting = Setting::with(vec![vec![Action::Hold]], |settings| settings.retries = short.clone()).await;
    setting.send(&LIST).await.unwrap();
    assert_eq!(setting.requests(), 2);
    assert_eq!(setting.core.retry().statistics().retries_lost, 1);

    let setting = Setting::with(vec![vec![Action::Hold]], |settings| settings.order_retries = short).await;
    let error = setting.send(&KEYED).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::MaybeSent));
    assert_eq!(setting.requests(), 1);
}

#[tokio::test]
async fn a_call_waits_no_longer_than_its_time() {
    let faults = || (0..9).map(|_| asking(503, "3")).collect();
    let setting = Setting::new(faults()).await;
    let mut call = setting.call(&LIST);
    let options = RequestOptions::new().timeout(Duration::from_secs(7));
    call.configure(options.retries(RetrySettings::new().max_attempts(9)));
    let error = call.send::<Vec<String>>().await.unwrap_err();
    // 3.05 and 3.1 seconds; then there is less than a second left.
    assert_eq!((setting.requests(), setting.slept()), (3, vec![3050, 3100]));
    assert_eq!((error.status(), error.retry_after()), (Some(503), Some(Duration::from_secs(3))));
    assert!(error.elapsed() < Duration::from_secs(7));
}

#[tokio::test]
async fn a_spent_budget_switches_repeating_off_until_there_is_success() {
    let faults = (0..4).map(|_| status(503)).collect();
    let setting = Setting::with(faults, |settings| settings.retry_budgets = (14, 0)).await;
    // One repetition is paid for, the next is not, nor is any of the next call.
    assert_eq!(setting.send(&LIST).await.unwrap_err().attempts(), 2);
    assert_eq!(setting.core.retry().statistics().read_budget, 0);
    assert_eq!(setting.core.clone().retry().statistics().read_budget, 0);
    assert_eq!(setting.send(&LIST).await.unwrap_err().attempts(), 1);
    assert_eq!(setting.send(&LIST).await.unwrap_err().attempts(), 1);
    for budget in 1..=3 {
        setting.send(&LIST).await.unwrap();
        assert_eq!(setting.core.retry().statistics().read_budget, budget);
    }
    let (error, _) = refused(&KEYED, |settings| settings.retry_budgets = (500, 0)).await;
    assert_eq!(error.attempts(), 1);
    // A request may do without it.
    let faults = vec![status(503), status(429)];
    let setting = Setting::with(faults, |settings| settings.retry_budgets = (13, 0)).await;
    let mut call = setting.call(&LIST);
    call.configure(RequestOptions::new().retries(RetrySettings::new().cost(0, 0)));
    call.send::<Vec<String>>().await.unwrap();
    assert_eq!((setting.requests(), setting.core.retry().statistics().read_budget), (3, 13));
}

#[tokio::test]
async fn what_is_refused_beforehand_is_no_call() {
    let setting = Setting::new(Vec::new()).await;
    let error = setting.call(&CREATE).send::<Vec<String>>().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.elapsed()), (ErrorKind::Invalid, 0, Duration::ZERO));
    let mut call = setting.call(&LIST);
    call.configure(RequestOptions::new().retries(RetrySettings::new().max_attempts(0)));
    assert_eq!(call.send::<Vec<String>>().await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(setting.core.retry().statistics().calls, 0);
}
