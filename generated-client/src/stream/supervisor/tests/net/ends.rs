//! Connections that end, each in its way.

use tokio::task::yield_now;
use tokio::time::Instant;

use super::*;
use crate::stream::supervisor::tests::session::Session;

/// After five messages and some more, the connection ends in this way. What the caller has to see.
fn ends(end: impl AsyncFn(Session), how: &str) {
    over_loopback(
        |_| {},
        async |net| {
            let mut session = net.begin().await;
            for round in 1..=3 {
                session.say([5 * round + 1, 5 * round + 2]).await;
                // The first of these are on their way when it ends.
                let live = format!("{}, {}, ", 5 * round + 1, 5 * round + 2);
                end(session).await;
                net.caller.saw(format!("{live}disconnected {how}, retrying {how}")).await;
                let missed = [5 * round + 3, 5 * round + 4, 5 * round + 5];
                let replay: String = missed.iter().map(|number| format!("r{number}, ")).collect();
                session = net.live(1..=5 * round + 5, &again(&replay)).await;
            }
        },
    );
}

#[test]
fn row_01_reset_in_mid_stream() {
    ends(
        async |session| {
            // What is on its way when a reset comes is lost.
            sleep(millis(20)).await;
            session.reset();
        },
        "Reset",
    );
}

#[test]
fn row_02_an_end_without_a_close() {
    ends(async |session| session.end().await, "Eof");
}

#[test]
fn row_10_tls_that_is_cut() {
    ends(async |session| session.cut().await, "Eof");
}

#[test]
fn a_close_code_that_the_library_rejects_is_told() {
    ends(
        async |mut session| {
            session.frame(0x88, &[&1014_u16.to_be_bytes()[..], b"why"].concat()).await;
            while session.read().await.is_some() {}
            session.gone();
        },
        "Code(Some(1014))",
    );
}

#[test]
fn row_03_half_open() {
    let change = |settings: &mut Settings| {
        settings.ping_after = millis(150);
        settings.pong_timeout = millis(300);
    };
    over_loopback(change, async |net| {
        let mut session = net.begin().await;
        session.say([6]).await;
        net.caller.saw("6").await;
        let silent = Instant::now();
        net.caller.saw("disconnected NoPong, retrying NoPong").await;
        assert!(silent.elapsed() >= millis(440), "{:?}", silent.elapsed());
        // One that answers is kept.
        let mut session = net.live(1..=7, &again("r7, ")).await;
        session.answer_pings(millis(500), None).await;
        session.say([8]).await;
        session.beside(net.caller.saw("8")).await;
        session.end().await;
        net.caller.saw("disconnected Eof, retrying Eof").await;
        let mut last = net.live(1..=8, &again("")).await;
        last.beside(net.caller.saw_nothing(millis(50))).await;
    });
}

#[test]
fn row_04_half_open_while_writing() {
    // The same over TLS takes as many pings again.
    over_one(
        None,
        |settings| settings.write_timeout = millis(1_000),
        async |net| {
            net.listen();
            let mut session = net.begin().await;
            let mut number = 5;
            // Nobody reads the pongs. What is said between the pings comes all the same.
            let flood = async {
                loop {
                    for _ in 0..200 {
                        session.frame(0x89, &[b'x'; 125]).await;
                        yield_now().await;
                    }
                    number += 1;
                    session.say([number]).await;
                }
            };
            let words = tokio::select! {
                () = flood => Vec::new(),
                words = net.caller.take_until("retrying WriteTimeout") => words,
            };
            let (said, rest) = words.split_at(words.len() - 2);
            assert_eq!(rest, ["disconnected WriteTimeout", "retrying WriteTimeout"]);
            let got = said.len() as u64;
            assert!(
                got > 1 && said.iter().zip(6..).all(|(word, number)| *word == number.to_string()),
                "{said:?}"
            );
            let missed: String = (got + 6..=number).map(|number| format!("r{number}, ")).collect();
            net.live(1..=number, &again(&missed)).await;
        },
    );
}
