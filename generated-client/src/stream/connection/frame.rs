//! The heads of frames, and frames that are written.

use std::io::{Cursor, Error, Result};

use secrecy::zeroize::Zeroizing;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::assembly::Broken;

/// Longest payload of a ping, a pong or a close.
const CONTROL: u64 = 125;

/// The head of a frame that a server may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// Nothing of the same message follows.
    pub(super) last: bool,
    /// Size of the head itself.
    pub(super) size: usize,
    /// Size of what follows it.
    pub(super) payload: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
    Continuation,
    Ping,
    Pong,
    Close,
}

impl Head {
    /// Reads it from the beginning of these bytes; none if it is not there yet.
    pub(super) fn read(bytes: &[u8]) -> std::result::Result<Option<Self>, Broken> {
        let mut cursor = Cursor::new(bytes);
        let Some((head, payload)) = FrameHeader::parse(&mut cursor).map_err(|_| Broken::Protocol)? else {
            return Ok(None);
        };
        let kind = match head.opcode {
            OpCode::Data(Data::Text) => Kind::Text,
            OpCode::Data(Data::Binary) => Kind::Binary,
            OpCode::Data(Data::Continue) => Kind::Continuation,
            OpCode::Control(Control::Ping) => Kind::Ping,
            OpCode::Control(Control::Pong) => Kind::Pong,
            OpCode::Control(Control::Close) => Kind::Close,
            OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => {
                return Err(Broken::Protocol);
            }
        };
        let controls = matches!(kind, Kind::Ping | Kind::Pong | Kind::Close);
        let reserved = head.rsv1 || head.rsv2 || head.rsv3;
        // Only clients mask.
        if reserved || head.mask.is_some() || (controls && (!head.is_final || payload > CONTROL)) {
            return Err(Broken::Protocol);
        }
        let size = usize::try_from(cursor.position()).map_err(|_| Broken::Protocol)?;
        Ok(Some(Self { kind, last: head.is_final, size, payload }))
    }
}

/// A whole frame as it is written, with a mask that nobody can guess. It is wiped when it is
/// dropped: whoever has it can take off the mask.
pub(super) fn write(opcode: OpCode, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut mask = [0; 4];
    getrandom::fill(&mut mask).map_err(Error::other)?;
    let head = FrameHeader { opcode, mask: Some(mask), ..FrameHeader::default() };
    let length = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    // Never to grow: what is moved leaves its old place as it was.
    let mut frame = Zeroizing::new(Vec::with_capacity(head.len(length).saturating_add(payload.len())));
    head.format(length, &mut *frame).map_err(Error::other)?;
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_masked_and_never_moved() {
        for length in [0, 5, 125, 126, 65_535, 65_536] {
            let payload: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let frame = write(OpCode::Data(Data::Text), &payload).unwrap();
            let mut cursor = Cursor::new(&frame[..]);
            let (head, read) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert_eq!(read, length);
            let mask = head.mask.unwrap();
            let start = usize::try_from(cursor.position()).unwrap();
            let shown: Vec<u8> = frame[start..].iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b).collect();
            assert_eq!(shown, payload);
            assert_eq!(frame.capacity(), start + payload.len());
        }
    }

    #[test]
    fn what_a_server_may_not_send_is_refused() {
        let refused: &[&[u8]] = &[
            // A masked frame, each reserved bit, opcodes that do not exist.
            &[0x81, 0x80, 1, 2, 3, 4],
            &[0xC1, 0],
            &[0xA1, 0],
            &[0x91, 0],
            &[0x83, 0],
            &[0x8B, 0],
            // A ping in parts, and one that is too long.
            &[0x09, 0],
            &[0x89, 126, 0, 126],
        ];
        for bytes in refused {
            assert_eq!(Head::read(bytes), Err(Broken::Protocol), "{bytes:02x?}");
        }
        for bytes in [&[][..], &[0x81], &[0x81, 126, 1], &[0x81, 127, 0, 0, 0, 0, 0, 0, 1]] {
            assert_eq!(Head::read(bytes), Ok(None), "{bytes:02x?}");
        }
    }
}
