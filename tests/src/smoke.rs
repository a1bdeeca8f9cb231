//! Every operation once against a server: `cargo xtask smoke --base-url URL`.
//!
//! The arguments are made from the spec, so a server with real data cannot know the ids among
//! them. What it may answer because of that is no failure: see [`Outcome::Refused`].

use std::fmt;

use clear_street::operation::{Operation, Place, Repeat};
use clear_street::{Error, ErrorKind};
use url::{Host, Url};

use crate::api::Tested;

/// Which operations are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that change nothing.
    Reads,
    /// All of them.
    All,
}

impl Scope {
    /// All operations to this machine; elsewhere only reads, unless writes are asked for.
    pub fn new(base_url: &str, writes: bool) -> Self {
        if writes || is_loopback(base_url) { Self::All } else { Self::Reads }
    }

    fn has(self, operation: &Operation) -> bool {
        self == Self::All || operation.repeat == Repeat::Read
    }
}

/// Whether a URL leads to this machine and nowhere else.
pub fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url.trim()) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What a run found: a row for each operation.
#[derive(Debug)]
pub struct Report {
    /// In the order of the spec.
    pub rows: Vec<Row>,
}

/// How one operation went.
#[derive(Debug)]
pub struct Row {
    /// Name of the operation.
    pub operation: &'static str,
    /// HTTP status, if an answer came.
    pub status: Option<u16>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of one operation.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded, and its answer decoded.
    Decoded,
    /// The server does not like the arguments, in a documented way: they are made up.
    Refused(String),
    /// Anything else; with what is wrong.
    Failed(String),
    /// It is a write, and only reads are sent.
    NotSent,
}

/// Sends every operation in scope once, one after the other.
pub async fn smoke<C>(api: &Tested<C>, client: &C, scope: Scope) -> Report {
    let mut rows = Vec::new();
    for case in &api.cases {
        let known = api
            .operations
            .iter()
            .find(|operation| (operation.group, operation.name) == (case.group, case.operation));
        let (status, outcome) = match known {
            None => (None, Outcome::Failed("the client does not have it".to_owned())),
            Some(operation) if !scope.has(operation) => (None, Outcome::NotSent),
            Some(operation) => match (case.send)(client).await {
                Ok((status, _)) => (Some(status), Outcome::Decoded),
                Err(error) => (error.status(), judge(operation, &error)),
            },
        };
        rows.push(Row { operation: case.operation, status, outcome });
    }
    Report { rows }
}

/// Whether an error is what made-up arguments deserve.
fn judge(operation: &Operation, error: &Error) -> Outcome {
    let has_ids = operation.parameters.iter().any(|parameter| parameter.place == Place::Path);
    let refuses_arguments = match error.status() {
        Some(400 | 409 | 422) => true,
        // An account of somebody else is forbidden, not missing.
        Some(403 | 404) => has_ids,
        _ => false,
    };
    let documented = match error.status() {
        // No server takes a token that it did not make, whatever its documentation lists.
        Some(400) if operation.page_token.is_some() => true,
        Some(status) => operation.errors.contains(&status),
        None => false,
    };
    // An explanation that decoded has a code or a type: a gateway's page has none.
    let explained = error.kind() == ErrorKind::Api && (error.code().is_some() || error.problem().is_some());
    if refuses_arguments && documented && explained {
        Outcome::Refused(error.message().to_owned())
    } else {
        Outcome::Failed(error.to_string())
    }
}

impl Report {
    /// Whether no operation failed, and at least one was sent.
    pub fn is_clean(&self) -> bool {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_))) == 0 && self.sent() > 0
    }

    fn sent(&self) -> usize {
        self.count(|outcome| !matches!(outcome, Outcome::NotSent))
    }

    fn count(&self, which: impl Fn(&Outcome) -> bool) -> usize {
        self.rows.iter().filter(|row| which(&row.outcome)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.operation.len()).max().unwrap_or_default();
        writeln!(f, "{:width$}  status  decoded", "operation")?;
        for Row { operation, status, outcome } in &self.rows {
            let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            writeln!(f, "{operation:width$}  {status:6}  {outcome}")?;
        }
        let (failed, refused) = (
            self.count(|outcome| matches!(outcome, Outcome::Failed(_))),
            self.count(|outcome| matches!(outcome, Outcome::Refused(_))),
        );
        let (all, sent) = (self.rows.len(), self.sent());
        write!(f, "smoke: {all} operations, {sent} sent, {refused} refused, {failed} failed")
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decoded => f.write_str("yes"),
            Self::Refused(message) => write!(f, "yes, as an error: {message}"),
            Self::Failed(message) => write!(f, "NO: {message}"),
            Self::NotSent => f.write_str("not sent: it is a write (--writes)"),
        }
    }
}
