//! The clock and trading hours.

use jiff::Timestamp;

use crate::book::calendar::{self, Kind, Session, Sessions};
use crate::desk::fact::Facts;
use crate::desk::visit::{Handler, Outcome, Visit};

pub(super) const HANDLERS: &[(&str, Handler)] =
    &[("get_clock", get_clock), ("get_market_hours_calendar", get_market_hours_calendar)];

const MARKETS: [(&str, &str); 2] = [("us_equities", "US Equities"), ("us_options", "US Options")];

fn get_clock(visit: &mut Visit<'_>) -> Outcome {
    visit.value(Facts::new().with("clock", visit.book.now()))
}

fn get_market_hours_calendar(visit: &mut Visit<'_>) -> Outcome {
    let said = visit.parameters();
    let (now, today) = (visit.book.now(), visit.book.day());
    let day = said.date("date").unwrap_or(today);
    let hours = visit.book.sessions().hours;
    let kind = match Kind::of(day, hours) {
        Kind::Trading => "TRADING_DAY",
        Kind::EarlyClose => "EARLY_CLOSE",
        Kind::Holiday => "HOLIDAY",
        Kind::Weekend => "WEEKEND",
    };
    let session = visit.book.session().map(|session| match session {
        Session::PreMarket => "pre_market",
        Session::Regular => "regular",
        Session::AfterHours => "after_hours",
    });
    let end = calendar::end_of(day);
    let status = Facts::new()
        .with("is_open", visit.book.session() == Some(Session::Regular))
        .with("day_type", kind)
        .with("current_session", session);
    let facts = |name: &str, title: &str| {
        Facts::new()
            .with("market", name)
            .with("market_name", title)
            .with("timezone", "America/New_York")
            .with("date", day)
            .with("current_time", now.to_zoned(calendar::zone()))
            .with("status", status.clone())
            .with(
                "today_sessions",
                Sessions::on(day, hours).map(|sessions| sessions_facts(&sessions, Some(now))),
            )
            .with("next_sessions", sessions_facts(&Sessions::next(end, hours), None))
    };
    let wanted = said.text("market");
    let markets: Vec<_> =
        MARKETS.into_iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name)).collect();
    visit.list(&markets, |_, (name, title)| Some(facts(name, title).into()))
}

/// With the time until they open and close, if a time is given.
fn sessions_facts(sessions: &Sessions, now: Option<Timestamp>) -> Facts {
    let schedule = |open: Timestamp, close: Timestamp| {
        let zoned = |time: Timestamp| time.to_zoned(calendar::zone());
        let until = |time: Timestamp| now.filter(|now| *now < time).map(|now| time.duration_since(now));
        let is_open = now.is_some_and(|now| now >= open);
        Facts::new()
            .with("open", zoned(open))
            .with("close", zoned(close))
            .with("time_until_open", until(open))
            .with("time_until_close", until(close).filter(|_| is_open))
    };
    Facts::new()
        .with("pre_market", schedule(sessions.begin, sessions.open))
        .with("regular", schedule(sessions.open, sessions.close))
        .with("after_hours", schedule(sessions.close, sessions.end))
}
