//! What can be read from an exchange besides what was put in.

use jiff::Timestamp;
use jiff::civil::Date;

use super::account::{Account, Day, Position, Worth};
use super::amount::{Money, Price, Quantity};
use super::calendar::{self, Sessions};
use super::index::InstrumentIx;
use super::listing::{Instrument, Nature};
use super::market::Quote;
use super::{Exchange, path};
use crate::chance;

/// Lots that are traded in a second on average.
const AVERAGE_LOTS: i64 = 5;

/// A position at the prices of the market.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PositionView {
    /// What is held.
    pub(crate) position: Position,
    /// Present price.
    pub(crate) price: Price,
    /// Price at the close of the previous trading day.
    pub(crate) previous_close: Price,
    /// What it is worth now.
    pub(crate) value: Money,
    /// What was held when the day began, at the previous close.
    pub(crate) begin_value: Money,
    /// Profit since it was opened.
    pub(crate) unrealized: Money,
    /// Profit since the previous close on what was held then.
    pub(crate) overnight: Money,
    /// Profit of the day on what is held.
    pub(crate) day_unrealized: Money,
}

/// The session so far, or the last one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayFigures {
    /// When it opened.
    pub(crate) opened: Timestamp,
    /// First price.
    pub(crate) open: Price,
    /// Highest price at a full minute.
    pub(crate) high: Price,
    /// Lowest price at a full minute.
    pub(crate) low: Price,
    /// Shares or contracts traded.
    pub(crate) volume: i64,
}

impl Exchange {
    /// The second of trading that it is, or that was last.
    pub(super) fn second(&self) -> i64 {
        path::tick(self.now, &self.sessions, self.previous.end)
    }

    /// What an instrument can be traded for now.
    pub(crate) fn quote(&self, ix: InstrumentIx) -> Quote {
        let (instrument, second) = (self.instrument(ix), self.second());
        let last = self.price_at(ix, second);
        let half = instrument.half_spread();
        let seed = [self.seed, u64::from(ix.0), second.cast_unsigned()];
        let size = Quantity::whole(chance::between(1, 9, &seed) * instrument.lot());
        Quote { bid: last.plus(-half).max(Price::CENT), ask: last.plus(half), last, size }
    }

    fn price_at(&self, ix: InstrumentIx, second: i64) -> Price {
        match &self.instrument(ix).nature {
            Nature::Stock { base } | Nature::Index { base } => {
                path::price(*base, chance::hash(&[self.seed, u64::from(ix.0)]), second)
            }
            Nature::Option(contract) => {
                let day = Timestamp::from_second(second).map_or(self.day, calendar::day_of);
                let left = contract.expiry.duration_since(day).as_hours() / 24;
                let underlying = self.price_at(contract.underlying, second);
                path::option(underlying, contract.strike, contract.is_call, left)
            }
        }
    }

    /// Price at the close of the trading day before the present one.
    pub(crate) fn previous_close(&self, ix: InstrumentIx) -> Price {
        self.price_at(ix, self.previous.close.as_second())
    }

    /// The figures of the session that is on, or of the last one.
    pub(crate) fn figures(&self, ix: InstrumentIx) -> DayFigures {
        let sessions = if self.now < self.sessions.open { &self.previous } else { &self.sessions };
        let (begin, end) = (sessions.open.as_second(), self.now.min(sessions.close).as_second());
        let open = self.price_at(ix, begin);
        let minutes = (begin..=end).step_by(60).map(|second| self.price_at(ix, second));
        let (low, high) = minutes.fold((open, open), |(low, high), price| (low.min(price), high.max(price)));
        let volume = (end - begin) * AVERAGE_LOTS * self.instrument(ix).lot();
        DayFigures { opened: sessions.open, open, high, low, volume }
    }

    /// Shares or contracts traded on a usual day.
    pub(crate) fn usual_volume(&self, instrument: &Instrument) -> i64 {
        let Sessions { open, close, .. } = self.previous;
        close.duration_since(open).as_secs() * AVERAGE_LOTS * instrument.lot()
    }

    /// The trading day before the present one.
    pub(crate) const fn previous_day(&self) -> Date {
        self.previous.day
    }

    /// What an account is worth at the present prices.
    pub(crate) fn worth(&self, account: &Account) -> Worth {
        let mut worth = Worth::default();
        for (ix, position) in account.held() {
            let value = position.value(self.quote(ix).last, self.instrument(ix).multiplier());
            let side = if value < Money::ZERO { &mut worth.short } else { &mut worth.long };
            *side += value;
            worth.cost += position.cost;
        }
        worth
    }

    /// What an account holds of an instrument, at the present price.
    pub(crate) fn position(&self, account: &Account, ix: InstrumentIx) -> PositionView {
        let position = account.position(ix);
        let (price, previous_close) = (self.quote(ix).last, self.previous_close(ix));
        let multiplier = self.instrument(ix).multiplier();
        let value = position.value(price, multiplier);
        let begin_value = previous_close.times(position.today.begin, multiplier);
        let change = value - begin_value - position.today.paid + position.today.received;
        PositionView {
            position,
            price,
            previous_close,
            value,
            begin_value,
            unrealized: value - position.cost,
            overnight: price.times(position.today.begin, multiplier) - begin_value,
            day_unrealized: change - position.today.realized,
        }
    }

    /// The days of an account that are over, and the present one so far.
    pub(crate) fn history<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = Day> + 'a {
        let today = Day { end_equity: account.equity(&self.worth(account)), ..account.today };
        account.history.iter().copied().chain(std::iter::once(today))
    }
}
