//! Events in a few letters each.

use std::fmt::Display;

use super::super::{Connection, Event, Origin};

/// `r3` is the third message in a replay, `l3` one that comes late; what the message says stands behind it.
pub(in crate::stream) fn word(event: &Event<impl Display>) -> String {
    match event {
        Event::Message { message, sequence: Some(sequence), origin } => {
            let origin = match origin {
                Origin::Live => "",
                Origin::Replay => "r",
                Origin::Late => "l",
            };
            format!("{origin}{sequence}{message}")
        }
        Event::Message { message, .. } => message.to_string(),
        Event::Undecodable(message) => format!("?{message}"),
        Event::Connection(Connection::Disconnected(cause)) => format!("disconnected {cause:?}"),
        Event::Connection(Connection::Retrying { .. }) => "retrying".into(),
        Event::Connection(connection) => format!("{connection:?}").to_lowercase(),
        Event::CaughtUp => "caught up".into(),
        Event::Gap(gap) => {
            let end = |end: Option<u64>| end.map_or("?".into(), |end| end.to_string());
            format!("gap {}..{}", end(gap.after), end(gap.before))
        }
        Event::EpochChanged { lossless: true } => "epoch".into(),
        Event::EpochChanged { lossless: false } => "lossy epoch".into(),
        Event::NumbersHaveHoles => "holes".into(),
        Event::Lagging => "lagging".into(),
        Event::Recovered => "recovered".into(),
        Event::Failed(failure) => format!("failed {failure:?}"),
        Event::Closed => "closed".into(),
    }
}
