//! Frames of WebSockets, and a server on threads of its own that costs little: it sends frames that were made
//! before.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The number of the first message; all have as many digits.
pub const FIRST: u64 = 1_000_000;

const ACKNOWLEDGEMENT: &str =
    r#"{"timestamp":1761921001987,"payload":{"type":"subscribe-activity-ack","success":true}}"#;
const CAUGHT_UP: &str = r#"{"timestamp":1761921001987,"payload":{"type":"replay-complete"}}"#;
/// Frames that are written at once.
const CHUNK: u64 = 512;

/// A client that has subscribed.
pub struct Connection(TcpStream);

impl Connection {
    /// Accepts the subscription, and replays updates with these numbers.
    pub fn replay(&mut self, text: &str, numbers: Range<u64>) -> io::Result<()> {
        self.send(&self::text(ACKNOWLEDGEMENT))?;
        self.updates(text, numbers)?;
        self.send(&self::text(CAUGHT_UP))
    }

    pub fn send(&mut self, frames: &[u8]) -> io::Result<()> {
        self.0.write_all(frames)
    }

    /// Sends `text` with each of these numbers in the place of its `48213`.
    pub fn updates(&mut self, text: &str, numbers: Range<u64>) -> io::Result<()> {
        let one = self::text(&text.replace("48213", &FIRST.to_string()));
        let length = FIRST.to_string().len();
        let at = one.windows(length).position(|window| window == FIRST.to_string().as_bytes()).unwrap();
        let mut chunk = one.repeat(usize::try_from(CHUNK).unwrap());
        let mut next = numbers.start;
        while next < numbers.end {
            let count = CHUNK.min(numbers.end - next);
            for (frame, number) in chunk.chunks_mut(one.len()).zip(next..next + count) {
                write!(&mut frame[at..at + length], "{number}")?;
            }
            self.send(&chunk[..one.len() * usize::try_from(count).unwrap()])?;
            next += count;
        }
        Ok(())
    }

    /// Waits until the client has gone.
    pub fn rest(mut self) -> io::Result<()> {
        io::copy(&mut self.0, &mut io::sink()).map(drop)
    }
}

/// A frame as a server writes it, of less than 64 KiB.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    match payload.len() {
        0..126 => [&[first, length[1]], payload].concat(),
        _ => [&[first, 126], &length[..], payload].concat(),
    }
}

/// A frame with a text.
pub fn text(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes())
}

/// The first byte and the payload of a frame that a client wrote.
pub async fn receive(pipe: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, Vec<u8>)> {
    let (first, length) = (pipe.read_u8().await?, pipe.read_u8().await? & 0x7f);
    let length = if length == 126 { pipe.read_u16().await? } else { length.into() };
    let mut mask = [0; 4];
    pipe.read_exact(&mut mask).await?;
    let mut payload = vec![0; length.into()];
    pipe.read_exact(&mut payload).await?;
    Ok((first, payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()))
}

/// Does this with each client that connects and subscribes. An error says that it has gone.
pub fn serve(session: impl Fn(Connection) -> io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let session = Arc::new(session);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, session) = (stream.unwrap(), Arc::clone(&session));
            thread::spawn(move || subscribed(stream).and_then(|connection| session(connection)));
        }
    });
    address
}

/// Answers the upgrade and reads the subscription.
fn subscribed(mut stream: TcpStream) -> io::Result<Connection> {
    stream.set_nodelay(true)?;
    // What follows the upgrade comes after the answer to it.
    let mut lines = BufReader::new(&stream).lines();
    let mut accept = String::new();
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        if let Some((name, key)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("sec-websocket-key")
        {
            accept = derive_accept_key(key.as_bytes());
        }
    }
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    )?;
    // A small frame comes whole.
    stream.read(&mut [0; 4_096]).map(|_| Connection(stream))
}
