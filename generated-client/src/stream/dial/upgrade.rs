//! From HTTP to frames.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tungstenite::handshake::client::{Response, generate_key};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::machine::TryParse;

use super::address::Address;
use crate::error::retry_after;
use crate::headers::Headers;
use crate::stream::core::{DialFailure, Stage};

/// Longest head of an answer.
const HEAD: usize = 64 << 10;

/// Asks for the upgrade; gives what was read behind the answer.
pub(super) async fn upgrade(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    address: &Address,
    user_agent: &str,
) -> Result<BytesMut, DialFailure> {
    let key = generate_key();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nUser-Agent: {user_agent}\r\n\r\n",
        address.path(),
        address.authority(),
    );
    let failed = |_| DialFailure::Failed(Stage::Upgrade);
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    let mut read = BytesMut::new();
    loop {
        if stream.read_buf(&mut read).await.map_err(failed)? == 0 {
            return Err(DialFailure::Failed(Stage::Upgrade));
        }
        if let Some((size, answer)) = Response::try_parse(&read).map_err(|_| DialFailure::Handshake)? {
            check(&answer, &key)?;
            return Ok(read.split_off(size));
        }
        if read.len() > HEAD {
            return Err(DialFailure::Handshake);
        }
    }
}

/// Whether the server has agreed, to this request, and to nothing that was not asked for.
fn check(answer: &Response, key: &str) -> Result<(), DialFailure> {
    let status = answer.status().as_u16();
    let headers: Headers = answer
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    if status != 101 {
        return Err(DialFailure::Status { status, retry_after: retry_after(&headers) });
    }
    let has = |name: &str, wanted: &str| {
        let named = headers.iter().filter(|(known, _)| *known == name);
        named.flat_map(|(_, value)| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    let agreed = has("upgrade", "websocket")
        && has("connection", "upgrade")
        && headers.get("sec-websocket-accept") == Some(&derive_accept_key(key.as_bytes()))
        && headers.get("sec-websocket-extensions").is_none()
        && headers.get("sec-websocket-protocol").is_none();
    if agreed { Ok(()) } else { Err(DialFailure::Handshake) }
}
