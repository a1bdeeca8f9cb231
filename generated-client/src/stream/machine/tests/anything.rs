//! Inputs that make no sense, in any order, at any time.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::*;

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        4 => Just(Kind::Data),
        2 => Just(Kind::ReplayComplete),
        2 => Just(Kind::Accepted),
        1 => Just(Kind::Heartbeat),
        1 => prop::sample::select(vec![Notice::AuthExpired, Notice::Idle, Notice::Other("x".into())]).prop_map(Kind::Notice),
        1 => Just(Kind::Refused("no".into())),
    ]
}

fn frame() -> impl Strategy<Value = Frame<()>> {
    let number = prop_oneof![0u64..6, any::<u64>(), u64::MAX - 3..=u64::MAX];
    let sequence = prop::option::weighted(0.8, number);
    let envelope = (kind(), sequence, 0u64..3, 0usize..200);
    let envelope = envelope.prop_map(|(kind, number, hash, size)| Envelope { kind, number, hash, size });
    prop_oneof![
        8 => envelope.prop_map(|envelope| Frame::Message(envelope, ())),
        1 => any::<usize>().prop_map(|size| Frame::Malformed { size, hash: 0, message: () }),
        1 => Just(Frame::Control),
        1 => Just(Frame::Part),
    ]
}

fn input() -> impl Strategy<Value = Input<()>> {
    let connection = || (0u64..12).prop_map(ConnectionId);
    let expires = || prop::option::of((0u64..10_000).prop_map(|at| Moment::at(Duration::from_secs(at))));
    let failure = prop::sample::select(vec![
        DialFailure::Failed(Stage::Tcp),
        DialFailure::TimedOut(None),
        DialFailure::Certificate,
        DialFailure::Handshake("not HTTP, or a head that is too long"),
        DialFailure::Status { status: 401, retry_after: None },
        DialFailure::Status { status: 409, retry_after: None },
        DialFailure::Status { status: 503, retry_after: Some(Duration::MAX) },
    ]);
    let closed = vec![
        Closed::Reset,
        Closed::Code(Some(1012)),
        Closed::Protocol,
        Closed::TooLarge,
        Closed::WriteTimeout,
    ];
    let command = prop_oneof![
        9 => Just(Command::RotateNow),
        9 => Just(Command::ReconnectNow),
        1 => Just(Command::Close),
    ];
    prop_oneof![
        20 => (connection(), frame()).prop_map(|(connection, frame)| Input::Received { connection, frame }),
        6 => Just(Input::Timer),
        6 => Just(Input::Permit),
        6 => (0u64..5, expires()).prop_map(|(generation, expires)| Input::Token(Ok(Token { generation, expires }))),
        1 => Just(Input::Token(Err(NoToken::Unavailable(Some(Duration::MAX))))),
        8 => connection().prop_map(|connection| Input::Dialled { connection, result: Ok(()) }),
        1 => (connection(), failure).prop_map(|(connection, failure)| {
            Input::Dialled { connection, result: Err(failure) }
        }),
        2 => (connection(), prop::sample::select(closed)).prop_map(|(connection, how)| {
            Input::Closed { connection, how }
        }),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(events, bytes)| Input::Taken { events, bytes }),
        1 => command.prop_map(Input::Command),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Nothing panics, the machine comes to rest, what it holds is bounded, and nothing follows the end.
    #[test]
    fn row_25_no_input_breaks_the_machine(
        inputs in vec((input(), prop_oneof![Just(0u64), 0u64..500, 0u64..100_000]), 0..200),
        slow in prop::sample::select(vec![SlowCaller::Park, SlowCaller::Block]),
    ) {
        let settings =
            Settings { hold_messages: 4, buffer_events: 16, slow_caller: slow, ..Settings::default() };
        let mut now = Moment::default();
        let mut machine = StreamMachine::<()>::new(settings, 3, now, ResumePoint::default());
        let mut ended = 0;
        for (input, millis) in inputs {
            now = now.after(Duration::from_millis(millis));
            if let Input::Received { connection, frame: Frame::Message(envelope, ()) } = &input
                && envelope.number.is_some_and(|number| machine.passes_over(now, *connection, number))
            {
                continue;
            }
            let mut outputs = super::handle(&mut machine, now, input);
            for _ in 0..50 {
                if machine.next_deadline().is_none_or(|at| at > now) {
                    break;
                }
                outputs.extend(super::handle(&mut machine, now, Input::Timer));
            }
            prop_assert!(machine.next_deadline().is_none_or(|at| at > now), "it does not come to rest");
            prop_assert!(machine.held().0 <= 8, "{:?} is held", machine.held());
            for output in outputs {
                if let Output::Deliver { event, .. } = output {
                    prop_assert_eq!(ended, 0, "{:?} comes after the end", event);
                    ended += u32::from(matches!(event, Event::Failed(_) | Event::Closed));
                }
            }
        }
    }
}
