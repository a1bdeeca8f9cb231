//! What is tested: the machine of now, or the one before it.

use jiff::Timestamp;

use crate::stream::connection::Arrival;
use crate::stream::core;
use crate::stream::machine::*;
use crate::stream::supervisor::{classify, frame};
use crate::stream::ChannelMessage;
use crate::studio::activity::ActivityMessage;

#[derive(Debug)]
pub(super) enum Subject<M> {
    New(Box<StreamMachine<M>>),
    Old(Box<core::Core<M>>),
}

pub(super) fn is_old() -> bool {
    std::env::var("OLD_CORE").is_ok()
}

fn old_moment(at: Moment) -> core::Moment {
    core::Moment::at(at.since_start())
}

impl<M: Clone> Subject<M> {
    pub(super) fn new(settings: &Settings, seed: u64, now: Moment, point: Option<&str>, limit: &core::DialLimit) -> Self {
        if is_old() {
            let old = core::Settings {
                hold_messages: settings.hold_messages,
                buffer_events: settings.buffer_events,
                remember: settings.remember,
                ..core::Settings::default()
            };
            let point = point.map_or_else(core::ResumePoint::default, |point| serde_json::from_str(point).unwrap());
            let core = core::Core::resume(old, limit.clone(), seed, old_moment(now), point);
            return Self::Old(Box::new(core));
        }
        let point = point.map_or_else(ResumePoint::default, |point| serde_json::from_str(point).unwrap());
        Self::New(Box::new(StreamMachine::new(settings.clone(), seed, now, point)))
    }

    pub(super) fn resume_point(&self) -> String {
        match self {
            Self::New(machine) => serde_json::to_string(&machine.resume_point()).unwrap(),
            Self::Old(core) => serde_json::to_string(&core.resume_point()).unwrap(),
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Moment> {
        match self {
            Self::New(machine) => machine.next_deadline(),
            Self::Old(core) => core.next_deadline().map(|at| Moment::at(at.since_start())),
        }
    }

    pub(super) fn state(&self) -> State {
        match self {
            Self::New(machine) => machine.state(),
            Self::Old(core) => match core.state() {
                core::State::Connecting => State::Connecting,
                core::State::Replaying => State::Replaying,
                core::State::Live => State::Live,
                core::State::Recovering => State::Recovering,
                core::State::Waiting => State::Waiting,
                core::State::Closed => State::Closed,
                _ => State::Failed,
            },
        }
    }

    pub(super) fn held(&self) -> usize {
        match self {
            Self::New(machine) => machine.held().0,
            Self::Old(core) => core.held().0,
        }
    }

    pub(super) fn buffered(&self) -> usize {
        match self {
            Self::New(machine) => machine.statistics().buffered_events,
            Self::Old(core) => core.statistics().buffered_events,
        }
    }

    /// A text arrives.
    pub(super) fn receive(&mut self, now: Moment, connection: ConnectionId, text: &str, body: M, in_full: bool) -> Vec<Output<M>> {
        let channel = ActivityMessage::CHANNEL;
        match self {
            Self::New(machine) => {
                let passes = |number| !in_full && machine.passes_over(now, connection, number);
                let Some((frame, _)) = frame::frame(channel, text, passes) else { return Vec::new() };
                let frame = match frame {
                    Frame::Message(envelope, ()) => Frame::Message(envelope, body),
                    Frame::Malformed { size, hash, .. } => Frame::Malformed { size, hash, message: body },
                    Frame::Part => Frame::Part,
                    Frame::Control => Frame::Control,
                };
                self.handle(now, Input::Received { connection, frame })
            }
            Self::Old(core) => {
                let id = core::ConnectionId(connection.0);
                let passes = |number| !in_full && core.passes_over(old_moment(now), id, number);
                let arrival = Arrival::Text(text);
                let Some(frame) = classify::frame(channel, arrival, Timestamp::UNIX_EPOCH, passes) else {
                    return Vec::new();
                };
                let frame = match frame {
                    core::Frame::Message(envelope, _) => core::Frame::Message(envelope, body),
                    core::Frame::Malformed(size, _) => core::Frame::Malformed(size, body),
                    core::Frame::Pong => core::Frame::Pong,
                    core::Frame::Other => core::Frame::Other,
                };
                let outputs = core.handle(old_moment(now), core::Input::Received { connection: id, frame });
                outputs.into_iter().filter_map(output).collect()
            }
        }
    }

    pub(super) fn handle(&mut self, now: Moment, input: Input<M>) -> Vec<Output<M>> {
        match self {
            Self::New(machine) => {
                machine.handle(now, input);
                std::iter::from_fn(|| machine.poll()).collect()
            }
            Self::Old(core) => {
                let input = match input {
                    Input::Timer => core::Input::Timer,
                    Input::Permit => return Vec::new(),
                    Input::Token(Ok(token)) => core::Input::Token(Ok(core::Token {
                        generation: token.generation,
                        expires: token.expires.map(old_moment),
                    })),
                    Input::Token(Err(NoToken::Refused(_))) => core::Input::Token(Err(core::NoToken::Refused)),
                    Input::Token(Err(NoToken::Unavailable(wait))) => {
                        core::Input::Token(Err(core::NoToken::Unavailable(wait)))
                    }
                    Input::Dialled { connection, result } => core::Input::Dialled {
                        connection: core::ConnectionId(connection.0),
                        result: result.map_err(|failure| match failure {
                            DialFailure::Status { status, retry_after } => core::DialFailure::Status { status, retry_after },
                            _ => core::DialFailure::Failed(core::Stage::Tcp),
                        }),
                    },
                    Input::Closed { connection, how } => core::Input::Closed {
                        connection: core::ConnectionId(connection.0),
                        how: match how {
                            Closed::Reset => core::Closed::Reset,
                            Closed::Code(code) => core::Closed::Code(code),
                            _ => core::Closed::Eof,
                        },
                    },
                    Input::Received { connection, .. } => core::Input::Received {
                        connection: core::ConnectionId(connection.0),
                        frame: core::Frame::Pong,
                    },
                    Input::Taken { events, bytes } => core::Input::Taken { events, bytes },
                    Input::Command(command) => core::Input::Command(match command {
                        Command::ReconnectNow => core::Command::ReconnectNow,
                        Command::RotateNow => core::Command::RotateNow,
                        Command::Close => core::Command::Close,
                    }),
                };
                core.handle(old_moment(now), input).into_iter().filter_map(output).collect()
            }
        }
    }
}

fn output<M>(output: core::Output<M>) -> Option<Output<M>> {
    let id = |id: core::ConnectionId| ConnectionId(id.0);
    Some(match output {
        core::Output::Deliver { event, size } => Output::Deliver { event: self::event(event), size },
        core::Output::FetchToken { newer_than } => Output::FetchToken { newer_than },
        core::Output::Dial { connection } => Output::Dial { connection: id(connection) },
        core::Output::Subscribe { connection, generation } => Output::Subscribe { connection: id(connection), generation },
        core::Output::Ping { connection } => Output::Ping { connection: id(connection) },
        core::Output::Read { connection, on } => Output::Read { connection: id(connection), on },
        core::Output::Close { connection } => Output::Close { connection: id(connection) },
        core::Output::State(_) | core::Output::Finished => return None,
    })
}

fn event<M>(event: core::Event<M>) -> Event<M> {
    match event {
        core::Event::Message { message, sequence, origin } => Event::Message {
            message,
            sequence,
            origin: match origin {
                core::Origin::Live => Origin::Live,
                core::Origin::Replay => Origin::Replay,
                core::Origin::Correction => Origin::Late,
            },
        },
        core::Event::Undecodable(message) => Event::Undecodable(message),
        core::Event::CaughtUp => Event::CaughtUp,
        core::Event::Gap(gap) => Event::Gap(Gap {
            after: gap.after,
            before: gap.before,
            reason: match gap.reason {
                core::GapReason::NumbersBeganAnew => GapReason::NumbersBeganAnew,
                _ => GapReason::NotInReplay,
            },
        }),
        core::Event::EpochChanged { lossless } => Event::EpochChanged { lossless },
        core::Event::NumbersHaveHoles => Event::NumbersHaveHoles,
        core::Event::Lagging => Event::Lagging,
        core::Event::Recovered { .. } => Event::Recovered,
        core::Event::Failed(_) => Event::Failed(Failure::GaveUp),
        core::Event::Closed => Event::Closed,
        core::Event::Connection(connection) => Event::Connection(match connection {
            core::Connection::Connecting => Connection::Connecting,
            core::Connection::Connected => Connection::Connected,
            core::Connection::Subscribed => Connection::Subscribed,
            core::Connection::Disconnected(cause) => Connection::Disconnected(self::cause(cause)),
            core::Connection::Retrying { delay, cause } => Connection::Retrying { delay, cause: self::cause(cause) },
            core::Connection::Rotating => Connection::Rotating,
            _ => Connection::Rotated,
        }),
    }
}

fn cause(cause: core::Cause) -> Cause {
    match cause {
        core::Cause::NoPong => Cause::NoPong,
        core::Cause::Mute => Cause::Mute,
        core::Cause::AckTimeout => Cause::AckTimeout,
        core::Cause::ReplayStalled => Cause::ReplayStalled,
        core::Cause::AuthExpired => Cause::AuthExpired,
        core::Cause::Closed(core::Closed::Reset) => Cause::Closed(Closed::Reset),
        other => Cause::Notice(format!("{other:?}").into()),
    }
}

