//! What the server sees.

use std::collections::BTreeMap;

use clear_street_test_support::KEY;
use clear_street_test_support::server::Server;

use super::{CREATE, DELETE, LIST, call, core, create, list, send_list, settings};
use crate::api::Api;
use crate::call::{Call, UndocumentedRequest};
use crate::error::{Delivery, Error, ErrorKind};
use crate::operation::{Method, Operation};
use crate::options::RequestOptions;
use crate::record::Value;
use crate::{Json, Response};

static UNDOCUMENTED: [Operation; 5] = {
    const API: &Api = &super::API;
    Operation::undocumented(API)
};

async fn server() -> Server {
    Server::answering(200, r#"{"result": []}"#).await
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Sends it, which must fail before anything is sent.
async fn refused(call: Call, server: &Server) -> Error {
    let error = call.send::<Vec<String>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    assert_eq!(server.requests().len(), 0, "{error}");
    error
}

#[tokio::test]
async fn a_request_has_all_its_parts() {
    let server = server().await;
    let mut call = list(&server);
    call.set(0, "a/b?c#d%  ..".to_owned().view());
    call.set(1, texts(&["NEW", "a&b", "ü&="]).view());
    call.set(2, 5u32.view());
    call.set(4, None::<String>.view());
    call.send::<Vec<String>>().await.unwrap();

    let request = server.request();
    assert_eq!(request.method, "GET");
    assert_eq!(request.target, "/v1/things/a%2Fb%3Fc%23d%25%20%20..?kind=NEW,a%26b,%C3%BC%26%3D&size=5");
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    assert_eq!(request.header("content-type"), None);
    assert!(request.header("user-agent").unwrap().starts_with("clear-street-rs/"));
    assert_eq!(request.body, "");
}

#[tokio::test]
async fn a_body_is_json() {
    let server = server().await;
    create(&server, texts(&["a", "\u{e9}\""])).send::<Vec<String>>().await.unwrap();

    let request = server.request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v1/things?mode=7"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.body, r#"["a","é\""]"#);
}

#[tokio::test]
async fn an_optional_body_may_be_left_out() {
    let server = server().await;
    for body in [None, Some("x".to_owned())] {
        let mut call = Call::new(&core(&server), &DELETE);
        call.body(body.view());
        call.send::<()>().await.unwrap();
    }
    let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, ["", r#""x""#]);
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = server().await;
    let core = settings(&format!("{}/gateway/", server.url)).build().unwrap();
    call(&core, &LIST).send::<Vec<String>>().await.unwrap();
    assert_eq!(server.request().target, "/gateway/v1/things/7");
}

#[tokio::test]
async fn ids_cannot_leave_their_segment() {
    let server = server().await;
    for id in [".", ".."] {
        let mut call = list(&server);
        call.set(0, id.to_owned().view());
        let error = refused(call, &server).await;
        assert_eq!(error.path(), Some("id"));
        assert!(error.to_string().starts_with("list: `id` must not be"), "{error}");
    }
    let mut call = list(&server);
    call.set(0, "../..".to_owned().view());
    call.send::<Vec<String>>().await.unwrap();
    assert_eq!(server.request().target, "/v1/things/..%2F..");
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_sent() {
    type Change<'a> = &'a dyn Fn(&mut Call);

    let server = server().await;
    let too_many = texts(&["a", "b", "c", "d"]);
    let cases: [(Change<'_>, &str, &str); 6] = [
        (&|call| call.set(0, String::new().view()), "id", "at least 1 character"),
        (&|call| call.set(1, too_many.view()), "kind", "at most 3 items"),
        (&|call| call.set(1, texts(&[]).view()), "kind", "a list without items"),
        (&|call| call.set(1, texts(&["a", ""]).view()), "kind", "an empty item"),
        (&|call| call.set(2, 11u32.view()), "size", "at most 10"),
        (&|call| call.set(2, 0u32.view()), "size", "at least 1"),
    ];
    for (change, path, message) in cases {
        let mut call = list(&server);
        change(&mut call);
        let error = refused(call, &server).await;
        assert_eq!(error.path(), Some(path), "{error}");
        assert!(error.to_string().contains(message) && error.to_string().contains(path), "{error}");
    }
    let mut call = list(&server);
    call.set(4, "1".to_owned().view());
    call.set(5, "2".to_owned().view());
    let error = refused(call, &server).await;
    assert!(error.to_string().contains("`from` and `until`"), "{error}");
}

#[tokio::test]
async fn what_is_required_is_missed() {
    let server = server().await;
    let error = refused(Call::new(&core(&server), &LIST), &server).await;
    assert_eq!(error.to_string(), "list: `id` is required at id");
    let mut call = Call::new(&core(&server), &CREATE);
    let error = refused(call.clone(), &server).await;
    assert_eq!(error.path(), Some("mode"));
    call.set(0, "fast".to_owned().view());
    let error = refused(call, &server).await;
    assert_eq!(error.path(), Some("body"));
}

#[tokio::test]
async fn options_add_what_is_not_documented() {
    let server = server().await;
    let body = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    let mut call = create(&server, body);
    call.configure(RequestOptions::new().header("X-Trace", "t 1").query("new", "a b").query("new", "c"));
    call.configure(RequestOptions::new().body_field("b", Json::new(&3).unwrap()));
    call.configure(RequestOptions::new().body_field("c", Json::new(&[1]).unwrap()));
    call.send::<Vec<String>>().await.unwrap();

    let request = server.request();
    assert_eq!(request.target, "/v1/things?mode=7&new=a%20b&new=c");
    assert_eq!(request.header("x-trace"), Some("t 1"));
    assert_eq!(request.body, r#"{"a":"1","b":3,"c":[1]}"#);
}

#[tokio::test]
async fn options_that_cannot_be_sent_are_refused() {
    let server = server().await;
    for options in [
        RequestOptions::new().header("authorization", "Bearer other"),
        RequestOptions::new().header("x\r\ny", "1"),
        RequestOptions::new().header("x", "1\r\ny: 2"),
        RequestOptions::new().timeout(std::time::Duration::ZERO),
    ] {
        let mut call = list(&server);
        call.configure(options);
        refused(call, &server).await;
    }
    let mut call = create(&server, texts(&["a list"]));
    call.configure(RequestOptions::new().body_field("a", Json::new(&1).unwrap()));
    let error = refused(call, &server).await;
    assert_eq!(error.path(), Some("body"));
}

#[tokio::test]
async fn endpoints_that_are_not_documented_can_be_called() {
    let server = Server::answering(200, r#"{"result": {"a": 1.50}, "about": {"request_id": "r1"}}"#).await;
    let core = core(&server);
    let request = UndocumentedRequest::new(&core, &UNDOCUMENTED, Method::Patch, "/v2/new%20thing".to_owned());
    let body = Json::new(&["x"]).unwrap();
    let response: Response<Json> = request.query("q", "1&2").body(&body).send().await.unwrap();
    assert_eq!(response.data.text(), r#"{"a": 1.50}"#);
    assert_eq!(response.request_id(), Some("r1"));

    let request = server.request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("PATCH", "/v2/new%20thing?q=1%262"));
    assert_eq!(request.body, r#"["x"]"#);

    for path in ["v2", "/a/../b", "/a?b=c", "@example.com/"] {
        let request = UndocumentedRequest::new(&core, &UNDOCUMENTED, Method::Get, path.to_owned());
        let error = request.send().await.unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("path")), "{error}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_awaited() {
    let server = server().await;
    drop(send_list(&server));
    assert_eq!(server.requests().len(), 0);
}
