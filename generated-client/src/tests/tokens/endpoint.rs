//! A token endpoint, a server that takes its tokens, and a client of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clear_street_test_support::server::{Action, Request, Server, json};

use crate::authentication::CredentialsConfig;
use crate::call::Call;
use crate::client::{ClientInner, Settings};
use crate::error::Result;
use crate::operation::Operation;
use crate::response::Response;
use crate::retry::TimeSource;
use crate::tests::time::ScriptedTime;
use crate::tests::{LIMITED, call};

pub(super) const ID: &str = "planted-id";
pub(super) const SECRET: &str = "planted-secret";

/// The nth token, from 1.
pub(super) fn token(number: usize) -> Vec<Action> {
    let text = format!(
        r#"{{"access_token": "planted-token-{number}", "expires_in": 86400, "token_type": "Bearer"}}"#
    );
    json(200, text)
}

pub(super) fn good() -> Vec<Action> {
    json(200, r#"{"result": ["a"]}"#)
}

pub(super) struct Setting {
    pub(super) endpoint: Server,
    pub(super) server: Server,
    pub(super) time: Arc<ScriptedTime>,
    pub(super) core: ClientInner,
}

impl Setting {
    /// The endpoint answers the nth request, from 1, with what the first function gives, and the
    /// server every request with what the second makes of it.
    pub(super) async fn new(
        fetch: impl Fn(usize) -> Vec<Action> + Send + Sync + 'static,
        answer: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static,
    ) -> Self {
        let next = AtomicUsize::new(1);
        let endpoint = Server::start(move |_| fetch(next.fetch_add(1, Ordering::Relaxed))).await;
        let server = Server::start(answer).await;
        let time = Arc::new(ScriptedTime::default());
        let mut settings = settings(&endpoint, &server);
        settings.time = Arc::clone(&time) as _;
        Self { core: settings.build().unwrap(), endpoint, server, time }
    }

    pub(super) fn call(&self, operation: &'static Operation) -> Call {
        call(&self.core, operation)
    }

    pub(super) async fn send(&self, operation: &'static Operation) -> Result<Response<Vec<String>>> {
        self.call(operation).send().await
    }

    /// What was asked of the endpoint and of the server so far.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.endpoint.requests().len(), self.server.requests().len())
    }

    /// What the server was sent as authorization.
    pub(super) fn sent(&self) -> Vec<String> {
        let bearer = |request: &Request| request.header("authorization").unwrap_or_default().to_owned();
        self.server.requests().iter().map(bearer).collect()
    }

    pub(super) async fn pass(&self, seconds: u64) {
        self.time.sleep(Duration::from_secs(seconds)).await;
    }

    /// Lets the client work until the endpoint was asked so often, and a little longer.
    pub(super) async fn until_asked(&self, times: usize) {
        while self.endpoint.requests().len() < times {
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn settings(endpoint: &Server, server: &Server) -> Settings {
    let mut settings = Settings::new(&LIMITED, &server.url);
    settings.credentials = Some(CredentialsConfig::Client { id: ID.into(), secret: SECRET.into() });
    settings.token_url = Some(format!("{}/oauth/token", endpoint.url));
    settings.timeout = Some(Duration::from_secs(60));
    // A thousand calls wait for fifty turns within one attempt each.
    settings.retries = crate::retry::RetrySettings::new().attempt_timeout(Duration::from_secs(60));
    settings.time = Arc::new(ScriptedTime::default());
    settings
}
