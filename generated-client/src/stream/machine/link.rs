//! One connection, as the machine knows it.

use std::time::Duration;

use super::held::{Held, Item};
use super::numbering::{MessageId, Numbering};
use super::{ConnectionId, Moment, Notice, Token};

/// The connections of a stream, at most one of each kind.
#[derive(Debug)]
pub(super) struct Links<M> {
    /// The live connection.
    pub(super) current: Option<Link<M>>,
    /// The connection that is being made.
    pub(super) next: Option<Link<M>>,
    /// The connection that was replaced. What was under way on it still arrives.
    pub(super) leaving: Option<Link<M>>,
}

impl<M> Links<M> {
    /// Those that are dialled, or further.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Link<M>> {
        let all = [&self.current, &self.next, &self.leaving].into_iter().flatten();
        all.filter(|link| link.stage >= LinkStage::Dialing)
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Link<M>> {
        let mut all = [&mut self.current, &mut self.next, &mut self.leaving].into_iter().flatten();
        all.find(|link| link.id == id && link.stage >= LinkStage::Dialing)
    }

    pub(super) fn current_id(&self) -> Option<ConnectionId> {
        self.current.as_ref().map(|current| current.id)
    }

    /// Whether the next connection is open.
    pub(super) fn is_next_open(&self) -> bool {
        self.next.as_ref().is_some_and(Link::is_open)
    }
}

/// A connection, from the first wait for it to its end.
#[derive(Debug)]
pub(super) struct Link<M> {
    /// Given when it is dialled.
    pub(super) id: ConnectionId,
    pub(super) purpose: Purpose,
    pub(super) stage: LinkStage,
    /// Its token, and when that was fetched first.
    pub(super) token: Option<(Token, Moment)>,
    /// When any byte arrived last.
    pub(super) heard: Moment,
    /// When a message arrived last, or a part of one: pongs show that the connection is alive, not the
    /// session.
    pub(super) spoke: Moment,
    pub(super) heartbeat: Option<Moment>,
    /// Something arrived since the last ping.
    pub(super) answered: bool,
    pub(super) replay: Replay<M>,
    /// When its replay made progress last, or it was replaced.
    pub(super) progress: Moment,
    pub(super) notice: Option<Notice>,
}

/// What a connection is made for, the more urgent the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// There is no other one.
    Connect,
    /// To look for messages that were lost without a trace.
    Audit,
    /// To take over before a token expires.
    Rotate,
    /// To fetch missing messages.
    Recover,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum LinkStage {
    /// [`Timer::Redial`](super::timers::Timer::Redial) has not expired.
    Waiting,
    /// It waits for the dial limit. That comes before the token, which could expire meanwhile.
    Permit,
    /// It waits for a token, newer than this generation.
    Token(Option<u64>),
    Dialing,
    Subscribing,
    Replaying,
    /// Since when.
    Live(Moment),
    /// It was replaced.
    Leaving,
}

impl<M> Link<M> {
    pub(super) fn new(purpose: Purpose) -> Self {
        Self {
            id: ConnectionId(0),
            purpose,
            stage: LinkStage::Waiting,
            token: None,
            heard: Moment::default(),
            spoke: Moment::default(),
            heartbeat: None,
            answered: true,
            replay: Replay::new(None, true, None),
            progress: Moment::default(),
            notice: None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.stage > LinkStage::Dialing
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.stage > LinkStage::Subscribing
    }

    /// Something arrived; `speaks`: a message, or a part of one.
    pub(super) fn heard(&mut self, now: Moment, speaks: bool) {
        (self.heard, self.answered) = (now, true);
        if speaks {
            self.spoke = now;
        }
    }
}

/// The replay of a connection, from its first message to its end.
#[derive(Debug)]
pub(super) struct Replay<M> {
    /// The last message that was delivered when the replay was asked for. None: it is the first
    /// replay of a numbering.
    pub(super) last: Option<MessageId>,
    /// Whether there was no other live connection since it was asked for, at any time.
    pub(super) away: bool,
    /// The highest number that was known of, and not delivered, when it was asked for.
    pub(super) seen: Option<u64>,
    /// Whether it belongs to the known numbering.
    pub(super) proven: bool,
    pub(super) lowest: Option<u64>,
    pub(super) top: Option<u64>,
    /// Its highest message that can be compared with a delivered one, and whether it is equal.
    pub(super) comparable: Option<(u64, bool)>,
    /// How many messages it has.
    count: u64,
    /// When it reached the number at which an earlier one stopped.
    pub(super) reached: Option<Moment>,
    /// Messages at or below the watermark that were not delivered, while nothing is proven.
    pub(super) late: Held<M>,
    /// More messages waited than fit.
    pub(super) overflowed: bool,
    /// A message came meanwhile of which only a later replay can tell what it means.
    pub(super) doubted: bool,
}

impl<M> Replay<M> {
    pub(super) fn new(last: Option<MessageId>, away: bool, seen: Option<u64>) -> Self {
        Self {
            last,
            away,
            seen,
            proven: last.is_none(),
            lowest: None,
            top: None,
            comparable: None,
            count: 0,
            reached: None,
            late: Held::default(),
            overflowed: false,
            doubted: false,
        }
    }

    /// Another message has this number.
    pub(super) fn count(&mut self, number: u64) {
        self.lowest = Some(self.lowest.map_or(number, |lowest| lowest.min(number)));
        if Some(number) > self.top {
            self.top = Some(number);
            self.count = self.count.saturating_add(1);
        }
    }

    /// Compares a message with what was delivered.
    pub(super) fn compare(&mut self, id: MessageId, known: &Numbering) {
        if let Some(known) = known.known(id.number)
            && self.comparable.is_none_or(|(highest, _)| id.number >= highest)
        {
            self.comparable = Some((id.number, known == id));
        }
    }

    /// Keeps a message for the verdict.
    pub(super) fn keep(&mut self, item: Item<M>, most: usize) {
        if self.late.is_full(item.size, most) {
            self.overflowed = true;
        } else {
            self.late.insert(item);
        }
    }

    /// How many of its messages must have been delivered before, and were not.
    pub(super) fn surplus(&self, known: &Numbering) -> u64 {
        match (self.last, self.top) {
            (Some(_), Some(top)) => self.count.saturating_sub(known.delivered_up_to(top)),
            _ => 0,
        }
    }
}

/// How long no heartbeat may arrive, in multiples of the longest interval between two, and its
/// bounds.
const INTERVALS: u32 = 4;
const SILENCE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(600));

/// The pace of the heartbeats of a stream, over all of its connections.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeartbeatPace {
    longest: Option<Duration>,
    /// How often the deadline was doubled.
    doubled: u32,
    /// How many messages had been delivered when the deadline ended a connection, until a replay
    /// shows whether any were missing.
    pub(super) muted_at: Option<u64>,
}

impl HeartbeatPace {
    pub(super) fn interval(&mut self, interval: Duration) {
        self.longest = self.longest.max(Some(interval));
    }

    /// How long no heartbeat may arrive; none until two were seen.
    pub(super) fn silence(&self) -> Option<Duration> {
        let (least, most) = SILENCE;
        let factor = 2u32.checked_pow(self.doubled).unwrap_or(u32::MAX);
        let silence = self.longest?.saturating_mul(INTERVALS).clamp(least, most);
        Some(silence.saturating_mul(factor).min(most))
    }

    /// A replay is over. If nothing was missing since the deadline ended a connection, it was wrong.
    pub(super) fn replayed(&mut self, delivered: u64) {
        if self.muted_at.take() == Some(delivered) {
            self.doubled = self.doubled.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_deadline_is_four_times_the_longest_interval_within_its_bounds() {
        assert_eq!(HeartbeatPace::default().silence(), None);
        for (interval, silence) in [(1, 15), (5, 20), (90, 360), (300, 600)] {
            let mut pace = HeartbeatPace::default();
            [interval, 1].into_iter().for_each(|interval| pace.interval(seconds(interval)));
            assert_eq!(pace.silence(), Some(seconds(silence)), "every {interval} s");
        }
    }

    #[test]
    fn a_deadline_that_ended_a_good_connection_is_doubled() {
        let mut pace = HeartbeatPace::default();
        pace.interval(seconds(10));
        for (muted_at, silence) in [(None, 40), (Some(7), 80), (Some(6), 80), (Some(7), 160)] {
            pace.muted_at = muted_at;
            pace.replayed(7);
            assert_eq!(pace.silence(), Some(seconds(silence)), "{muted_at:?}");
        }
    }
}
