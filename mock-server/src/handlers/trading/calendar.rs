//! The clock and trading hours.

use jiff::Timestamp;

use crate::exchange::calendar::{self, Kind, Session, Sessions};
use crate::handlers::context::{Outcome, RequestContext};
use crate::handlers::field_values::FieldValues;

handlers! {
    get_clock, get_market_hours_calendar,
}

const MARKETS: [(&str, &str); 2] = [("us_equities", "US Equities"), ("us_options", "US Options")];

fn get_clock(context: &mut RequestContext<'_>) -> Outcome {
    context.value(FieldValues::new().with("clock", context.exchange.now()))
}

fn get_market_hours_calendar(context: &mut RequestContext<'_>) -> Outcome {
    let arguments = context.parameters();
    let (now, hours) = (context.exchange.now(), context.exchange.sessions().hours);
    let day = arguments.date("date").unwrap_or(context.exchange.day());
    let today = Sessions::on(day, hours);
    let kind = match Kind::of(day, hours) {
        Kind::Trading => "TRADING_DAY",
        Kind::EarlyClose => "EARLY_CLOSE",
        Kind::Holiday => "HOLIDAY",
        Kind::Weekend => "WEEKEND",
    };
    let session = context.exchange.session().map(|session| match session {
        Session::PreMarket => "pre_market",
        Session::Regular => "regular",
        Session::AfterHours => "after_hours",
    });
    let status = FieldValues::new()
        .with("is_open", context.exchange.session() == Some(Session::Regular))
        .with("day_type", kind)
        .with("current_session", session);
    let fields = |name: &str, title: &str| {
        FieldValues::new()
            .with("market", name)
            .with("market_name", title)
            .with("timezone", "America/New_York")
            .with("date", day)
            .with("current_time", zoned(now))
            .with("status", status.clone())
            .with("today_sessions", today.as_ref().map(|today| sessions_fields(today, Some(now))))
            .with("next_sessions", sessions_fields(&Sessions::next(calendar::end_of(day), hours), None))
    };
    let wanted = arguments.text("market");
    let markets: Vec<_> =
        MARKETS.into_iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name)).collect();
    context.list(&markets, |(name, title)| fields(name, title))
}

fn zoned(time: Timestamp) -> String {
    time.to_zoned(calendar::zone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// With the time until they open and close, if a time is given.
fn sessions_fields(sessions: &Sessions, now: Option<Timestamp>) -> FieldValues {
    let schedule = |open: Timestamp, close: Timestamp| {
        let until = |time: Timestamp| now.filter(|now| *now < time).map(|now| time.duration_since(now));
        let is_open = now.is_some_and(|now| now >= open);
        FieldValues::new()
            .with("open", zoned(open))
            .with("close", zoned(close))
            .with("time_until_open", until(open))
            .with("time_until_close", until(close).filter(|_| is_open))
    };
    FieldValues::new()
        .with("pre_market", schedule(sessions.begin, sessions.open))
        .with("regular", schedule(sessions.open, sessions.close))
        .with("after_hours", schedule(sessions.close, sessions.end))
}
