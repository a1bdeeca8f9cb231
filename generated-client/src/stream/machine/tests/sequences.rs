//! Numbers, replays, and odd messages.

use proptest::prelude::*;

use super::super::{Closed, Frame, Kind};
use super::bench::{Bench, millis, seconds};

#[test]
fn the_quiet_day() {
    let mut bench = Bench::new();
    let id = bench.live([1, 2]);
    bench.data(id, [3, 4]);
    bench.say(id, Kind::Data);
    assert_eq!(bench.seen(), "connecting, connected, subscribed, r1, r2, caught up, 3, 4, said");
}

/// The core is told of an answer to the subscription only that it is positive.
#[test]
fn row_17_an_ack_is_an_ack_whatever_else_it_says() {
    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    bench.dialled(id, Ok(()));
    bench.say(id, Kind::Accepted);
    assert_eq!(bench.seen(), "connecting, connected, subscribed");
}

#[test]
fn data_is_an_ack_too() {
    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    bench.dialled(id, Ok(()));
    bench.data(id, [1]);
    bench.say(id, Kind::Accepted);
    bench.say(id, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "connecting, connected, subscribed, r1, caught up");
}

#[test]
fn row_25_messages_that_cannot_be_read_come_as_often_as_they_were_sent() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    for _ in 0..100 {
        bench.receive(id, Frame::Malformed { size: 3, hash: 0, message: "{".into() });
    }
    bench.data(id, [2]);
    assert_eq!(bench.seen(), format!("{}2", "?{, ".repeat(100)));
}

/// What the payload of a message is like is not seen here at all: new types, bad fields, and binary
/// frames of JSON are data.
#[test]
fn rows_26_27_28_41_data_is_data() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.other(id, 2, " of a new type");
    bench.other(id, 3, " with a bad field");
    bench.say(id, Kind::Data);
    bench.receive(id, Frame::Malformed { size: 4, hash: 0, message: "binary".into() });
    bench.data(id, [4]);
    assert_eq!(bench.seen(), "2 of a new type, 3 with a bad field, said, ?binary, 4");
}

#[test]
fn row_29_a_hole_that_a_replay_fills_is_not_seen() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2]);
    bench.data(old, [4]);
    bench.wait(millis(249));
    assert!(bench.asked().is_empty());
    bench.wait(millis(1));
    let new = bench.connect();
    bench.data(old, [5]);
    assert_eq!(bench.seen(), "");
    bench.data(new, [1, 2, 3, 4, 5]);
    bench.say(new, Kind::ReplayComplete);
    bench.data(new, [6]);
    assert_eq!(bench.seen(), "r3, 4, 5, 6");
    assert_eq!(bench.machine.statistics().recoveries, 1);
}

#[test]
fn row_30_a_hole_that_no_replay_fills_is_one_gap() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2]);
    bench.data(old, [4]);
    let new = bench.live([1, 2, 4]);
    bench.data(new, [5]);
    assert_eq!(bench.seen(), "gap 2..4, r4, 5");
    bench.closed(new, Closed::Reset);
    bench.live([1, 2, 4, 5, 6]);
    assert!(bench.seen().ends_with("subscribed, r6, caught up"));
}

#[test]
fn row_30_the_same_if_more_is_held_than_fits() {
    let mut bench = Bench::with(|settings| settings.hold_messages = 3);
    let old = bench.quietly_live([1]);
    bench.data(old, [3, 4, 5, 6, 7]);
    let new = bench.connect();
    bench.data(new, [1, 3, 4, 5, 6, 7]);
    bench.say(new, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "gap 1..3, r3, 4, 5, r6, r7");
}

#[test]
fn what_a_replay_lacks_at_its_end_is_delivered_after_a_gap() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.data(old, [3]);
    bench.live([1]);
    assert_eq!(bench.seen(), "gap 1..3, 3");
}

#[test]
fn row_31_sparse_numbers_of_a_replay() {
    let mut bench = Bench::new();
    let id = bench.live([10, 20, 30, 40, 50, 60]);
    let expected = "subscribed, r10, r20, r30, holes, r40, r50, r60, caught up";
    assert!(bench.seen().ends_with(expected));
    bench.data(id, [70, 90]);
    assert_eq!(bench.seen(), "70, 90");
    assert!(bench.no_dial(seconds(14)));
    bench.closed(id, Closed::Reset);
    bench.seen();
    let id = bench.live([10, 20, 30, 40, 50, 60, 70, 90, 200]);
    bench.data(id, [300]);
    assert!(bench.seen().ends_with("subscribed, r200, caught up, 300"));
}

#[test]
fn row_31_learned_while_live() {
    let mut bench = Bench::new();
    let mut id = bench.quietly_live([1]);
    for last in [3, 5] {
        bench.data(id, [last]);
        id = bench.live((1..=last).step_by(2));
    }
    assert_eq!(bench.seen(), "gap 1..3, r3, gap 3..5, r5");
    bench.data(id, [7, 9, 11]);
    assert_eq!(bench.seen(), "holes, 7, 9, 11");
    assert!(bench.no_dial(seconds(14)));
    // And back to dense.
    bench.data(id, 12..=18);
    bench.data(id, [20]);
    bench.seen();
    let new = bench.live((1..=11).step_by(2).chain(12..=18).chain([20]));
    bench.data(new, [21]);
    assert_eq!(bench.seen(), "gap 18..20, r20, 21");
}

#[test]
fn row_32_out_of_order_within_250_ms() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.data(id, [4, 3]);
    bench.wait(millis(200));
    bench.data(id, [2, 5]);
    assert_eq!(bench.seen(), "2, 3, 4, 5");
    assert!(bench.no_dial(seconds(10)));
}

#[test]
fn row_33_duplicates_come_once() {
    let mut bench = Bench::new();
    let id = bench.live([1, 2, 2, 1, 3]);
    bench.data(id, [3, 1, 4, 4, 2]);
    assert_eq!(bench.seen(), "connecting, connected, subscribed, r1, r2, r3, caught up, 4");
    assert_eq!(bench.machine.statistics().duplicates, 6);
    bench.closed(id, Closed::Reset);
    bench.live([1, 2, 3, 4]);
    assert!(bench.seen().ends_with("subscribed, caught up"));
}

/// Of a replay, only what may be told to be another message than before has to be read.
#[test]
fn old_messages_of_a_replay_are_passed_over() {
    let mut bench = Bench::with(|settings| settings.remember = 10);
    let first = bench.quietly_live(1..=100);
    assert!(!bench.machine.passes_over(bench.now, first, 50), "live, only a replay can tell what it means");
    bench.closed(first, Closed::Reset);
    let second = bench.connect();
    assert!(!bench.machine.passes_over(bench.now, second, 1), "the first one is remembered");
    bench.data(second, [1]);
    let known = (1..=101).map(|number| bench.machine.passes_over(bench.now, second, number));
    assert_eq!(known.filter(|known| *known).count(), 89, "without the first and the last ten");
    bench.data(second, 91..=101);
    bench.say(second, Kind::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, r101, caught up"));
    assert_eq!(bench.machine.statistics().duplicates, 100);
}

#[test]
fn row_34_other_content_under_a_known_number_that_the_replay_does_not_confirm() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2, 3]);
    bench.other(old, 2, "!");
    bench.data(old, [4]);
    let new = bench.connect();
    bench.data(new, [1, 2, 3, 4]);
    bench.say(new, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "4");
}

#[test]
fn row_34_other_content_under_a_known_number_that_the_replay_confirms() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2, 3]);
    bench.other(old, 2, "!");
    let new = bench.connect();
    bench.data(new, [1]);
    bench.other(new, 2, "!");
    bench.data(new, [3]);
    bench.say(new, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "l2!");
    bench.closed(new, Closed::Reset);
    let new = bench.connect();
    bench.data(new, [1]);
    bench.other(new, 2, "!");
    bench.data(new, [3]);
    bench.say(new, Kind::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, caught up"));
}

#[test]
fn row_35_the_day_rolls_while_connected() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3]);
    (1..=3).for_each(|number| bench.other(id, number, "'"));
    assert_eq!(bench.seen(), "epoch, 1', 2', 3'");
    assert!(bench.no_dial(seconds(14)));
}

#[test]
fn row_35_the_day_rolls_while_connected_and_something_is_missing() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2, 3]);
    bench.data(old, [5]);
    bench.other(old, 1, "'");
    let new = bench.connect();
    bench.other(new, 1, "'");
    bench.say(new, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "lossy epoch, gap 3..?, disconnected NumbersBeganAnew, retrying, connecting");
    let new = bench.connect();
    bench.other(new, 1, "'");
    bench.say(new, Kind::ReplayComplete);
    assert_eq!(bench.seen(), "connected, subscribed, r1', caught up");
}

#[test]
fn row_35_the_day_rolls_while_away() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3]);
    bench.closed(id, Closed::Reset);
    let id = bench.connect();
    bench.other(id, 1, "'");
    bench.say(id, Kind::ReplayComplete);
    assert!(bench.seen().ends_with("lossy epoch, gap 3..?, disconnected NumbersBeganAnew, retrying"));
    let id = bench.connect();
    bench.other(id, 1, "'");
    bench.say(id, Kind::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, r1', caught up"));
}

#[test]
fn row_35_the_day_rolls_while_away_and_nothing_has_happened_yet() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3]);
    bench.closed(id, Closed::Reset);
    let id = bench.live([]);
    assert!(bench.seen().ends_with("subscribed, gap 3..?, caught up"));
    bench.other(id, 1, "'");
    assert_eq!(bench.seen(), "epoch, 1'");
}

#[test]
fn row_36_the_server_numbers_anew_after_a_restart() {
    let mut bench = Bench::with(|settings| settings.hold_messages = 4);
    let id = bench.quietly_live(1..=9);
    bench.closed(id, Closed::Code(Some(1012)));
    let id = bench.connect();
    (1..=9).for_each(|sequence| bench.other(id, sequence, "'"));
    bench.say(id, Kind::ReplayComplete);
    assert!(bench.seen().contains("subscribed, lossy epoch, gap 9..?, disconnected NumbersBeganAnew"));
    let id = bench.connect();
    (1..=9).for_each(|sequence| bench.other(id, sequence, "'"));
    bench.say(id, Kind::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, r1', r2', r3', r4', r5', r6', r7', r8', r9', caught up"));
}

#[test]
fn the_numbers_begin_anew_within_a_replay() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3]);
    bench.closed(id, Closed::Reset);
    let id = bench.connect();
    bench.data(id, [1, 2, 3, 4]);
    bench.other(id, 1, "'");
    assert!(bench.seen().ends_with("subscribed, r4, disconnected ReplayBehind, retrying"));
    let id = bench.connect();
    bench.other(id, 1, "'");
    bench.say(id, Kind::ReplayComplete);
    assert!(bench.seen().contains("lossy epoch, gap 4..?, disconnected NumbersBeganAnew"));
    bench.live([]);
    assert!(bench.seen().ends_with("subscribed, caught up"));
}

#[test]
fn a_replay_that_always_contradicts_itself_does_not_keep_the_stream_from_being_live() {
    let mut bench = Bench::new();
    for _ in 0..2 {
        let id = bench.connect();
        bench.data(id, [1, 2]);
        bench.other(id, 1, "!");
        bench.say(id, Kind::ReplayComplete);
    }
    assert!(bench.seen().ends_with("subscribed, l1!, caught up"));
}

#[test]
fn row_37_a_replay_that_is_behind_is_asked_for_again_after_2_s() {
    let mut bench = Bench::new();
    let id = bench.quietly_live(1..=9);
    bench.closed(id, Closed::Reset);
    bench.live(1..=7);
    assert!(bench.seen().ends_with("subscribed, disconnected ReplayBehind, retrying"));
    let (id, waited) = bench.dial();
    assert_eq!(waited, seconds(2));
    bench.dialled(id, Ok(()));
    bench.data(id, 1..=10);
    bench.say(id, Kind::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, r10, caught up"));
}

#[test]
fn row_37_a_copy_that_stays_behind_looks_like_a_new_numbering() {
    let mut bench = Bench::new();
    let id = bench.quietly_live(1..=9);
    bench.closed(id, Closed::Reset);
    bench.live(1..=7);
    bench.live(1..=7);
    assert!(bench.seen().ends_with("lossy epoch, gap 9..?, disconnected NumbersBeganAnew, retrying"));
}

#[test]
fn a_number_older_than_what_is_remembered_is_looked_into() {
    let mut bench = Bench::with(|settings| settings.remember = 3);
    let old = bench.quietly_live(1..=9);
    bench.data(old, [4]);
    let new = bench.live(1..=9);
    assert_eq!((bench.seen().as_str(), bench.machine.statistics().recoveries), ("", 1));
    // They are looked into at a pace.
    bench.data(new, [4]);
    assert!(bench.no_dial(seconds(14)));
    bench.data(new, [10]);
    assert_eq!(bench.seen(), "10");
}

#[test]
fn row_37_a_replay_that_starts_late() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3, 4]);
    bench.closed(id, Closed::Reset);
    let id = bench.live([3, 4, 5]);
    assert!(bench.seen().ends_with("subscribed, r5, caught up"));
    bench.closed(id, Closed::Reset);
    bench.live([8, 9]);
    assert!(bench.seen().ends_with("subscribed, gap 5..8, r8, r9, caught up"));
}

#[test]
fn another_process_goes_on_where_the_caller_stopped() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3]);
    bench.takes = false;
    bench.data(id, [4, 5]);
    let point = serde_json::to_string(&bench.machine.resume_point()).unwrap();
    let mut bench = Bench::resume(|_| {}, serde_json::from_str(&point).unwrap());
    assert_eq!(bench.machine.resume_point().sequence(), Some(3));
    bench.live([1, 2, 3, 4, 5, 6]);
    assert_eq!(bench.seen(), "connecting, connected, subscribed, r4, r5, r6, caught up");
}

#[test]
fn a_long_replay_of_known_messages_delivers_nothing_and_holds_nothing() {
    let mut bench = Bench::new();
    let id = bench.quietly_live(1..=5_000);
    bench.closed(id, Closed::Reset);
    let id = bench.connect();
    bench.seen();
    for sequence in 1..=5_000 {
        bench.data(id, [sequence]);
        assert_eq!(bench.machine.held(), (0, 0));
    }
    assert_eq!(bench.seen(), "");
}

proptest! {
    /// Promise 4: whatever numbers come, nothing panics, and what is held is bounded.
    #[test]
    fn any_numbers_at_all(
        replay in prop::collection::vec(any::<(u64, bool)>(), 0..20),
        live in prop::collection::vec((prop_oneof![0u64..9, any::<u64>(), u64::MAX - 3..=u64::MAX], any::<bool>()), 0..60),
    ) {
        let mut bench = Bench::with(|settings| settings.hold_messages = 5);
        let id = bench.connect();
        for (sequence, odd) in replay {
            bench.other(id, sequence % 1_000, if odd { "!" } else { "" });
        }
        bench.say(id, Kind::ReplayComplete);
        for (sequence, odd) in live {
            bench.other(id, sequence, if odd { "!" } else { "" });
            prop_assert!(bench.machine.held().0 <= 10);
        }
        bench.wait(seconds(300));
    }
}
