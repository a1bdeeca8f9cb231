//! Connections that cannot be made, or end.

use std::time::Duration;

use super::super::{
    Closed, Command, DialFailure, Frame, HandshakeFault, Kind, Notice, Output, Stage, State,
};
use super::bench::{Bench, millis, seconds};

#[test]
fn row_03_a_dead_connection_is_left_within_25_s() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.wait(seconds(15));
    assert!(matches!(bench.asked()[..], [Output::Ping { connection }] if connection == id));
    bench.wait(millis(9_999));
    assert_eq!(bench.seen(), "");
    bench.wait(millis(1));
    assert_eq!(bench.seen(), "disconnected NoPong, retrying");
    assert!(matches!(bench.asked()[..], [Output::Close { connection }] if connection == id));
}

#[test]
fn row_04_a_write_that_hangs_ends_the_connection() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.closed(id, Closed::WriteTimeout);
    assert_eq!(bench.seen(), "disconnected Closed(WriteTimeout), retrying");
}

#[test]
fn row_05_pongs_without_heartbeats() {
    for (pace, silence) in [(1, 15), (10, 40), (50, 200)] {
        let mut bench = Bench::new();
        let id = bench.quietly_live([1]);
        for _ in 0..5 {
            for _ in 0..pace {
                bench.wait(seconds(1));
                bench.receive(id, Frame::Control);
            }
            bench.say(id, Kind::Heartbeat);
        }
        for _ in 1..silence {
            bench.wait(seconds(1));
            bench.receive(id, Frame::Control);
        }
        assert_eq!(bench.seen(), "", "every {pace} s");
        bench.wait(seconds(1));
        assert_eq!(bench.seen(), "disconnected Mute, retrying", "every {pace} s");
    }
}

#[test]
fn rows_06_07_08_14_a_dial_that_fails_is_repeated_with_growing_waits() {
    for failure in [
        DialFailure::Failed(Stage::Resolve),
        DialFailure::Failed(Stage::Tcp),
        DialFailure::TimedOut(Some(Stage::Tls)),
        DialFailure::Handshake(HandshakeFault::Http),
    ] {
        let mut bench = Bench::new();
        for failures in 1..=20 {
            let (id, waited) = bench.dial();
            assert!(waited <= seconds(30), "{failure:?}: {waited:?} after {failures}");
            bench.dialled(id, Err(failure));
            assert!(bench.seen().ends_with("connecting, retrying"));
        }
        assert_eq!(bench.machine.state(), State::Waiting);
    }
}

#[test]
fn row_08_a_dial_takes_10_s_at_most() {
    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    bench.wait(seconds(10));
    assert_eq!(bench.seen(), "connecting, retrying");
    assert!(matches!(bench.asked()[..], [Output::Close { connection }] if connection == id));
}

#[test]
fn row_09_three_slow_tries_for_a_certificate() {
    let mut bench = Bench::new();
    for slow in [0, 5, 5] {
        let (id, waited) = bench.dial();
        assert!(waited >= seconds(slow), "{waited:?}");
        bench.dialled(id, Err(DialFailure::Certificate));
    }
    assert!(bench.seen().ends_with("connecting, failed Certificate"));
    assert!(bench.no_dial(seconds(600)));
}

#[test]
fn row_11_a_busy_server_says_how_long_to_wait() {
    for status in [429, 503] {
        let mut bench = Bench::new();
        bench.status(status, None);
        assert!(bench.status(status, Some(seconds(77))) >= seconds(2));
        assert!(bench.status(status, Some(seconds(9_999))) >= seconds(77));
        let waited = bench.status(status, None);
        assert!((seconds(300)..seconds(310)).contains(&waited), "{waited:?}");
    }
}

#[test]
fn row_13_a_redirect_is_a_failure() {
    let mut bench = Bench::new();
    bench.status(302, None);
    assert_eq!(bench.seen(), "connecting, retrying");
}

#[test]
fn row_16_an_ack_that_never_comes() {
    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    bench.dialled(id, Ok(()));
    bench.wait(seconds(10));
    assert_eq!(bench.seen(), "connecting, connected, disconnected AckTimeout, retrying");
}

#[test]
fn row_18_idled_too_long() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.say(id, Kind::Notice(Notice::Idle));
    bench.closed(id, Closed::Code(Some(1000)));
    assert_eq!(bench.seen(), "said, disconnected Idle, retrying");
    bench.live([1]);
    assert!(bench.seen().ends_with("caught up"));
}

#[test]
fn rows_01_02_10_20_however_a_connection_ends() {
    let codes = [None, Some(1000), Some(1001), Some(1006), Some(1011), Some(1012), Some(1013), Some(1014), Some(4000)];
    let ends = [Closed::Reset, Closed::Eof, Closed::Protocol];
    for how in ends.into_iter().chain(codes.map(Closed::Code)) {
        let mut bench = Bench::new();
        let id = bench.quietly_live([1, 2]);
        bench.closed(id, how);
        assert_eq!(bench.seen(), format!("disconnected Closed({how:?}), retrying"));
        let (id, waited) = bench.dial();
        let busy = matches!(how, Closed::Code(Some(1012..=1014)));
        let least = if busy { seconds(2) } else { millis(100) };
        assert!((least..seconds(3)).contains(&waited), "{how:?}: {waited:?}");
        bench.dialled(id, Ok(()));
        bench.data(id, [1, 2, 3]);
        bench.say(id, Kind::ReplayComplete);
        assert_eq!(bench.seen(), "connecting, connected, subscribed, r3, caught up");
    }
}

#[test]
fn row_37_a_replay_may_take_long_but_not_stand_still() {
    let mut bench = Bench::new();
    let id = bench.connect();
    for sequence in 1..20 {
        bench.wait(seconds(14));
        bench.data(id, [sequence]);
    }
    bench.seen();
    for _ in 0..14 {
        bench.wait(seconds(1));
        bench.say(id, Kind::Heartbeat);
    }
    assert_eq!(bench.seen(), "");
    bench.wait(seconds(1));
    assert_eq!(bench.seen(), "disconnected ReplayStalled, retrying");
}

#[test]
fn row_38_disconnected_during_every_replay() {
    let mut bench = Bench::new();
    let mut waits = Vec::new();
    for _ in 0..40 {
        let (id, waited) = bench.dial();
        bench.dialled(id, Ok(()));
        bench.say(id, Kind::Accepted);
        bench.data(id, [1]);
        bench.closed(id, Closed::Reset);
        waits.push(waited);
    }
    assert_eq!(bench.seen().matches("r1").count(), 1);
    let mean = |waits: &[Duration]| waits.iter().sum::<Duration>() / waits.len() as u32;
    assert!(mean(&waits[20..]) > seconds(8), "{waits:?}");
    assert!(mean(&waits[..4]) < seconds(2), "{waits:?}");
}

#[test]
fn row_39_three_messages_in_a_row_that_are_too_large() {
    let mut bench = Bench::new();
    for _ in 0..2 {
        let id = bench.live([1]);
        bench.closed(id, Closed::TooLarge);
    }
    let id = bench.live([1]);
    bench.seen();
    bench.closed(id, Closed::TooLarge);
    assert_eq!(bench.seen(), "disconnected Closed(TooLarge), failed TooLarge");
}

#[test]
fn row_45_a_server_that_accepts_and_closes_a_thousand_times() {
    let mut bench = Bench::new();
    let begun = bench.now;
    let mut dials = Vec::new();
    for _ in 0..200 {
        let (id, _) = bench.dial();
        dials.push(bench.now.since(begun).as_secs());
        bench.dialled(id, Ok(()));
        bench.closed(id, Closed::Code(Some(1000)));
    }
    let first = dials.iter().filter(|at| **at < 60).count();
    assert!((7..=14).contains(&first), "{first} in the first minute");
    let later = dials.iter().filter(|at| (60..1_860).contains(*at)).count();
    assert!((90..=150).contains(&later), "{later} in half an hour");
}

#[test]
fn row_46_earlier_failures_are_forgotten_by_the_rule() {
    let attempts_after = |live: u64, how: Closed| {
        let mut bench = Bench::with(|settings| settings.max_attempts = Some(8));
        for attempt in 1..=20 {
            let id = bench.live([1]);
            bench.beat(id, live);
            bench.closed(id, how);
            if bench.seen().ends_with("failed GaveUp") {
                return attempt;
            }
        }
        0
    };
    assert_eq!(attempts_after(59, Closed::Code(Some(1000))), 8);
    assert_eq!(attempts_after(61, Closed::Code(Some(1000))), 0);
    // What the network does is forgotten sooner.
    assert_eq!(attempts_after(4, Closed::Reset), 8);
    assert_eq!(attempts_after(6, Closed::Reset), 0);
}

#[test]
fn giving_up_after_some_time() {
    let mut bench = Bench::with(|settings| settings.max_elapsed = Some(seconds(60)));
    let id = bench.live([1]);
    bench.beat(id, 300);
    bench.closed(id, Closed::Reset);
    bench.seen();
    let (id, _) = bench.dial();
    bench.dialled(id, Err(DialFailure::Failed(Stage::Tcp)));
    bench.status(503, Some(seconds(200)));
    let from = bench.now;
    bench.wait(seconds(60));
    assert!(bench.seen().ends_with("failed GaveUp"), "since {from:?}");
}

/// There is no wall clock here. A monotonic one that is wrong changes nothing either.
#[test]
fn row_47_a_clock_that_goes_back_stands_still() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.now = super::super::Moment::default();
    bench.data(id, [2]);
    assert_eq!(bench.seen(), "2");
    assert!(bench.machine.next_deadline().is_some_and(|at| at.since_start() > seconds(100_000)));
}

#[test]
fn row_48_after_waking_the_server_is_asked_at_once() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.now = bench.now.after(seconds(8 * 3_600));
    bench.tell(super::super::Input::Timer);
    assert_eq!(bench.seen(), "");
    assert!(matches!(bench.asked()[..], [Output::Ping { connection }] if connection == id));
    bench.wait(seconds(10));
    assert_eq!(bench.seen(), "disconnected NoPong, retrying");
}

#[test]
fn row_48_a_connection_that_survived_is_kept() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.now = bench.now.after(seconds(8 * 3_600));
    bench.tell(super::super::Input::Timer);
    bench.receive(id, Frame::Control);
    bench.wait(seconds(14));
    bench.data(id, [2]);
    assert_eq!(bench.seen(), "2");
}

#[test]
fn reconnecting_now_does_not_wait() {
    let mut bench = Bench::new();
    bench.status(503, Some(seconds(200)));
    bench.command(Command::ReconnectNow);
    assert_eq!(bench.dial().1, Duration::ZERO);

    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.command(Command::ReconnectNow);
    assert_eq!(bench.dial().1, Duration::ZERO);
    assert!(bench.seen().starts_with("disconnected Asked"));
    bench.data(id, [2]);
    assert_eq!(bench.seen(), "");
}

/// What is said of connections that are gone, or of none, changes nothing.
#[test]
fn what_comes_too_late_is_ignored() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.closed(old, Closed::Reset);
    bench.seen();
    bench.data(old, [2]);
    bench.say(old, Kind::ReplayComplete);
    bench.closed(old, Closed::Reset);
    bench.dialled(old, Ok(()));
    bench.tell(super::super::Input::Token(Err(super::super::NoToken::Refused("no".into()))));
    assert_eq!(bench.seen(), "");
}
