//! The trading days of the market and their sessions, in New York.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// New York by rule and not by database: the same on every machine.
static NEW_YORK: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC));

/// The zone of the market.
pub(crate) fn zone() -> TimeZone {
    NEW_YORK.clone()
}

/// The first moment of a day in New York.
pub(crate) fn begin_of(day: Date) -> Timestamp {
    day.to_zoned(zone()).map_or(Timestamp::MIN, |midnight| midnight.timestamp())
}

/// The first moment after a day in New York.
pub(crate) fn end_of(day: Date) -> Timestamp {
    let tomorrow = day.saturating_add(1.day());
    tomorrow.to_zoned(zone()).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

/// Which day it is in New York.
pub(crate) fn day_of(time: Timestamp) -> Date {
    time.to_zoned(zone()).date()
}

/// When the market is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hours {
    /// Day and night, every day: a trading day ends at midnight in New York, when the next one begins.
    Always,
    /// As the exchanges are: from 9:30 to 16:00 on their trading days, and around that from 4:00 to 20:00.
    #[default]
    Exchange,
}

/// What kind of day it is for the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Kind {
    Trading,
    EarlyClose,
    Holiday,
    Weekend,
}

impl Kind {
    /// What kind of day this is.
    pub(crate) fn of(day: Date, hours: Hours) -> Self {
        if hours == Hours::Always {
            Self::Trading
        } else if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            Self::Weekend
        } else if is_holiday(day) {
            Self::Holiday
        } else if closes_early(day) {
            Self::EarlyClose
        } else {
            Self::Trading
        }
    }

    /// Whether the market opens on it.
    pub(crate) const fn trades(self) -> bool {
        matches!(self, Self::Trading | Self::EarlyClose)
    }
}

/// No closure of the market has so many days.
const LONGEST_CLOSURE: usize = 30;

/// The sessions of one trading day: each ends where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sessions {
    /// When the market is open.
    pub(crate) hours: Hours,
    /// The day in New York.
    pub(crate) day: Date,
    /// Begin of the session before the regular one.
    pub(crate) begin: Timestamp,
    /// Begin of the regular session.
    pub(crate) open: Timestamp,
    /// End of the regular session.
    pub(crate) close: Timestamp,
    /// End of the session after the regular one.
    pub(crate) end: Timestamp,
}

/// Which part of a trading day it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Session {
    PreMarket,
    Regular,
    AfterHours,
}

impl Sessions {
    /// Those of a day, if the market trades on it.
    pub(crate) fn on(day: Date, hours: Hours) -> Option<Self> {
        if hours == Hours::Always {
            let (begin, end) = (begin_of(day), end_of(day));
            return Some(Self { hours, day, begin, open: begin, close: end, end });
        }
        let kind = Kind::of(day, hours);
        let at = |hour, minute| {
            let zoned = day.at(hour, minute, 0, 0).to_zoned(zone());
            zoned.map(|zoned| zoned.timestamp()).ok()
        };
        let (close, end) = if kind == Kind::EarlyClose { (13, 17) } else { (16, 20) };
        let sessions =
            Self { hours, day, begin: at(4, 0)?, open: at(9, 30)?, close: at(close, 0)?, end: at(end, 0)? };
        kind.trades().then_some(sessions)
    }

    /// Those of the first trading day that has not ended at a time.
    pub(crate) fn next(time: Timestamp, hours: Hours) -> Self {
        let mut days = day_of(time).series(1.day()).take(LONGEST_CLOSURE);
        let next = days.find_map(|day| Self::on(day, hours).filter(|sessions| time < sessions.end));
        next.unwrap_or(Self::never(hours, Timestamp::MAX))
    }

    /// Those of the last trading day that had ended at a time.
    pub(crate) fn previous(time: Timestamp, hours: Hours) -> Self {
        let mut days = day_of(time).series(-1.day()).take(LONGEST_CLOSURE);
        let previous = days.find_map(|day| Self::on(day, hours).filter(|sessions| sessions.end <= time));
        previous.unwrap_or(Self::never(hours, Timestamp::MIN))
    }

    /// What there is before and after all times.
    fn never(hours: Hours, time: Timestamp) -> Self {
        Self { hours, day: day_of(time), begin: time, open: time, close: time, end: time }
    }

    /// Those of the trading day after this one.
    pub(crate) fn following(&self) -> Self {
        Self::next(self.end, self.hours)
    }

    /// The session that is on at a time.
    pub(crate) fn at(&self, time: Timestamp) -> Option<Session> {
        match time {
            _ if time < self.begin || time >= self.end => None,
            _ if time < self.open => Some(Session::PreMarket),
            _ if time < self.close => Some(Session::Regular),
            _ => Some(Session::AfterHours),
        }
    }
}

/// The day on which one is kept that falls on a weekend.
fn observed(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => day.saturating_sub(1.day()),
        Weekday::Sunday => day.saturating_add(1.day()),
        _ => day,
    }
}

fn nth(year: i16, month: i8, nth: i8, weekday: Weekday) -> Option<Date> {
    date(year, month, 1).nth_weekday_of_month(nth, weekday).ok()
}

fn thanksgiving(year: i16) -> Option<Date> {
    nth(year, 11, 4, Weekday::Thursday)
}

fn is_holiday(day: Date) -> bool {
    let year = day.year();
    let fixed = [date(year, 6, 19), date(year, 7, 4), date(year, 12, 25)].map(observed);
    // New Year's Day on a Saturday is not kept, because the year before has its last day then.
    let new_year = date(year, 1, 1);
    let new_year = if new_year.weekday() == Weekday::Saturday { new_year } else { observed(new_year) };
    let moving = [
        nth(year, 1, 3, Weekday::Monday),
        nth(year, 2, 3, Weekday::Monday),
        easter(year).map(|easter| easter.saturating_sub(2.days())),
        nth(year, 5, -1, Weekday::Monday),
        nth(year, 9, 1, Weekday::Monday),
        thanksgiving(year),
    ];
    fixed.contains(&day) || day == new_year || moving.contains(&Some(day))
}

fn closes_early(day: Date) -> bool {
    let year = day.year();
    let after_thanksgiving = thanksgiving(year).map(|day| day.saturating_add(1.day()));
    [Some(date(year, 7, 3)), Some(date(year, 12, 24)), after_thanksgiving].contains(&Some(day))
}

/// Easter Sunday by the Gregorian rule.
fn easter(year: i16) -> Option<Date> {
    let year32 = i32::from(year);
    let (a, b, c) = (year32 % 19, year32 / 100, year32 % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_days() {
        for (day, kind) in [
            (date(2025, 10, 31), Kind::Trading),
            (date(2025, 11, 1), Kind::Weekend),
            (date(2025, 4, 18), Kind::Holiday),
            (date(2026, 4, 3), Kind::Holiday),
            (date(2025, 11, 27), Kind::Holiday),
            (date(2025, 11, 28), Kind::EarlyClose),
            (date(2025, 7, 3), Kind::EarlyClose),
            (date(2026, 7, 3), Kind::Holiday),
            (date(2021, 12, 31), Kind::Trading),
            (date(2023, 1, 2), Kind::Holiday),
            (date(2025, 1, 20), Kind::Holiday),
            (date(2025, 5, 26), Kind::Holiday),
        ] {
            assert_eq!(Kind::of(day, Hours::Exchange), kind, "{day}");
        }
    }

    #[test]
    fn sessions_follow_the_clock_of_new_york() {
        let summer = Sessions::on(date(2025, 10, 31), Hours::Exchange).unwrap();
        let winter = Sessions::on(date(2025, 11, 28), Hours::Exchange).unwrap();
        assert_eq!(summer.open, "2025-10-31T13:30:00Z".parse().unwrap());
        assert_eq!(winter.open, "2025-11-28T14:30:00Z".parse().unwrap());
        assert_eq!(winter.close, "2025-11-28T18:00:00Z".parse().unwrap());
        assert_eq!(summer.at(summer.open), Some(Session::Regular));
        assert_eq!(summer.at(summer.end), None);
        assert_eq!(Sessions::next(summer.end, Hours::Exchange).day, date(2025, 11, 3));
        assert_eq!(Sessions::previous(summer.end, Hours::Exchange).day, date(2025, 10, 31));
        assert_eq!(Sessions::previous(summer.begin, Hours::Exchange).day, date(2025, 10, 30));
        assert_eq!(end_of(day_of(summer.end)), "2025-11-01T04:00:00Z".parse().unwrap());
    }

    #[test]
    fn an_open_market_never_closes() {
        let sunday = Sessions::on(date(2025, 11, 2), Hours::Always).unwrap();
        assert_eq!(sunday.following().open, sunday.end);
        assert_eq!(sunday.at(sunday.begin), Some(Session::Regular));
        // The clock is set back on this day.
        assert_eq!(sunday.end.duration_since(sunday.begin).as_hours(), 25);
    }
}
