//! One fetch for all, in time, and again when the server refuses a token.

use std::sync::{Arc, Mutex};

use clear_street_test_support::server::{Action, Request, Server, json};

use super::endpoint::{ID, SECRET, Setting, good, settings, token};
use crate::authentication::{CredentialsConfig, Token, TokenFuture, TokenRequest, TokenSource};
use crate::operation::{BodyKind, Method, Operation, Repeat};
use crate::retry::RetrySettings;
use crate::tests::{BLANK, LIST, call};

fn refused() -> Vec<Action> {
    json(401, r#"{"problem": {"message": "who are you?"}}"#)
}

/// Takes these tokens only.
fn taking(numbers: &'static [usize]) -> impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static {
    move |request| {
        let sent = request.header("authorization").unwrap_or_default();
        let is_good = |number: &usize| sent == format!("Bearer planted-token-{number}");
        if numbers.iter().any(is_good) { good() } else { refused() }
    }
}

#[tokio::test]
async fn a_thousand_callers_cause_one_fetch() {
    let endpoint = Server::start(|_| token(1)).await;
    let server = Server::start(taking(&[1])).await;
    let mut settings = settings(&endpoint, &server);
    settings.transport.concurrent_requests = Some(50);
    let core = settings.build().unwrap();
    let calls: Vec<_> = (0..1000).map(|_| tokio::spawn(call(&core, &LIST).send::<Vec<String>>())).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().data, ["a"]);
    }
    assert_eq!(server.requests().len(), 1000);
    let request = endpoint.request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/oauth/token"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), None);
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let expected = serde_json::json!({
        "grant_type": "client_credentials",
        "client_id": ID,
        "client_secret": SECRET,
        "audience": "https://example.com",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_token_that_expires_on_its_way_is_replaced_whatever_the_operation() {
    static IDEMPOTENT: Operation = Operation { method: Method::Delete, repeat: Repeat::Idempotent, ..NEVER };
    static KEYED: Operation = Operation { repeat: Repeat::Keyed, ..NEVER };
    static NEVER: Operation = Operation {
        method: Method::Post,
        repeat: Repeat::Never,
        path: "/v1/things",
        body: BodyKind::None,
        ..BLANK
    };
    for operation in [&LIST, &IDEMPOTENT, &KEYED, &NEVER] {
        let setting = Setting::new(token, taking(&[2])).await;
        let response = setting.send(operation).await.unwrap();
        assert_eq!(response.data, ["a"]);
        assert_eq!(setting.sent(), ["Bearer planted-token-1", "Bearer planted-token-2"]);
        assert_eq!(setting.counts(), (2, 2));
        assert!(setting.time.sleeps().is_empty());
        let statistics = setting.core.retry().statistics();
        assert_eq!((statistics.attempts, statistics.retries_unauthorized), (2, 1));
        assert_eq!((statistics.read_budget, statistics.order_budget), (500, 100));
    }
}

#[tokio::test]
async fn many_refusals_of_a_token_cause_one_fetch() {
    let setting = Setting::new(token, taking(&[2])).await;
    let calls: Vec<_> = (0..50).map(|_| tokio::spawn(setting.call(&LIST).send::<Vec<String>>())).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(setting.endpoint.requests().len(), 2);
}

#[tokio::test]
async fn who_is_refused_for_ever_is_told_after_one_fetch() {
    let setting = Setting::new(token, taking(&[])).await;
    let error = setting.send(&LIST).await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(401), 2));
    assert_eq!(error.message(), "who are you?");
    assert_eq!(setting.counts(), (2, 2));
    // Others are told at once, for half a minute.
    for requests in [3, 4] {
        assert_eq!(setting.send(&LIST).await.unwrap_err().status(), Some(401));
        assert_eq!(setting.counts(), (2, requests));
    }
    setting.pass(30).await;
    assert_eq!(setting.send(&LIST).await.unwrap_err().status(), Some(401));
    assert_eq!(setting.counts(), (3, 6));
}

#[tokio::test]
async fn a_request_that_is_sent_once_leaves_the_new_token_to_the_next() {
    let endpoint = Server::start({
        let next = Mutex::new(0);
        move |_| {
            let mut next = next.lock().unwrap();
            *next += 1;
            token(*next)
        }
    })
    .await;
    let server = Server::start(taking(&[2])).await;
    let mut settings = settings(&endpoint, &server);
    settings.retries = RetrySettings::new().max_attempts(1);
    let core = settings.build().unwrap();
    let send = || call(&core, &LIST).send::<Vec<String>>();
    let error = send().await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(401), 1));
    while send().await.is_err() {}
    assert_eq!(endpoint.requests().len(), 2);
}

#[tokio::test]
async fn a_refused_key_stays_refused() {
    let setting = Setting::new(token, taking(&[])).await;
    let mut settings = settings(&setting.endpoint, &setting.server);
    settings.credentials = Some(CredentialsConfig::Key("planted-token-9".into()));
    let error = call(&settings.build().unwrap(), &LIST).send::<Vec<String>>().await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(401), 1));
    assert_eq!(setting.counts(), (0, 1));
}

#[tokio::test]
async fn a_good_token_outlives_an_endpoint_that_fails() {
    let fetch = |number| if number == 1 { token(1) } else { json(500, "{}") };
    let setting = Setting::new(fetch, |_| good()).await;
    setting.send(&LIST).await.unwrap();
    setting.pass(70_000).await;
    for _ in 0..3 {
        setting.send(&LIST).await.unwrap();
    }
    setting.until_asked(4).await;
    setting.send(&LIST).await.unwrap();
    assert!(setting.sent().iter().all(|sent| sent == "Bearer planted-token-1"));
    // To its end, also when the client has waited in vain for another.
    setting.pass(86_390 - 70_000).await;
    setting.send(&LIST).await.unwrap();
    setting.pass(70).await;
    let error = setting.send(&LIST).await.unwrap_err();
    assert!(error.to_string().contains("there is no access token"), "{error}");
}

#[tokio::test]
async fn a_token_is_renewed_behind_the_requests() {
    let setting = Setting::new(token, |_| good()).await;
    setting.send(&LIST).await.unwrap();
    setting.pass(69_120).await;
    setting.send(&LIST).await.unwrap();
    assert_eq!(setting.sent(), ["Bearer planted-token-1"; 2]);
    setting.until_asked(2).await;
    while setting.sent().last().is_none_or(|sent| sent != "Bearer planted-token-2") {
        setting.send(&LIST).await.unwrap();
    }
    assert_eq!(setting.endpoint.requests().len(), 2);
}

#[tokio::test]
async fn clients_of_two_servers_share_a_source_but_no_token() {
    struct Source(Arc<Mutex<Vec<String>>>);

    impl TokenSource for Source {
        fn fetch<'a>(&'a self, request: &'a TokenRequest) -> TokenFuture<'a> {
            Box::pin(async move {
                let mut asked =
                    self.0.lock().map_err(|_| crate::authentication::TokenError::new("poisoned"))?;
                asked.push(request.base_url().to_owned());
                Ok(Token::new(format!("planted-token-{}", asked.len())))
            })
        }
    }

    let asked = Arc::default();
    let source: Arc<dyn TokenSource> = Arc::new(Source(Arc::clone(&asked)));
    let endpoint = Server::start(|_| token(9)).await;
    let mut urls = Vec::new();
    for number in 1..3 {
        let server = Server::start(|_| good()).await;
        let mut settings = settings(&endpoint, &server);
        settings.credentials = Some(CredentialsConfig::Source(Arc::clone(&source)));
        let core = settings.build().unwrap();
        for _ in 0..2 {
            call(&core, &LIST).send::<Vec<String>>().await.unwrap();
        }
        for request in server.requests() {
            assert_eq!(request.header("authorization"), Some(&*format!("Bearer planted-token-{number}")));
        }
        urls.push(server.url.clone());
    }
    assert_eq!(*asked.lock().unwrap(), urls);
    assert!(endpoint.requests().is_empty());
}
