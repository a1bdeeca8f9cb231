//! The key is never shown.

use std::fmt::Debug;

use super::support::Server;
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
