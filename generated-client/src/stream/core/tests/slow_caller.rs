//! Rows 45 and 46 of the fault table: a caller that is too slow.

use super::super::{Class, Closed, Input, Output, SlowCaller, State};
use super::bench::{Bench, seconds};

/// A caller with room for eight events who takes none. Live, and with the eight in the buffer.
fn full(slow: SlowCaller) -> (Bench, super::super::ConnectionId) {
    let mut bench = Bench::with(|settings| {
        settings.buffer_events = 8;
        settings.slow_caller = slow;
    });
    let id = bench.quietly_live([1]);
    bench.takes = false;
    bench.data(id, 2..=9);
    assert!(matches!(bench.asked()[..], [Output::Read { on: false, .. }]));
    (bench, id)
}

fn take(bench: &mut Bench, events: usize) {
    bench.tell(Input::Taken { events, bytes: events * 100 });
}

#[test]
fn row_45_what_is_let_go_comes_again() {
    let (mut bench, old) = full(SlowCaller::Recover);
    bench.wait(seconds(2));
    assert!(matches!(bench.asked()[..], [Output::Read { on: true, .. }]));
    bench.data(old, [10, 11]);
    bench.say(old, Class::Data);
    bench.say(old, Class::Heartbeat);
    assert_eq!(bench.core.state(), State::Recovering);
    assert_eq!(bench.seen(), "2, 3, 4, 5, 6, 7, 8, 9, lagging");
    take(&mut bench, 6);
    assert!(bench.no_dial(seconds(1)));
    take(&mut bench, 3);
    bench.takes = true;
    let new = bench.connect();
    bench.data(old, [12]);
    bench.data(new, 1..=12);
    bench.say(new, Class::ReplayComplete);
    bench.data(new, [13]);
    assert_eq!(bench.seen(), "r10, r11, r12, recovered 1, 13");
    assert_eq!(bench.core.state(), State::Live);
}

#[test]
fn row_45_room_within_two_seconds_is_no_lag() {
    let (mut bench, id) = full(SlowCaller::Recover);
    bench.wait(seconds(1));
    take(&mut bench, 2);
    assert!(matches!(bench.asked()[..], [Output::Read { on: true, .. }]));
    bench.wait(seconds(5));
    bench.data(id, [10]);
    assert_eq!(bench.seen(), "2, 3, 4, 5, 6, 7, 8, 9, 10");
}

#[test]
fn row_45_at_most_one_recovery_in_thirty_seconds() {
    let (mut bench, _) = full(SlowCaller::Recover);
    bench.wait(seconds(2));
    take(&mut bench, 9);
    let new = bench.connect();
    let first = bench.now;
    bench.data(new, 1..=20);
    bench.wait(seconds(2));
    bench.say(new, Class::ReplayComplete);
    take(&mut bench, 20);
    bench.takes = true;
    let new = bench.beat_until_dial(new);
    assert!(bench.now.since(first) >= seconds(30));
    bench.dialled(new, Ok(()));
    bench.data(new, 1..=20);
    bench.say(new, Class::ReplayComplete);
    let words = bench.seen();
    assert_eq!(words.matches("lagging").count(), 1, "{words}");
    assert!(words.ends_with("r20, recovered 0"), "{words}");
    for sequence in 2..=20 {
        assert_eq!(
            words.split(", ").filter(|word| word.trim_start_matches('r') == sequence.to_string()).count(),
            1
        );
    }
}

#[test]
fn row_46_a_caller_who_stops_for_hours() {
    let (mut bench, mut id) = full(SlowCaller::Recover);
    bench.wait(seconds(2));
    for hour in 0..6 {
        bench.beat(id, 3_600);
        bench.data(id, (10 + hour * 100)..(110 + hour * 100));
        bench.closed(id, Closed::Reset);
        id = bench.live(1..(110 + hour * 100));
        assert!(bench.core.buffered().0 <= 9);
        assert_eq!(bench.core.held(), (0, 0));
    }
    bench.seen();
    take(&mut bench, 9);
    bench.takes = true;
    bench.live(1..610);
    let expected: Vec<_> = (10..610).map(|sequence| format!("r{sequence}")).collect();
    assert_eq!(bench.seen(), format!("{}, recovered 0", expected.join(", ")));
}

#[test]
fn a_caller_who_wants_the_server_to_wait() {
    let (mut bench, id) = full(SlowCaller::Block);
    bench.wait(seconds(3_600));
    assert_eq!(bench.seen(), "2, 3, 4, 5, 6, 7, 8, 9");
    assert!(bench.asked().is_empty());
    take(&mut bench, 8);
    bench.data(id, [10]);
    // Nothing could be heard meanwhile, so nothing is held against the server.
    bench.wait(seconds(14));
    assert_eq!(bench.seen(), "10");
}

/// Promise 4: connections that come and go do not fill the memory of a caller who takes nothing.
#[test]
fn a_full_buffer_does_not_grow() {
    for slow in [SlowCaller::Block, SlowCaller::Recover] {
        let (mut bench, mut id) = full(slow);
        let full = bench.core.buffered().0;
        for _ in 0..20 {
            bench.closed(id, Closed::Reset);
            id = bench.connect();
            bench.say(id, Class::Accepted);
        }
        // That the caller lags is told once.
        assert!(bench.core.buffered().0 <= full + 1, "{slow:?}: {}", bench.seen());
    }
}

#[test]
fn a_caller_for_whom_slowness_is_an_error() {
    let (mut bench, _) = full(SlowCaller::Fail);
    bench.wait(seconds(2));
    assert!(bench.seen().ends_with("9, failed SlowCaller"));
}

#[test]
fn bytes_fill_the_buffer_too() {
    let mut bench = Bench::with(|settings| settings.buffer_bytes = 1_000);
    let id = bench.quietly_live([1]);
    bench.takes = false;
    bench.data(id, 2..=10);
    assert!(bench.asked().is_empty());
    bench.data(id, [11]);
    assert!(matches!(bench.asked()[..], [Output::Read { on: false, .. }]));
}
