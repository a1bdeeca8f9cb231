//! One connection as the server sees it; what it does on it is in the hand of the test.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at, sleep_until};
use tokio_rustls::server::TlsStream;

use super::DAY;
use crate::stream::connection::tests::frames::{frame, receive};

/// What a connection goes over.
pub(super) trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {
    /// The socket, if there is one.
    fn socket(&mut self) -> Option<&mut TcpStream>;
}

impl Pipe for DuplexStream {
    fn socket(&mut self) -> Option<&mut TcpStream> {
        None
    }
}

impl Pipe for TcpStream {
    fn socket(&mut self) -> Option<&mut TcpStream> {
        Some(self)
    }
}

impl Pipe for Box<dyn Pipe> {
    fn socket(&mut self) -> Option<&mut TcpStream> {
        (**self).socket()
    }
}

impl Pipe for TlsStream<TcpStream> {
    fn socket(&mut self) -> Option<&mut TcpStream> {
        Some(self.get_mut().0)
    }
}

/// Messages by day and number.
pub(super) type Journal = BTreeSet<(usize, u64)>;

/// What all sessions of a server have in common; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Common(Arc<Inner>);

#[derive(Default)]
struct Inner {
    said: Mutex<Journal>,
    open: Mutex<Vec<Box<dyn Pipe>>>,
}

impl Common {
    /// All that any session has said: what the caller has to get, in this order.
    pub(super) fn said(&self) -> Journal {
        self.0.said.lock().unwrap().clone()
    }

    pub(super) fn add(&self, day: usize, number: u64) {
        self.0.said.lock().unwrap().insert((day, number));
    }
}

/// One connection. Where it is dropped the server does nothing more, and does not end it either.
pub(super) struct Session {
    pipe: Option<Box<dyn Pipe>>,
    common: Common,
    /// How often the numbers have begun anew.
    pub(super) day: usize,
}

impl Session {
    pub(super) fn new(pipe: impl Pipe + 'static, common: &Common) -> Self {
        Self { pipe: Some(Box::new(pipe)), common: common.clone(), day: 0 }
    }

    fn pipe(&mut self) -> &mut Box<dyn Pipe> {
        self.pipe.as_mut().expect("it is open")
    }

    /// The subscription, which has to be for the account; its text.
    pub(super) async fn subscription(&mut self) -> String {
        let (first, payload) = self.read().await.expect("a subscription");
        let text = String::from_utf8(payload).unwrap();
        assert_eq!(first, 0x81, "{text}");
        assert!(text.contains(r#"{"type":"subscribe-activity","account_id":"100000"}"#), "{text}");
        text
    }

    /// Takes the subscription and says yes to it.
    pub(super) async fn accept(&mut self) {
        self.subscription().await;
        self.answer(true, "Successfully subscribed").await;
    }

    /// Answers a subscription.
    pub(super) async fn answer(&mut self, success: bool, details: &str) {
        let account = r#""account_id":"100000""#;
        let kind = "subscribe-activity-ack";
        self.text(&format!(
            r#"{{"timestamp":7,"payload":{{"type":"{kind}",{account},"success":{success},"details":"{details}"}}}}"#
        ))
        .await;
    }

    /// Everything up to being live, with these messages in the replay.
    pub(super) async fn live(&mut self, numbers: impl IntoIterator<Item = u64>) {
        self.accept().await;
        self.say(numbers).await;
        self.caught_up().await;
    }

    pub(super) async fn caught_up(&mut self) {
        self.text(r#"{"timestamp":7,"payload":{"type":"replay-complete"}}"#).await;
    }

    /// The messages of these numbers.
    pub(super) async fn say(&mut self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            self.said([number]);
            self.tell(number, &"'".repeat(self.day)).await;
        }
    }

    /// The messages of these numbers have been said in other words.
    pub(super) fn said(&self, numbers: impl IntoIterator<Item = u64>) {
        numbers.into_iter().for_each(|number| self.common.add(self.day, number));
    }

    /// Something else under this number than what the server stands by.
    pub(super) async fn garble(&mut self, number: u64) {
        self.tell(number, "!").await;
    }

    async fn tell(&mut self, number: u64, mark: &str) {
        self.text(&numbered(number, mark)).await;
    }

    pub(super) async fn notice(&mut self, details: &str) {
        self.text(&format!(r#"{{"timestamp":7,"payload":{{"type":"error-notice","details":"{details}"}}}}"#))
            .await;
    }

    pub(super) async fn heartbeat(&mut self) {
        self.text(r#"{"timestamp":7,"payload":{"type":"heartbeat"}}"#).await;
    }

    pub(super) async fn text(&mut self, text: &str) {
        self.frame(0x81, text.as_bytes()).await;
    }

    /// Closes with this code.
    pub(super) async fn close(mut self, code: u16) {
        self.frame(0x88, &code.to_be_bytes()).await;
        // The client answers and ends the connection.
        while self.read().await.is_some() {}
        self.gone();
    }

    /// A frame; whether the client is still there is not asked.
    pub(super) async fn frame(&mut self, first: u8, payload: &[u8]) {
        _ = self.bytes(&frame(first, payload)).await;
    }

    /// Bytes that need not be a frame.
    pub(super) async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pipe().write_all(bytes).await?;
        self.pipe().flush().await
    }

    /// The next frame of the client; none if it is gone.
    pub(super) async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        receive(self.pipe()).await.ok()
    }

    /// The server is well for so long: it answers pings, and sends a heartbeat every five seconds.
    pub(super) async fn stay(&mut self, time: Duration) {
        self.answer_pings(time, Some(Duration::from_secs(5))).await;
    }

    /// The server is well as long as this goes on.
    pub(super) async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = other => done,
            () = self.stay(100 * DAY) => panic!("it goes on for ever"),
        }
    }

    /// Answers pings for so long, with heartbeats at this pace.
    pub(super) async fn answer_pings(&mut self, time: Duration, pace: Option<Duration>) {
        let end = Instant::now() + time;
        let pace = pace.unwrap_or(1_000 * DAY);
        let mut heartbeat = interval_at(Instant::now() + pace, pace);
        loop {
            tokio::select! {
                biased;
                _ = heartbeat.tick() => self.heartbeat().await,
                // Clients of these tests send small frames, which come whole.
                frame = receive(self.pipe()) => match frame {
                    Ok((0x89, payload)) => self.frame(0x8A, &payload).await,
                    Ok((0x88, payload)) => self.frame(0x88, &payload).await,
                    Ok(_) => {}
                    Err(_) => return sleep_until(end).await,
                },
                () = sleep_until(end) => return,
            }
        }
    }

    /// Ends the connection without a close; over TLS, with its end.
    pub(super) async fn end(mut self) {
        _ = self.pipe().shutdown().await;
        while self.read().await.is_some() {}
        self.gone();
    }

    /// Ends TCP without a close and without the end of TLS.
    pub(super) async fn cut(mut self) {
        _ = self.pipe().socket().expect("a socket").shutdown().await;
        while self.read().await.is_some() {}
        self.gone();
    }

    /// Ends the connection with an RST.
    pub(super) fn reset(mut self) {
        self.pipe().socket().expect("a socket").set_zero_linger().unwrap();
        self.gone();
    }

    /// The server is gone, and the connection with it.
    pub(super) fn gone(mut self) {
        self.pipe = None;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.common.0.open.lock().unwrap().extend(self.pipe.take());
    }
}

/// The message of this number, which tells its number and this mark.
pub(super) fn numbered(number: u64, mark: &str) -> String {
    format!(r#"{{"timestamp":7,"sequence":{number},"payload":{{"type":"news","data":"{number}{mark}"}}}}"#)
}
