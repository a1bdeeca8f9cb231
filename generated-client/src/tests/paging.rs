//! Walking lists.

use std::future::poll_fn;
use std::pin::Pin;

use clear_street_test_support::server::{Action, Request, Server, json};
use futures_core::Stream;

use super::{create, list};
use crate::error::{Delivery, ErrorKind};
use crate::page::{Items, Pages};
use crate::record::Value;

/// The token in the query.
fn token(request: &Request) -> Option<&str> {
    let (_, query) = request.target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

fn page(items: &[&str], next: Option<&str>, previous: Option<&str>) -> Vec<Action> {
    let token = |name: &str, token: Option<&str>| {
        token.map_or_else(String::new, |token| format!(r#","{name}":"{token}""#))
    };
    let (next, previous) = (token("next_page_token", next), token("previous_page_token", previous));
    json(200, format!(r#"{{"result":{items:?},"about":{{"request_id":"r"{next}{previous}}}}}"#))
}

/// Three pages, of which the second is empty; no token means the first.
async fn three_pages() -> Server {
    Server::start(|request| match token(request) {
        None | Some("t1") => page(&["a", "b"], Some("t2"), None),
        Some("t2") => page(&[], Some("t3"), Some("t1")),
        Some("t3") => page(&["c"], Some(""), Some("t2")),
        Some(other) => json(400, format!(r#"{{"problem": {{"message": "{other}"}}}}"#)),
    })
    .await
}

#[tokio::test]
async fn pages_come_one_after_the_other() {
    let server = three_pages().await;
    let mut call = list(&server);
    call.set(2, 2u32.view());
    let mut pages = Pages::<String>::new(call);
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.push(page.unwrap().into_data());
    }
    assert_eq!(found, [vec!["a", "b"], vec![], vec!["c"]]);
    assert!(pages.next().await.is_none());
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(
        targets,
        ["/v1/things/7?size=2", "/v1/things/7?size=2&token=t2", "/v1/things/7?size=2&token=t3"]
    );
}

#[tokio::test]
async fn a_page_is_fetched_when_it_is_asked_for() {
    let server = three_pages().await;
    let mut items = Items::<String>::new(list(&server));
    assert_eq!(server.requests().len(), 0);
    items.next().await.unwrap().unwrap();
    items.next().await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 1);
    items.next().await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 3);
}

/// A prefetched page arrives while nobody polls the walk: the test waits for the server alone.
#[tokio::test]
async fn the_next_page_is_fetched_while_the_caller_works() {
    let (sender, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |request| {
        sender.send(token(request).map(str::to_owned)).unwrap();
        match token(request) {
            None => page(&["a"], Some("t2"), None),
            Some("t2") => page(&["b"], Some("t3"), None),
            Some(_) => page(&["c"], None, None),
        }
    })
    .await;
    let mut items = Items::<String>::new(list(&server)).prefetch();
    for (item, ahead) in [("a", Some("t2")), ("b", Some("t3"))] {
        assert_eq!(items.next().await.unwrap().unwrap(), item);
        if item == "a" {
            assert_eq!(asked.recv().await.unwrap(), None);
        }
        assert_eq!(asked.recv().await.unwrap().as_deref(), ahead);
    }
    assert_eq!(items.next().await.unwrap().unwrap(), "c");
    assert!(items.next().await.is_none());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn prefetching_changes_nothing_of_what_comes() {
    let server = three_pages().await;
    assert_eq!(Items::<String>::new(list(&server)).prefetch().into_vec().await.unwrap(), ["a", "b", "c"]);
    let mut call = list(&server);
    call.set(3, "t3".to_owned().view());
    let backwards = Items::<String>::new(call).prefetch().backwards();
    assert_eq!(backwards.into_vec().await.unwrap(), ["c", "b", "a"]);
    assert_eq!(server.requests().len(), 6);

    let server = Server::start(|request| match token(request) {
        None => page(&["a"], Some("t1"), None),
        Some("t1") => page(&["b"], Some("t1"), None),
        Some(_) => json(400, "{}"),
    })
    .await;
    let mut pages = Pages::<String>::new(list(&server)).prefetch();
    assert_eq!(pages.next().await.unwrap().unwrap().data, ["a"]);
    assert_eq!(pages.next().await.unwrap().unwrap().data, ["b"]);
    assert_eq!(pages.next().await.unwrap().unwrap_err().kind(), ErrorKind::Paging);
    assert!(pages.next().await.is_none());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_prefetched_page_that_fails_is_reported_when_it_is_asked_for() {
    let server = Server::start(|request| match token(request) {
        None => page(&["a"], Some("t2"), None),
        Some(_) => json(400, r#"{"problem": {"message": "broken"}}"#),
    })
    .await;
    let mut pages = Pages::<String>::new(list(&server)).prefetch();
    assert_eq!(pages.next().await.unwrap().unwrap().data, ["a"]);
    assert_eq!(pages.next().await.unwrap().unwrap_err().message(), "broken");
    assert_eq!(pages.token(), Some("t2"));
    assert!(pages.next().await.is_none());
}

/// A server that never answers the second page sees its connection closed when the walk is dropped.
#[tokio::test]
async fn a_walk_that_is_dropped_leaves_no_task() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let server = Server::start(|request| match token(request) {
        None => page(&["a"], Some("t2"), None),
        Some(_) => vec![Action::Hold],
    })
    .await;
    let before = metrics.num_alive_tasks();
    let mut pages = Pages::<String>::new(list(&server)).prefetch();
    pages.next().await.unwrap().unwrap();
    while server.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(metrics.num_alive_tasks() > before);
    drop(pages);
    while metrics.num_alive_tasks() > before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn items_come_from_all_pages_both_ways() {
    let server = three_pages().await;
    assert_eq!(Items::<String>::new(list(&server)).into_vec().await.unwrap(), ["a", "b", "c"]);
    let mut call = list(&server);
    call.set(3, "t3".to_owned().view());
    assert_eq!(Items::<String>::new(call).backwards().into_vec().await.unwrap(), ["c", "b", "a"]);
}

#[tokio::test]
async fn both_are_streams() {
    let server = three_pages().await;
    let mut pages = Pages::<String>::new(list(&server));
    let first = poll_fn(|context| Pin::new(&mut pages).poll_next(context)).await;
    assert_eq!(first.unwrap().unwrap().data, ["a", "b"]);
    let mut items = Items::<String>::new(list(&server));
    let first = poll_fn(|context| Pin::new(&mut items).poll_next(context)).await;
    assert_eq!(first.unwrap().unwrap(), "a");
}

#[tokio::test]
async fn a_token_may_go_into_the_body() {
    let server = Server::start(|request| match request.body.as_str() {
        r#"{"a":"1"}"# => page(&["x"], Some("t=2"), None),
        r#"{"a":"1","token":"t=2"}"# => page(&["y"], None, None),
        other => json(400, format!(r#"{{"problem": {{"message": {other:?}}}}}"#)),
    })
    .await;
    let call = create(&server, std::collections::BTreeMap::from([("a".to_owned(), "1".to_owned())]));
    assert_eq!(Items::<String>::new(call).into_vec().await.unwrap(), ["x", "y"]);
}

#[tokio::test]
async fn a_walk_does_not_go_in_circles() {
    let server = Server::start(|request| match token(request) {
        None => page(&["a"], Some("t1"), None),
        Some("t1") => page(&["b"], Some("t2"), None),
        Some(_) => page(&["c"], Some("t1"), None),
    })
    .await;
    let mut items = Items::<String>::new(list(&server));
    for expected in ["a", "b", "c"] {
        assert_eq!(items.next().await.unwrap().unwrap(), expected);
    }
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Paging, Some("list")));
    assert_eq!(error.delivery(), Delivery::Answered);
    assert!(items.next().await.is_none());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_walk_does_not_come_back_to_where_it_began() {
    let server = Server::start(|_| page(&["a"], Some("t1"), None)).await;
    let mut call = list(&server);
    call.set(3, "t1".to_owned().view());
    let mut items = Items::<String>::new(call);
    assert_eq!(items.next().await.unwrap().unwrap(), "a");
    assert_eq!(items.next().await.unwrap().unwrap_err().kind(), ErrorKind::Paging);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn empty_pages_do_not_go_on_for_ever() {
    let server = Server::start(|request| {
        let number: u32 = token(request).map_or(0, |token| token.parse().unwrap());
        page(&[], Some(&(number + 1).to_string()), None)
    })
    .await;
    let error = Items::<String>::new(list(&server)).into_vec().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Paging);
    assert_eq!(server.requests().len(), 100);
}

#[tokio::test]
async fn a_walk_that_failed_can_be_taken_up_again() {
    let server = Server::start(|request| match token(request) {
        None => page(&["a"], Some("t2"), None),
        Some(_) => json(400, r#"{"problem": {"message": "broken"}}"#),
    })
    .await;
    let mut pages = Pages::<String>::new(list(&server));
    assert_eq!(pages.token(), None);
    pages.next().await.unwrap().unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap_err().message(), "broken");
    assert_eq!(pages.token(), Some("t2"));
    assert!(pages.next().await.is_none());
    assert_eq!(server.requests().len(), 2);
}
