//! Tokens, refusals, and the change of connections.

use std::time::Duration;

use super::super::{Closed, Command, DialFailure, Kind, NoToken, Notice, Output};
use super::bench::{Bench, seconds};

const HOUR: Duration = seconds(3_600);

#[test]
fn row_11_refused_at_the_upgrade() {
    for status in [401, 403] {
        let mut bench = Bench::new();
        (0..3).for_each(|_| _ = bench.status(status, None));
        assert_eq!(bench.forced, 1);
        let words = format!("connecting, failed Unauthorized(\"the upgrade was answered with status {status}\")");
        assert!(bench.seen().ends_with(&words));
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
    bench.wait(seconds(10));
    // From now on it is a matter of minutes.
    for _ in 0..5 {
        bench.status(401, None);
    }
    bench.live([1]);
    assert!(bench.forced > 1);
    assert!(bench.seen().ends_with("caught up"));
}

#[test]
fn row_15_refused_in_the_answer_to_the_subscription() {
    let refuse = |bench: &mut Bench| {
        let (id, _) = bench.dial();
        bench.dialled(id, Ok(()));
        bench.say(id, Kind::Refused("no".into()));
    };
    let mut bench = Bench::new();
    (0..3).for_each(|_| refuse(&mut bench));
    assert!(bench.seen().ends_with("connected, disconnected Refused(\"no\"), failed Unauthorized(\"no\")"));
    assert_eq!(bench.forced, 1);

    // Once it was accepted, only ten minutes of refusals are final. Anything else between them counts.
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.closed(id, Closed::Reset);
    let from = bench.now;
    while bench.now.since(from) < seconds(500) {
        refuse(&mut bench);
    }
    let (id, _) = bench.dial();
    bench.dialled(id, Err(DialFailure::TimedOut(None)));
    let from = bench.now;
    while bench.now.since(from) < seconds(560) {
        refuse(&mut bench);
    }
    assert!(bench.seen().ends_with("retrying"));
    while !bench.seen().ends_with("failed Unauthorized(\"no\")") {
        refuse(&mut bench);
    }
    assert!((600..=660).contains(&bench.now.since(from).as_secs()), "{:?}", bench.now.since(from));
}

#[test]
fn the_rejection_of_an_expired_token_is_no_refusal() {
    let mut bench = Bench::new();
    bench.life = Some(Duration::ZERO);
    for _ in 0..10 {
        let (id, _) = bench.dial();
        bench.dialled(id, Ok(()));
        bench.say(id, Kind::Refused("Invalid token".into()));
    }
    bench.life = None;
    bench.live([1]);
    assert!(bench.seen().ends_with("caught up"));
}

#[test]
fn row_19_auth_expired_is_redialled_at_once_with_a_new_token() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.wait(seconds(12));
    bench.say(id, Kind::Notice(Notice::AuthExpired));
    let (id, waited) = bench.dial();
    assert_eq!((waited, bench.forced), (Duration::ZERO, 1));
    bench.dialled(id, Ok(()));
    bench.data(id, [1, 2]);
    assert!(bench.seen().ends_with("connecting, connected, subscribed, r2"));
}

#[test]
fn row_23_tokens_that_end_at_once_do_not_make_a_loop() {
    for life in [None, Some(Duration::ZERO), Some(seconds(3))] {
        let mut bench = Bench::new();
        bench.life = life;
        let id = bench.live([1]);
        bench.say(id, Kind::Notice(Notice::AuthExpired));
        for _ in 0..20 {
            let before = (bench.now, bench.forced);
            let id = bench.live([1]);
            if bench.forced > before.1 + 1 {
                panic!("{} tokens for a connection", bench.forced - before.1);
            }
            bench.say(id, Kind::Notice(Notice::AuthExpired));
        }
        let (from, forced) = (bench.now, bench.forced);
        for _ in 0..20 {
            let id = bench.live([1]);
            bench.say(id, Kind::Notice(Notice::AuthExpired));
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
    assert_eq!(bench.machine.statistics().dials, 1);
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
    bench.say(new, Kind::Accepted);
    bench.data(new, [1]);
    bench.data(old, [3]);
    bench.data(new, [2, 3, 4]);
    bench.data(old, [4]);
    bench.say(new, Kind::ReplayComplete);
    assert!(
        matches!(bench.asked()[..], [Output::Subscribe { .. }, Output::Ping { connection }] if connection == old)
    );
    bench.data(new, [5]);
    assert_eq!(bench.seen(), "rotating, 3, r4, rotated, 5");
    // It is closed when nothing is on its way any more.
    bench.wait(seconds(1));
    assert!(bench.asked().is_empty());
    bench.receive(old, super::super::Frame::Control);
    assert!(matches!(bench.asked()[..], [Output::Close { connection }] if connection == old));
}

#[test]
fn a_message_without_a_number_comes_once_although_there_are_two_connections() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.command(Command::RotateNow);
    let new = bench.connect();
    bench.data(new, [1]);
    bench.say(old, Kind::Data);
    bench.say(new, Kind::Data);
    bench.say(new, Kind::ReplayComplete);
    bench.say(new, Kind::Data);
    bench.say(old, Kind::Data);
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
    bench.say(new, Kind::ReplayComplete);
    let expected = "rotating, disconnected Closed(Eof), connected, subscribed, r2, caught up";
    assert_eq!(bench.seen(), expected);
    assert_eq!(bench.machine.statistics().dials, 2);
}

#[test]
fn row_21_no_token_for_the_next_connection() {
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
    bench.say(new, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "rotated");
}

#[test]
fn row_22_credentials_revoked() {
    let mut bench = Bench::new();
    bench.life = Some(HOUR);
    let old = bench.quietly_live([1]);
    bench.no_token = Some(NoToken::Refused("no".into()));
    bench.beat(old, 3_599);
    bench.data(old, [2]);
    assert_eq!(bench.seen(), "rotating, 2");
    bench.say(old, Kind::Notice(Notice::AuthExpired));
    bench.wait(seconds(700));
    let words = bench.seen();
    assert!(words.starts_with("said, disconnected AuthExpired, retrying"), "{words}");
    assert!(words.ends_with("failed Unauthorized(\"no\")"), "{words}");
}

#[test]
fn row_24_a_server_that_refuses_a_second_connection() {
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
        bench.say(new, Kind::ReplayComplete);
        assert!(bench.seen().ends_with("connected, subscribed, caught up"));
        old = new;
    }
    assert_eq!(bench.machine.statistics().dials, 5);
}

#[test]
fn row_24_a_server_in_trouble_is_not_taken_for_one_that_refuses() {
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
    bench.say(new, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "rotated");
}

#[test]
fn row_24_a_server_that_has_not_seen_the_old_connection_end_does_not_refuse_the_token() {
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
    bench.say(new, Kind::ReplayComplete);
    assert!(bench.seen().ends_with("connected, subscribed, caught up"));
}
