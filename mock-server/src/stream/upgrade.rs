//! From HTTP to WebSocket: RFC 6455, section 4.2.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::Streams;
use super::session::Session;
use crate::faults::{ConnectionFaults, Line};
use crate::frame::plain;

const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Longest message of a client; a subscription with a long token is far shorter.
const LONGEST: usize = 64 << 10;

impl Streams {
    /// Answers a request to become a WebSocket, and serves it, until `ended` is true or closed.
    pub(crate) fn upgrade<B>(
        self: &Arc<Self>,
        request: &mut Request<B>,
        line: &Line,
        mut ended: watch::Receiver<bool>,
    ) -> Response<Bytes> {
        let proof = match proof(request.method(), request.headers()) {
            Ok(proof) => proof,
            Err(status) => return refused(status),
        };
        let faults = match self.around.faults.of_connection(request.headers()) {
            Ok(faults) => faults,
            Err(invalid) => return plain(StatusCode::BAD_REQUEST, invalid.to_string()),
        };
        let (streams, line, upgrade) = (Arc::clone(self), line.clone(), hyper::upgrade::on(request));
        tokio::spawn(async move {
            tokio::select! {
                () = streams.serve(upgrade, line, faults) => {}
                _ = ended.wait_for(|ended| *ended) => {}
            }
        });
        accepted(proof)
    }

    async fn serve(self: Arc<Self>, upgrade: OnUpgrade, line: Line, faults: ConnectionFaults) {
        // Without an upgrade the client went away, or a fault kept the answer from it.
        let Ok(upgraded) = upgrade.await else { return };
        let config = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        Session::new(self, socket, line, faults).run().await;
    }
}

/// What proves that the upgrade was understood, or why it was not.
fn proof(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, StatusCode> {
    let has = |name: HeaderName, token: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    let is_websocket = method == Method::GET && has(CONNECTION, "upgrade") && has(UPGRADE, "websocket");
    if !is_websocket || headers.get(SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return Err(StatusCode::UPGRADE_REQUIRED);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or(StatusCode::BAD_REQUEST)?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| StatusCode::BAD_REQUEST)
}

fn accepted(proof: HeaderValue) -> Response<Bytes> {
    let mut response = plain(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, proof);
    response
}

fn refused(status: StatusCode) -> Response<Bytes> {
    let mut response = plain(status, "here is a WebSocket of version 13");
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(SEC_WEBSOCKET_VERSION, VERSION);
    response
}
