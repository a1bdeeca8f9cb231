//! A caller who writes down what he sees, in words. Whatever is shown to him is searched for tokens.

use std::error::Error as _;
use std::sync::LazyLock;
use std::time::Duration;

use clear_street_test_support::eavesdrop::faces;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::Activity;
use super::server::{SECRET, Server};
use crate::stream::{Cause, Connection, DialFailure, Event, Failure, Gap, Handle, Origin, Statistics};
use crate::studio::activity::ActivityMessage;

/// A token in clear, in hex or in base64 is nowhere in this text.
#[track_caller]
pub(in crate::stream) fn assert_holds_no_token(text: &str) {
    static FACES: LazyLock<Vec<String>> = LazyLock::new(|| faces(SECRET));
    for face in FACES.iter() {
        assert!(!text.contains(face), "{face} in {text}");
    }
}

pub(super) struct Caller {
    pub(super) stream: Option<Activity>,
    pub(super) handle: Handle,
    /// Longest wait for something that has to come.
    patience: Duration,
    /// The numbered messages, by day and number.
    pub(super) delivered: Vec<(usize, u64)>,
    /// The gaps, and how many messages came before each.
    pub(super) gaps: Vec<(usize, Gap)>,
}

impl Caller {
    pub(super) fn new(stream: Activity, patience: Duration) -> Self {
        let handle = stream.handle().clone();
        Self { stream: Some(stream), handle, patience, delivered: Vec::new(), gaps: Vec::new() }
    }

    pub(super) async fn statistics(&self) -> Statistics {
        self.handle.statistics().await.expect("the stream goes on")
    }

    /// Takes the next event; after the end, `end`.
    async fn next(&mut self, until: Instant) -> Option<String> {
        let stream = self.stream.as_mut().expect("a stream");
        let next = timeout_at(until, stream.next()).await.ok()?;
        let states = self.handle.states();
        assert_holds_no_token(&format!("{next:?} {stream:?} {:?} {states:?}", self.handle));
        Some(match next {
            None => "end".to_owned(),
            Some(Err(error)) => {
                assert_holds_no_token(&format!("{error}"));
                let failure = error.source().and_then(|source| source.downcast_ref::<Failure>());
                format!("failed {:?}", failure.expect("why"))
            }
            Some(Ok(event)) => self.note(event),
        })
    }

    fn note(&mut self, event: Event<ActivityMessage>) -> String {
        match event {
            Event::Message(message) => {
                let said = match message.message {
                    // Those of the tests say it in `data`.
                    ActivityMessage::Unknown(unknown) => {
                        let json: Value = serde_json::from_str(unknown.json().text()).unwrap();
                        let said = json["payload"]["data"].as_str().map(str::to_owned);
                        said.unwrap_or_else(|| format!("unknown {}", unknown.tag()))
                    }
                    ActivityMessage::ErrorNotice(notice) => format!("notice {}", notice.details),
                    other => format!("{other:?}"),
                };
                let day = said.matches('\'').count();
                self.delivered.extend(message.sequence.map(|number| (day, number)));
                let origin = match message.origin {
                    Origin::Live => "",
                    Origin::Replay => "r",
                    Origin::Late => "l",
                };
                format!("{origin}{said}")
            }
            Event::Undecodable(error) => {
                assert_holds_no_token(&format!("{error}"));
                self.delivered.extend(error.sequence().map(|number| (0, number)));
                format!("?{}", error.path())
            }
            Event::Connection(connection) => word(connection),
            Event::Gap(gap) => {
                self.gaps.push((self.delivered.len(), gap));
                let end = |end: Option<u64>| end.map_or("?".into(), |end| end.to_string());
                format!("gap {}..{}", end(gap.after), end(gap.before))
            }
            Event::CaughtUp => "caught up".to_owned(),
            Event::EpochChanged { lossless: true } => "epoch".to_owned(),
            Event::EpochChanged { lossless: false } => "lossy epoch".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    /// Takes what comes in so long, as long as it is not enough.
    async fn take_while(&mut self, time: Duration, lacks: impl Fn(&[String]) -> bool) -> Vec<String> {
        let (until, mut words) = (Instant::now() + time, Vec::new());
        while lacks(&words)
            && let Some(word) = self.next(until).await
        {
            words.push(word);
        }
        words
    }

    /// Sees just this, as far as it has to come.
    pub(super) async fn saw(&mut self, expected: impl Into<String>) {
        let expected = expected.into();
        let lacks = |words: &[String]| {
            let seen = words.join(", ");
            seen != expected && expected.starts_with(&seen)
        };
        assert_eq!(self.take_while(self.patience, lacks).await.join(", "), expected);
    }

    /// Takes what comes in so long, whatever it is.
    pub(super) async fn take(&mut self, time: Duration) -> Vec<String> {
        self.take_while(time, |words| words.last().is_none_or(|word| word != "end")).await
    }

    /// Takes what comes until this comes.
    pub(super) async fn take_until(&mut self, last: &str) {
        self.take_while(self.patience, |words| words.last().is_none_or(|word| word != last)).await;
    }

    /// Takes one.
    pub(super) async fn take_one(&mut self) -> String {
        self.take_while(self.patience, <[String]>::is_empty).await.pop().expect("something comes")
    }

    /// Nothing is left to be seen, and nothing was lost. Drops the stream.
    pub(super) async fn end(&mut self, server: &Server) {
        if self.stream.is_some() {
            let over = self.take(Duration::from_millis(1)).await;
            assert!(over.iter().all(|word| word == "end"), "nobody looked at {over:?}");
        }
        // What the server has said, and nothing else, once and in order.
        assert_eq!(self.delivered, server.state().said);
        for text in &server.state().subscriptions {
            assert!(text.starts_with("subscribe-activity 100000-"), "{text}");
        }
        if let Some(point) = self.handle.resume_point().await {
            let json = serde_json::to_string(&point).unwrap();
            let statistics = self.handle.statistics().await;
            assert_holds_no_token(&format!("{statistics:?} {point:?} {json} {:?}", self.handle));
        }
        self.stream = None;
    }
}

pub(in crate::stream) fn word(connection: Connection) -> String {
    let why = |cause| match cause {
        Cause::Dial(DialFailure::Status { status, .. }) => format!("status {status}"),
        Cause::Dial(failure) => format!("{failure:?}"),
        Cause::Closed(how) => format!("{how:?}"),
        cause => format!("{cause:?}"),
    };
    match connection {
        Connection::Disconnected(cause) => format!("disconnected {}", why(cause)),
        Connection::Retrying { cause, .. } => format!("retrying {}", why(cause)),
        connection => format!("{connection:?}").to_lowercase(),
    }
}
