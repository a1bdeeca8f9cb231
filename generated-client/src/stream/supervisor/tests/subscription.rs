//! What becomes of the subscription, and of the upgrade before it.

use std::time::Duration;

use tokio::time::Instant;

use super::MINUTE;
use super::stage::simulate;
use crate::stream::core::{DialFailure, HandshakeFault, ResumePoint, Settings};

fn status(status: u16, retry_after: Option<u64>) -> DialFailure {
    DialFailure::Status { status, retry_after: retry_after.map(Duration::from_secs) }
}

#[test]
fn row_11_refused_at_the_upgrade() {
    for code in [401, 403] {
        simulate(async |stage| {
            stage.refuse(status(code, None)).await;
            stage.refuse(status(code, None)).await;
            stage
                .caller
                .saw("connecting, retrying TokenRejected, connecting, failed Unauthorized, end")
                .await;
            // Once with what there was, once with another one.
            assert_eq!(stage.tokens.asked(), [None, Some(1)]);
            stage.no_dial(60 * MINUTE).await;
        });
    }
}

#[test]
fn row_11_good_with_another_token() {
    simulate(async |stage| {
        stage.refuse(status(401, None)).await;
        stage.caller.saw("connecting, retrying TokenRejected").await;
        stage.begin([1]).await;
        assert_eq!(stage.tokens.asked(), [None, Some(1)]);
    });
}

#[test]
fn row_12_a_server_that_is_busy() {
    for code in [429, 503] {
        simulate(async |stage| {
            for (retry_after, least, most) in [(None, 2, 30), (Some(77), 77, 85), (Some(9_999), 300, 310)] {
                stage.refuse(status(code, retry_after)).await;
                let refused = Instant::now();
                stage.caller.saw(format!("connecting, retrying status {code}")).await;
                let dialling = stage.dial().await;
                let waited = refused.elapsed().as_secs();
                assert!((least..=most).contains(&waited), "{retry_after:?}: {waited}");
                dialling.fail(DialFailure::Handshake(HandshakeFault::Http));
                stage.caller.saw("connecting, retrying Handshake(Http)").await;
            }
            stage.begin([1]).await;
        });
    }
}

#[test]
fn row_15_the_token_is_refused() {
    simulate(async |stage| {
        let mut tokens = Vec::new();
        for end in ["retrying TokenRejected", "failed Unauthorized, end"] {
            let mut session = stage.accept().await;
            tokens.push(session.subscription().await);
            session.answer(false, "Invalid or expired token").await;
            stage.caller.saw(format!("connecting, connected, disconnected TokenRejected, {end}")).await;
        }
        assert_ne!(tokens[0], tokens[1]);
        assert_eq!(stage.tokens.asked(), [None, Some(1)]);
        stage.no_dial(60 * MINUTE).await;
    });
}

#[test]
fn row_16_the_account_is_refused_to_one_stream() {
    simulate(async |stage| {
        let mut good = stage.begin([1]).await;
        let mut refused = stage.another(Settings::default(), ResumePoint::default());
        let mut session = stage.accept().await;
        session.subscription().await;
        session.answer(false, "Account not found").await;
        let words = "connecting, connected, disconnected AccountRefused, failed AccountRefused, end";
        refused.saw(words).await;
        good.beside(stage.no_dial(60 * MINUTE)).await;
        good.say([2]).await;
        stage.caller.saw("2").await;
        refused.leave().await;
    });
}

#[test]
fn row_17_an_ack_that_never_comes() {
    simulate(async |stage| {
        let mut session = stage.accept().await;
        session.subscription().await;
        let asked = Instant::now();
        stage.caller.saw("connecting, connected, disconnected AckTimeout, retrying AckTimeout").await;
        assert_eq!(asked.elapsed().as_secs(), 10);
        stage.begin([1]).await;
    });
}

#[test]
fn row_18_an_ack_without_an_account() {
    simulate(async |stage| {
        let mut session = stage.accept().await;
        session.subscription().await;
        session.text(r#"{"timestamp":7,"payload":{"type":"subscribe-activity-ack","success":true}}"#).await;
        stage.caller.saw("connecting, connected, subscribed").await;
        session.say([1]).await;
        session.caught_up().await;
        stage.caller.saw("r1, caught up").await;
    });
}
