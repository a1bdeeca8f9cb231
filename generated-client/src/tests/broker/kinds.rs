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

/// The name of each variant, and all of them.
macro_rules! labels {
    ($type:ident: $($pattern:pat => $label:literal,)*) => {
        impl $type {
            pub(super) const LABELS: &'static [&'static str] = &[$($label),*];

            pub(super) fn label(self) -> &'static str {
                use $type::*;
                match self {
                    $($pattern => $label,)*
                }
            }
        }
    };
}

labels! {
    Answer:
    Honest => "answer: honest",
    Shuffled => "answer: rows in another order",
    Repeated => "answer: rows repeated",
    RowsMissing => "answer: a row is missing",
    WrongMetadata => "answer: wrong metadata",
    NoRows => "answer: no rows",
    RowsWithoutKeys => "answer: rows without keys",
    OneRowWithoutKey => "answer: one row without a key",
    Respelled => "answer: keys in capitals",
    UnreadableRows => "answer: unreadable rows",
    ForeignRowBeside => "answer: a foreign row beside ours",
    FailureWithRows(_) => "answer: 5xx with rows",
    Foreign { refused: true, .. } => "answer: refused rows of another call",
    Foreign { .. } => "answer: rows of another call",
    OtherAccount => "answer: rows of another account",
    Cut { silent: true, .. } => "answer: 2xx head, then silence",
    Cut { status: 200, .. } => "answer: 200 cut",
    Cut { .. } => "answer: 201, 202 or 207 cut",
    TooLarge => "answer: too large",
    Corrupt => "answer: corrupt",
    NoContent => "answer: 204",
    Empty(_) => "answer: empty body",
    DataNull => "answer: data is null",
    NotJson => "answer: broken JSON",
    Html => "answer: 200 with HTML",
    OtherKind => "answer: body of another kind",
    HeadTooLarge => "answer: head too large",
    Reset => "answer: reset",
    Silence => "answer: silence",
    Failure { status: 408, .. } => "answer: 408",
    Failure { status: 503, retry_after: Some(_), .. } => "answer: 503 with Retry-After",
    Failure { retry_after: Some(_), .. } => "answer: 5xx with Retry-After",
    Failure { body: Body::Html, .. } => "answer: 5xx with HTML",
    Failure { .. } => "answer: 5xx",
    Throttled(None) => "answer: 429",
    Throttled(Some(_)) => "answer: 429 with Retry-After",
    Denied(_) => "answer: 401 or 403",
    Redirect(_) => "answer: 3xx",
    Rejected(_) => "answer: 4xx of the gateway",
}

labels! {
    Look:
    True => "list: true",
    Unreachable => "list: no connection",
    Reset => "list: reset",
    Cut => "list: cut",
    Silence => "list: silence",
    Slow(_) => "list: slow",
    Status(429, _) => "list: 429",
    Status(500.., _) => "list: 5xx",
    Status(..) => "list: 4xx",
    Html => "list: HTML",
    NoContent => "list: 204",
    DataNull => "list: data is null",
    NoData => "list: no data",
    NotJson => "list: broken JSON",
    OtherKind => "list: body of another kind",
    WithoutKeys => "list: rows without keys",
    TooLarge => "list: too large",
    Endless(_) => "list: endless pages",
    SameToken => "list: the same token again",
    UnreadableToken => "list: unreadable token",
    WrongMetadata => "list: wrong metadata",
}

labels! {
    Stranger:
    Today => "foreign row",
    Yesterday => "foreign row of yesterday",
    OtherAccount => "foreign row of another account",
    Unreadable => "foreign row that cannot be read",
    WithoutKey => "row without a key",
    OurKeyInCapitals => "foreign row with our key in capitals",
}

/// Each must happen in one of a hundred scripts, as must the labels above.
pub(super) const OTHERS: &[&str] = &[
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
    "little time",
    "many attempts",
    "not processed",
    "one attempt",
    "refused, with rows",
    "refused, without rows",
    "resend",
    "row refused",
    "row refused later",
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
