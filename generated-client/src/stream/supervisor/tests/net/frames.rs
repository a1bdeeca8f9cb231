//! What is not read.

use super::*;

#[test]
fn row_41_more_than_is_read() {
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
fn row_41_a_size_beyond_all_memory() {
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
fn row_43_what_is_not_the_protocol() {
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
