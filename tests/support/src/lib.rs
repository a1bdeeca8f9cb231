//! What the tests of several crates share: servers on loopback, certificates, ears for logs, and the specs
//! of the generator's tests as code.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_debug_implementations,
    reason = "a test fails where it panics, and prints none of this"
)]

pub mod certificate;
pub mod eavesdrop;
pub mod fault;
pub mod frames;
pub mod http2;
pub mod messages;
pub mod proxy;
pub mod server;
pub mod sources;

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

include!(concat!(env!("OUT_DIR"), "/specs/macros.rs"));

/// The key that all tests use, and that must never be seen.
pub const KEY: &str = "planted-id.planted-secret";

/// Serves each connection, by its number from 0, in a thread and a runtime of its own, so that whatever runs
/// in a test's runtime is the client's.
pub fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(usize, TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let accepting = async move {
        let listener = TcpListener::from_std(listener).unwrap();
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(number, stream));
            number += 1;
        }
    };
    std::thread::spawn(move || runtime.block_on(accepting));
    address
}
