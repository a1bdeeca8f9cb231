//! Frames as the other end writes and reads them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A frame as a server writes it, of less than 64 KiB.
pub(in crate::stream) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    match payload.len() {
        0..126 => [&[first, length[1]], payload].concat(),
        _ => [&[first, 126], &length[..], payload].concat(),
    }
}

/// The first byte and the payload of a frame that a client wrote.
pub(in crate::stream) async fn receive(pipe: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, Vec<u8>)> {
    let (first, length) = (pipe.read_u8().await?, pipe.read_u8().await? & 0x7f);
    let length = if length == 126 { pipe.read_u16().await? } else { length.into() };
    let mut mask = [0; 4];
    pipe.read_exact(&mut mask).await?;
    let mut payload = vec![0; length.into()];
    pipe.read_exact(&mut payload).await?;
    Ok((first, payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()))
}
