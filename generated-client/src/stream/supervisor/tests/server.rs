//! A server in the same process, over pipes: it keeps a journal, replays it, and goes on live.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep_until};

use crate::stream::connection::Wire;
use crate::stream::core::{DialFailure, NoToken};
use crate::stream::dial::{Dial, DialLimits};
use crate::stream::supervisor::{Bearer, Bearers};

/// What a connection goes over.
pub(super) trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

/// A server and its token endpoint; clones are the same.
#[derive(Clone)]
pub(super) struct Server(Arc<Inner>);

struct Inner {
    /// The highest number that there is; the journal goes from 1 to it.
    written: watch::Sender<u64>,
    /// How often all connections were cut.
    cuts: watch::Sender<u64>,
    /// How much of the journal a replay gets to.
    replay_stops: Option<u64>,
    life: Duration,
    started: Instant,
    dials: AtomicU64,
    generation: AtomicU64,
    open: AtomicU64,
    ignores_goodbyes: AtomicBool,
}

impl Server {
    pub(super) fn new(life: Duration, replay_stops: Option<u64>) -> Self {
        Self(Arc::new(Inner {
            written: watch::Sender::new(0),
            cuts: watch::Sender::new(0),
            replay_stops,
            life,
            started: Instant::now(),
            dials: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            open: AtomicU64::new(0),
            ignores_goodbyes: AtomicBool::new(false),
        }))
    }

    pub(super) fn write(&self, messages: u64) {
        self.0.written.send_modify(|written| *written += messages);
    }

    pub(super) fn cut(&self) {
        self.0.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(super) fn ignore_goodbyes(&self) {
        self.0.ignores_goodbyes.store(true, Ordering::SeqCst);
    }

    pub(super) fn dials(&self) -> u64 {
        self.0.dials.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> u64 {
        self.0.open.load(Ordering::SeqCst)
    }

    fn expires(&self, generation: u64) -> Instant {
        // Each token begins when half of the one before is over.
        self.0.started + self.0.life * u32::try_from(generation + 1).unwrap() / 2
    }

    pub(super) async fn serve(self, mut pipe: impl Pipe) {
        self.0.open.fetch_add(1, Ordering::SeqCst);
        _ = self.session(&mut pipe).await;
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }

    async fn session(&self, pipe: &mut impl Pipe) -> std::io::Result<()> {
        let (mut written, mut cuts) = (self.0.written.subscribe(), self.0.cuts.subscribe());
        let (_, subscription) = receive(pipe).await?;
        let subscription = String::from_utf8(subscription).unwrap();
        assert!(subscription.contains(r#""account_id":"100000""#), "{subscription}");
        let token = subscription.split("token-").nth(1).unwrap();
        let generation = token.split('"').next().unwrap().parse().unwrap();
        text(pipe, r#"{"payload":{"type":"subscribe-activity-ack","success":true}}"#).await?;
        let mut sent = 0;
        let mut replayed = false;
        let mut heartbeat = interval(Duration::from_secs(5));
        loop {
            let last = *written.borrow_and_update();
            let last = self.0.replay_stops.map_or(last, |stop| stop.min(last));
            while sent < last {
                sent += 1;
                text(pipe, &message(sent, self.0.started)).await?;
            }
            if self.0.replay_stops.is_none() && !std::mem::replace(&mut replayed, true) {
                text(pipe, r#"{"payload":{"type":"replay-complete"}}"#).await?;
            }
            tokio::select! {
                biased;
                _ = cuts.changed() => return Ok(()),
                _ = written.changed() => {}
                _ = heartbeat.tick() => text(pipe, r#"{"payload":{"type":"heartbeat"}}"#).await?,
                () = sleep_until(self.expires(generation)) => {
                    let notice = r#"{"payload":{"type":"error-notice","details":"Auth expired; please reconnect"}}"#;
                    text(pipe, notice).await?;
                    return send(pipe, 0x88, &1000_u16.to_be_bytes()).await;
                }
                // Clients of these tests send small frames, which pipes carry whole.
                frame = receive(pipe) => match frame? {
                    (0x89, payload) => send(pipe, 0x8A, &payload).await?,
                    (0x88, _) if self.0.ignores_goodbyes.load(Ordering::SeqCst) => std::future::pending().await,
                    (0x88, payload) => return send(pipe, 0x88, &payload).await,
                    _ => {}
                },
            }
        }
    }
}

impl Dial for Server {
    async fn dial(&self, _: DialLimits, _: u64) -> Result<Wire, DialFailure> {
        self.0.dials.fetch_add(1, Ordering::SeqCst);
        let (ours, theirs) = duplex(64 << 10);
        tokio::spawn(self.clone().serve(theirs));
        Ok(Wire::new(ours))
    }
}

impl Bearers for Server {
    async fn bearer(&self, newer_than: Option<u64>) -> Result<Bearer, NoToken> {
        let mut generation = self.0.generation.load(Ordering::SeqCst).max(1);
        while newer_than.is_some_and(|old| generation <= old) || self.expires(generation) <= Instant::now() {
            generation += 1;
        }
        self.0.generation.store(generation, Ordering::SeqCst);
        let text = format!("token-{generation}").into();
        Ok(Bearer { text, generation, expires: Some(self.expires(generation)) })
    }
}

/// The message of this number; the time of sending is another one whenever it is sent.
fn message(sequence: u64, started: Instant) -> String {
    let now = started.elapsed().as_millis();
    format!(r#"{{"timestamp":{now},"sequence":{sequence},"payload":{{"type":"news","data":{sequence}}}}}"#)
}

async fn text(pipe: &mut impl Pipe, text: &str) -> std::io::Result<()> {
    send(pipe, 0x81, text.as_bytes()).await
}

async fn send(pipe: &mut impl Pipe, first: u8, payload: &[u8]) -> std::io::Result<()> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let frame = match payload.len() {
        0..126 => [&[first, length[1]], payload].concat(),
        _ => [&[first, 126], &length[..], payload].concat(),
    };
    pipe.write_all(&frame).await
}

async fn receive(pipe: &mut impl Pipe) -> std::io::Result<(u8, Vec<u8>)> {
    let (first, length) = (pipe.read_u8().await?, pipe.read_u8().await? & 0x7f);
    let length = if length == 126 { pipe.read_u16().await? } else { length.into() };
    let mut mask = [0; 4];
    pipe.read_exact(&mut mask).await?;
    let mut payload = vec![0; length.into()];
    pipe.read_exact(&mut payload).await?;
    Ok((first, payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()))
}
