//! The key is never shown.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::support::{KEY, Server};
use super::{core, list, send_list, settings};
use crate::options::RequestOptions;
use crate::page::{Items, Pages};

#[tokio::test]
async fn debug_of_nothing_shows_the_key() {
    let server = Server::answering(200, r#"{"result": ["a"]}"#).await;
    let mut settings = settings(&server.url);
    settings.headers.push(("x-second".to_owned(), "planted-second".into()));
    let options = RequestOptions::new().header("x-third", "planted-third").query("q", "planted-fourth");
    let mut call = list(&server);
    call.configure(options.clone());
    let core = core(&server);
    let response = send_list(&server).await.unwrap();
    let shown: [&dyn Debug; 9] = [
        &settings,
        &settings.clone().build().unwrap(),
        &core,
        &options,
        &call,
        &send_list(&server),
        &Pages::<String>::new(call.clone()),
        &Items::<String>::new(call.clone()),
        &response,
    ];
    for shown in shown {
        for text in [format!("{shown:?}"), format!("{shown:#?}")] {
            assert!(!text.contains("planted"), "{text}");
        }
    }
}

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
    let server =
        Server::answering(404, r#"{"problem": {"message": "confidential"}, "about": {"request_id": "r1"}}"#)
            .await;
    send_list(&server).await.unwrap_err();
    let traced = log.lock().unwrap().clone();
    for part in [
        r#"operation="list""#,
        r#"method="GET""#,
        r#"path="/v1/things/{id}""#,
        "status=404",
        r#"request_id="r1""#,
        "kind=Api",
        "delivery=Answered",
    ] {
        assert!(traced.contains(part), "{part} in {traced}");
    }
    for secret in [KEY, "confidential", "things/7"] {
        assert!(!traced.contains(secret), "{secret} in {traced}");
    }
}
