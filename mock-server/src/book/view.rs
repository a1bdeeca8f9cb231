//! What can be read from a book besides what was put in.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Book;
use super::account::{Account, Day, Position, Worth};
use super::amount::{Money, Price, Quantity};
use super::calendar::Sessions;
use super::chance;
use super::listing::{Instrument, InstrumentIx, Nature};
use super::market::{Market, Quote};
use super::path;

/// Lots that are traded in a second on average.
const AVERAGE_LOTS: i64 = 5;

/// A position at the prices of the market.
#[derive(Clone, Copy, Debug)]
pub struct PositionView {
    /// What is held.
    pub position: Position,
    /// Present price.
    pub price: Price,
    /// Price at the close of the previous trading day.
    pub previous_close: Price,
    /// What it is worth now.
    pub value: Money,
    /// What was held when the day began, at the previous close.
    pub begin_value: Money,
    /// Profit since it was opened.
    pub unrealized: Money,
    /// Profit since the previous close on what was held then.
    pub overnight: Money,
    /// Profit of the day on what is held.
    pub day_unrealized: Money,
}

/// The session so far, or the last one.
#[derive(Clone, Copy, Debug)]
pub struct DayFigures {
    /// When it opened.
    pub opened: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price at a full minute.
    pub high: Price,
    /// Lowest price at a full minute.
    pub low: Price,
    /// Shares or contracts traded.
    pub volume: i64,
}

impl Book {
    /// The second of trading that it is, or that was last.
    pub(super) fn second(&self) -> i64 {
        path::tick(self.now, &self.sessions, self.previous.end)
    }

    /// What an instrument can be traded for now.
    pub fn quote(&self, instrument: &Instrument) -> Quote {
        let second = self.second();
        let last = self.price_at(instrument, second);
        let half = instrument.half_spread();
        let seed = [self.seed, u64::from(instrument.ix.0), second.cast_unsigned()];
        let size = Quantity::whole(chance::between(1, 9, &seed) * self.lot(instrument));
        Quote { bid: last.plus(-half).max(Price::CENT), ask: last.plus(half), last, size }
    }

    fn lot(&self, instrument: &Instrument) -> i64 {
        if instrument.contract().is_some() { 10 } else { 100 }
    }

    fn price_at(&self, instrument: &Instrument, second: i64) -> Price {
        match &instrument.nature {
            Nature::Stock { base } | Nature::Index { base } => {
                path::price(*base, chance::hash(&[self.seed, u64::from(instrument.ix.0)]), second)
            }
            Nature::Option(contract) => {
                let Some(underlying) = self.instrument(contract.underlying) else { return Price::CENT };
                let day = Timestamp::from_second(second).map_or(self.day, super::calendar::day_of);
                let left = contract.expiry.duration_since(day).as_hours() / 24;
                path::option(self.price_at(underlying, second), contract.strike, contract.is_call, left)
            }
        }
    }

    /// Price at the close of the trading day before the present one.
    pub fn previous_close(&self, instrument: &Instrument) -> Price {
        self.price_at(instrument, self.previous.close.as_second())
    }

    /// The figures of the session that is on, or of the last one.
    pub fn figures(&self, instrument: &Instrument) -> DayFigures {
        let sessions = if self.now < self.sessions.open { &self.previous } else { &self.sessions };
        let (open, end) = (sessions.open.as_second(), self.now.min(sessions.close).as_second());
        let minutes = (open..=end).step_by(60).map(|second| self.price_at(instrument, second));
        let first = self.price_at(instrument, open);
        let (low, high) =
            minutes.fold((first, first), |(low, high), price| (low.min(price), high.max(price)));
        let volume = (end - open).saturating_mul(AVERAGE_LOTS * self.lot(instrument));
        DayFigures { opened: sessions.open, open: first, high, low, volume }
    }

    /// Shares or contracts traded on a usual day.
    pub fn usual_volume(&self, instrument: &Instrument) -> i64 {
        let Sessions { open, close, .. } = self.previous;
        close.duration_since(open).as_secs().saturating_mul(AVERAGE_LOTS * self.lot(instrument))
    }

    /// The trading day before the present one.
    pub const fn previous_day(&self) -> Date {
        self.previous.day
    }

    /// What an account is worth at the present prices.
    pub fn worth(&self, account: &Account) -> Worth {
        let mut worth = Worth::default();
        for (instrument, position) in account.held() {
            let Some(instrument) = self.instrument(instrument) else { continue };
            let value = position.value(self.quote(instrument).last, instrument.multiplier());
            let side = if value < Money::ZERO { &mut worth.short } else { &mut worth.long };
            *side += value;
            worth.cost += position.cost;
        }
        worth
    }

    /// What an account holds of an instrument, at the present price.
    pub fn position(&self, account: &Account, instrument: &Instrument) -> PositionView {
        let position = account.position(instrument.ix);
        let (price, previous_close) = (self.quote(instrument).last, self.previous_close(instrument));
        let multiplier = instrument.multiplier();
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
    pub fn history<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = Day> + 'a {
        let today = Day { end_equity: account.equity(&self.worth(account)), ..account.today };
        account.history.iter().copied().chain(std::iter::once(today))
    }

    /// Average price of what an order filled.
    pub fn average_price(&self, order: &super::order::Order) -> Option<Decimal> {
        order.turnover.per(order.filled, 1)
    }

    pub(super) fn multiplier(&self, instrument: InstrumentIx) -> i64 {
        self.instrument(instrument).map_or(1, Instrument::multiplier)
    }

    pub(super) fn market(&self, instrument: InstrumentIx) -> Option<&Market> {
        self.markets.get(usize::from(instrument.0))
    }

    pub(super) fn market_mut(&mut self, instrument: InstrumentIx) -> Option<&mut Market> {
        self.markets.get_mut(usize::from(instrument.0))
    }
}
