//! The mock server and the generated client: neither must find the other strange.

use clear_street::operation::{Method, Operation};
use clear_street::{Json, UndocumentedRequest};
use clear_street_mock::MockServer;
use clear_street_tests::api::{Secret, Tested, studio, trading};
use clear_street_tests::cases::OperationCase;
use clear_street_tests::replay::{Tree, differences};
use clear_street_tests::smoke::{Outcome, Scope, smoke};

/// Sends every operation once, and prints what came of it if that is not what it should be.
async fn run<C>(api: &Tested<C>, base_url: &str) -> clear_street_tests::smoke::Report {
    let client = (api.client)(base_url, Secret::MadeUp).unwrap();
    let report = smoke(api, &client, Scope::All).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.rows.len(), api.operations.len());
    report
}

#[tokio::test]
async fn every_operation_is_answered_without_a_state() {
    let server = MockServer::builder().stateless().start().await.unwrap();
    for report in [run(&trading(), &server.trading_url()).await, run(&studio(), &server.studio_url()).await] {
        let all = report.rows.iter().all(|row| row.outcome == Outcome::Decoded);
        assert!(all, "{report}");
    }
}

#[tokio::test]
async fn no_operation_fails_with_a_state() {
    let server = MockServer::start().await.unwrap();
    run(&trading(), &server.trading_url()).await;
    run(&studio(), &server.studio_url()).await;
}

/// The answer to a call of every operation, decoded and encoded again: nothing of it is lost.
async fn survive<C>(api: &Tested<C>, base_url: &str, request: fn(&C, Method, String) -> UndocumentedRequest) {
    let client = (api.client)(base_url, Secret::MadeUp).unwrap();
    for case in &api.cases {
        let OperationCase { operation, group, body, .. } = case;
        let known: &Operation =
            api.operations.iter().find(|it| (it.group, it.name) == (*group, *operation)).unwrap();
        // What the cases put into paths, as it must be written there.
        let path = case.path.replace("a/b c", "a%2Fb%20c");
        let mut call = request(&client, known.method, path);
        for (name, value) in case.query {
            call = call.query(*name, *value);
        }
        if let Some(body) = body {
            call = call.body(&body.parse::<Json>().unwrap());
        }
        let response = call.send().await.unwrap();
        assert_eq!(response.status(), known.status, "{operation}");
        let again = known.recode(response.status(), response.body()).unwrap();
        if response.body().is_empty() {
            assert!(again.is_empty(), "{operation}");
            continue;
        }
        let tree = |body: &[u8]| Tree::parse(std::str::from_utf8(body).unwrap()).unwrap();
        assert_eq!(differences(&tree(response.body()), &tree(&again)), [], "{operation}");
    }
}

#[tokio::test]
async fn every_made_answer_survives_the_client() {
    for seed in 0..4 {
        let server = MockServer::builder().stateless().seed(seed).start().await.unwrap();
        survive(&trading(), &server.trading_url(), |client, method, path| client.request(method, path)).await;
        survive(&studio(), &server.studio_url(), |client, method, path| client.request(method, path)).await;
    }
}
