//! A caller that is too slow.

use super::super::{Closed, Input, Kind, Output, SlowCaller, State};
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
fn row_44_a_parked_stream_comes_back_when_the_buffer_is_drained_to_a_quarter() {
    let (mut bench, old) = full(SlowCaller::Park);
    bench.wait(seconds(2));
    assert!(matches!(bench.asked()[..], [Output::Close { connection }] if connection == old));
    bench.data(old, [10, 11]);
    assert_eq!(bench.machine.state(), State::Recovering);
    assert_eq!(bench.seen(), "2, 3, 4, 5, 6, 7, 8, 9, lagging");
    take(&mut bench, 6);
    assert!(bench.no_dial(seconds(3_600)));
    take(&mut bench, 1);
    bench.takes = true;
    let new = bench.live(1..=12);
    bench.data(new, [13]);
    let expected = "connecting, connected, subscribed, r10, r11, r12, caught up, recovered, 13";
    assert_eq!(bench.seen(), expected);
    assert_eq!(bench.machine.state(), State::Live);
}

#[test]
fn row_44_room_within_two_seconds_is_no_lag() {
    let (mut bench, id) = full(SlowCaller::Park);
    bench.wait(seconds(1));
    take(&mut bench, 2);
    assert!(matches!(bench.asked()[..], [Output::Read { on: true, .. }]));
    bench.wait(seconds(5));
    bench.data(id, [10]);
    assert_eq!(bench.seen(), "2, 3, 4, 5, 6, 7, 8, 9, 10");
}

#[test]
fn row_44_a_caller_who_stops_for_hours() {
    let (mut bench, _) = full(SlowCaller::Park);
    bench.wait(seconds(6 * 3_600));
    assert!(bench.machine.statistics().buffered_events <= 9);
    assert_eq!((bench.machine.held(), bench.machine.statistics().dials), ((0, 0), 1));
    bench.seen();
    take(&mut bench, 9);
    bench.takes = true;
    bench.live(1..610);
    let expected: Vec<_> = (10..610).map(|sequence| format!("r{sequence}")).collect();
    assert!(bench.seen().ends_with(&format!("{}, caught up, recovered", expected.join(", "))));
}

#[test]
fn a_replay_that_is_too_long_for_the_buffer_comes_in_parts() {
    let (mut bench, _) = full(SlowCaller::Park);
    let mut words = bench.seen();
    for _ in 0..20 {
        bench.wait(seconds(3));
        take(&mut bench, 20);
        let id = bench.connect();
        bench.data(id, 1..=60);
        bench.say(id, Kind::ReplayComplete);
        words = format!("{words}, {}", bench.seen());
        if words.ends_with("recovered") {
            break;
        }
    }
    let numbers = words.split(", ").filter_map(|word| word.trim_start_matches('r').parse::<u64>().ok());
    assert!(numbers.eq(2..=60), "{words}");
    assert_eq!(words.matches("lagging").count(), 1);
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
    let (mut bench, mut id) = full(SlowCaller::Block);
    let full = bench.machine.statistics().buffered_events;
    for _ in 0..20 {
        bench.closed(id, Closed::Reset);
        id = bench.connect();
    }
    assert_eq!(bench.machine.statistics().buffered_events, full, "{}", bench.seen());
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
