//! From HTTP to WebSocket: RFC 6455, section 4.2.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError::{InvalidSecWebSocketKey, MissingSecWebSocketKey};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
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
        let accepted = match create_response_with_body(request, Bytes::new) {
            Ok(accepted) => accepted,
            Err(Error::Protocol(MissingSecWebSocketKey | InvalidSecWebSocketKey)) => {
                return refused(StatusCode::BAD_REQUEST);
            }
            Err(_) => return refused(StatusCode::UPGRADE_REQUIRED),
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
        accepted
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

fn refused(status: StatusCode) -> Response<Bytes> {
    let mut response = plain(status, "here is a WebSocket of version 13");
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(SEC_WEBSOCKET_VERSION, VERSION);
    response
}
