//! HTTP/2: many requests on one connection, each with its own fate.

use std::time::Duration;

use clear_street::trading::Client;
use clear_street::{Delivery, ErrorKind};
use clear_street_test_support::KEY;
use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::http2::{Act, Http2Server, INTERNAL_ERROR, REFUSED_STREAM, Stream};

use crate::{OK, post, trusted};

/// A server that does this with the requests, by their number from 0.
fn serve(script: impl Fn(&Stream) -> Vec<Act> + Send + Sync + 'static) -> (Client, Http2Server) {
    let authority = Authority::default();
    let server = Http2Server::start(authority.acceptor(Flaw::None, "h2"), Duration::from_secs(60), script);
    let builder = Client::builder().api_key(KEY).base_url(&server.url);
    (builder.root_certificates(trusted(&authority)).build().unwrap(), server)
}

fn ok() -> Vec<Act> {
    vec![Act::Answer(200, OK.to_owned())]
}

/// The numbers of the connections on which requests were.
fn connections(server: &Http2Server) -> Vec<usize> {
    server.streams().iter().map(|stream| stream.connection).collect()
}

#[tokio::test]
async fn broken_streams_and_connections_may_have_been_sent() {
    let (client, server) = serve(|stream| match (stream.connection, stream.id) {
        (0, 1) => vec![Act::Reset(INTERNAL_ERROR)],
        (0, 3) => vec![Act::Begin(200, "{\"data\"".to_owned()), Act::Reset(INTERNAL_ERROR)],
        (0, _) => vec![Act::Close],
        _ => ok(),
    });
    for (sent, status) in [(1, None), (2, Some(200)), (3, None)] {
        let error = post(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::MaybeSent), "{sent}");
        assert!(error.status().is_none() || error.status() == status, "{sent}");
        assert_eq!(connections(&server), vec![0; sent], "sent once, on one connection");
    }
    // The next request finds out that the connection is gone, and nothing else.
    assert_eq!(post(&client).await.unwrap().data.text(), "1");
    assert_eq!(connections(&server), [0, 0, 0, 1]);
}

#[tokio::test]
async fn a_refused_stream_was_not_sent() {
    let (client, server) = serve(|_| vec![Act::Reset(REFUSED_STREAM)]);
    let error = post(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connection, Delivery::NotSent));
    // Each attempt on a connection of its own, and no attempt but ours.
    assert_eq!((error.attempts(), connections(&server)), (3, vec![0, 1, 2]));
}

#[tokio::test]
async fn a_dropped_request_ends_its_stream_and_not_the_connection() {
    let (client, server) = serve(|stream| if stream.id == 1 { vec![] } else { ok() });
    tokio::select! {
        biased;
        answer = post(&client) => assert!(answer.is_ok(), "it is never answered"),
        () = server.until(|streams| streams.len() == 1) => {}
    }
    server.until(|streams| streams.iter().all(|stream| stream.is_reset)).await;
    assert_eq!(post(&client).await.unwrap().data.text(), "1");
    assert_eq!(connections(&server), [0, 0]);
}
