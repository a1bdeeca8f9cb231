//! A caller who writes down what he sees, in words.

use std::error::Error as _;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::time::{Instant, timeout_at};

use super::Activity;
use super::session::Journal;
use crate::stream::machine;
use crate::stream::machine::tests::words::word;
use crate::stream::dial::tests::eavesdrop::{Ears, faces};
use crate::stream::{Cause, Connection, DialFailure, Event, Failure, Gap, Handle, Message, Origin, Statistics};
use crate::studio::activity::ActivityMessage;

/// What begins every token.
pub(super) const SECRET: &str = "planted-token-of-a-stream-0123456789";

/// A token in clear, in hex or in base64 is nowhere in this text.
#[track_caller]
pub(super) fn assert_holds_no_token(text: &str) {
    static FACES: LazyLock<Vec<String>> = LazyLock::new(|| faces(SECRET));
    for face in FACES.iter() {
        assert!(!text.contains(face), "{face} in {text}");
    }
}

/// A caller. Whatever is shown to him is searched for tokens.
pub(super) struct Caller {
    stream: Option<Activity>,
    handle: Handle,
    /// Longest wait for something that has to come.
    patience: Duration,
    /// Numbered messages that he got, by day and number.
    pub(super) delivered: Vec<(usize, u64)>,
    /// What was missing, and before which of them.
    pub(super) gaps: Vec<(usize, Gap)>,
}

impl Caller {
    pub(super) fn new(stream: Activity, patience: Duration) -> Self {
        let handle = stream.handle().clone();
        Self { stream: Some(stream), handle, patience, delivered: Vec::new(), gaps: Vec::new() }
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
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
                word(&machine::Event::<String>::Failed(failure.cloned().expect("why")))
            }
            Some(Ok(event)) => self.note(event),
        })
    }

    fn note(&mut self, event: Event<ActivityMessage>) -> String {
        word(&match event {
            Event::Message(Message { message, sequence, origin, .. }) => {
                let message = self.delivered(sequence, said(message));
                machine::Event::Message { message, sequence, origin }
            }
            Event::Undecodable(error) => {
                assert_holds_no_token(&format!("{error}"));
                let (message, sequence) = (error.path().to_owned(), error.sequence());
                match sequence {
                    Some(_) => {
                        let message = self.delivered(sequence, format!("?{message}"));
                        machine::Event::Message { message, sequence, origin: Origin::Live }
                    }
                    None => machine::Event::Undecodable(message),
                }
            }
            Event::Connection(Connection::Disconnected(cause)) => {
                return format!("disconnected {}", why(cause));
            }
            Event::Connection(Connection::Retrying { cause, .. }) => {
                return format!("retrying {}", why(cause));
            }
            Event::Connection(connection) => machine::Event::Connection(connection),
            Event::Gap(gap) => {
                self.gaps.push((self.delivered.len(), gap));
                machine::Event::Gap(gap)
            }
            Event::CaughtUp => machine::Event::CaughtUp,
            Event::EpochChanged { lossless } => machine::Event::EpochChanged { lossless },
            Event::NumbersHaveHoles => machine::Event::NumbersHaveHoles,
            Event::Lagging => machine::Event::Lagging,
            Event::Recovered => machine::Event::Recovered,
        })
    }

    /// Notes that a message came, if it has a number; what it says beside that.
    fn delivered(&mut self, sequence: Option<u64>, said: String) -> String {
        let Some(sequence) = sequence else { return said };
        let mark = said.strip_prefix(&sequence.to_string()).unwrap_or(&said);
        self.delivered.push((mark.matches('\'').count(), sequence));
        mark.to_owned()
    }

    /// Sees just this, as far as it has to come.
    #[track_caller]
    pub(super) fn saw(&mut self, expected: impl Into<String>) -> impl Future<Output = ()> {
        let (expected, from) = (expected.into(), std::panic::Location::caller());
        async move {
            let (mut seen, until) = (String::new(), Instant::now() + self.patience);
            while seen != expected {
                assert!(expected.starts_with(&seen), "at {from}:\n seen: {seen}\nwant: {expected}");
                let Some(word) = self.next(until).await else {
                    panic!("at {from}: nothing more comes\n seen: {seen}\nwant: {expected}");
                };
                seen = if seen.is_empty() { word } else { format!("{seen}, {word}") };
            }
        }
    }

    /// Sees nothing for so long.
    #[track_caller]
    pub(super) fn saw_nothing(&mut self, time: Duration) -> impl Future<Output = ()> {
        let from = std::panic::Location::caller();
        async move {
            let word = self.next(Instant::now() + time).await;
            assert_eq!(word, None, "at {from}");
        }
    }

    /// Takes what comes in so long, whatever it is.
    pub(super) async fn take(&mut self, time: Duration) -> Vec<String> {
        let (until, mut words) = (Instant::now() + time, Vec::new());
        while let Some(word) = self.next(until).await {
            let over = word == "end";
            words.push(word);
            if over {
                break;
            }
        }
        words
    }

    /// Takes what comes until this comes.
    pub(super) async fn take_until(&mut self, last: &str) -> Vec<String> {
        let (mut words, until) = (Vec::new(), Instant::now() + self.patience);
        while words.last().is_none_or(|word| word != last) {
            let word = self.next(until).await;
            words.push(word.unwrap_or_else(|| panic!("no {last} after {words:?}")));
        }
        words
    }

    /// What the server has said, and nothing else, once and in order.
    #[track_caller]
    pub(super) fn assert_got(&self, said: &Journal) {
        assert!(self.delivered.iter().eq(said), "\n got: {:?}\nsaid: {said:?}", self.delivered);
    }

    /// Drops the stream.
    pub(super) async fn leave(&mut self) {
        if let (Some(statistics), Some(point)) =
            (self.handle.statistics().await, self.handle.resume_point().await)
        {
            assert_holds_no_token(&format!("{statistics:?} {point:?} {:?}", self.handle));
            assert_holds_no_token(&serde_json::to_string(&point).unwrap());
        }
        self.stream = None;
    }

    pub(super) fn stream(&mut self) -> &mut Option<Activity> {
        &mut self.stream
    }
}

/// What a message tells. Those of the tests say it in `data`.
fn said(message: ActivityMessage) -> String {
    match message {
        ActivityMessage::Unknown(unknown) if unknown.kind() == "news" => {
            let json: serde_json::Value = serde_json::from_str(unknown.json().text()).unwrap();
            json["payload"]["data"].as_str().expect("text").to_owned()
        }
        ActivityMessage::Unknown(unknown) => format!(" unknown {}", unknown.kind()),
        ActivityMessage::ErrorNotice(notice) => format!("notice {}", notice.details),
        ActivityMessage::BuyingPowerUpdate(_) => "buying power".to_owned(),
        other => format!(" {other:?}"),
    }
}

fn why(cause: Cause) -> String {
    match cause {
        Cause::Dial(DialFailure::Status { status, .. }) => format!("status {status}"),
        Cause::Dial(DialFailure::TimedOut(Some(stage))) => format!("{stage:?} timed out"),
        Cause::Dial(failure) => format!("{failure:?}"),
        Cause::Closed(how) => format!("{how:?}"),
        cause => format!("{cause:?}"),
    }
}

#[test]
fn a_token_that_is_logged_is_found() {
    let ears = Ears::open();
    let token = format!("{SECRET}-7");
    let hex: String = token.bytes().map(|byte| format!("{byte:02X}")).collect();
    log::trace!("{token}");
    tracing::trace!(hex);
    tracing::trace_span!("a span", base64 = STANDARD.encode(&token));
    let lines = ears.take();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in lines {
        assert!(std::panic::catch_unwind(|| assert_holds_no_token(&line)).is_err(), "{line}");
    }
}
