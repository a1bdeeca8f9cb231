//! Group G of the cases and F4: secrets that a server repeats, and texts that do not belong in a log.

use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use clear_street::operation::Method;
use clear_street::trading::Client;
use clear_street::{Error, ErrorKind, studio};
use clear_street_test_support::eavesdrop::Ears;
use clear_street_test_support::server::{Action, Server, answer, json};

use crate::{account, client};

const API_KEY: &str = "kx/9+Qm=.sv+3/t=";
const SECRET: &str = "zz/1+1=";

/// A text with every character escaped by its number.
fn numbered(text: &str, upper: bool) -> String {
    let escape = |unit: u16| if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
    text.encode_utf16().map(escape).collect()
}

/// The ways to write a secret in JSON.
fn spellings(secret: &str) -> Vec<String> {
    vec![
        secret.to_owned(),
        secret.replace('/', "\\/").replace('+', "\\u002B").replace('=', "\\u003D"),
        secret.replace('/', "\\u002f").replace('+', "\\u002b").replace('=', "\\u003d"),
        numbered(secret, false),
        numbered(secret, true),
        // JSON inside of JSON.
        secret.replace('/', "\\\\\\/").replace('+', "\\\\u002B"),
    ]
}

/// The text, and all that its escapes can be decoded to.
fn decoded(text: &str) -> String {
    let mut all = text.to_owned();
    let mut last = text.to_owned();
    for _ in 0..3 {
        let mut next = String::new();
        let mut rest = last.as_str();
        while let Some((before, after)) = rest.split_once('\\') {
            next.push_str(before);
            let hex = after.strip_prefix('u').and_then(|after| u32::from_str_radix(after.get(..4)?, 16).ok());
            match hex.and_then(char::from_u32) {
                Some(character) => {
                    next.push(character);
                    rest = &after[5..];
                }
                None => rest = after,
            }
        }
        next.push_str(rest);
        all.push_str(&next);
        last = next;
    }
    all
}

/// Everything that an error shows.
fn shown(error: &Error) -> String {
    let mut all = format!(
        "{error}\n{error:?}\n{error:#?}\n{}\n{:?}\n{:?}\n{:?}\n{:?}\n",
        error.message(),
        error.code(),
        error.path(),
        error.request_id(),
        error.problem(),
    );
    for detail in error.details() {
        all.push_str(&format!("{detail}\n{detail:?}\n"));
    }
    all.push_str(&format!(
        "{:?}\n{}\n",
        error.headers(),
        String::from_utf8_lossy(error.body().unwrap_or(b""))
    ));
    let mut source = error.source();
    while let Some(cause) = source {
        all.push_str(&format!("{cause}\n{cause:?}\n"));
        source = cause.source();
    }
    all
}

/// No secret, in whatever spelling, in what is shown and what is logged.
#[track_caller]
fn is_clean(error: &Error, ears: &Ears, secrets: &[&str]) {
    for (text, what) in [(shown(error), "shown"), (ears.take().join("\n"), "logged")] {
        let all = decoded(&text);
        for secret in secrets {
            // Nor the beginning of one that was cut off.
            for part in [secret, &secret[..secret.len().min(6)]] {
                assert!(!all.contains(part), "{part} is {what}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn g1_key_echoed_as_json_escapes() {
    let ears = Ears::open();
    for spelled in spellings(API_KEY) {
        let padding = "x".repeat(55);
        for (status, body) in [
            (
                401,
                format!(r#"{{"error":{{"code":401,"message":"key {spelled} is unknown"}},"metadata":{{}}}}"#),
            ),
            (400, format!(r#"{{"error":{{"code":"{spelled}","message":"no","details":["{spelled}"]}}}}"#)),
            (400, format!(r#"{{"error":{{"details":[{{"subject":"{spelled}","reason":"{spelled}"}}]}}}}"#)),
            (400, format!(r#"{{"error":{{"message":"no","details":{{"reason":"{spelled}"}}}}}}"#)),
            (400, format!(r#"{{"message":"{spelled}"}}"#)),
            (400, format!(r#"{{"error":"{spelled}"}}"#)),
            (500, format!("<p>{spelled}</p>")),
            (400, format!(r#"{{"error":{{"message":"no"}},"metadata":{{"request_id":"{spelled}"}}}}"#)),
            (200, format!(r#"{{"data":[{{"id":"{spelled}"}}],"metadata":{{"request_id":"{spelled}"}}}}"#)),
            // The row's fault is the text itself, of which only a part is shown.
            (200, format!(r#"{{"data":[{{"id":"a","quantity":"{spelled}"}}]}}"#)),
            (200, format!(r#"{{"data":[{{"quantity":"{padding}{spelled}"}}]}}"#)),
            (200, format!("<p>{spelled}</p>")),
        ] {
            let server = Server::start(move |_| json(status, &body)).await;
            let client = Client::builder().api_key(API_KEY).base_url(&server.url).build().unwrap();
            let error = client.orders().cancel_all_open_orders(account()).send().await.unwrap_err();
            is_clean(&error, &ears, &[API_KEY]);
        }
    }
    let body = r#"{"error":{"code":401,"message":"key kx\/9\u002BQm\u003d.sv\u002B3\/t\u003d is unknown"},"metadata":{}}"#;
    let server = Server::start(move |_| json(401, body)).await;
    let client = Client::builder().api_key(API_KEY).base_url(&server.url).build().unwrap();
    let error = client.orders().get_orders(account()).send().await.unwrap_err();
    assert_eq!(error.message(), "key [redacted] is unknown");
}

/// What a success says beside its data.
#[tokio::test]
async fn g1_key_echoed_by_a_success() {
    let ears = Ears::open();
    for spelled in spellings(API_KEY) {
        let body = format!(
            r#"{{"data":[],"error":{{"message":"{spelled}","details":["{spelled}"]}},"metadata":{{"request_id":"{spelled}"}}}}"#
        );
        let server = Server::start(move |_| json(207, &body)).await;
        let client = Client::builder().api_key(API_KEY).base_url(&server.url).build().unwrap();
        let answer = client.request(Method::Get, "/v1/x").send().await.unwrap();
        let text = format!("{answer:?} {:?} {}", answer.error().unwrap().details(), answer.error().unwrap());
        let logged = ears.take().join("\n");
        for text in [text, logged] {
            assert!(!decoded(&text).contains(API_KEY), "{text}");
        }
    }
}

/// A client of the Studio API, its token endpoint and its server.
async fn studio(
    endpoint: impl Fn(usize) -> Vec<Action> + Send + Sync + 'static,
    server: impl Fn(usize) -> Vec<Action> + Send + Sync + 'static,
) -> (studio::Client, Server, Server) {
    let (fetched, sent) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let endpoint = Server::start(move |_| endpoint(fetched.fetch_add(1, Ordering::SeqCst))).await;
    let server = Server::start(move |_| server(sent.fetch_add(1, Ordering::SeqCst))).await;
    let builder = studio::Client::builder().credentials("cl-7", SECRET).base_url(&server.url);
    (builder.token_url(format!("{}/token", endpoint.url)).build().unwrap(), endpoint, server)
}

#[tokio::test]
async fn g2_client_secret_echoed_by_the_token_endpoint() {
    let ears = Ears::open();
    for spelled in spellings(SECRET) {
        for body in [
            format!(
                r#"{{"error":"invalid_client","error_description":"no client cl-7 with secret {spelled}"}}"#
            ),
            format!(r#"{{"error":"{spelled}"}}"#),
            format!(r#"{{"message":"{spelled}"}}"#),
            format!("<p>{spelled}</p>"),
        ] {
            let (client, endpoint, server) =
                studio(move |_| json(400, &body), |_| json(200, r#"{"data":[]}"#)).await;
            let error = client.accounts().list_accounts().send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
            assert!(error.to_string().contains("[redacted]"), "{error}");
            assert!(error.source().is_some());
            is_clean(&error, &ears, &[SECRET]);
            assert_eq!((endpoint.requests().len(), server.requests().len()), (1, 0));
        }
    }
}

/// The server of the API has no business with the secret, but may have been told of it.
#[tokio::test]
async fn g2_client_secret_echoed_by_the_server() {
    let ears = Ears::open();
    for spelled in spellings(SECRET) {
        let token = r#"{"access_token":"tk-one-4c1e09","expires_in":86400}"#;
        let body = format!(r#"{{"title":"no","detail":"secret {spelled}"}}"#);
        let (client, ..) = studio(move |_| json(200, token), move |_| json(400, &body)).await;
        let error = client.accounts().list_accounts().send().await.unwrap_err();
        assert!(error.to_string().contains("[redacted]"), "{error}");
        is_clean(&error, &ears, &[SECRET]);
    }
}

#[tokio::test]
async fn g3_previous_token_echoed() {
    let ears = Ears::open();
    for spelled in spellings("tk-one-4c1e09") {
        let token = |number| {
            let text = if number == 0 { "tk-one-4c1e09" } else { "tk-two-77ab31" };
            json(200, format!(r#"{{"access_token":"{text}","expires_in":86400}}"#))
        };
        let (client, endpoint, server) = studio(token, move |number| match number {
            0 => json(401, r#"{"title":"no"}"#),
            _ => json(400, format!(r#"{{"title":"no","detail":"not {spelled}, but tk-two-77ab31"}}"#)),
        })
        .await;
        let error = client.accounts().list_accounts().send().await.unwrap_err();
        assert_eq!(error.message(), "not [redacted], but [redacted]");
        is_clean(&error, &ears, &["tk-one-4c1e09", "tk-two-77ab31"]);
        assert_eq!((endpoint.requests().len(), server.requests().len()), (2, 2));
    }
}

/// The token endpoint repeats the token that it gave before.
#[tokio::test]
async fn g3_token_echoed_by_the_token_endpoint() {
    let ears = Ears::open();
    for spelled in spellings("tk-one-4c1e09") {
        let (client, endpoint, _) = studio(
            move |number| match number {
                0 => json(200, r#"{"access_token":"tk-one-4c1e09","expires_in":86400}"#),
                _ => json(400, format!(r#"{{"error":"invalid","error_description":"{spelled}"}}"#)),
            },
            |_| json(401, r#"{"title":"no"}"#),
        )
        .await;
        let error = client.accounts().list_accounts().send().await.unwrap_err();
        is_clean(&error, &ears, &["tk-one-4c1e09"]);
        assert_eq!(endpoint.requests().len(), 2);
    }
}

/// Bytes of the server in a text: the letters that it repeats.
fn of_server(text: &str) -> usize {
    text.bytes().filter(|byte| matches!(byte, b'x' | b'q' | b'y')).count()
}

#[track_caller]
fn is_for_a_log(text: &str) {
    assert!(text.len() < 2600 && of_server(text) <= 2048, "{} bytes: {}", text.len(), &text[..400]);
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

const FORGED: &str = r"A\u001b[31m\n2026-03-02 ERROR forged line ";

#[tokio::test]
async fn f4_six_megabyte_message() {
    let ears = Ears::open();
    let (long, id) = ("x".repeat(5 << 20), "q".repeat(1 << 20));
    for body in [
        format!(
            r#"{{"error":{{"code":400,"message":"{FORGED}{long}"}},"metadata":{{"request_id":"{id}"}}}}"#
        ),
        format!(r#"{{"error":{{"message":"{FORGED}{long}","details":["{FORGED}{long}"]}}}}"#),
        format!(r#"{{"error":{{"code":"{FORGED}{long}","details":[{{"subject":"{FORGED}{long}"}}]}}}}"#),
        format!(
            r#"{{"error":{{"message":"no","details":[{{"reason":"{FORGED}{long}","metadata":{{"{FORGED}":"{id}"}}}}]}}}}"#
        ),
        format!(
            "{{\"error\":{{\"message\":\"no\",\"details\":[{{\n\"2026-03-02 ERROR forged line\":\"{long}\"}}]}}}}"
        ),
        format!("<p>\u{1b}[31m\n2026-03-02 ERROR forged line {long}</p>"),
    ] {
        let server = Server::start(move |_| json(400, &body)).await;
        let error = client(&server.url).orders().get_orders(account()).send().await.unwrap_err();
        is_for_a_log(&error.to_string());
        is_for_a_log(&format!("{error:?}"));
        is_for_a_log(error.message());
        is_for_a_log(error.code().unwrap_or_default());
        assert!(error.request_id().unwrap_or_default().len() < 200);
        for detail in error.details() {
            is_for_a_log(&detail.to_string());
            is_for_a_log(&format!("{detail:?}"));
        }
        ears.take()
            .iter()
            .filter(|line| line.starts_with("clear_street"))
            .for_each(|line| is_for_a_log(line));
    }
}

#[tokio::test]
async fn f4_problem_documents_paths_and_headers() {
    let ears = Ears::open();
    let long = "x".repeat(1 << 20);
    let body = format!(
        r#"{{"type":"{FORGED}{long}","title":"{FORGED}{long}","detail":"{FORGED}y","status":"{long}"}}"#
    );
    let token = r#"{"access_token":"tk-one-4c1e09","expires_in":86400}"#;
    let (client, ..) = studio(move |_| json(200, token), move |_| json(400, &body)).await;
    let error = client.accounts().list_accounts().send().await.unwrap_err();
    let problem = error.problem().unwrap();
    let texts = [problem.title(), problem.problem_type(), problem.detail(), problem.status()];
    texts.into_iter().flatten().for_each(is_for_a_log);
    is_for_a_log(&problem.to_string());
    is_for_a_log(&error.to_string());
    is_for_a_log(&format!("{error:?}"));

    // The token endpoint.
    let body = format!(r#"{{"error":"{FORGED}{long}","error_description":"{FORGED}{long}"}}"#);
    let (client, ..) = studio(move |_| json(400, &body), |_| json(200, "{}")).await;
    is_for_a_log(&client.accounts().list_accounts().send().await.unwrap_err().to_string());

    // What is wrong stands below a name of the server's.
    let body = format!(r#"{{"data":{{"x{long}":1,"x{long}":2}}}}"#);
    let server = Server::start(move |_| json(200, &body)).await;
    let error = crate::client(&server.url).orders().get_orders(account()).send().await.unwrap_err();
    is_for_a_log(&error.to_string());

    // What it calls itself.
    let name = format!("text/{}", "y".repeat(3000));
    let server = Server::start(move |_| answer(500, &[("content-type", &name)], "x".repeat(3000))).await;
    let error =
        crate::client(&server.url).orders().cancel_all_open_orders(account()).send().await.unwrap_err();
    is_for_a_log(&error.to_string());

    // A success: its number stands in the log.
    let id = "q".repeat(1 << 20);
    let body = format!(r#"{{"data":[],"metadata":{{"request_id":"{FORGED}{id}"}}}}"#);
    let server = Server::start(move |_| json(200, &body)).await;
    let answer = crate::client(&server.url).orders().get_orders(account()).send().await.unwrap();
    is_for_a_log(answer.request_id().unwrap());
    ears.take().iter().filter(|line| line.starts_with("clear_street")).for_each(|line| is_for_a_log(line));
}
