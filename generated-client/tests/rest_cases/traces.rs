//! What is traced.

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street_test_support::KEY;
use clear_street_test_support::eavesdrop::Ears;
use clear_street_test_support::server::Server;

#[tokio::test]
async fn a_call_is_traced_without_bodies_and_secrets() {
    let ears = Ears::open();
    let body = r#"{"error": {"message": "confidential"}, "metadata": {"request_id": "r1"}}"#;
    let server = Server::answering(404, body).await;
    let client = Client::builder().api_key(KEY).base_url(&server.url).build().unwrap();
    client.orders().get_orders(AccountId::new(7_654_321)).send().await.unwrap_err();
    let mut lines = ears.take();
    // What a span learns later has no target.
    lines.retain(|line| line.starts_with("clear_street") || line.starts_with("recorded"));
    let traced = lines.join(" ");
    for part in [
        r#"operation="get_orders""#,
        r#"method="GET""#,
        r#"path="/v1/accounts/{account_id}/orders""#,
        "status=404",
        r#"request_id="r1""#,
        "kind=Api",
        "delivery=Answered",
        "number=1",
        "elapsed=",
        "attempts=1",
        "reason=Settled",
    ] {
        assert!(traced.contains(&format!(" {part}")), "{part} in {traced}");
    }
    for secret in [KEY, "confidential", "7654321"] {
        assert!(!traced.contains(secret), "{secret} in {traced}");
    }
}
