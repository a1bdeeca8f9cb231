//! What requests are answered, whatever stands in them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod http;

use std::fs;
use std::path::Path;

use clear_street_mock::MockServer;
use serde_json::{Value, json};

use http::{Answer, send, send_with};

const ORDERS: &str = "POST /v1/accounts/7/orders";

/// An order that is as it should be, but for what a test changes.
fn order(changes: Value) -> String {
    let mut order = json!({
        "id": "mine", "symbol": "AAPL", "side": "BUY", "quantity": "10", "order_type": "LIMIT",
        "limit_price": "1.50", "time_in_force": "DAY",
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::String(text) if text == "(gone)" => drop(order.as_object_mut().unwrap().remove(name)),
            value => order[name] = value.clone(),
        }
    }
    json!([order]).to_string()
}

/// Type and field of each violation.
fn violations(answer: &Answer) -> Vec<(String, String)> {
    let error = &answer.json()["error"];
    let details = error["details"].as_array().unwrap().clone();
    let text = |detail: &Value, name: &str| detail[name].as_str().unwrap().to_owned();
    details.iter().map(|detail| (text(detail, "type"), text(detail, "subject"))).collect()
}

#[tokio::test]
async fn every_kind_of_mistake_is_refused_by_its_field() {
    let server = MockServer::start().await.unwrap();
    let get = |query: &str| (format!("GET /v1/accounts/7/orders?{query}"), String::new());
    let post = |changes: Value| (ORDERS.to_owned(), order(changes));
    let long = "x".repeat(65);
    let cases = [
        // Of paths.
        (("GET /v1/accounts/me/orders".to_owned(), String::new()), vec![("TYPE", "account_id")]),
        // Of queries.
        (get("page_size=0"), vec![("RANGE", "page_size")]),
        (get("page_size=1001"), vec![("RANGE", "page_size")]),
        (get("page_size=many"), vec![("TYPE", "page_size")]),
        (get("page_size=1&page_size=2"), vec![("TYPE", "page_size")]),
        (get("status=NEW,BOGUS"), vec![("ENUM", "status[1]")]),
        (get("from=yesterday"), vec![("FORMAT", "from")]),
        (get("page_token=bogus"), vec![("FORMAT", "page_token")]),
        (get("bogus=1"), vec![("UNKNOWN", "bogus")]),
        (get("account_id=8"), vec![("UNKNOWN", "account_id")]),
        (get("bogus=1&page_size=0"), vec![("RANGE", "page_size"), ("UNKNOWN", "bogus")]),
        (
            ("GET /v1/accounts/7/portfolio-history".to_owned(), String::new()),
            vec![("REQUIRED", "start_date")],
        ),
        (
            ("GET /v1/accounts/7/portfolio-history?start_date=2025-13-01".to_owned(), String::new()),
            vec![("FORMAT", "start_date")],
        ),
        // Of bodies.
        (post(json!({ "side": "(gone)" })), vec![("REQUIRED", "[0].side")]),
        (post(json!({ "side": null })), vec![("TYPE", "[0].side")]),
        (post(json!({ "side": "HOLD" })), vec![("ENUM", "[0].side")]),
        (post(json!({ "quantity": 10 })), vec![("TYPE", "[0].quantity")]),
        (post(json!({ "quantity": "ten" })), vec![("FORMAT", "[0].quantity")]),
        (post(json!({ "id": long })), vec![("LENGTH", "[0].id")]),
        (post(json!({ "extended_hours": "yes" })), vec![("TYPE", "[0].extended_hours")]),
        (post(json!({ "expires_at": "soon" })), vec![("FORMAT", "[0].expires_at")]),
        (post(json!({ "price": "1.50" })), vec![("UNKNOWN", "[0].price")]),
        // Of rules between fields.
        (post(json!({ "limit_price": "(gone)" })), vec![("RULE", "[0].limit_price")]),
        (post(json!({ "stop_price": "2" })), vec![("RULE", "[0].stop_price")]),
        (post(json!({ "symbol": "(gone)" })), vec![("RULE", "[0].symbol")]),
        (post(json!({ "instrument_id": "x" })), vec![("RULE", "[0].symbol")]),
        // Of bodies as a whole.
        ((ORDERS.to_owned(), String::new()), vec![("REQUIRED", "")]),
        ((ORDERS.to_owned(), "{}".to_owned()), vec![("TYPE", "")]),
        ((ORDERS.to_owned(), "[".to_owned()), vec![]),
        (("GET /v1/accounts".to_owned(), "{}".to_owned()), vec![("UNKNOWN", "")]),
    ];
    for ((request, body), expected) in cases {
        let answer = send(&server, &request, &body).await;
        let found = violations(&answer);
        let found: Vec<_> = found.iter().map(|(kind, field)| (kind.as_str(), field.as_str())).collect();
        assert_eq!((answer.status, found), (400, expected), "{request} {body}\n{}", answer.body);
        let error = answer.json();
        assert_eq!(error["error"]["code"], 400);
        assert!(error["metadata"]["request_id"].is_string(), "{error}");
        assert!(error.get("data").is_none(), "{error}");
    }
}

#[tokio::test]
async fn the_studio_api_refuses_with_problem_details() {
    let server = MockServer::start().await.unwrap();
    let answer = send(&server, "GET /studio/v2/accounts/A1/orders?page_size=0&from=now", "").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        json!({
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "page_size: must be at least 1; \
                       from: must be milliseconds since the beginning of 1970, and is a text",
            "instance": "/studio/v2/accounts/A1/orders",
        })
    );
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
}

#[tokio::test]
async fn days_and_lists_are_those_of_the_api() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let answer = send(&server, "GET /studio/v2/accounts/A1/holdings?date=20251031", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let bulk = send(&server, "POST /studio/v2/accounts/A1/bulk-orders", r#"{"orders":[]}"#).await;
    assert_eq!(bulk.json()["detail"], "orders: must have at least 1 items");
    // A full mock looks at days, too.
    let server = MockServer::start().await.unwrap();
    for date in ["2025-10-31", "20251301", "soon"] {
        let answer = send(&server, &format!("GET /studio/v2/accounts/A1/holdings?date={date}"), "").await;
        assert_eq!(answer.status, 400, "{date}: {}", answer.body);
        assert!(answer.body.contains("date: must be a day such as 20251031"), "{}", answer.body);
    }
}

#[tokio::test]
async fn unknown_paths_methods_and_callers_are_told_apart() {
    let server = MockServer::start().await.unwrap();
    let cases = [
        ("GET /v1/nothing", "", 404_u16),
        ("GET /", "", 404),
        ("GET /v1/accounts//orders", "", 404),
        ("GET /v1/accounts/", "", 404),
        ("PUT /v1/accounts/7/orders", "", 405),
        ("GET /v1/accounts", "authorization: Basic key\r\n", 401),
        ("GET /v1/accounts", "authorization: Bearer \r\n", 401),
        ("GET /v1/accounts", "", 401),
        ("GET /studio/v2/accounts", "", 401),
        ("GET /studio/v2/nothing", "", 404),
    ];
    for (request, headers, status) in cases {
        let answer = send_with(&server, request, headers, "").await;
        assert_eq!(answer.status, status, "{request}: {}", answer.body);
        let body = answer.json();
        let told = body["error"]["code"].as_u64().or(body["status"].as_u64());
        assert_eq!(told, Some(status.into()), "{request}: {body}");
        assert_eq!(body.get("title").is_some(), request.contains("/studio/"), "{request}: {body}");
    }
    let answer = send(&server, "PUT /v1/accounts/7/orders", "").await;
    assert!(answer.head.contains("\r\nallow: delete, get, post"), "{}", answer.head);
}

#[tokio::test]
async fn paths_are_served_below_the_servers_path_and_without_it() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    for request in ["GET /studio/v2/accounts/A1/orders", "GET /accounts/A1/orders"] {
        let answer = send(&server, request, "").await;
        assert_eq!(answer.status, 200, "{request}: {}", answer.body);
        assert!(answer.json()["data"].is_array(), "{}", answer.body);
    }
}

#[tokio::test]
async fn an_api_that_is_not_wanted_is_not_there() {
    let server = MockServer::builder().api("trading").start().await.unwrap();
    assert_eq!(send(&server, "GET /studio/v2/accounts/A1/orders", "").await.status, 404);
    assert_eq!(server.environment().len(), 2);
    let error = MockServer::builder().api("futures").start().await.unwrap_err();
    assert_eq!(error.to_string(), "the spec has no API `futures`");
}

#[tokio::test]
async fn without_a_state_whatever_is_well_formed_is_answered() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let cases = [
        ("GET /v1/accounts/0/orders/order_id", ""),
        ("PATCH /v1/accounts/0/orders/order_id", "{}"),
        ("GET /v1/accounts/0/orders?page_token=U3RhaW5sZXNzIHJvY2tz&page_size=1", ""),
        ("GET /v1/instruments/x/events?from_date=from_date", ""),
        (ORDERS, r#"[{"order_type":"LIMIT","quantity":"1","side":"BUY","time_in_force":"DAY"}]"#),
        ("DELETE /v1/accounts/0/orders", ""),
        ("POST /v1/saved-screeners", "{}"),
    ];
    for (request, body) in cases {
        let answer = send(&server, request, body).await;
        assert!((200..300).contains(&answer.status), "{request}: {}", answer.body);
    }
    let answer = send(&server, "GET /v1/accounts/0/orders/order_id", "").await.json();
    assert_eq!((&answer["data"]["id"], &answer["data"]["account_id"]), (&json!("order_id"), &json!(0)));
    // What is not well-formed is not.
    assert_eq!(send(&server, "GET /v1/accounts/me/orders", "").await.status, 400);
    assert_eq!(send(&server, ORDERS, "[{}]").await.status, 400);
}

#[tokio::test]
async fn servers_with_the_same_seed_answer_the_same() {
    let mut answers = Vec::new();
    for seed in [5, 5, 6] {
        let server = MockServer::builder().stateless().seed(seed).start().await.unwrap();
        let orders = send(&server, "GET /v1/accounts/7/orders", "").await.body;
        let studio = send(&server, "GET /studio/v2/accounts/A1/orders", "").await.body;
        answers.push((orders, studio));
    }
    assert_eq!(answers[0], answers[1]);
    assert_ne!(answers[0].0, answers[2].0);
    assert_ne!(answers[0].1, answers[2].1);
}

/// All items, page by page, and how many pages there were.
async fn walk(
    server: &MockServer,
    path: &str,
    next: impl Fn(&Value) -> Option<String>,
) -> (Vec<Value>, usize) {
    let (mut items, mut pages) = (Vec::new(), 0);
    let mut request = format!("GET {path}");
    loop {
        let answer = send(server, &request, "").await.json();
        items.extend(answer["data"].as_array().unwrap().clone());
        pages += 1;
        let Some(token) = next(&answer) else { return (items, pages) };
        request = format!("GET {}?page_token={token}", path.split('?').next().unwrap());
    }
}

#[tokio::test]
async fn pages_are_walked_to_the_end_and_back() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let path = "/v1/accounts/7/orders";
    let whole = send(&server, &format!("GET {path}"), "").await.json()["data"].clone();
    let of_metadata = |answer: &Value| text(&answer["metadata"]["next_page_token"]);
    let (items, pages) = walk(&server, &format!("{path}?page_size=7"), of_metadata).await;
    assert_eq!((Value::from(items), pages), (whole, 9));
    // And backwards.
    let last = send(&server, &format!("GET {path}?page_size=30"), "").await.json();
    assert_eq!(last["metadata"]["previous_page_token"], Value::Null);
    let token = text(&last["metadata"]["next_page_token"]).unwrap();
    let second = send(&server, &format!("GET {path}?page_token={token}"), "").await.json();
    assert_eq!(second["metadata"]["page_number"], 2);
    assert_eq!(second["metadata"]["total_pages"], 2);
    let back = text(&second["metadata"]["previous_page_token"]).unwrap();
    let first = send(&server, &format!("GET {path}?page_token={back}"), "").await.json();
    assert_eq!(first["data"], last["data"]);
    // Studio has no way back, and a size of its own.
    let path = "/studio/v2/accounts/A1/orders";
    let (items, pages) = walk(&server, path, |answer| text(&answer["next_page_token"])).await;
    assert_eq!((items.len(), pages), (60, 3));
}

#[tokio::test]
async fn a_token_of_another_list_is_refused() {
    let server = MockServer::start().await.unwrap();
    let orders = send(&server, "GET /v1/instruments?page_size=1", "").await.json();
    let token = orders["metadata"]["next_page_token"].as_str().unwrap().to_owned();
    let answer = send(&server, &format!("GET /v1/instruments?page_token={token}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = send(&server, &format!("GET /v1/watchlists?page_token={token}"), "").await;
    assert_eq!((answer.status, violations(&answer)), (400, vec![("FORMAT".into(), "page_token".into())]));
}

/// Copies a folder of files and folders.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test]
async fn an_operation_that_is_new_in_the_spec_is_served_at_once() {
    const FEES: &str = "
doc: Fees.
operations:
  get_fees:
    http: GET /v1/accounts/{account_id}/fees
    doc: Lists the fees that were charged to an account.
    path:
      account_id: AccountId
    include: [PageQuery]
    query:
      from_date: { type: date?, doc: First day. }
    result: page<Fee>
    repeat: read
models:
  Fee:
    doc: One fee.
    fields:
      account_id: AccountId
      amount: { type: decimal, doc: Amount in US dollars. }
      charged_at: { type: timestamp, doc: When it was booked. }
";
    let spec = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"), spec.path());
    fs::write(spec.path().join("trading/fees.yaml"), FEES).unwrap();
    let server = MockServer::builder().spec(spec.path()).start().await.unwrap();
    let answer = send(&server, "GET /v1/accounts/7/fees?page_size=2", "").await.json();
    let [first, second] = answer["data"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    for fee in [first, second] {
        assert_eq!(fee["account_id"], 7);
        assert!(fee["amount"].is_string() && fee["charged_at"].is_string(), "{fee}");
    }
    let answer = send(&server, "GET /v1/accounts/7/fees?from_date=today", "").await;
    assert_eq!((answer.status, violations(&answer)), (400, vec![("FORMAT".into(), "from_date".into())]));

    fs::write(spec.path().join("trading/fees.yaml"), FEES.replace("decimal", "decimel")).unwrap();
    let error = MockServer::builder().spec(spec.path()).start().await.unwrap_err().to_string();
    assert!(error.contains("fees.yaml") && error.contains("did you mean `decimal`"), "{error}");
}
