//! Name and TCP.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::stream::machine::{DialFailure, Stage};
use crate::transport::looked_up;

/// After this time without a connection to one address the next one is tried beside it: an address
/// that answers nothing costs a moment, not the whole attempt.
const HEAD_START: Duration = Duration::from_millis(250);

/// What the system keeps of what the server does not take, in bytes. A stream writes a subscription
/// and a few pings; with more room, a server that reads nothing would not be noticed by them for hours.
const SEND_BUFFER: u32 = 16 << 10;

/// The addresses of a name, those of the two families in turn, beginning with the one that the
/// system prefers.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialFailure> {
    let found = tokio::net::lookup_host((looked_up(host), port)).await;
    let addresses = in_turn(found.map_err(|_| DialFailure::Failed(Stage::Resolve))?.collect());
    if addresses.is_empty() { Err(DialFailure::Failed(Stage::Resolve)) } else { Ok(addresses) }
}

fn in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first);
    let mut other = other.into_iter();
    let mut sorted = Vec::new();
    for address in one {
        sorted.push(address);
        sorted.extend(other.next());
    }
    sorted.extend(other);
    sorted
}

/// A connection to the first address that answers.
pub(super) async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, DialFailure> {
    // Those that are under way end when it is dropped.
    let mut tries = JoinSet::new();
    for address in addresses {
        tries.spawn(connect_to(address));
        if let Ok(Some(Ok(Ok(stream)))) = timeout(HEAD_START, tries.join_next()).await {
            return Ok(stream);
        }
    }
    while let Some(tried) = tries.join_next().await {
        if let Ok(Ok(stream)) = tried {
            return Ok(stream);
        }
    }
    Err(DialFailure::Failed(Stage::Tcp))
}

async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    socket.set_send_buffer_size(SEND_BUFFER)?;
    // What is written is small and wanted at once.
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        assert_eq!(in_turn(given), parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
        let given = parse(&["1.1.1.1:1", "[::1]:1", "[::2]:1"]);
        assert_eq!(in_turn(given), parse(&["1.1.1.1:1", "[::1]:1", "[::2]:1"]));
        assert_eq!(in_turn(Vec::new()), []);
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_hide_one_that_answers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answers = listener.local_addr().unwrap();
        let refuses = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        let stream = connect(vec![refuses, answers]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), answers);
        assert_eq!(connect(vec![refuses]).await.unwrap_err(), DialFailure::Failed(Stage::Tcp));
    }
}
