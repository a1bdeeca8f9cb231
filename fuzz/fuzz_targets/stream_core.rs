//! Whatever happens to a stream, in whatever order: it comes to rest, what it holds is bounded, and
//! nothing follows its end.

#![no_main]

use std::time::Duration;

use clear_street::benchmarks::{
    Cause, Closed, Command, ConnectionId, DialFailure, Envelope, Event, Frame, Input, Kind, Moment, NoToken,
    Output, ResumePoint, Settings, SlowCaller, StreamMachine, Token,
};
use libfuzzer_sys::fuzz_target;

const HELD: usize = 4;
const BUFFER: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, steps)) = bytes.split_first() else { return };
    let mut settings = Settings::default();
    (settings.hold_messages, settings.buffer_events) = (HELD, BUFFER);
    settings.slow_caller = if first % 2 == 0 { SlowCaller::Block } else { SlowCaller::Park };
    let mut now = Moment::default();
    let mut machine = StreamMachine::<()>::new(settings, u64::from(*first), now, ResumePoint::default());
    let mut reads = true;
    let mut ended = false;
    for step in steps.chunks_exact(4) {
        let [what, connection, sequence, millis] = [step[0], step[1] % 8, step[2], step[3]];
        now = now.after(Duration::from_millis(u64::from(millis).pow(2)));
        let input = input(what, ConnectionId(connection.into()), sequence);
        if let Input::Received { connection, frame } = &input {
            let number = match frame {
                Frame::Message(Envelope { kind: Kind::Data, number, .. }, ()) => *number,
                _ => None,
            };
            if !reads || number.is_some_and(|number| machine.passes_over(now, *connection, number)) {
                continue;
            }
        }
        machine.handle(now, input);
        for _ in 0..50 {
            if machine.next_deadline().is_some_and(|at| at <= now) {
                machine.handle(now, Input::<()>::Timer);
            }
        }
        assert!(machine.next_deadline().is_none_or(|at| at > now), "it does not come to rest");
        let held = machine.statistics().held_messages;
        assert!(held <= 2 * HELD, "{held} are held");
        // Full, and then what was held, and what is told of connections.
        let buffered = machine.statistics().buffered_events;
        assert!(buffered <= BUFFER + 64, "{buffered} are buffered");
        while let Some(output) = machine.poll() {
            match output {
                Output::Read { on, .. } => reads = on,
                Output::Deliver { event, .. } => {
                    assert!(!ended, "{event:?} comes after the end");
                    ended = matches!(event, Event::Failed(_) | Event::Closed);
                }
                _ => {}
            }
        }
    }
});

fn input(what: u8, connection: ConnectionId, number: u8) -> Input<()> {
    let kind = match what % 33 {
        0..=8 => Kind::Data,
        9 => Kind::Accepted,
        10 | 11 => Kind::ReplayComplete,
        12 => Kind::Heartbeat,
        13 if number == 0 => Kind::Notice(Cause::AuthExpired),
        13 => Kind::Notice(Cause::Notice("x".into())),
        14 => Kind::Refused("no".into()),
        32 => return Input::Permit,
        15 | 16 => return Input::Token(Ok(token(number))),
        17 => return Input::Token(Err(NoToken::Unavailable(None))),
        18 => return Input::Token(Err(NoToken::Refused("no".into()))),
        19..=21 => return Input::Dialled { connection, result: Ok(()) },
        22 => return Input::Dialled { connection, result: Err(failure(number)) },
        23 => return Input::Closed { connection, how: how(number) },
        24 | 25 => return Input::Taken { events: number.into(), bytes: 0 },
        26 => return Input::Received { connection, frame: Frame::Control },
        27 => return Input::Received { connection, frame: Frame::Part },
        28 => Kind::Malformed,
        29 => return Input::Command(Command::RotateNow),
        30 => return Input::Command(if number == 0 { Command::Close } else { Command::ReconnectNow }),
        _ => return Input::Timer,
    };
    let number = match number {
        _ if kind != Kind::Data => None,
        255 => None,
        254 => Some(u64::MAX),
        number => Some(u64::from(number % 16)),
    };
    let envelope = Envelope { kind, number, hash: u64::from(what / 128), size: 10 };
    Input::Received { connection, frame: Frame::Message(envelope, ()) }
}

fn token(number: u8) -> Token {
    let expires = (number > 99).then(|| Moment(Duration::from_secs(u64::from(number) * 10)));
    Token { generation: u64::from(number % 8), expires }
}

fn failure(number: u8) -> DialFailure {
    match number % 4 {
        0 => DialFailure::Handshake("not HTTP, or a head that is too long"),
        1 => DialFailure::Certificate,
        2 => DialFailure::TimedOut(None),
        _ => DialFailure::Status { status: 398 + u16::from(number), retry_after: None },
    }
}

fn how(number: u8) -> Closed {
    match number % 6 {
        0 => Closed::Reset,
        1 => Closed::Eof,
        2 => Closed::Code(Some(1000 + u16::from(number / 6))),
        3 => Closed::Protocol,
        4 => Closed::TooLarge,
        _ => Closed::WriteTimeout,
    }
}
