//! Inputs that make no sense, in any order, at any time.

use proptest::collection::vec;
use proptest::prelude::*;

use super::bench::Bench;
use super::script::{Scripted, steps};

/// Steps of a [`Bench`] about connections that exist, have ended, or never were.
fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => steps("[a-l] send [0-5]['!]?"),
        4 => steps("[a-l] send (9[0-9]{8,18}|1844674407370955161[0-5])"),
        6 => steps("[a-l] (done|done|accept|accept|unnumbered|malformed( 18446744073709551615)?|heartbeat)"),
        4 => steps("[a-l] (expired|idled|notice x|refuse no|pong|part)"),
        8 => steps("[a-l] open"),
        1 => steps("[a-l] fail (tcp|timeout|certificate|handshake|401|409|503|503 18446744073709551615s)"),
        2 => steps("[a-l] end (reset|1012|protocol|too-large|write-timeout)"),
        8 => steps("wait [1-4]?[0-9]?[0-9]ms"),
        8 => steps("wait [1-9]?[0-9]s"),
        4 => steps("permit"),
        2 => steps("token( [0-9]{1,4}s)?"),
        1 => steps("(no-token|no-credentials|token-refused)"),
        2 => steps("(stop-taking|take-all|take [0-9]|take 18446744073709551615)"),
        2 => steps("(rotate|reconnect)"),
        1 => steps("close"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Nothing panics, the machine comes to rest, what it holds is bounded, and nothing follows the end.
    #[test]
    fn row_25_no_input_breaks_the_machine(steps in vec(step(), 0..200), slow in "(park|block)") {
        let mut bench = Bench::new();
        bench.play(&format!("set hold 4; set buffer 16; set slow-caller {slow}"));
        for step in steps {
            bench.play(&format!("{step}; wait 0s"));
            let held = bench.machine.statistics().held_messages;
            prop_assert!(held <= 8, "{held} are held");
        }
        let end = bench.words.iter().position(|word| word == "closed" || word.starts_with("failed"));
        prop_assert!(end.is_none_or(|end| end + 1 == bench.words.len()), "{:?}", bench.words);
    }
}
