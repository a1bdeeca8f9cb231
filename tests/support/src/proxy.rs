//! A proxy on loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::listen;

/// A proxy that answers every `CONNECT` in the same way.
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<String>>,
}

impl Proxy {
    pub fn to(server: SocketAddr, answer: &'static str) -> Self {
        let asked = Arc::<Mutex<String>>::default();
        let log = Arc::clone(&asked);
        Self { address: listen(move |_, client| carry(client, server, answer, Arc::clone(&log))), asked }
    }

    pub fn url(&self, user: &str) -> String {
        format!("http://{user}{}", self.address)
    }

    pub fn asked(&self) -> String {
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
