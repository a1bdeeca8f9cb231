//! Rows 18 and 26 to 42 of the fault table: numbers, replays, and messages that are odd.

use proptest::prelude::*;

use super::super::{Class, Closed, Frame};
use super::bench::{Bench, millis, seconds};

#[test]
fn the_quiet_day() {
    let mut bench = Bench::new();
    let id = bench.live([1, 2]);
    bench.data(id, [3, 4]);
    bench.say(id, Class::Data);
    assert_eq!(bench.seen(), "connecting, connected, subscribed, r1, r2, caught up, 3, 4, said");
}

/// The core is told of an answer to the subscription only that it is positive.
#[test]
fn row_18_an_ack_is_an_ack_whatever_else_it_says() {
    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    bench.dialled(id, Ok(()));
    bench.say(id, Class::Accepted);
    assert_eq!(bench.seen(), "connecting, connected, subscribed");
}

#[test]
fn data_is_an_ack_too() {
    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    bench.dialled(id, Ok(()));
    bench.data(id, [1]);
    bench.say(id, Class::Accepted);
    bench.say(id, Class::ReplayComplete);
    assert_eq!(bench.seen(), "connecting, connected, subscribed, r1, caught up");
}

#[test]
fn row_26_ten_messages_that_cannot_be_read_in_a_row() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    for _ in 0..9 {
        bench.receive(id, Frame::Malformed(3, "{".into()));
    }
    bench.data(id, [2]);
    assert_eq!(bench.seen(), format!("{}2", "?{, ".repeat(9)));
    for _ in 0..10 {
        bench.receive(id, Frame::Malformed(3, "{".into()));
    }
    assert_eq!(bench.seen(), format!("{}disconnected Malformed, retrying", "?{, ".repeat(10)));
}

/// What the payload of a message is like is not seen here at all: rows 27 and 28, and with a binary
/// frame that is JSON 42, are data.
#[test]
fn rows_27_28_29_42_data_is_data() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.other(id, 2, " of a new type");
    bench.other(id, 3, " with a bad field");
    bench.say(id, Class::Data);
    bench.receive(id, Frame::Malformed(4, "binary".into()));
    bench.data(id, [4]);
    assert_eq!(bench.seen(), "2 of a new type, 3 with a bad field, said, ?binary, 4");
}

#[test]
fn row_30_a_hole_that_a_replay_fills_is_not_seen() {
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
    bench.say(new, Class::ReplayComplete);
    bench.data(new, [6]);
    assert_eq!(bench.seen(), "r3, r4, r5, 6");
    assert_eq!(bench.core.statistics().recoveries, 1);
}

#[test]
fn row_31_a_hole_that_no_replay_fills_is_one_gap() {
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
fn row_31_the_same_if_more_is_held_than_fits() {
    let mut bench = Bench::with(|settings| settings.hold_messages = 3);
    let old = bench.quietly_live([1]);
    bench.data(old, [3, 4, 5, 6, 7]);
    let new = bench.connect();
    bench.data(new, [1, 3, 4, 5, 6, 7]);
    bench.say(new, Class::ReplayComplete);
    assert_eq!(bench.seen(), "gap 1..3, r3, r4, r5, r6, r7");
}

#[test]
fn what_a_replay_lacks_at_its_end_is_a_gap_too() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1]);
    bench.data(old, [3]);
    bench.live([1]);
    assert_eq!(bench.seen(), "gap 1..?");
}

#[test]
fn row_32_numbers_with_holes_by_design() {
    let mut bench = Bench::new();
    let id = bench.live([10, 20, 30, 40, 50, 60]);
    let expected = "r10, gap 10..20, r20, gap 20..30, r30, gap 30..40, holes, r40, r50, r60, caught up";
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
fn row_32_learned_while_live() {
    let mut bench = Bench::new();
    let mut id = bench.quietly_live([1]);
    for last in [3, 5, 7] {
        bench.data(id, [last]);
        id = bench.live((1..=last).step_by(2));
    }
    assert_eq!(bench.seen(), "gap 1..3, r3, gap 3..5, r5, gap 5..7, holes, r7");
    bench.data(id, [9, 11]);
    assert_eq!(bench.seen(), "9, 11");
    assert!(bench.no_dial(seconds(14)));
}

#[test]
fn row_33_out_of_order_within_250_ms() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.data(id, [4, 3]);
    bench.wait(millis(200));
    bench.data(id, [2, 5]);
    assert_eq!(bench.seen(), "2, 3, 4, 5");
    assert!(bench.no_dial(seconds(10)));
}

#[test]
fn row_34_duplicates_come_once() {
    let mut bench = Bench::new();
    let id = bench.live([1, 2, 2, 1, 3]);
    bench.data(id, [3, 1, 4, 4, 2]);
    assert_eq!(bench.seen(), "connecting, connected, subscribed, r1, r2, r3, caught up, 4");
    assert_eq!(bench.core.statistics().duplicates, 6);
    bench.closed(id, Closed::Reset);
    bench.live([1, 2, 3, 4]);
    assert!(bench.seen().ends_with("subscribed, caught up"));
}

/// Of a replay, only what may be told to be another message than before has to be read.
#[test]
fn old_messages_of_a_replay_are_passed_over() {
    let mut bench = Bench::with(|settings| settings.remember = 10);
    let first = bench.quietly_live(1..=100);
    assert!(!bench.core.passes_over(bench.now, first, 50), "live, only a replay can tell what it means");
    bench.closed(first, Closed::Reset);
    let second = bench.connect();
    assert!(!bench.core.passes_over(bench.now, second, 1), "nothing has agreed yet");
    bench.data(second, [1]);
    let known = (1..=101).map(|number| bench.core.passes_over(bench.now, second, number));
    assert_eq!(known.filter(|known| *known).count(), 89, "without the first and the last ten");
    bench.data(second, 91..=101);
    bench.say(second, Class::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, r101, caught up"));
    assert_eq!(bench.core.statistics().duplicates, 100);
}

#[test]
fn row_35_other_content_under_a_known_number_that_the_replay_does_not_confirm() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2, 3]);
    bench.other(old, 2, "!");
    bench.data(old, [4]);
    let new = bench.connect();
    bench.data(new, [1, 2, 3, 4]);
    bench.say(new, Class::ReplayComplete);
    assert_eq!(bench.seen(), "r4");
}

#[test]
fn row_35_other_content_under_a_known_number_that_the_replay_confirms() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2, 3]);
    bench.other(old, 2, "!");
    let new = bench.connect();
    bench.data(new, [1]);
    bench.other(new, 2, "!");
    bench.data(new, [3]);
    bench.say(new, Class::ReplayComplete);
    assert_eq!(bench.seen(), "c2!");
    bench.closed(new, Closed::Reset);
    let new = bench.connect();
    bench.data(new, [1]);
    bench.other(new, 2, "!");
    bench.say(new, Class::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, caught up"));
}

#[test]
fn row_36_the_day_rolls_while_connected() {
    let mut bench = Bench::new();
    let old = bench.quietly_live([1, 2, 3]);
    bench.other(old, 1, "'");
    bench.other(old, 2, "'");
    let new = bench.connect();
    bench.other(new, 1, "'");
    bench.other(new, 2, "'");
    bench.say(new, Class::ReplayComplete);
    // The old connection answers that nothing is left on it.
    assert_eq!(bench.seen(), "");
    bench.receive(old, Frame::Pong);
    bench.other(new, 3, "'");
    assert_eq!(bench.seen(), "epoch, r1', r2', 3'");
}

#[test]
fn row_36_the_day_rolls_while_away() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3]);
    bench.closed(id, Closed::Reset);
    let id = bench.connect();
    bench.other(id, 1, "'");
    bench.say(id, Class::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, lossy epoch, gap 3..1, r1', caught up"));
}

#[test]
fn row_36_the_day_rolls_while_away_and_nothing_has_happened_yet() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1, 2, 3]);
    bench.closed(id, Closed::Reset);
    let old = bench.live([]);
    assert!(bench.seen().ends_with("subscribed, gap 3..?, caught up"));
    bench.other(old, 1, "'");
    let new = bench.connect();
    bench.other(new, 1, "'");
    bench.say(new, Class::ReplayComplete);
    bench.receive(old, Frame::Pong);
    assert_eq!(bench.seen(), "epoch, r1'");
}

#[test]
fn row_37_the_server_numbers_anew_after_a_restart() {
    let mut bench = Bench::with(|settings| settings.hold_messages = 4);
    let id = bench.quietly_live(1..=9);
    bench.closed(id, Closed::Code(Some(1012)));
    // More than can be kept until it is clear what they are: they are asked for again.
    let id = bench.connect();
    (1..=9).for_each(|sequence| bench.other(id, sequence, "'"));
    bench.say(id, Class::ReplayComplete);
    assert!(bench.seen().contains("subscribed, lossy epoch, gap 9..1, disconnected NumbersBeganAnew"));
    let id = bench.connect();
    (1..=9).for_each(|sequence| bench.other(id, sequence, "'"));
    bench.say(id, Class::ReplayComplete);
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
    assert!(bench.seen().ends_with("subscribed, r4, disconnected NumbersBeganAnew, retrying"));
    let id = bench.connect();
    bench.other(id, 1, "'");
    bench.say(id, Class::ReplayComplete);
    assert!(bench.seen().ends_with("subscribed, lossy epoch, gap 4..1, r1', caught up"));
}

#[test]
fn a_replay_that_always_contradicts_itself_does_not_keep_the_stream_from_being_live() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        let id = bench.connect();
        bench.data(id, [1, 2]);
        bench.other(id, 1, "!");
        bench.say(id, Class::ReplayComplete);
    }
    assert!(bench.seen().ends_with("subscribed, c1!, caught up"));
}

#[test]
fn a_number_older_than_what_is_remembered_is_looked_into() {
    let mut bench = Bench::with(|settings| settings.remember = 3);
    let old = bench.quietly_live(1..=9);
    bench.data(old, [4]);
    let new = bench.live(1..=9);
    assert_eq!((bench.seen().as_str(), bench.core.statistics().recoveries), ("", 1));
    bench.data(new, [10]);
    assert_eq!(bench.seen(), "10");
}

#[test]
fn row_38_a_replay_that_starts_late() {
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
    let point = serde_json::to_string(&bench.core.resume_point()).unwrap();
    let mut bench = Bench::resume(|_| {}, serde_json::from_str(&point).unwrap());
    assert_eq!(bench.core.resume_point().sequence(), Some(3));
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
        assert_eq!(bench.core.held(), (0, 0));
    }
    assert_eq!(bench.seen(), "");
}

proptest! {
    /// Row 26 and promise 4: whatever numbers come, nothing panics, and what is held is bounded.
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
        bench.say(id, Class::ReplayComplete);
        for (sequence, odd) in live {
            bench.other(id, sequence, if odd { "!" } else { "" });
            prop_assert!(bench.core.held().0 <= 10);
        }
        bench.wait(seconds(300));
    }
}
