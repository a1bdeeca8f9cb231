//! A proxy on loopback.

#![allow(clippy::unwrap_used, reason = "a test fails where it fails")]

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::fault::in_thread;

/// A proxy that answers every `CONNECT` in the same way.
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<String>>,
}

impl Proxy {
    pub(crate) fn to(server: SocketAddr, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<String>>::default();
        let log = Arc::clone(&asked);
        in_thread(async move {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, answer, Arc::clone(&log)));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, user: &str) -> String {
        format!("http://{user}{}", self.address)
    }

    pub(crate) fn asked(&self) -> String {
        self.asked.lock().unwrap().clone()
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, answer: &'static str, log: Arc<Mutex<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    log.lock().unwrap().push_str(&String::from_utf8(head).unwrap());
    client.write_all(answer.as_bytes()).await.unwrap();
    if answer.starts_with("HTTP/1.1 200") {
        let mut server = TcpStream::connect(server).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
