//! What a channel has told about each account since the beginning of the day.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::lock::lock;

/// How many messages without a number are kept for readers who are behind.
const PASSING: usize = 1_024;

/// The messages of one channel, by account. Clones are the same journal.
///
/// Messages with a number stay until the day is over, so that a reader may begin late or read
/// slowly and misses none. Of those without a number a reader gets what comes after he has begun,
/// unless he is more than a thousand of them behind: a slow reader costs no memory.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    clock: Clock,
    accounts: Mutex<HashMap<String, Arc<Day>>>,
}

/// What was told about an account.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Type of the message: `order-update`.
    pub kind: Arc<str>,
    /// Its place in the order of the day, from 1, if the message is numbered.
    pub sequence: Option<u64>,
    /// When it was told.
    pub timestamp: Timestamp,
    /// What it tells, as JSON.
    pub data: Arc<RawValue>,
}

/// One day of one account.
struct Day {
    pages: Mutex<Pages>,
    grown: watch::Sender<()>,
}

#[derive(Default)]
struct Pages {
    numbered: Vec<(Place, Entry)>,
    /// The last ones without a number.
    passing: VecDeque<(Place, Entry)>,
    end: Place,
    last_number: u64,
    tomorrow: Option<Arc<Day>>,
}

/// Counts all messages of a day, those without a number, too.
type Place = u64;

impl Journal {
    /// A journal without messages, which takes its times from this clock.
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { clock, accounts: Mutex::default() }))
    }

    /// Adds a message; the number that it gets, if it is one that gets a number.
    pub fn append(&self, account: &str, kind: &str, data: &Value, sequenced: bool) -> Option<u64> {
        // Writing a value as text fails for no value that there is.
        let data = to_raw_value(data).map(Arc::from).unwrap_or_else(|_| RawValue::NULL.to_owned().into());
        let (kind, timestamp) = (kind.into(), self.0.clock.now());
        let mut accounts = lock(&self.0.accounts);
        let day = day(&mut accounts, account);
        let entry = |sequence| Entry { kind, sequence, timestamp, data };
        let sequence = lock(&day.pages).append(sequenced, entry);
        day.grown.send_replace(());
        sequence
    }

    /// Uses up a number for a message that nobody will ever see.
    pub fn lose(&self, account: &str) {
        let mut accounts = lock(&self.0.accounts);
        lock(&day(&mut accounts, account).pages).last_number += 1;
    }

    /// The numbered messages of the day so far.
    pub fn entries(&self, account: &str) -> Vec<Entry> {
        let accounts = lock(&self.0.accounts);
        let numbered =
            |day: &Arc<Day>| lock(&day.pages).numbered.iter().map(|(_, entry)| entry.clone()).collect();
        accounts.get(account).map(numbered).unwrap_or_default()
    }

    /// Begins to read at the beginning of the day.
    pub fn subscribe(&self, account: &str) -> Reader {
        let day = day(&mut lock(&self.0.accounts), account);
        let begun = lock(&day.pages).end;
        Reader { grown: day.grown.subscribe(), day, place: 0, begun }
    }

    /// Begins a new day for all accounts: without messages, numbered from 1. Who reads the old day
    /// goes on with the new one after its last message.
    pub fn new_day(&self) {
        let mut accounts = lock(&self.0.accounts);
        for day in accounts.values_mut() {
            let tomorrow = Arc::new(Day::new());
            lock(&day.pages).tomorrow = Some(Arc::clone(&tomorrow));
            day.grown.send_replace(());
            *day = tomorrow;
        }
    }
}

/// The day of an account, begun if nothing was told about it yet.
fn day(accounts: &mut HashMap<String, Arc<Day>>, account: &str) -> Arc<Day> {
    Arc::clone(accounts.entry(account.to_owned()).or_insert_with(|| Arc::new(Day::new())))
}

impl Day {
    fn new() -> Self {
        Self { pages: Mutex::default(), grown: watch::Sender::new(()) }
    }
}

impl Pages {
    fn append(&mut self, sequenced: bool, entry: impl FnOnce(Option<u64>) -> Entry) -> Option<u64> {
        let place = self.end;
        self.end += 1;
        if sequenced {
            self.last_number += 1;
            self.numbered.push((place, entry(Some(self.last_number))));
            return Some(self.last_number);
        }
        if self.passing.len() == PASSING {
            self.passing.pop_front();
        }
        self.passing.push_back((place, entry(None)));
        None
    }

    /// The first message at this place or after it; one without a number only after `begun`.
    fn from(&self, place: Place, begun: Place) -> Option<&(Place, Entry)> {
        let numbered = self.numbered.get(self.numbered.partition_point(|(at, _)| *at < place));
        let since = place.max(begun);
        let passing = self.passing.get(self.passing.partition_point(|(at, _)| *at < since));
        match (numbered, passing) {
            (Some(numbered), Some(passing)) => Some(if numbered.0 < passing.0 { numbered } else { passing }),
            (only, None) | (None, only) => only,
        }
    }
}

/// Reads a journal: first the numbered messages since the beginning of the day, then what follows.
pub struct Reader {
    day: Arc<Day>,
    grown: watch::Receiver<()>,
    /// Where the next message is looked for.
    place: Place,
    /// Where the journal ended when reading began.
    begun: Place,
}

impl Reader {
    /// The next of the messages that were there when reading began; `None` after the last.
    pub fn replayed(&mut self) -> Option<Entry> {
        let (place, entry) = lock(&self.day.pages).from(self.place, self.begun)?.clone();
        if place >= self.begun {
            return None;
        }
        self.place = place + 1;
        Some(entry)
    }

    /// The next message; waits for it. Safe to cancel.
    pub async fn next(&mut self) -> Entry {
        loop {
            // What is told from here on wakes up again.
            self.grown.mark_unchanged();
            if let Some(entry) = self.told() {
                return entry;
            }
            // The sender lives in the day, which this reader holds.
            _ = self.grown.changed().await;
        }
    }

    fn told(&mut self) -> Option<Entry> {
        loop {
            let pages = lock(&self.day.pages);
            if let Some((place, entry)) = pages.from(self.place, self.begun) {
                self.place = place + 1;
                return Some(entry.clone());
            }
            let tomorrow = Arc::clone(pages.tomorrow.as_ref()?);
            drop(pages);
            self.grown = tomorrow.grown.subscribe();
            (self.day, self.place, self.begun) = (tomorrow, 0, 0);
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("accounts", &lock(&self.0.accounts).len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("place", &self.place)
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn journal() -> Journal {
        Journal::new(Clock::default())
    }

    fn tell(journal: &Journal, number: u64) {
        journal.append("a", "news", &json!(number), true);
    }

    fn shown(entry: &Entry) -> (Option<u64>, String) {
        (entry.sequence, entry.data.get().to_owned())
    }

    fn replay(reader: &mut Reader) -> Vec<(Option<u64>, String)> {
        std::iter::from_fn(|| reader.replayed()).map(|entry| shown(&entry)).collect()
    }

    async fn live(reader: &mut Reader, count: usize) -> Vec<(Option<u64>, String)> {
        let mut read = Vec::new();
        for _ in 0..count {
            read.push(shown(&reader.next().await));
        }
        read
    }

    fn numbered(numbers: std::ops::RangeInclusive<u64>) -> Vec<(Option<u64>, String)> {
        numbers.map(|number| (Some(number), number.to_string())).collect()
    }

    #[tokio::test]
    async fn a_reader_gets_the_day_and_what_follows_without_a_hole() {
        let journal = journal();
        (1..=3).for_each(|number| tell(&journal, number));
        journal.append("b", "news", &json!("of another account"), true);
        let mut reader = journal.subscribe("a");
        tell(&journal, 4);
        assert_eq!(replay(&mut reader), numbered(1..=3));
        tell(&journal, 5);
        assert_eq!(live(&mut reader, 2).await, numbered(4..=5));
        assert_eq!(journal.entries("a").iter().map(shown).collect::<Vec<_>>(), numbered(1..=5));
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let journal = journal();
        let mut reader = journal.subscribe("a");
        let (read, ()) = tokio::join!(live(&mut reader, 2), async {
            tell(&journal, 1);
            tokio::task::yield_now().await;
            tell(&journal, 2);
        });
        assert_eq!(read, numbered(1..=2));
    }

    #[tokio::test]
    async fn messages_without_a_number_are_not_replayed_and_keep_their_place() {
        let journal = journal();
        assert_eq!(journal.append("a", "passing", &json!("early"), false), None);
        tell(&journal, 1);
        let mut reader = journal.subscribe("a");
        journal.append("a", "passing", &json!("late"), false);
        tell(&journal, 2);
        assert_eq!(replay(&mut reader), numbered(1..=1));
        assert_eq!(live(&mut reader, 2).await, [(None, r#""late""#.to_owned()), (Some(2), "2".to_owned())]);
    }

    #[tokio::test]
    async fn a_slow_reader_misses_only_old_messages_without_a_number() {
        let journal = journal();
        let mut reader = journal.subscribe("a");
        for number in 1..=5_000 {
            tell(&journal, number);
            journal.append("a", "passing", &json!(null), false);
        }
        let read = live(&mut reader, 5_000 + PASSING).await;
        let (with, without): (Vec<_>, Vec<_>) = read.into_iter().partition(|(number, _)| number.is_some());
        assert_eq!(with, numbered(1..=5_000));
        assert_eq!(without.len(), PASSING);
    }

    #[tokio::test]
    async fn a_new_day_begins_empty_and_readers_finish_the_old_one() {
        let journal = journal();
        let mut slow = journal.subscribe("a");
        (1..=3).for_each(|number| tell(&journal, number));
        journal.new_day();
        assert!(journal.entries("a").is_empty());
        tell(&journal, 1);
        journal.new_day();
        tell(&journal, 1);
        let expected = [numbered(1..=3), numbered(1..=1), numbered(1..=1)].concat();
        assert_eq!(live(&mut slow, 5).await, expected);
        assert_eq!(replay(&mut journal.subscribe("a")), numbered(1..=1));
    }

    #[test]
    fn a_lost_number_is_a_hole_in_the_journal() {
        let journal = journal();
        tell(&journal, 1);
        journal.lose("a");
        tell(&journal, 2);
        let numbers: Vec<_> = journal.entries("a").iter().map(|entry| entry.sequence).collect();
        assert_eq!(numbers, [Some(1), Some(3)]);
    }
}
