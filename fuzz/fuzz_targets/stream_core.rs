//! Whatever happens to a stream, in whatever order: it comes to rest, what it holds is bounded, and
//! nothing follows its end.

#![no_main]

use std::time::Duration;

use clear_street::stream::core::{
    Class, Closed, Command, ConnectionId, Core, DialFailure, DialLimit, Envelope, Event, Frame, HandshakeFault, Input,
    Moment, NoToken, Notice, Output, Refusal, Settings, SlowCaller, Token,
};
use libfuzzer_sys::fuzz_target;

const HELD: usize = 4;
const BUFFER: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, steps)) = bytes.split_first() else { return };
    let mut settings = Settings::default();
    (settings.hold_messages, settings.buffer_events, settings.remember) = (HELD, BUFFER, 3);
    settings.slow_caller = match first % 4 {
        0 => SlowCaller::Block,
        1 => SlowCaller::Fail,
        _ => SlowCaller::Recover,
    };
    let mut now = Moment::default();
    let mut core = Core::<()>::new(settings, DialLimit::default(), u64::from(*first), now);
    let mut reads = true;
    let mut ended = false;
    for step in steps.chunks_exact(4) {
        let [what, connection, sequence, millis] = [step[0], step[1] % 8, step[2], step[3]];
        now = now.after(Duration::from_millis(u64::from(millis).pow(2)));
        let input = input(what, ConnectionId(connection.into()), sequence);
        if let Input::Received { connection, frame } = &input {
            let sequence = match frame {
                Frame::Message(Envelope { class: Class::Data, sequence, .. }, ()) => *sequence,
                _ => None,
            };
            if !reads || sequence.is_some_and(|sequence| core.passes_over(now, *connection, sequence)) {
                continue;
            }
        }
        let mut outputs = core.handle(now, input);
        for _ in 0..50 {
            if core.next_deadline().is_some_and(|at| at <= now) {
                outputs.extend(core.handle(now, Input::Timer));
            }
        }
        assert!(core.next_deadline().is_none_or(|at| at > now), "it does not come to rest");
        assert!(core.held().0 <= 2 * HELD, "{:?} is held", core.held());
        // Full, and then what was held, and what is told of connections.
        assert!(core.buffered().0 <= BUFFER + 64, "{:?} is buffered", core.buffered());
        for output in outputs {
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
    let class = match what % 32 {
        0..=8 => Class::Data,
        9 => Class::Accepted,
        10 | 11 => Class::ReplayComplete,
        12 => Class::Heartbeat,
        13 => Class::Notice([Notice::AuthExpired, Notice::Idle, Notice::Other][usize::from(number % 3)]),
        14 => Class::Refused([Refusal::Token, Refusal::Account][usize::from(number % 2)]),
        15 | 16 => return Input::Token(Ok(token(number))),
        17 => return Input::Token(Err(NoToken::Unavailable(None))),
        18 => return Input::Token(Err(NoToken::Refused)),
        19..=21 => return Input::Dialled { connection, result: Ok(()) },
        22 => return Input::Dialled { connection, result: Err(failure(number)) },
        23 => return Input::Closed { connection, how: how(number) },
        24 | 25 => return Input::Taken { events: number.into(), bytes: 0 },
        26 => return Input::Received { connection, frame: Frame::Pong },
        27 => return Input::Received { connection, frame: Frame::Other },
        28 => return Input::Received { connection, frame: Frame::Malformed(10, ()) },
        29 => return Input::Command(Command::RotateNow),
        30 => return Input::Command(if number == 0 { Command::Close } else { Command::ReconnectNow }),
        _ => return Input::Timer,
    };
    let sequence = match number {
        _ if class != Class::Data => None,
        255 => None,
        254 => Some(u64::MAX),
        number => Some(u64::from(number % 16)),
    };
    let envelope = Envelope { class, sequence, fingerprint: u64::from(what / 128), size: 10 };
    Input::Received { connection, frame: Frame::Message(envelope, ()) }
}

fn token(number: u8) -> Token {
    let expires = (number > 99).then(|| Moment::at(Duration::from_secs(u64::from(number) * 10)));
    Token { generation: u64::from(number % 8), expires }
}

fn failure(number: u8) -> DialFailure {
    match number % 4 {
        0 => DialFailure::Handshake(HandshakeFault::Http),
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
