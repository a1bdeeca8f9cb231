//! The frames that this client writes itself.

use std::io::{Error, Result};

use secrecy::zeroize::Zeroizing;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

/// A whole frame, masked with random bytes. The mask stands beside the payload, so the frame is wiped
/// from memory when it is dropped.
pub(super) fn write(opcode: OpCode, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut mask = [0; 4];
    getrandom::fill(&mut mask).map_err(Error::other)?;
    let head = FrameHeader { opcode, mask: Some(mask), ..FrameHeader::default() };
    let length = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    // With room for all of it: growing would leave a copy behind.
    let mut frame = Zeroizing::new(Vec::with_capacity(head.len(length).saturating_add(payload.len())));
    head.format(length, &mut *frame).map_err(Error::other)?;
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

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
}
