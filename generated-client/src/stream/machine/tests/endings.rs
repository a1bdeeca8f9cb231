//! The end of a stream, and after it.

use super::super::{Closed, Command, Input, Output, State};
use super::bench::{Bench, seconds};

fn ends(bench: &mut Bench) {
    bench.seen();
    bench.command(Command::Close);
    assert_eq!(bench.seen(), "closed");
    assert_eq!(bench.machine.state(), State::Closed);
}

#[test]
fn row_49_closed_before_the_dial() {
    let mut bench = Bench::new();
    ends(&mut bench);
    assert!(matches!(bench.asked()[..], [Output::Finished]));
    assert!(bench.no_dial(seconds(600)));
    assert_eq!(bench.machine.next_deadline(), None);
}

#[test]
fn row_49_closed_during_the_dial() {
    let mut bench = Bench::new();
    let (id, _) = bench.dial();
    ends(&mut bench);
    assert!(matches!(bench.asked()[..], [Output::Close { connection }] if connection == id));
    bench.dialled(id, Ok(()));
    assert!(bench.asked().is_empty());
    bench.closed(id, Closed::Eof);
    assert!(matches!(bench.asked()[..], [Output::Finished]));
    assert!(bench.no_dial(seconds(600)));
}

#[test]
fn row_49_closed_during_the_replay() {
    let mut bench = Bench::new();
    let id = bench.connect();
    bench.data(id, [1]);
    ends(&mut bench);
    bench.asked();
    bench.data(id, [2]);
    bench.wait(seconds(5));
    assert_eq!(bench.seen(), "");
    // Five seconds are enough for a proper close.
    assert!(matches!(bench.asked()[..], [Output::Finished]));
    assert!(bench.no_dial(seconds(600)));
}

#[test]
fn row_49_closed_during_a_rotation_or_a_recovery() {
    for rotation in [true, false] {
        let mut bench = Bench::new();
        let old = bench.quietly_live([1]);
        if rotation {
            bench.command(Command::RotateNow);
        } else {
            bench.data(old, [3]);
        }
        let new = bench.connect();
        ends(&mut bench);
        let asked = bench.asked();
        let closed = |id| {
            asked.iter().any(|output| matches!(output, Output::Close { connection } if *connection == id))
        };
        assert!(closed(old) && closed(new));
        bench.closed(old, Closed::Eof);
        assert!(bench.asked().is_empty());
        bench.closed(new, Closed::Eof);
        assert!(matches!(bench.asked()[..], [Output::Finished]));
        assert!(bench.no_dial(seconds(600)));
    }
}

#[test]
fn nothing_happens_after_the_end() {
    let mut bench = Bench::new();
    let id = bench.quietly_live([1]);
    bench.command(Command::Close);
    bench.closed(id, Closed::Eof);
    bench.seen();
    bench.asked();
    for command in [Command::Close, Command::ReconnectNow, Command::RotateNow] {
        bench.command(command);
    }
    bench.tell(Input::Taken { events: 5, bytes: 5 });
    bench.data(id, [2]);
    bench.wait(seconds(100_000));
    assert_eq!(bench.seen(), "");
    assert!(bench.asked().is_empty());
}
