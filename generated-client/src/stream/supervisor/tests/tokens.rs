//! Tokens that end, and the change of connections.

use std::time::Duration;

use tokio::time::Instant;

use super::stage::{Stage, simulate};
use super::{MINUTE, again};
use crate::stream::machine::{DialFailure, NoToken};

const EXPIRED: &str = "Auth expired; please reconnect";
const HOUR: Duration = Duration::from_secs(3_600);

/// Tokens live an hour from now on.
fn tokens_of_an_hour(stage: &Stage) {
    stage.tokens.set(|tokens| tokens.life = Some(HOUR));
}

#[test]
fn a_new_connection_takes_over_before_the_token_ends() {
    simulate(async |stage| {
        tokens_of_an_hour(stage);
        let (from, mut old) = (Instant::now(), stage.begin([1, 2]).await);
        let mut new = old.beside(stage.accept()).await;
        assert!(from.elapsed() < HOUR - Duration::from_secs(90));
        assert!(!new.subscription().await.contains("0123456789-1\""), "it has another token");
        old.say([3]).await;
        new.answer(true, "").await;
        stage.caller.saw("rotating, 3").await;
        new.say(1..=4).await;
        stage.caller.saw("r4").await;
        old.say([4, 5]).await;
        stage.caller.saw("5").await;
        new.say([5, 6]).await;
        new.caught_up().await;
        stage.caller.saw("r6, rotated").await;
        // The old one is closed properly.
        while let Some((first, payload)) = old.read().await {
            assert!(first != 0x88 || payload == 1000_u16.to_be_bytes());
        }
        old.gone();
        new.say([7]).await;
        stage.caller.saw("7").await;
    });
}

#[test]
fn row_19_auth_expired() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        session.stay(MINUTE).await;
        session.notice(EXPIRED).await;
        let ended = Instant::now();
        session.close(1000).await;
        let words = format!("notice {EXPIRED}, disconnected AuthExpired, retrying AuthExpired");
        stage.caller.saw(words).await;
        let mut session = stage.accept().await;
        assert!(ended.elapsed() < Duration::from_millis(10), "at once");
        assert_eq!(stage.tokens.asked(), [None, Some(1)]);
        session.live([1, 2]).await;
        stage.caller.saw(again("r2, ")).await;
    });
}

#[test]
fn row_21_no_token_when_the_old_one_ends() {
    simulate(async |stage| {
        tokens_of_an_hour(stage);
        let from = Instant::now();
        let mut old = stage.begin([1]).await;
        stage.tokens.set(|tokens| tokens.none = Some(NoToken::Unavailable(None)));
        stage.tokens.asked();
        old.beside(stage.caller.saw("rotating")).await;
        old.stay(HOUR - from.elapsed() - Duration::from_secs(20)).await;
        old.say([2]).await;
        stage.caller.saw("2").await;
        let asked = stage.tokens.asked();
        assert!(asked.len() >= 5 && asked.iter().all(|asked| *asked == Some(1)), "{asked:?}");
        // Seconds before the end there is one again.
        stage.tokens.set(|tokens| tokens.none = None);
        let mut new = old.beside(stage.accept()).await;
        new.live([1, 2, 3]).await;
        stage.caller.saw("r3, rotated").await;
        assert!(from.elapsed() < HOUR + Duration::from_secs(10));
    });
}

#[test]
fn row_21_no_token_until_after_the_end() {
    simulate(async |stage| {
        tokens_of_an_hour(stage);
        let mut old = stage.begin([1]).await;
        stage.tokens.set(|tokens| tokens.none = Some(NoToken::Unavailable(None)));
        old.beside(stage.caller.saw("rotating")).await;
        old.notice(EXPIRED).await;
        old.close(1000).await;
        let mut words = stage.caller.take(10 * MINUTE).await;
        let lost = [format!("notice {EXPIRED}"), "disconnected AuthExpired".into()];
        assert_eq!(words.drain(..2).collect::<Vec<_>>(), lost);
        assert!(words.len() >= 10 && words.iter().all(|word| word == "retrying NoToken"), "{words:?}");
        stage.tokens.set(|tokens| tokens.none = None);
        stage.live([1, 2], &again("r2, ")).await;
    });
}

#[test]
fn row_21_a_token_that_never_comes() {
    simulate(async |stage| {
        tokens_of_an_hour(stage);
        let from = Instant::now();
        let mut old = stage.begin([1]).await;
        stage.tokens.set(|tokens| tokens.hangs = true);
        old.beside(stage.caller.saw("rotating")).await;
        // Half a minute is enough for a token; then it is asked for again.
        old.stay(Duration::from_secs(25)).await;
        stage.tokens.set(|tokens| tokens.hangs = false);
        let mut new = old.beside(stage.accept()).await;
        new.live([1, 2]).await;
        stage.caller.saw("r2, rotated").await;
        assert!(from.elapsed() < HOUR, "{:?}", from.elapsed());
    });
}

#[test]
fn row_22_credentials_are_revoked() {
    simulate(async |stage| {
        tokens_of_an_hour(stage);
        let mut old = stage.begin([1]).await;
        stage.tokens.set(|tokens| tokens.none = Some(NoToken::Refused("revoked".into())));
        old.beside(stage.caller.saw("rotating")).await;
        old.stay(Duration::from_secs(100)).await;
        old.say([2]).await;
        stage.caller.saw("2").await;
        old.notice(EXPIRED).await;
        old.close(1000).await;
        let words = format!("notice {EXPIRED}, disconnected AuthExpired, ");
        let words = words + &stage.caller.take(11 * MINUTE).await.split_off(2).join(", ");
        assert!(words.ends_with("failed Unauthorized(\"revoked\"), end"), "{words}");
        stage.no_dial(HOUR).await;
    });
}

#[test]
fn row_23_tokens_that_have_ended_already() {
    simulate(async |stage| {
        stage.tokens.set(|tokens| tokens.life = Some(Duration::ZERO));
        let from = Instant::now();
        for round in 0..30 {
            let mut session = stage
                .live(
                    [1],
                    if round == 0 {
                        "connecting, connected, subscribed, r1, caught up"
                    } else {
                        "connecting, connected, subscribed, caught up"
                    },
                )
                .await;
            session.notice(EXPIRED).await;
            session.close(1000).await;
            let words = stage.caller.take(Duration::from_millis(1)).await.join(", ");
            assert!(words.contains("disconnected AuthExpired"), "{words}");
        }
        let asked = u32::try_from(stage.tokens.asked().iter().flatten().count()).unwrap();
        assert!(from.elapsed() >= Duration::from_secs(10) * (asked - 1), "{asked} in {:?}", from.elapsed());
        stage.live([1], &again("")).await;
    });
}

#[test]
fn row_24_a_server_that_refuses_a_second_connection() {
    simulate(async |stage| {
        tokens_of_an_hour(stage);
        let mut only = stage.begin([1]).await;
        for _ in 0..2 {
            let second = only.beside(stage.dial()).await;
            second.fail(DialFailure::Status { status: 409, retry_after: None });
        }
        stage.caller.saw("rotating").await;
        // From now on the old one is closed first.
        for round in 2..5 {
            let from = Instant::now();
            only.beside(stage.caller.saw("rotating, disconnected Replaced, retrying Replaced")).await;
            assert!(round == 2 || from.elapsed() > HOUR - 2 * MINUTE, "{:?}", from.elapsed());
            only = stage.live(1..=round, &again(&format!("r{round}, "))).await;
        }
    });
}
