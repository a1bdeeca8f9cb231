//! The machine, and what is around it in a stream, without time and network.

use jiff::Timestamp;

use crate::stream::ChannelMessage;
use crate::stream::machine::*;
use crate::stream::supervisor::frame::frame;
use crate::studio::activity::ActivityMessage;

/// A text arrives. `in_full`: also a message is read that could be passed over.
pub(super) fn receive<M>(
    machine: &mut StreamMachine<M>,
    now: Moment,
    connection: ConnectionId,
    text: &str,
    message: M,
    in_full: bool,
) -> Vec<Output<M>> {
    let passes = |number| !in_full && machine.passes_over(now, connection, number);
    let Some(frame) = frame(ActivityMessage::CHANNEL, text, Timestamp::UNIX_EPOCH, passes) else {
        return Vec::new();
    };
    let frame = match frame {
        Frame::Message(envelope, _) => Frame::Message(envelope, message),
        Frame::Malformed { size, hash, .. } => Frame::Malformed { size, hash, message },
        Frame::Part => Frame::Part,
        Frame::Control => Frame::Control,
    };
    handle(machine, now, Input::Received { connection, frame })
}

/// An input, and what follows from it.
pub(super) fn handle<M>(machine: &mut StreamMachine<M>, now: Moment, input: Input<M>) -> Vec<Output<M>> {
    machine.handle(now, input);
    std::iter::from_fn(|| machine.poll()).collect()
}
