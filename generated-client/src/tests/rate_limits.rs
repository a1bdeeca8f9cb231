//! What a client does about the vendor's limits.

use std::sync::Arc;
use std::time::Duration;

use clear_street_test_support::KEY;
use clear_street_test_support::server::{Server, last};

use super::time::ScriptedTime;
use super::{BLANK, LIMITED};
use crate::authentication::CredentialsConfig;
use crate::call::Call;
use crate::client::{ClientInner, Settings};
use crate::error::{Delivery, ErrorKind};
use crate::operation::{Answer, Method, Operation, Repeat};
use crate::options::RequestOptions;
use crate::rate_limit::RateLimits;

static CREATE: Operation = Operation {
    api: &LIMITED,
    name: "create",
    method: Method::Post,
    path: "/a/orders",
    repeat: Repeat::Never,
    answer: Answer::nothing(),
    ..BLANK
};

static CANCEL: Operation = Operation { name: "cancel", method: Method::Delete, ..CREATE };

fn client(server: &Server, limits: Option<RateLimits>) -> (ClientInner, Arc<ScriptedTime>) {
    let time = Arc::new(ScriptedTime::default());
    let mut settings = Settings::new(&LIMITED, &server.url);
    settings.credentials = Some(CredentialsConfig::Key(KEY.into()));
    settings.time = Arc::clone(&time) as _;
    settings.rate_limits = limits.unwrap_or(settings.rate_limits);
    (settings.build().unwrap(), time)
}

#[tokio::test]
async fn clones_share_what_may_be_sent() {
    let server = Server::answering(200, "").await;
    let (core, time) = client(&server, Some(RateLimits::fail_fast()));
    for index in 0..7 {
        let clone = core.clone();
        Call::new(if index == 0 { &core } else { &clone }, &CREATE).send::<()>().await.unwrap();
    }
    let error = Call::new(&core, &CREATE).send::<()>().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::RateLimit, Delivery::NotSent));
    assert_eq!((error.attempts(), error.status()), (0, None));
    assert!(
        error.to_string().starts_with("create: the server takes 10 requests a second of `orders`"),
        "{error}"
    );
    // What is urgent has its room.
    for _ in 0..2 {
        Call::new(&core, &CANCEL).send::<()>().await.unwrap();
    }
    assert_eq!(Call::new(&core, &CANCEL).send::<()>().await.unwrap_err().kind(), ErrorKind::RateLimit);
    assert_eq!((server.requests().len(), time.sleeps().len()), (9, 0));
    // Another client does not know of it.
    let (other, _) = client(&server, None);
    Call::new(&other, &CREATE).send::<()>().await.unwrap();
}

#[tokio::test]
async fn a_request_waits_for_its_turn_within_its_time() {
    let server = Server::answering(200, "").await;
    let (core, time) = client(&server, Some(RateLimits::wait(Duration::from_secs(3))));
    let send = |timeout| {
        let mut call = Call::new(&core, &CREATE);
        call.configure(RequestOptions::new().timeout(Duration::from_secs(timeout)));
        call.send::<()>()
    };
    for _ in 0..7 {
        send(10).await.unwrap();
    }
    let error = send(1).await.unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::RateLimit, 7));
    send(10).await.unwrap();
    assert_eq!(time.sleeps(), [Duration::from_millis(1025)]);
}

/// The first attempt may have cancelled it, and the second has no turn.
#[tokio::test]
async fn what_may_have_been_done_before_stays_in_doubt() {
    static REMOVE: Operation = Operation { repeat: Repeat::Idempotent, path: "/a/bulk", ..CANCEL };

    let server = Server::start(|_| last(Vec::new())).await;
    let (core, _) = client(&server, Some(RateLimits::fail_fast()));
    let error = Call::new(&core, &REMOVE).send::<()>().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::RateLimit, Delivery::MaybeSent));
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
}

#[tokio::test]
async fn nothing_is_counted_where_limits_are_off() {
    let server = Server::answering(200, "").await;
    let (core, time) = client(&server, Some(RateLimits::off()));
    for _ in 0..30 {
        Call::new(&core, &CREATE).send::<()>().await.unwrap();
    }
    assert_eq!((server.requests().len(), time.sleeps().len()), (30, 0));
}
