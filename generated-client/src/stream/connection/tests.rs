//! Both halves over pipes, with time that does not pass by itself.

pub(in crate::stream) mod frames;

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, timeout};

use self::frames::frame;
use super::frame::Head;
use super::{Arrival, Limits, Outbox, Reader, Wire, Writer};
use crate::stream::core::{Closed, Settings};

/// A connection over a pipe that holds so many bytes, and its other end.
fn connection(pipe: usize, max_message: usize) -> (Reader, Writer, Outbox, DuplexStream) {
    let (ours, theirs) = duplex(pipe);
    let limits = Limits { max_message, ..Limits::from(&Settings::default()) };
    let (reader, writer, outbox) = Wire::new(ours).open(limits);
    (reader, writer, outbox, theirs)
}

/// The first byte and the payload of each frame that a client wrote.
fn written(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, length, rest @ ..] = bytes {
        let (mask, rest) = rest.split_at(4);
        let (payload, rest) = rest.split_at(usize::from(length & 0x7f));
        assert_eq!(length & 0x80, 0x80, "clients mask");
        frames.push((*first, payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b).collect()));
        bytes = rest;
    }
    frames
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Came {
    Text(String),
    Binary(Vec<u8>),
    Pong,
    Ended(Closed),
}

/// All that can be had without waiting, by calls that are dropped half-way.
async fn drain(reader: &mut Reader, came: &mut Vec<Came>) {
    while let Ok(arrival) = timeout(Duration::ZERO, reader.next()).await {
        match arrival {
            Ok(Arrival::Text(text)) => came.push(Came::Text(text.to_owned())),
            Ok(Arrival::Binary(bytes)) => came.push(Came::Binary(bytes.to_vec())),
            Ok(Arrival::Pong) => came.push(Came::Pong),
            Ok(Arrival::Other) => {}
            Err(closed) => {
                came.push(Came::Ended(closed));
                return;
            }
        }
    }
}

/// What comes of these bytes, if they come in pieces of these sizes.
fn read(bytes: &[u8], sizes: &[usize]) -> Vec<Came> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (mut reader, _writer, _outbox, mut server) = connection(1 << 20, 1 << 10);
        let (mut came, mut rest) = (Vec::new(), bytes);
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            server.write_all(piece).await.unwrap();
            drain(&mut reader, &mut came).await;
            rest = after;
            if rest.is_empty() || matches!(came.last(), Some(Came::Ended(_))) {
                break;
            }
        }
        drop(server);
        if !matches!(came.last(), Some(Came::Ended(_))) {
            drain(&mut reader, &mut came).await;
        }
        came
    })
}

#[test]
fn messages_are_the_same_however_they_come() {
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
        frame(0x88, &1001_u16.to_be_bytes()),
    ]
    .concat();
    let expected = vec![
        Came::Text("whole, and not ASCII: \u{20ac}".to_owned()),
        Came::Pong,
        Came::Text(format!("in {} parts", ".".repeat(300))),
        Came::Binary(vec![0xff; 200]),
        Came::Text("half of a character: \u{20ac}".to_owned()),
        Came::Ended(Closed::Code(Some(1001))),
    ];
    for size in [1, 2, 3, 7, 100, bytes.len()] {
        let came = read(&bytes, &[size]);
        assert_eq!(came, expected, "pieces of {size}");
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn rows_41_43_pieces_change_nothing(
        frames in prop::collection::vec(any_frame(), 0..12),
        garbage in prop::collection::vec(any::<u8>(), 0..20),
        sizes in prop::collection::vec(1_usize..200, 1..8),
    ) {
        let bytes = [frames.concat(), garbage].concat();
        prop_assert_eq!(read(&bytes, &sizes), read(&bytes, &[bytes.len().max(1)]));
    }

    #[test]
    fn a_head_is_never_larger_than_what_it_was_read_from(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        if let Ok(Some(head)) = Head::read(&bytes) {
            prop_assert!(head.size <= bytes.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_4_a_write_that_is_stuck_does_not_stop_the_reading() {
    let (mut reader, writer, outbox, mut server) = connection(64, 1 << 10);
    let start = Instant::now();
    let writing = tokio::spawn(writer.run());
    // More than the pipe holds, and nobody reads it.
    for _ in 0..32 {
        outbox.ping();
    }
    for number in 0..4_u8 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.write_all(&frame(0x81, &[b'0' + number])).await.unwrap();
        assert!(matches!(reader.next().await, Ok(Arrival::Text(text)) if text.as_bytes() == [b'0' + number]));
    }
    assert_eq!(writing.await.unwrap(), Err(Closed::WriteTimeout));
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    server.write_all(&frame(0x81, b"still")).await.unwrap();
    assert!(matches!(reader.next().await, Ok(Arrival::Text("still"))));
}

#[tokio::test(start_paused = true)]
async fn row_44_of_many_pings_at_once_the_last_is_answered() {
    let (mut reader, writer, _outbox, mut server) = connection(1 << 20, 1 << 10);
    tokio::spawn(writer.run());
    let flood: Vec<u8> = (0..10_000_u16).flat_map(|number| frame(0x89, &number.to_be_bytes())).collect();
    server.write_all(&flood).await.unwrap();
    drain(&mut reader, &mut Vec::new()).await;
    tokio::task::yield_now().await;
    drop((reader, _outbox));
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes).await.unwrap();
    let answers = written(&bytes);
    assert_eq!(answers.last().unwrap(), &(0x8A, 9_999_u16.to_be_bytes().to_vec()));
    // As many as it takes reads for the pings.
    assert!(answers.len() <= 4, "{} answers", answers.len());
}

#[tokio::test(start_paused = true)]
async fn a_close_goes_before_what_waits_and_what_is_wrong_is_said() {
    for (sent, code, how) in [
        (None, 1000_u16, None),
        (Some(frame(0x88, &1012_u16.to_be_bytes())), 1012, Some(Closed::Code(Some(1012)))),
        (Some(frame(0x88, &[])), 1000, Some(Closed::Code(None))),
        (Some(frame(0x81, b"\xff")), 1007, Some(Closed::Protocol)),
        (Some(frame(0x83, b"")), 1002, Some(Closed::Protocol)),
        (Some(frame(0x81, &[b' '; 1_025])), 1009, Some(Closed::TooLarge)),
    ] {
        let (mut reader, writer, outbox, mut server) = connection(1 << 20, 1 << 10);
        for _ in 0..100 {
            outbox.ping();
        }
        match sent {
            Some(bytes) => {
                server.write_all(&bytes).await.unwrap();
                assert_eq!(reader.next().await.err(), how);
            }
            None => outbox.close(),
        }
        assert_eq!(writer.run().await, Ok(()));
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(written(&bytes), [(0x88, code.to_be_bytes().to_vec())]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_writer_ends_when_nobody_can_want_anything() {
    let (reader, writer, outbox, mut server) = connection(1 << 10, 1 << 10);
    outbox.ping();
    drop((reader, outbox));
    assert_eq!(writer.run().await, Ok(()));
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(written(&bytes), [(0x89, vec![])]);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_nobody_takes_is_a_reset() {
    let (reader, writer, outbox, server) = connection(8, 1 << 10);
    drop((reader, server));
    outbox.ping();
    outbox.ping();
    assert_eq!(writer.run().await, Err(Closed::Reset));
}
