//! What is traced. A program of its own: what is traced depends on the first subscriber of a
//! process.

#![allow(clippy::unwrap_used, reason = "a test fails where it panics")]

mod support;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{KEY, Server};

/// Writes down everything that is traced.
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("clear_street")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_call_is_traced_without_bodies_and_secrets() {
    let log = Arc::new(Mutex::new(String::new()));
    let _guard = tracing::subscriber::set_default(Log(Arc::clone(&log)));
    let body = r#"{"error": {"message": "confidential"}, "metadata": {"request_id": "r1"}}"#;
    let server = Server::answering(404, body).await;
    let client = Client::builder().api_key(KEY).base_url(&server.url).build().unwrap();
    client.orders().get_orders(AccountId::new(7_654_321)).send().await.unwrap_err();
    let traced = log.lock().unwrap().clone();
    for part in [
        r#"operation="get_orders""#,
        r#"method="GET""#,
        r#"path="/v1/accounts/{account_id}/orders""#,
        "status=404",
        r#"request_id="r1""#,
        "kind=Api",
        "delivery=Answered",
        "number=1 ",
        "elapsed=",
        "attempts=1 ",
        "reason=Settled",
    ] {
        assert!(traced.contains(part), "{part} in {traced}");
    }
    for secret in [KEY, "confidential", "7654321"] {
        assert!(!traced.contains(secret), "{secret} in {traced}");
    }
}
