//! Rows 11, 15, 16, 20 and 22 to 25 of the fault table: tokens, and the change of connections.

use std::time::Duration;

use super::super::{Class, Closed, Command, DialFailure, NoToken, Notice, Output, Refusal};
use super::bench::{Bench, seconds};

const HOUR: Duration = seconds(3_600);

#[test]
fn row_11_refused_at_the_upgrade() {
    for status in [401, 403] {
        let mut bench = Bench::new();
        bench.status(status, None);
        assert_eq!(bench.forced, 0);
        bench.status(status, None);
        assert_eq!(bench.forced, 1);
        assert_eq!(bench.seen(), "connecting, retrying, connecting, failed Unauthorized");
        assert!(bench.no_dial(HOUR));
    }
}

#[test]
fn row_11_good_with_a_fresh_token() {
    let mut bench = Bench::new();
    bench.status(401, None);
    let id = bench.live([1]);
    assert_eq!(bench.forced, 1);
    bench.closed(id, Closed::Reset);
    // The next time it is again one fresh token before the end.
    bench.status(401, None);
    bench.live([1]);
    assert_eq!(bench.forced, 2);
}

#[test]
fn rows_15_16_refused_in_the_answer_to_the_subscription() {
    let mut bench = Bench::new();
    for _ in 0..2 {
        let (id, _) = bench.dial();
        bench.dialled(id, Ok(()));
        bench.say(id, Class::Refused(Refusal::Token));
    }
    assert!(bench.seen().ends_with("connected, disconnected TokenRejected, failed Unauthorized"));
    assert_eq!(bench.forced, 1);

    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    bench.dialled(id, Ok(()));
    bench.say(id, Class::Refused(Refusal::Account));
    assert_eq!(bench.seen(), "connecting, connected, disconnected AccountRefused, failed AccountRefused");
}

#[test]
fn row_20_auth_expired_is_redialled_at_once_with_a_new_token() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.wait(seconds(12));
    bench.say(id, Class::Notice(Notice::AuthExpired));
    let (id, waited) = bench.dial();
    assert_eq!((waited, bench.forced), (Duration::ZERO, 1));
    bench.dialled(id, Ok(()));
    bench.data(id, [1, 2]);
    assert!(bench.seen().ends_with("connecting, connected, subscribed, r2"));
}

#[test]
fn row_24_tokens_that_end_at_once_do_not_make_a_loop() {
    for life in [None, Some(Duration::ZERO), Some(seconds(3))] {
        let mut bench = Bench::new();
        bench.life = life;
        let id = bench.live([1]);
        bench.say(id, Class::Notice(Notice::AuthExpired));
        for _ in 0..20 {
            let before = (bench.now, bench.forced);
            let id = bench.live([1]);
            if bench.forced > before.1 + 1 {
                panic!("{} tokens for a connection", bench.forced - before.1);
            }
            bench.say(id, Class::Notice(Notice::AuthExpired));
        }
        let (from, forced) = (bench.now, bench.forced);
        for _ in 0..20 {
            let id = bench.live([1]);
            bench.say(id, Class::Notice(Notice::AuthExpired));
        }
        let tokens = bench.forced - forced;
        assert!(bench.now.since(from) >= seconds(10) * (tokens - 1), "{life:?}: {tokens} tokens");
    }
}

#[test]
fn a_token_without_an_end_is_not_replaced() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.beat(id, 100_000);
    assert_eq!(bench.seen(), "");
    assert_eq!(bench.core.statistics().dials, 1);
}

#[test]
fn a_new_connection_takes_over_before_the_token_ends() {
    let mut bench = Bench::new();
    bench.life = Some(HOUR);
    let (from, old) = (bench.now, bench.quietly_live([1, 2]));
    let new = bench.beat_until_dial(old);
    let left = HOUR - bench.now.since(from);
    assert!((seconds(140)..seconds(181)).contains(&left), "{left:?} before the end");
    bench.dialled(new, Ok(()));
    bench.say(new, Class::Accepted);
    bench.data(new, [1]);
    bench.data(old, [3]);
    bench.data(new, [2, 3, 4]);
    bench.data(old, [4]);
    bench.say(new, Class::ReplayComplete);
    assert!(
        matches!(bench.asked()[..], [Output::Subscribe { .. }, Output::Close { connection }] if connection == old)
    );
    bench.data(new, [5]);
    assert_eq!(bench.seen(), "rotating, 3, r4, rotated, 5");
}

#[test]
fn what_has_no_number_comes_once_although_there_are_two_connections() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.command(Command::RotateNow);
    let new = bench.connect();
    bench.data(new, [1]);
    bench.say(old, Class::Data);
    bench.say(new, Class::Data);
    bench.say(new, Class::ReplayComplete);
    bench.say(new, Class::Data);
    assert_eq!(bench.seen(), "rotating, said, rotated, said");
}

#[test]
fn the_current_connection_may_end_while_the_next_one_replays() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.command(Command::RotateNow);
    let new = bench.connect();
    bench.closed(old, Closed::Eof);
    bench.data(new, [1, 2]);
    bench.say(new, Class::ReplayComplete);
    let expected = "rotating, disconnected Closed(Eof), connected, subscribed, r2, caught up";
    assert_eq!(bench.seen(), expected);
    assert_eq!(bench.core.statistics().dials, 2);
}

#[test]
fn row_22_no_token_for_the_next_connection() {
    let mut bench = Bench::new();
    bench.life = Some(HOUR);
    let old = bench.quietly_live([1]);
    bench.no_token = Some(NoToken::Unavailable(None));
    bench.beat(old, 3_580);
    assert_eq!(bench.seen(), "rotating");
    bench.no_token = None;
    let new = bench.beat_until_dial(old);
    bench.dialled(new, Ok(()));
    bench.data(new, [1]);
    bench.say(new, Class::ReplayComplete);
    assert_eq!(bench.seen(), "rotated");
}

#[test]
fn row_23_credentials_revoked() {
    let mut bench = Bench::new();
    bench.life = Some(HOUR);
    let old = bench.quietly_live([1]);
    bench.no_token = Some(NoToken::Refused);
    bench.beat(old, 3_599);
    bench.data(old, [2]);
    assert_eq!(bench.seen(), "rotating, 2");
    bench.say(old, Class::Notice(Notice::AuthExpired));
    bench.wait(seconds(60));
    assert_eq!(bench.seen(), "said, disconnected AuthExpired, failed Unauthorized");
}

#[test]
fn row_25_a_server_that_refuses_a_second_connection() {
    let mut bench = Bench::new();
    bench.life = Some(HOUR);
    let mut old = bench.quietly_live([1]);
    for _ in 0..2 {
        let new = bench.beat_until_dial(old);
        bench.dialled(new, Err(DialFailure::Status { status: 409, retry_after: None }));
    }
    // From now on the old one is closed first, a minute before the end.
    for _ in 0..2 {
        let from = bench.now;
        let new = bench.beat_until_dial(old);
        assert!(bench.now.since(from) < HOUR);
        let words = bench.seen();
        assert!(
            words.contains("rotating, disconnected Replaced") || words.ends_with("retrying, connecting"),
            "{words}"
        );
        bench.dialled(new, Ok(()));
        bench.data(new, [1]);
        bench.say(new, Class::ReplayComplete);
        assert!(bench.seen().ends_with("connected, subscribed, caught up"));
        old = new;
    }
    assert_eq!(bench.core.statistics().dials, 5);
}

#[test]
fn row_25_a_server_in_trouble_is_not_taken_for_one_that_refuses() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.command(Command::RotateNow);
    for _ in 0..5 {
        let new = bench.beat_until_dial(old);
        bench.dialled(new, Err(DialFailure::Status { status: 503, retry_after: None }));
    }
    assert_eq!(bench.seen(), "rotating");
    let new = bench.beat_until_dial(old);
    bench.dialled(new, Ok(()));
    bench.data(new, [1]);
    bench.say(new, Class::ReplayComplete);
    assert_eq!(bench.seen(), "rotated");
}

#[test]
fn row_25_a_server_that_has_not_seen_the_old_connection_end_does_not_refuse_the_token() {
    let refused = || Err(DialFailure::Status { status: 403, retry_after: None });
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.command(Command::RotateNow);
    for _ in 0..2 {
        let new = bench.beat_until_dial(old);
        bench.dialled(new, refused());
    }
    bench.command(Command::RotateNow);
    for _ in 0..3 {
        let (new, _) = bench.dial();
        bench.dialled(new, refused());
    }
    let (new, _) = bench.dial();
    bench.dialled(new, Ok(()));
    bench.data(new, [1]);
    bench.say(new, Class::ReplayComplete);
    assert!(bench.seen().ends_with("connected, subscribed, caught up"));
}
