//! An API without an envelope, whose values have other encodings.

use std::sync::Arc;

use clear_street_test_support::KEY;
use clear_street_test_support::server::{Server, json};
use jiff::Timestamp;
use jiff::civil::date;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::specs::archive::records::{DropRecord, ListNames, ListRecords, NewRecord, Record};
use super::specs::archive::{Client, OPERATIONS, api};
use super::time::ScriptedTime;
use crate::authentication::CredentialsConfig;
use crate::client::Settings;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::response::Response;

fn client(server: &Server) -> Client {
    // The path of a base URL stands before every path.
    let mut settings = Settings::new(&api::API, &format!("{}/api/v9", server.url));
    settings.credentials = Some(CredentialsConfig::Key(KEY.into()));
    settings.time = Arc::new(ScriptedTime::default());
    Client { core: settings.build().unwrap() }
}

fn record(name: &str) -> Json {
    json!({
        "kept_at": 1_761_921_000_123_i64, "day": 20_251_031, "weight": "1.50", "price": 0.1,
        "offers": {"a": 12.5, "b": -3}, "prices": [1, 2.5], "name": name,
    })
}

#[tokio::test]
async fn values_are_encoded_alike_in_path_query_and_body() {
    let server = Server::start(|request| {
        if request.method == "GET" {
            json(200, r#"{"found": []}"#)
        } else {
            json(201, record("n").to_string())
        }
    })
    .await;
    let records = client(&server).records();
    let at = Timestamp::from_millisecond(1_761_921_000_123).unwrap();
    let days = [date(2024, 2, 29), date(2025, 10, 31)];
    records.list_records(days[1]).since(at).days(days).send().await.unwrap();
    let price = Decimal::new(10, 2);
    let new = NewRecord::new(at, days[1], Decimal::new(150, 2), price).offers([("a", price)]).prices([price]);
    let kept = records.add_record(new).send().await.unwrap().into_data();
    assert_eq!((kept.kept_at, kept.day, kept.price), (at, days[1], Decimal::new(1, 1)));

    let [listed, added] = &server.requests()[..] else { panic!("two requests") };
    assert_eq!(
        listed.target,
        "/api/v9/days/20251031/records?since=1761921000123&days=20240229&days=20251031"
    );
    assert_eq!(added.target, "/api/v9/records");
    // Texts and numbers, as the spec has them field by field, and with all their digits.
    assert_eq!(
        added.body,
        r#"{"kept_at":1761921000123,"day":20251031,"weight":"1.50","price":0.10,"offers":{"a":0.10},"prices":[0.10]}"#
    );
}

#[test]
fn a_record_is_read_and_written_the_same() {
    let read: Record = serde_json::from_value(record("n")).unwrap();
    assert_eq!(read.offers.as_ref().unwrap()["b"], Decimal::from(-3));
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        json!({
            "kept_at": 1_761_921_000_123_i64, "day": 20_251_031, "weight": "1.50", "price": 0.1,
            "offers": {"a": 12.5, "b": -3}, "prices": [1, 2.5], "name": "n",
        })
    );
    for (field, wrong) in
        [("kept_at", json!("noon")), ("day", json!(20_251_301)), ("day", json!(2025)), ("day", json!(1.5))]
    {
        let mut body = record("n");
        body[field] = wrong;
        let error = serde_json::from_value::<Record>(body).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

#[tokio::test]
async fn pages_are_walked_by_the_token_beside_the_items() {
    let server = Server::start(|request| match request.target.split_once("cursor=") {
        None => json(200, json!({"next_cursor": "c/2", "found": [record("a"), record("b")]}).to_string()),
        Some((_, "c%2F2")) => json(200, json!({"found": [record("c")], "next_cursor": ""}).to_string()),
        Some(other) => panic!("{other:?}"),
    })
    .await;
    let request = client(&server).records().list_records(date(2025, 10, 31)).count(2);
    let names: Vec<_> =
        request.items().into_vec().await.unwrap().into_iter().map(|record| record.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn what_has_no_way_back_is_not_walked_backwards() {
    let server = Server::answering(200, r#"{"found": []}"#).await;
    let mut pages =
        client(&server).records().list_records(date(2025, 10, 31)).cursor("c").pages().backwards();
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Paging, Delivery::NotSent));
    assert_eq!(error.to_string(), "list_records: the pages of this API can be walked forwards only");
    assert!(pages.next().await.is_none());
    assert!(server.requests().is_empty());
}

async fn names(status: u16, body: &'static str) -> Result<Response<Vec<String>>> {
    client(&Server::answering(status, body).await).records().list_names().send().await
}

#[tokio::test]
async fn a_list_is_an_object_with_its_items() {
    let response = names(200, r#" {"count": 1, "found": ["a"]} "#).await.unwrap();
    assert_eq!(response.metadata().next_page_token, None);
    assert_eq!(response.data, ["a"]);
    for (body, message, path) in [
        ("", "the answer has no body", None),
        ("{}", "the answer has no result", None),
        (r#"{"found": null}"#, "the answer has no result", None),
        (r#"{"found": ["a", [7]]}"#, "a list", Some("$.found[1]")),
        ("[\"a\"]", "no JSON object", None),
        ("<html>", "<html>", None),
    ] {
        let error = names(200, body).await.unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Response, path), "{body}: {error}");
        assert!(error.message().contains(message), "{body}: {error}");
    }
}

#[tokio::test]
async fn where_nothing_is_answered_any_body_will_do() {
    for (status, body) in [(204, ""), (200, ""), (201, "{}"), (200, "OK"), (200, r#"{"found": 7}"#)] {
        let server = Server::answering(status, body).await;
        let response = client(&server).records().drop_record("a").send().await.unwrap();
        assert_eq!((response.status(), response.body()), (status, body.as_bytes()));
    }
}

async fn problem(status: u16, body: &'static str) -> Error {
    let error = names(status, body).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(status)), "{error}");
    assert_eq!(error.delivery(), Delivery::Answered);
    error
}

#[tokio::test]
async fn errors_are_problem_details() {
    let error = problem(
        404,
        r#"{"type": "https://example.com/missing", "title": "Not Found", "status": 404, "detail": "no record b",
            "instance": "/1", "extension": [1]}"#,
    )
    .await;
    assert_eq!(error.to_string(), "list_names: status 404: Not Found: no record b");
    assert_eq!((error.code(), error.message()), (Some("404"), "no record b"));
    let details = error.problem().unwrap();
    assert_eq!(details.problem_type(), Some("https://example.com/missing"));
    assert_eq!((details.title(), details.detail()), (Some("Not Found"), Some("no record b")));
    assert_eq!((details.status(), details.instance()), (Some("404"), Some("/1")));
    assert!(error.details().is_empty());
    assert_eq!(error.data::<Vec<String>>().unwrap(), None);
}

#[tokio::test]
async fn problems_may_be_incomplete_and_others_are_understood() {
    for (body, text, is_problem) in [
        (r#"{"title": "Slow down"}"#, "Slow down", true),
        (r#"{"detail": "Slow down", "title": "Slow down"}"#, "Slow down", true),
        (r#"{"type": "urn:slow", "title": ""}"#, "the server answered with an error", true),
        (r#"{"status": 400, "message": "from a gateway"}"#, "from a gateway", false),
        (r#"{"title": [7]}"#, r#"{"title": [7]}"#, false),
        ("<html>", "<html>", false),
        ("", "without a body", false),
    ] {
        let error = problem(400, body).await;
        assert!(error.to_string().contains(text), "{body}: {error}");
        assert_eq!(error.problem().is_some(), is_problem, "{body}");
    }
}

#[test]
fn recorded_bodies_are_encoded_again() {
    let operation = |name: &str| *OPERATIONS.iter().find(|operation| operation.name == name).unwrap();
    let page = json!({"found": [record("a")], "next_cursor": "c"});
    for (name, status, body) in [
        ("list_records", 200, page),
        ("list_names", 200, json!({"found": ["a"]})),
        ("add_record", 201, record("a")),
        ("add_record", 400, json!({"title": "no", "status": 400})),
    ] {
        let again = operation(name).recode(status, body.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::from_slice::<Json>(&again).unwrap(), body, "{name}");
    }
    assert_eq!(operation("drop_record").recode(204, b"").unwrap(), b"");
    assert_eq!(operation("add_record").recode(400, b"").unwrap(), b"");
    let error = operation("add_record").recode(400, br#"{"status": 400}"#).unwrap_err();
    assert_eq!(error.message(), "the answer has no explanation");
}

#[test]
fn nothing_is_known_of_the_way_back() {
    assert_eq!(ListRecords::OPERATION.api.pagination.previous, None);
    assert!(DropRecord::OPERATION.answer.is_nothing() && !ListNames::OPERATION.answer.is_nothing());
}
