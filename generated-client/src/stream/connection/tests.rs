//! Connections over pipes, in simulated time.

use std::future::{pending, poll_fn};
use std::time::Duration;

use clear_street_test_support::frames::{frame, receive};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex, empty};
use tokio::time::{Instant, timeout};

use super::*;
use crate::stream::subscribe;
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

const SECOND: Duration = Duration::from_secs(1);

/// A connection over a pipe that holds so many bytes in each direction, and its other end. It takes
/// messages of at most 1 KiB.
async fn connection(pipe: usize) -> (Connection, DuplexStream) {
    let (ours, theirs) = duplex(pipe);
    let settings = Settings { max_message: 1 << 10, ..Settings::default() };
    (Connection::new(Box::new(ours), &[], &settings).await, theirs)
}

async fn next(connection: &mut Connection) -> Result<Arrival, Closed> {
    poll_fn(|context| connection.poll_next(context)).await
}

/// Polls until the connection has ended.
async fn end(connection: &mut Connection) {
    while next(connection).await.is_ok() {}
}

/// Does something else while the connection goes on.
async fn beside<T>(connection: &mut Connection, other: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        () = end(connection) => panic!("the connection has ended"),
        done = other => done,
    }
}

/// The first byte and the payload of each frame that a client wrote until it was gone.
async fn written(mut server: DuplexStream) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Ok(frame) = receive(&mut server).await {
        frames.push(frame);
    }
    frames
}

fn subscription() -> SubscribeMessage {
    let subscription = ActivitySubscription::new(AccountId::new("42"));
    subscribe::<ActivityMessage>(&subscription, &"t".repeat(500)).unwrap()
}

fn text(text: impl Into<String>) -> Result<Arrival, Closed> {
    Ok(Some(Message::Text(text.into().into())))
}

fn code(code: u16) -> [u8; 2] {
    code.to_be_bytes()
}

/// What comes of these bytes, but parts of messages, if they come in pieces of this size.
async fn read(bytes: &[u8], size: usize) -> Vec<Result<Arrival, Closed>> {
    let (mut connection, mut server) = connection(size).await;
    let write = async {
        server.write_all(bytes).await.unwrap();
        server.shutdown().await.unwrap();
        pending::<()>().await;
    };
    let read = async {
        let mut came = Vec::new();
        while came.last().is_none_or(Result::is_ok) {
            came.push(next(&mut connection).await);
        }
        came.retain(|arrival| *arrival != Ok(None));
        came
    };
    tokio::select! { () = write => Vec::new(), came = read => came }
}

#[tokio::test(start_paused = true)]
async fn messages_are_the_same_in_any_pieces() {
    let bytes = [
        frame(0x81, "whole, and not ASCII: \u{20ac}".as_bytes()),
        frame(0x01, b"in "),
        frame(0x89, b"a ping between"),
        frame(0x00, &[b'.'; 300]),
        frame(0x8A, b""),
        frame(0x80, b" parts"),
        frame(0x82, &[0xff; 200]),
        frame(0x01, b"half of a character: \xe2"),
        frame(0x80, b"\x82\xac"),
    ]
    .concat();
    let expected = [
        text("whole, and not ASCII: \u{20ac}"),
        Ok(Some(Message::Ping("a ping between".into()))),
        Ok(Some(Message::Pong("".into()))),
        text(format!("in {} parts", ".".repeat(300))),
        Ok(Some(Message::Binary(vec![0xff; 200].into()))),
        text("half of a character: \u{20ac}"),
        Err(Closed::Eof),
    ];
    for size in [1, 2, 3, 7, 100, bytes.len()] {
        assert_eq!(read(&bytes, size).await, expected, "pieces of {size}");
    }
}

#[tokio::test]
async fn a_frame_is_masked_and_never_moved() {
    for length in [0, 5, 125, 126, 65_535] {
        let payload: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let mut transport = Transport::new(Box::new(empty()), &[]);
        transport.push(OpCode::Data(Data::Text), &payload).unwrap();
        let frame = &transport.own[0];
        assert_eq!(receive(&mut &frame[..]).await.unwrap(), (0x81, payload));
        assert_eq!((frame.len(), frame[1] & 0x80), (frame.capacity(), 0x80));
    }
}

#[tokio::test(start_paused = true)]
async fn row_04_a_write_that_is_stuck_does_not_stop_the_reading() {
    let (mut connection, mut server) = connection(64).await;
    let start = Instant::now();
    for number in ["0", "1", "2", "3"] {
        // More than the pipe holds, and it is not read.
        connection.subscribe(&subscription());
        assert!(timeout(SECOND, next(&mut connection)).await.is_err());
        server.write_all(&frame(0x81, number.as_bytes())).await.unwrap();
        assert_eq!(next(&mut connection).await, text(number));
    }
    assert_eq!(next(&mut connection).await, Err(Closed::WriteTimeout));
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert_eq!(next(&mut connection).await, Err(Closed::WriteTimeout), "it stays so");
    // One that gets on is not stuck.
    let (mut connection, mut server) = self::connection(64).await;
    for _ in 0..10 {
        connection.subscribe(&subscription());
        assert!(timeout(4 * SECOND, next(&mut connection)).await.is_err());
        let frame = beside(&mut connection, receive(&mut server)).await.unwrap();
        assert_eq!(frame, (0x81, subscription().expose().as_bytes().to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn frames_of_both_writers_are_never_mixed() {
    for pipe in [7, 64, 200, 4_096] {
        let (mut connection, mut server) = connection(pipe).await;
        let mut got = Vec::new();
        for round in 0..20 {
            if round % 3 != 0 {
                connection.subscribe(&subscription());
            }
            if round % 4 != 0 {
                let ping = frame(0x89, &[round; 100]);
                beside(&mut connection, server.write_all(&ping)).await.unwrap();
            }
            assert!(timeout(Duration::ZERO, end(&mut connection)).await.is_err());
            connection.ping();
            got.push(beside(&mut connection, receive(&mut server)).await.unwrap());
        }
        connection.close();
        tokio::spawn(async move { timeout(SECOND, end(&mut connection)).await });
        got.extend(written(server).await);
        assert!(got.iter().filter(|(first, _)| *first == 0x81).count() > 1, "{got:?}");
        for (first, payload) in &got {
            match first {
                0x81 => assert_eq!(payload, subscription().expose().as_bytes()),
                0x89 => assert_eq!(payload, b""),
                0x8A => assert_eq!(*payload, [payload[0]; 100]),
                0x88 => assert_eq!(*payload, code(1000)),
                _ => panic!("{first}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_43_a_flood_of_pings_is_bounded_and_the_last_one_answered() {
    let (mut connection, mut server) = connection(1 << 10).await;
    for number in 0..10_000_u16 {
        server.write_all(&frame(0x89, &number.to_be_bytes())).await.unwrap();
        assert!(matches!(next(&mut connection).await, Ok(Some(Message::Ping(_)))));
    }
    // The pongs were not read; the last one is still sent once they are.
    for pongs in 1.. {
        let (first, payload) = beside(&mut connection, receive(&mut server)).await.unwrap();
        assert!(first == 0x8A && pongs * 8 <= 2 * WRITE + 8, "{pongs} pongs");
        if payload == 9_999_u16.to_be_bytes() {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rows_39_42_the_server_is_told_how_it_ended() {
    let close = |number| frame(0x88, &[&code(number)[..], b"why"].concat());
    let part = [b' '; 600];
    let code_is = |sent, told, code| (sent, told, Closed::Code(code));
    let breaks = |sent: &[u8]| (sent.to_vec(), Some(1002), Closed::Protocol);
    let is_large = |sent| (sent, Some(1009), Closed::TooLarge);
    for (sent, told, how) in [
        code_is(close(1000), Some(1000), Some(1000)),
        code_is(frame(0x88, &[]), None, None),
        // The library takes only the first of these for what it is.
        code_is(close(1002), Some(1002), Some(1002)),
        code_is(close(1014), Some(1002), Some(1014)),
        code_is(close(1006), Some(1002), Some(1006)),
        code_is(frame(0x88, &[&[3, 0xf6][..], &[b'.'; 123]].concat()), Some(1002), Some(1014)),
        code_is(b"\x88\x7e\0\x05\x03\xf6why".to_vec(), Some(1002), Some(1014)),
        // Text that is none, a frame that is masked, reserved bits, an opcode that does not exist, the end
        // of nothing, half of a code.
        breaks(b"\x81\x02\xff\xfe\x81\x02{}"),
        breaks(b"\x81\x84\x01\x02\x03\x04mask\x81\x02{}"),
        breaks(b"\xc1\x01x"),
        breaks(b"\x83\0"),
        breaks(b"\x80\x01x"),
        breaks(b"\x88\x01x"),
        // One frame, frames without an end, and one that says to be larger than all memory.
        is_large(frame(0x81, &[b' '; 1_025])),
        is_large([frame(0x01, &part), frame(0x00, &part)].concat()),
        is_large(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        // The server has ended its side: there is no close frame to send.
        (frame(0x81, b"half")[..3].to_vec(), None, Closed::Eof),
    ] {
        for size in [1, 2, 3, sent.len()] {
            assert_eq!(read(&sent, size).await, [Err(how)], "{sent:02x?} in pieces of {size}");
        }
        let (mut connection, mut server) = connection(1 << 20).await;
        server.write_all(&sent).await.unwrap();
        server.shutdown().await.unwrap();
        assert_eq!(next(&mut connection).await, Err(how));
        drop(connection);
        let frames = written(server).await;
        assert!(frames.iter().all(|(first, _)| *first == 0x88), "{frames:?}");
        assert_eq!(frames.len(), usize::from(how != Closed::Eof));
        let code = frames.iter().find_map(|(_, payload)| payload.first_chunk());
        assert_eq!(code.map(|code| u16::from_be_bytes(*code)), told);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_the_end_is_read() {
    // Although nothing can be written.
    let (mut connection, mut server) = connection(64).await;
    server.write_all(&frame(0x81, b"last words")).await.unwrap();
    drop(server);
    connection.ping();
    assert_eq!(next(&mut connection).await, text("last words"));
    assert_eq!(next(&mut connection).await, Err(Closed::Eof));

    // A close goes before what waits to be written.
    let (mut connection, mut server) = self::connection(1 << 20).await;
    for _ in 0..100 {
        connection.ping();
    }
    connection.close();
    let sent = [frame(0x81, b"on its way"), frame(0x88, &code(1000))].concat();
    server.write_all(&sent).await.unwrap();
    assert_eq!(next(&mut connection).await, text("on its way"));
    assert_eq!(next(&mut connection).await, Err(Closed::Code(Some(1000))));
    drop(connection);
    assert_eq!(written(server).await, [(0x88, code(1000).to_vec())]);
}
