//! Names of everything that can happen, to count whether it does.

use super::script::{Answer, Body, Kind, Look, Script, Stranger};

impl Script {
    /// The key that the caller supplies for this row.
    pub(super) fn key(&self, index: usize) -> String {
        match self.kind {
            Kind::Orders => format!("ord-7f3{index}"),
            Kind::Instructions => format!("ins-4a1{index}"),
        }
    }

    /// The member of an answered row that has the key.
    pub(super) fn member(&self) -> &'static str {
        match self.kind {
            Kind::Orders => "client_order_id",
            Kind::Instructions => "instruction_id",
        }
    }

    /// What is set, whether or not it has an effect.
    pub(super) fn settings(&self) -> Vec<&'static str> {
        let client = &self.client;
        let given = self.rows.iter().filter(|row| row.given).count();
        let all = [
            (self.kind == Kind::Instructions, "instructions"),
            (client.resend.is_some(), "resend"),
            (client.wait, "wait if throttled"),
            (client.max_attempts == Some(1), "one attempt"),
            (client.max_attempts.is_some_and(|attempts| attempts > 3), "many attempts"),
            (client.timeout.is_some_and(|time| time < 500), "little time"),
            (self.rows.len() > 1, "several rows"),
            (given > 0 && given < self.rows.len(), "keys from caller and client"),
        ];
        all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect()
    }
}

impl Answer {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Honest => "answer: honest",
            Self::Shuffled => "answer: rows in another order",
            Self::Repeated => "answer: rows repeated",
            Self::RowsMissing => "answer: a row is missing",
            Self::WrongMetadata => "answer: wrong metadata",
            Self::NoRows => "answer: no rows",
            Self::RowsWithoutKeys => "answer: rows without keys",
            Self::OneRowWithoutKey => "answer: one row without a key",
            Self::Respelled => "answer: keys in capitals",
            Self::UnreadableRows => "answer: unreadable rows",
            Self::ForeignRowBeside => "answer: a foreign row beside ours",
            Self::FailureWithRows(_) => "answer: 5xx with rows",
            Self::Foreign { refused: true, .. } => "answer: refused rows of another call",
            Self::Foreign { .. } => "answer: rows of another call",
            Self::OtherAccount => "answer: rows of another account",
            Self::Cut { silent: true, .. } => "answer: 2xx head, then silence",
            Self::Cut { status: 200, .. } => "answer: 200 cut",
            Self::Cut { .. } => "answer: 201, 202 or 207 cut",
            Self::TooLarge => "answer: too large",
            Self::Corrupt => "answer: corrupt",
            Self::NoContent => "answer: 204",
            Self::Empty(_) => "answer: empty body",
            Self::DataNull => "answer: data is null",
            Self::NotJson => "answer: broken JSON",
            Self::Html => "answer: 200 with HTML",
            Self::OtherKind => "answer: body of another kind",
            Self::HeadTooLarge => "answer: head too large",
            Self::Reset => "answer: reset",
            Self::Silence => "answer: silence",
            Self::Failure { status: 408, .. } => "answer: 408",
            Self::Failure { status: 503, retry_after: Some(_), .. } => "answer: 503 with Retry-After",
            Self::Failure { retry_after: Some(_), .. } => "answer: 5xx with Retry-After",
            Self::Failure { body: Body::Html, .. } => "answer: 5xx with HTML",
            Self::Failure { .. } => "answer: 5xx",
            Self::Throttled(None) => "answer: 429",
            Self::Throttled(Some(_)) => "answer: 429 with Retry-After",
            Self::Denied(_) => "answer: 401 or 403",
            Self::Redirect(_) => "answer: 3xx",
            Self::Rejected(_) => "answer: 4xx of the gateway",
        }
    }
}

impl Look {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::True => "list: true",
            Self::Unreachable => "list: no connection",
            Self::Reset => "list: reset",
            Self::Cut => "list: cut",
            Self::Silence => "list: silence",
            Self::Slow(_) => "list: slow",
            Self::Status(429, _) => "list: 429",
            Self::Status(500.., _) => "list: 5xx",
            Self::Status(..) => "list: 4xx",
            Self::Html => "list: HTML",
            Self::NoContent => "list: 204",
            Self::DataNull => "list: data is null",
            Self::NoData => "list: no data",
            Self::NotJson => "list: broken JSON",
            Self::OtherKind => "list: body of another kind",
            Self::WithoutKeys => "list: rows without keys",
            Self::TooLarge => "list: too large",
            Self::Endless(_) => "list: endless pages",
            Self::SameToken => "list: the same token again",
            Self::UnreadableToken => "list: unreadable token",
            Self::WrongMetadata => "list: wrong metadata",
        }
    }
}

impl Stranger {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Today => "foreign row",
            Self::Yesterday => "foreign row of yesterday",
            Self::OtherAccount => "foreign row of another account",
            Self::Unreadable => "foreign row that cannot be read",
            Self::WithoutKey => "row without a key",
            Self::OurKeyInCapitals => "foreign row with our key in capitals",
        }
    }
}

/// Each must happen in one of a hundred scripts.
pub(super) const KINDS: &[&str] = &[
    "answer: honest",
    "answer: rows in another order",
    "answer: rows repeated",
    "answer: a row is missing",
    "answer: wrong metadata",
    "answer: no rows",
    "answer: rows without keys",
    "answer: one row without a key",
    "answer: keys in capitals",
    "answer: unreadable rows",
    "answer: a foreign row beside ours",
    "answer: 5xx with rows",
    "answer: refused rows of another call",
    "answer: rows of another call",
    "answer: rows of another account",
    "answer: 2xx head, then silence",
    "answer: 200 cut",
    "answer: 201, 202 or 207 cut",
    "answer: too large",
    "answer: corrupt",
    "answer: 204",
    "answer: empty body",
    "answer: data is null",
    "answer: broken JSON",
    "answer: 200 with HTML",
    "answer: body of another kind",
    "answer: head too large",
    "answer: reset",
    "answer: silence",
    "answer: 408",
    "answer: 503 with Retry-After",
    "answer: 5xx with Retry-After",
    "answer: 5xx with HTML",
    "answer: 5xx",
    "answer: 429",
    "answer: 429 with Retry-After",
    "answer: 401 or 403",
    "answer: 3xx",
    "answer: 4xx of the gateway",
    "asked for keys",
    "asked for keys, says nothing",
    "asked for keys, says everything",
    "clock ahead",
    "clock behind",
    "clock in the answer",
    "no clock in the answer",
    "connection refused",
    "copied",
    "copied, copy answered",
    "failure after forwarding",
    "foreign row",
    "foreign row of another account",
    "foreign row of yesterday",
    "foreign row that cannot be read",
    "foreign row with our key in capitals",
    "instructions",
    "key of an earlier process",
    "keys from caller and client",
    "keys in capitals",
    "keys of the broker",
    "known key: 409",
    "known key: 409 with rows",
    "known key: 422 that does not name it",
    "known key: 422 that names it",
    "known key: a rejected row",
    "known key: not checked",
    "known key: the first row",
    "list: 204",
    "list: 429",
    "list: 4xx",
    "list: 5xx",
    "list: HTML",
    "list: body of another kind",
    "list: broken JSON",
    "list: cut",
    "list: data is null",
    "list: endless pages",
    "list: no connection",
    "list: no data",
    "list: reset",
    "list: rows without keys",
    "list: silence",
    "list: slow",
    "list: the same token again",
    "list: too large",
    "list: true",
    "list: unreadable token",
    "list: wrong metadata",
    "little time",
    "many attempts",
    "not processed",
    "one attempt",
    "refused, with rows",
    "refused, without rows",
    "resend",
    "row refused",
    "row refused later",
    "row without a key",
    "rows repeated",
    "several pages",
    "several rows",
    "slow connection",
    "status that is not known",
    "taken late",
    "the list lags",
    "unreadable rows of ours",
    "wait if throttled",
];
