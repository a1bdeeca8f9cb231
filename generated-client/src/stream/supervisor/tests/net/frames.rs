//! Messages that come in another way than in one frame.

use super::*;
use crate::stream::supervisor::tests::session::numbered;

#[test]
fn row_39_more_than_is_read() {
    let large = [b' '; 600];
    // One frame; frames without an end; and one that says to be larger than all memory.
    let kinds: [&[(u8, &[u8])]; 3] = [
        &[(0x81, &[b' '; 1_025])],
        &[(0x01, &large), (0x00, &large), (0x00, &large)],
        &[(0x01, &[b' '; 1_000]), (0x80, &[b' '; 100])],
    ];
    for kind in kinds {
        over_loopback(
            |settings| settings.max_message = 1 << 10,
            async |net| {
                let mut session = net.begin().await;
                for round in 0..3 {
                    if round > 0 {
                        session = net.live(1..=5, &again("")).await;
                    }
                    for (first, payload) in kind {
                        session.frame(*first, payload).await;
                    }
                    let end = if round == 2 { "failed TooLarge, end" } else { "retrying TooLarge" };
                    net.caller.saw(format!("disconnected TooLarge, {end}")).await;
                }
            },
        );
    }
}

#[test]
fn row_39_a_size_beyond_all_memory() {
    over_loopback(
        |_| {},
        async |net| {
            let mut session = net.begin().await;
            session.bytes(&[0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).await.unwrap();
            net.caller.saw("disconnected TooLarge, retrying TooLarge").await;
            net.live(1..=6, &again("r6, ")).await;
        },
    );
}

#[test]
fn row_42_what_is_not_the_protocol() {
    over_loopback(
        |_| {},
        async |net| {
            let mut session = net.begin().await;
            let mut number = 5;
            let masked = [&[0x81, 0x84, 1, 2, 3, 4][..], b"mask"].concat();
            // Text that is none, a frame that is masked, reserved bits, an opcode that does not exist, the
            // end of nothing, half of a code.
            let wrong: [&[u8]; 6] =
                [b"\x81\x02\xff\xfe", &masked, b"\xc1\x01x", b"\x83\x01x", b"\x80\x01x", b"\x88\x01x"];
            for bytes in wrong {
                session.bytes(bytes).await.unwrap();
                // What comes behind it is not read any more.
                session.frame(0x81, b"{}").await;
                net.caller.saw("disconnected Protocol, retrying Protocol").await;
                number += 1;
                session = net.live(1..=number, &again(&format!("r{number}, "))).await;
            }
        },
    );
}

#[test]
fn row_40_bytes_of_a_slow_message_keep_the_connection_alive() {
    let change = |settings: &mut Settings| {
        settings.ping_after = millis(200);
        settings.pong_timeout = millis(200);
    };
    over_loopback(change, async |net| {
        let mut session = net.begin().await;
        session.said([6]);
        let text = numbered(6, "").replacen('{', &format!("{{{}", " ".repeat(50_000)), 1);
        let pieces: Vec<_> = text.as_bytes().chunks(2_000).collect();
        // For more than a second nothing comes but these, and no ping is sent that could be answered.
        for (number, piece) in pieces.iter().enumerate() {
            let first = if number == 0 { 0x01 } else { 0x00 };
            session.frame(first, piece).await;
            sleep(millis(50)).await;
        }
        session.frame(0x80, b"").await;
        net.caller.saw("6").await;
        session.end().await;
        net.caller.saw("disconnected Eof, retrying Eof").await;
        net.live(1..=6, &again("")).await;
    });
}
