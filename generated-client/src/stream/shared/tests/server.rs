//! A server of several channels in the same process: each has a journal, which it replays, and all
//! that is on one connection is mixed.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep_until};

use crate::stream::connection::Wire;
use crate::stream::connection::tests::frames::{receive, send};
use crate::stream::core::{DialFailure, NoToken};
use crate::stream::dial::{Dial, DialLimits};
use crate::stream::supervisor::{Bearer, Bearers};

pub(super) const ASSETS: &str = "digital-assets";
pub(super) const EVENTS: &str = "event-contracts";

/// A server and its token endpoint; clones are the same.
#[derive(Clone)]
pub(super) struct Server(Arc<Inner>);

struct Inner {
    /// The last number of each channel's journal, which begins with 1.
    written: watch::Sender<BTreeMap<&'static str, u64>>,
    /// Texts that go to all connections as they are.
    said: watch::Sender<Vec<String>>,
    cuts: watch::Sender<u64>,
    life: Duration,
    started: Instant,
    size: usize,
    /// It refuses a second connection.
    single: bool,
    generation: AtomicU64,
    dials: AtomicUsize,
    open: AtomicUsize,
    most: AtomicUsize,
    pings: AtomicUsize,
}

impl Server {
    /// A server whose tokens live so long, and whose messages have so many bytes more than they need.
    pub(super) fn new(life: Duration, size: usize) -> Self {
        Self::with(life, size, false)
    }

    /// A server that refuses a second connection.
    pub(super) fn single(life: Duration) -> Self {
        Self::with(life, 0, true)
    }

    fn with(life: Duration, size: usize, single: bool) -> Self {
        Self(Arc::new(Inner {
            written: watch::Sender::new(BTreeMap::from([(ASSETS, 0), (EVENTS, 0)])),
            said: watch::Sender::new(Vec::new()),
            cuts: watch::Sender::new(0),
            life,
            started: Instant::now(),
            size,
            single,
            generation: AtomicU64::new(1),
            dials: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            pings: AtomicUsize::new(0),
        }))
    }

    pub(super) fn write(&self, channel: &'static str, messages: u64) {
        self.0.written.send_modify(|written| *written.entry(channel).or_default() += messages);
    }

    pub(super) fn say(&self, text: &str) {
        self.0.said.send_modify(|said| said.push(text.to_owned()));
    }

    pub(super) fn cut(&self) {
        self.0.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The next token that is asked for is another one.
    pub(super) fn renew(&self) {
        self.0.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn dials(&self) -> usize {
        self.0.dials.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> usize {
        self.0.open.load(Ordering::SeqCst)
    }

    /// The most connections that there were at a time.
    pub(super) fn most(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }

    pub(super) fn pings(&self) -> usize {
        self.0.pings.load(Ordering::SeqCst)
    }

    fn expires(&self, generation: u64) -> Instant {
        // Each token begins when half of the one before is over.
        self.0.started + self.0.life * u32::try_from(generation + 1).unwrap() / 2
    }

    async fn serve(self, mut pipe: DuplexStream) {
        let open = self.0.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(open, Ordering::SeqCst);
        _ = self.session(&mut pipe).await;
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }

    async fn session(&self, pipe: &mut DuplexStream) -> io::Result<()> {
        let (mut written, mut cuts) = (self.0.written.subscribe(), self.0.cuts.subscribe());
        let mut said = self.0.said.subscribe();
        let mut told = said.borrow_and_update().len();
        // How far each channel that is subscribed has been told, and whether its replay is over.
        let mut subscribed: BTreeMap<&'static str, (u64, bool)> = BTreeMap::new();
        let mut ends = self.0.started + self.0.life * 1_000;
        let mut heartbeat = interval(Duration::from_secs(5));
        loop {
            let last = written.borrow_and_update().clone();
            // One of each in turn: what comes on a connection is mixed.
            while subscribed.iter().any(|(channel, (sent, _))| *sent < last[channel]) {
                for (channel, (sent, _)) in &mut subscribed {
                    if *sent < last[channel] {
                        *sent += 1;
                        text(pipe, &message(channel, *sent, self.0.size)).await?;
                    }
                }
            }
            for (channel, (_, replayed)) in &mut subscribed {
                if !std::mem::replace(replayed, true) {
                    let kind = "replay-complete";
                    text(pipe, &format!(r#"{{"channel":"{channel}","payload":{{"type":"{kind}"}}}}"#))
                        .await?;
                }
            }
            let texts = said.borrow_and_update().clone();
            for said in texts.iter().skip(std::mem::replace(&mut told, texts.len())) {
                text(pipe, said).await?;
            }
            tokio::select! {
                biased;
                _ = cuts.changed() => return Ok(()),
                _ = written.changed() => {}
                _ = said.changed() => {}
                _ = heartbeat.tick() => text(pipe, r#"{"payload":{"type":"heartbeat"}}"#).await?,
                () = sleep_until(ends) => {
                    let details = "Auth expired; please reconnect";
                    text(pipe, &format!(r#"{{"payload":{{"type":"error-notice","details":"{details}"}}}}"#)).await?;
                    return send(pipe, 0x88, &1000_u16.to_be_bytes()).await;
                }
                // Clients of these tests send small frames, which pipes carry whole.
                frame = receive(pipe) => match frame? {
                    (0x81, subscription) => {
                        let (channel, generation) = read(&subscription);
                        assert!(subscribed.insert(channel, (0, false)).is_none(), "{channel} twice");
                        ends = ends.min(self.expires(generation));
                        let kind = format!("subscribe-{channel}-ack");
                        let ack = format!(r#"{{"channel":"{channel}","payload":{{"type":"{kind}","success":true}}}}"#);
                        text(pipe, &ack).await?;
                    }
                    (0x89, payload) => {
                        self.0.pings.fetch_add(1, Ordering::SeqCst);
                        send(pipe, 0x8A, &payload).await?;
                    }
                    (0x88, payload) => return send(pipe, 0x88, &payload).await,
                    _ => {}
                },
            }
        }
    }
}

/// Channel and token of a subscription.
fn read(subscription: &[u8]) -> (&'static str, u64) {
    let subscription: Value = serde_json::from_slice(subscription).unwrap();
    let kind = subscription["payload"]["type"].as_str().unwrap();
    let channel = [ASSETS, EVENTS].into_iter().find(|name| kind == format!("subscribe-{name}")).unwrap();
    let token = subscription["authorization"].as_str().unwrap();
    (channel, token.strip_prefix("token-").unwrap().parse().unwrap())
}

fn message(channel: &str, number: u64, size: usize) -> String {
    let rest = "x".repeat(size);
    format!(
        r#"{{"channel":"{channel}","sequence":{number},"payload":{{"type":"news","data":"{channel} {number}{rest}"}}}}"#
    )
}

impl Dial for Server {
    async fn dial(&self, _: DialLimits, _: u64) -> Result<Wire, DialFailure> {
        self.0.dials.fetch_add(1, Ordering::SeqCst);
        if self.0.single && self.open() > 0 {
            return Err(DialFailure::Status { status: 403, retry_after: None });
        }
        let (ours, theirs) = duplex(64 << 10);
        tokio::spawn(self.clone().serve(theirs));
        Ok(Wire::new(ours))
    }
}

impl Bearers for Server {
    async fn bearer(&self, newer_than: Option<u64>) -> Result<Bearer, NoToken> {
        let mut generation = self.0.generation.load(Ordering::SeqCst);
        while newer_than.is_some_and(|old| generation <= old) || self.expires(generation) <= Instant::now() {
            generation += 1;
        }
        self.0.generation.store(generation, Ordering::SeqCst);
        let text = format!("token-{generation}").into();
        Ok(Bearer { text, generation, expires: Some(self.expires(generation)) })
    }
}

async fn text(pipe: &mut DuplexStream, text: &str) -> io::Result<()> {
    send(pipe, 0x81, text.as_bytes()).await
}
