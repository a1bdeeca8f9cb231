//! Whatever happens to a stream, in whatever order: it comes to rest, and what it holds is bounded.

#![no_main]

use std::time::Duration;

use clear_street::stream::core::{
    Class, Closed, Command, ConnectionId, Core, DialFailure, DialLimit, Envelope, Frame, Input, Moment, NoToken,
    Notice, Settings, Token,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut settings = Settings::default();
    settings.hold_messages = 4;
    settings.buffer_events = 16;
    let mut now = Moment::default();
    let mut core = Core::<()>::new(settings, DialLimit::default(), 0, now);
    for step in bytes.chunks_exact(4) {
        let [what, connection, sequence, millis] = [step[0], step[1] % 8, step[2], step[3]];
        now = now.after(Duration::from_millis(u64::from(millis).pow(2)));
        core.handle(now, input(what, ConnectionId(connection.into()), sequence));
        for _ in 0..50 {
            if core.next_deadline().is_some_and(|at| at <= now) {
                core.handle(now, Input::Timer);
            }
        }
        assert!(core.next_deadline().is_none_or(|at| at > now), "it does not come to rest");
        assert!(core.held().0 <= 8, "{:?} is held", core.held());
    }
});

fn input(what: u8, connection: ConnectionId, sequence: u8) -> Input<()> {
    let class = match what % 16 {
        0 => Class::Accepted,
        1 => Class::ReplayComplete,
        2 => Class::Heartbeat,
        3 => Class::Notice(Notice::AuthExpired),
        4..=8 => Class::Data,
        9 => return Input::Token(Ok(Token { generation: sequence.into(), expires: None })),
        10 => return Input::Token(Err(NoToken::Unavailable(None))),
        11 => return Input::Dialled { connection, result: Ok(()) },
        12 => return Input::Dialled { connection, result: Err(DialFailure::Handshake) },
        13 => return Input::Closed { connection, how: Closed::Reset },
        14 => return Input::Taken { events: sequence.into(), bytes: 0 },
        _ if sequence > 127 => return Input::Received { connection, frame: Frame::Pong },
        _ => return Input::Command(if sequence > 63 { Command::RotateNow } else { Command::ReconnectNow }),
    };
    let sequence = (class == Class::Data).then_some(u64::from(sequence % 16));
    let envelope = Envelope { class, sequence, fingerprint: u64::from(what / 128), size: 10 };
    Input::Received { connection, frame: Frame::Message(envelope, ()) }
}
