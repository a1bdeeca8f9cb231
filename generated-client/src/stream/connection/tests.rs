//! Connections over pipes, in simulated time.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

pub(in crate::stream) mod frames;

use std::future::poll_fn;
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use self::frames::{frame, receive};
use super::{Arrival, Connection, Limits, WRITE, Wire};
use crate::stream::machine::{Closed, Settings};
use crate::stream::{SubscribeMessage, subscribe};
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

/// A connection over a pipe that holds so many bytes in each direction, and its other end.
async fn connection(pipe: usize, max_message: usize) -> (Connection, DuplexStream) {
    let (ours, theirs) = duplex(pipe);
    let limits = Limits { max_message, ..Limits::from(&Settings::default()) };
    (Wire::new(ours).open(limits).await, theirs)
}

async fn next(connection: &mut Connection) -> Result<Arrival, Closed> {
    poll_fn(|context| connection.poll_next(context)).await
}

/// Polls until the connection has ended.
async fn end(mut connection: Connection) -> Closed {
    loop {
        if let Err(closed) = next(&mut connection).await {
            return closed;
        }
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

#[derive(Clone, Debug, PartialEq, Eq)]
enum Came {
    Arrival(Arrival),
    Ended(Closed),
}

fn text(text: impl Into<String>) -> Came {
    Came::Arrival(Arrival::Text(text.into().into()))
}

/// All that can be had without waiting, but parts of messages.
fn drain(connection: &mut Connection, came: &mut Vec<Came>) {
    while let Some(arrival) = connection.take() {
        match arrival {
            Ok(Arrival::Part) => {}
            Ok(arrival) => came.push(Came::Arrival(arrival)),
            Err(closed) => return came.push(Came::Ended(closed)),
        }
    }
}

/// What comes of these bytes if they come in pieces of these sizes.
fn read(bytes: &[u8], sizes: &[usize]) -> Vec<Came> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (mut connection, mut server) = connection(1 << 20, 1 << 10).await;
        let (mut came, mut rest) = (Vec::new(), bytes);
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            server.write_all(piece).await.unwrap();
            drain(&mut connection, &mut came);
            rest = after;
            if rest.is_empty() || matches!(came.last(), Some(Came::Ended(_))) {
                break;
            }
        }
        drop(server);
        if !matches!(came.last(), Some(Came::Ended(_))) {
            drain(&mut connection, &mut came);
        }
        came
    })
}

#[test]
fn messages_are_the_same_in_any_pieces() {
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
        frame(0x88, &[&1014_u16.to_be_bytes()[..], b"why"].concat()),
    ]
    .concat();
    let expected = vec![
        text("whole, and not ASCII: \u{20ac}"),
        Came::Arrival(Arrival::Ping),
        Came::Arrival(Arrival::Pong),
        text(format!("in {} parts", ".".repeat(300))),
        Came::Arrival(Arrival::Binary(vec![0xff; 200].into())),
        text("half of a character: \u{20ac}"),
        Came::Ended(Closed::Code(Some(1014))),
    ];
    for size in [1, 2, 3, 7, 100, bytes.len()] {
        assert_eq!(read(&bytes, &[size]), expected, "pieces of {size}");
    }
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => Just(0x81), 2 => Just(0x01), 2 => Just(0x00), 2 => Just(0x80), 1 => Just(0x82),
        1 => Just(0x89), 1 => Just(0x8A), 1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        3 => "[ -~\u{20ac}]{0,60}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..400),
    ];
    (first, payload).prop_map(|(first, payload)| frame(first, &payload))
}

/// The same, with one code in place of all that may not be sent: behind such a close nothing may
/// come, and if something does, its code may be out of sight.
fn without_forbidden_codes(mut came: Vec<Came>) -> Vec<Came> {
    if let Some(Came::Ended(Closed::Code(Some(code)))) = came.last_mut()
        && !CloseCode::from(*code).is_allowed()
    {
        *code = 1002;
    }
    came
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn rows_39_42_pieces_change_nothing(
        frames in prop::collection::vec(any_frame(), 0..12),
        garbage in prop::collection::vec(any::<u8>(), 0..20),
        sizes in prop::collection::vec(1_usize..200, 1..8),
    ) {
        let bytes = [frames.concat(), garbage].concat();
        let whole = without_forbidden_codes(read(&bytes, &[bytes.len().max(1)]));
        prop_assert_eq!(without_forbidden_codes(read(&bytes, &sizes)), whole);
    }
}

#[tokio::test(start_paused = true)]
async fn row_40_bytes_of_a_slow_message_are_told_as_they_come() {
    let (mut connection, mut server) = connection(1 << 20, 1 << 20).await;
    // In fragments, and one frame that comes slowly.
    let fragments = (0..100).map(|number| frame(if number == 0 { 0x01 } else { 0x00 }, &[b'y'; 200]));
    let whole = frame(0x81, &[b'z'; 20_000]);
    let end = frame(0x80, b"");
    let pieces: Vec<_> = fragments.chain([end]).chain(whole.chunks(500).map(<[u8]>::to_vec)).collect();
    let mut messages = Vec::new();
    for piece in pieces {
        assert_eq!(
            timeout(Duration::from_millis(100), next(&mut connection)).await.ok(),
            None,
            "nothing came"
        );
        server.write_all(&piece).await.unwrap();
        match next(&mut connection).await.unwrap() {
            Arrival::Part => {}
            Arrival::Text(text) => messages.push(text.len()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(messages, [20_000, 20_000]);
}

#[tokio::test(start_paused = true)]
async fn row_04_a_write_that_is_stuck_does_not_stop_the_reading() {
    for pings in [true, false] {
        let (mut connection, mut server) = connection(64, 1 << 10).await;
        let start = Instant::now();
        for number in 0..4_u8 {
            // More than the pipe holds, and nobody reads it.
            match pings {
                true => server.write_all(&frame(0x89, &[b'x'; 60])).await.unwrap(),
                false => connection.subscribe(&subscription()),
            }
            while let Ok(arrival) = timeout(Duration::from_secs(1), next(&mut connection)).await {
                assert_eq!(arrival, Ok(Arrival::Ping));
            }
            server.write_all(&frame(0x81, &[b'0' + number])).await.unwrap();
            let expected = char::from(b'0' + number).to_string();
            assert_eq!(next(&mut connection).await, Ok(Arrival::Text(expected.into())));
        }
        assert_eq!(next(&mut connection).await, Err(Closed::WriteTimeout));
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert_eq!(next(&mut connection).await, Err(Closed::WriteTimeout), "it stays so");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_gets_on_is_not_stuck() {
    let (mut connection, mut server) = connection(64, 1 << 10).await;
    for _ in 0..10 {
        connection.subscribe(&subscription());
        assert!(timeout(Duration::from_secs(4), next(&mut connection)).await.is_err());
        let (first, payload) = tokio::select! {
            frame = receive(&mut server) => frame.unwrap(),
            arrival = next(&mut connection) => panic!("{arrival:?}"),
        };
        assert_eq!((first, payload), (0x81, subscription().expose().as_bytes().to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn frames_of_both_writers_are_never_mixed() {
    for pipe in [7, 64, 200, 4_096] {
        let (mut connection, mut server) = connection(pipe, 1 << 10).await;
        let mut got = Vec::new();
        let mut pings = 0_u8;
        for round in 0..20 {
            if round % 3 != 0 {
                connection.subscribe(&subscription());
            }
            if round % 4 != 0 {
                let ping = frame(0x89, &[pings; 100]);
                tokio::select! {
                    biased;
                    () = async { while next(&mut connection).await.is_ok() {} } => unreachable!("it goes on"),
                    written = server.write_all(&ping) => written.unwrap(),
                }
                pings += 1;
            }
            assert!(
                timeout(Duration::ZERO, async { while next(&mut connection).await.is_ok() {} })
                    .await
                    .is_err()
            );
            connection.ping();
            let both = async {
                tokio::select! {
                    frame = receive(&mut server) => frame.unwrap(),
                    () = async { while next(&mut connection).await.is_ok() {} } => unreachable!("it goes on"),
                }
            };
            got.push(both.await);
        }
        connection.close();
        tokio::spawn(timeout(Duration::from_secs(1), end(connection)));
        got.extend(written(server).await);
        let subscriptions = got.iter().filter(|(first, _)| *first == 0x81).count();
        assert!(subscriptions > 1, "{got:?}");
        for (first, payload) in &got {
            match first {
                0x81 => assert_eq!(payload, subscription().expose().as_bytes()),
                0x89 => assert_eq!(payload, b""),
                0x8A => assert!(payload.iter().all(|byte| *byte == payload[0]) && payload.len() == 100),
                0x88 => assert_eq!(*payload, 1000_u16.to_be_bytes()),
                _ => panic!("{first}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_43_a_flood_of_pings_is_bounded() {
    let (mut connection, mut server) = connection(1 << 10, 1 << 10).await;
    let mut arrivals = 0;
    for number in 0..10_000_u16 {
        server.write_all(&frame(0x89, &number.to_be_bytes())).await.unwrap();
        while let Some(arrival) = connection.take() {
            assert_eq!(arrival, Ok(Arrival::Ping));
            arrivals += 1;
        }
    }
    assert_eq!(arrivals, 10_000);
    // Nobody took the pongs; the last of them is kept for when somebody does.
    tokio::spawn(end(connection));
    server.shutdown().await.unwrap();
    let pongs = written(server).await;
    assert!(pongs.len() * 8 <= 2 * WRITE + 8, "{} pongs", pongs.len());
    assert!(pongs.iter().all(|(first, _)| *first == 0x8A));
}

#[tokio::test(start_paused = true)]
async fn the_last_ping_is_answered_when_the_server_reads_again() {
    let (mut connection, mut server) = connection(1 << 10, 1 << 10).await;
    for number in 0..10_000_u16 {
        server.write_all(&frame(0x89, &number.to_be_bytes())).await.unwrap();
        while connection.take().is_some() {}
    }
    tokio::spawn(end(connection));
    let mut last = Vec::new();
    while last != 9_999_u16.to_be_bytes() {
        last = timeout(Duration::from_secs(1), receive(&mut server)).await.expect("a pong").unwrap().1;
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_is_told_how_it_ended() {
    for (sent, code, how) in [
        (frame(0x88, &1012_u16.to_be_bytes()), Some(1012_u16), Closed::Code(Some(1012))),
        (frame(0x88, &1014_u16.to_be_bytes()), Some(1002), Closed::Code(Some(1014))),
        (frame(0x88, &[]), None, Closed::Code(None)),
        (frame(0x81, b"\xff"), Some(1002), Closed::Protocol),
        (frame(0x83, b""), Some(1002), Closed::Protocol),
        (frame(0x81, &[b' '; 1_025]), Some(1009), Closed::TooLarge),
    ] {
        let (mut connection, mut server) = connection(1 << 20, 1 << 10).await;
        server.write_all(&sent).await.unwrap();
        assert_eq!(next(&mut connection).await, Err(how));
        let frames = written(server);
        drop(connection);
        let frames = frames.await;
        let [(0x88, payload)] = &frames[..] else { panic!("{frames:?}") };
        assert_eq!(payload.first_chunk().map(|code| u16::from_be_bytes(*code)), code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_goes_before_what_waits() {
    let (mut connection, mut server) = connection(1 << 20, 1 << 10).await;
    for _ in 0..100 {
        connection.ping();
    }
    connection.close();
    server
        .write_all(&[frame(0x81, b"on its way"), frame(0x88, &1000_u16.to_be_bytes())].concat())
        .await
        .unwrap();
    assert_eq!(next(&mut connection).await, Ok(Arrival::Text("on its way".into())));
    assert_eq!(next(&mut connection).await, Err(Closed::Code(Some(1000))));
    drop(connection);
    assert_eq!(written(server).await, [(0x88, 1000_u16.to_be_bytes().to_vec())]);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_the_end_is_read_although_nothing_can_be_written() {
    let (mut connection, mut server) = connection(64, 1 << 10).await;
    server.write_all(&frame(0x81, b"last words")).await.unwrap();
    drop(server);
    connection.ping();
    assert_eq!(next(&mut connection).await, Ok(Arrival::Text("last words".into())));
    assert_eq!(next(&mut connection).await, Err(Closed::Eof));
}

#[tokio::test(start_paused = true)]
async fn an_end_without_a_close_frame_is_told() {
    let (mut connection, mut server) = connection(1 << 10, 1 << 10).await;
    server.write_all(&frame(0x81, b"half")[..3]).await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(next(&mut connection).await, Err(Closed::Eof));
    let mut rest = Vec::new();
    drop(connection);
    server.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}
