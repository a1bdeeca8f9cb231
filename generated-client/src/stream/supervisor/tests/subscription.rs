//! What becomes of the subscription, and of the upgrade before it.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{MINUTE, again};
use super::stage::simulate;
use crate::stream::machine::{DialFailure, HandshakeFault, ResumePoint, Settings, State};

fn status(status: u16, retry_after: Option<u64>) -> DialFailure {
    DialFailure::Status { status, retry_after: retry_after.map(Duration::from_secs) }
}

#[test]
fn row_11_refused_at_the_upgrade() {
    for code in [401, 403] {
        simulate(async |stage| {
            for _ in 0..3 {
                stage.refuse(status(code, None)).await;
            }
            let refused = format!("connecting, retrying status {code}, ");
            let words = format!("the upgrade was answered with status {code}");
            stage.caller.saw(format!("{refused}{refused}connecting, failed Unauthorized({words:?}), end")).await;
            // One of them is tried with a new token.
            assert_eq!(stage.tokens.asked(), [None, Some(1), None]);
            stage.no_dial(60 * MINUTE).await;
        });
    }
}

#[test]
fn row_11_refused_for_a_while_after_it_was_accepted() {
    for code in [401, 403] {
        simulate(async |stage| {
            stage.begin([1]).await.end().await;
            stage.caller.saw("disconnected Eof, retrying Eof").await;
            for _ in 0..5 {
                stage.refuse(status(code, None)).await;
                stage.caller.saw(format!("connecting, retrying status {code}")).await;
            }
            stage.live([1, 2], &again("r2, ")).await;
        });
    }
}

#[test]
fn row_11_good_with_another_token() {
    simulate(async |stage| {
        stage.refuse(status(401, None)).await;
        stage.caller.saw("connecting, retrying status 401").await;
        stage.begin([1]).await;
        assert_eq!(stage.tokens.asked(), [None, Some(1)]);
    });
}

#[test]
fn row_11_a_server_that_is_busy() {
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
fn row_15_refused_from_the_start() {
    for words in ["Invalid or expired token", "Account not found"] {
        simulate(async |stage| {
            let cause = format!("Refused({words:?})");
            let mut tokens = Vec::new();
            for end in [format!("retrying {cause}"), format!("retrying {cause}"), format!("failed Unauthorized({words:?}), end")] {
                let mut session = stage.accept().await;
                tokens.push(session.subscription().await);
                session.answer(false, words).await;
                stage.caller.saw(format!("connecting, connected, disconnected {cause}, {end}")).await;
            }
            assert_ne!(tokens[0], tokens[1]);
            stage.no_dial(60 * MINUTE).await;
        });
    }
}

#[test]
fn row_15_refused_for_twenty_seconds_and_for_ever() {
    for for_ever in [false, true] {
        simulate(async |stage| {
            stage.begin([1]).await.end().await;
            stage.caller.saw("disconnected Eof, retrying Eof").await;
            let from = Instant::now();
            while from.elapsed() < Duration::from_secs(20) || for_ever && stage.caller.handle().state() != State::Failed {
                let Ok(dialling) = timeout(MINUTE, stage.dial()).await else { break };
                let mut session = dialling.accept();
                session.subscription().await;
                session.answer(false, "Internal error").await;
                session.gone();
                stage.caller.take(Duration::from_millis(1)).await;
            }
            if for_ever {
                assert!((600..640).contains(&from.elapsed().as_secs()), "{:?}", from.elapsed());
                assert_eq!(stage.caller.handle().state(), State::Failed);
            } else {
                let mut session = stage.accept().await;
                session.live([1, 2]).await;
                stage.caller.take_until("caught up").await;
                assert_eq!(stage.caller.handle().state(), State::Live);
            }
        });
    }
}

/// Another stream goes on.
#[test]
fn row_15_the_account_is_refused_to_one_stream() {
    simulate(async |stage| {
        let mut good = stage.begin([1]).await;
        let mut refused = stage.another(Settings::default(), ResumePoint::default());
        for _ in 0..3 {
            let mut session = stage.accept().await;
            session.subscription().await;
            session.answer(false, "Account not found").await;
        }
        let words = refused.take(Duration::from_secs(1)).await.join(", ");
        assert!(words.ends_with("failed Unauthorized(\"Account not found\"), end"), "{words}");
        good.beside(stage.no_dial(10 * MINUTE)).await;
        good.say([2]).await;
        stage.caller.saw("2").await;
        refused.leave().await;
    });
}

#[test]
fn row_16_an_ack_that_never_comes() {
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
fn row_17_an_ack_without_an_account() {
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
