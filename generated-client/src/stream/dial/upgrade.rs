//! The upgrade from HTTP to WebSocket.
//!
//! The request is written here and not by the library, which prints it at the level `trace`: a header
//! may hold credentials. The library parses the answer.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::client::{Response, generate_key};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;

use super::address::Address;
use crate::error::retry_after;
use crate::headers::Headers;
use crate::stream::machine::{DialFailure, HandshakeFault, Stage};

/// Longest head of an answer.
const HEAD: usize = 64 << 10;

const NOT_HTTP: DialFailure = DialFailure::Handshake(HandshakeFault::Http);

/// Asks for the upgrade. Returns what was read behind the answer.
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
        if let Some((size, answer)) = Response::try_parse(&read).map_err(|_| NOT_HTTP)? {
            check(&answer, &key)?;
            return Ok(read.split_off(size));
        }
        if read.len() > HEAD {
            return Err(NOT_HTTP);
        }
    }
}

/// Checks that the server agreed to this request, and to nothing that was not asked for.
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
    let fault = if !has("upgrade", "websocket") || !has("connection", "upgrade") {
        HandshakeFault::Upgrade
    } else if headers.get("sec-websocket-accept") != Some(&derive_accept_key(key.as_bytes())) {
        HandshakeFault::Accept
    } else if headers.get("sec-websocket-extensions").is_some() {
        HandshakeFault::Extension
    } else if headers.get("sec-websocket-protocol").is_some() {
        HandshakeFault::Subprotocol
    } else {
        return Ok(());
    };
    Err(DialFailure::Handshake(fault))
}
