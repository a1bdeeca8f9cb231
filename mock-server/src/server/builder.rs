//! Settings of a server.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use clear_street_spec::{Unreadable, read};
use jiff::Timestamp;

use super::MockServer;
use super::calls::{Calls, Log};
use super::service::Service;
use crate::clock::Clock;
use crate::exchange::calendar::Hours;
use crate::faults::{Faults, InvalidFault};
use crate::generate::Fullness;
use crate::handlers::{ExchangeHandlers, StatefulHandlers};
use crate::hooks::Hooks;
use crate::journal::Journal;
use crate::received::{Received, Record};
use crate::request::Routes;
use crate::spec;
use crate::stream::{Periods, Surroundings};
use crate::tokens::Tokens;
use crate::validate::Strictness;

/// Settings of a server.
#[must_use]
pub struct Builder {
    listen: SocketAddr,
    spec: Option<PathBuf>,
    apis: Option<Vec<String>>,
    clock: Option<Clock>,
    handlers: Option<Arc<dyn StatefulHandlers>>,
    periods: Periods,
    tokens: Tokens,
    clients: Vec<(String, String)>,
    faults: Option<PathBuf>,
    stateless: bool,
    hours: Hours,
    seed: u64,
    kept: usize,
    log: Option<Log>,
}

/// What made answers are about, if no clock is given: a moment of trading.
const MOMENT: i64 = 1_761_921_000;

/// How many requests are kept.
const KEPT: usize = 10_000;

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            spec: None,
            apis: None,
            clock: None,
            handlers: None,
            periods: Periods::default(),
            tokens: Tokens::new(),
            clients: Vec::new(),
            faults: None,
            stateless: false,
            hours: Hours::Always,
            seed: 0,
            kept: KEPT,
            log: None,
        }
    }

    /// Where it listens: a free port of this machine unless said.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Folder of the spec. Default: the spec that this crate carries inside.
    pub fn spec(mut self, dir: impl Into<PathBuf>) -> Self {
        self.spec = Some(dir.into());
        self
    }

    /// Serves this API, by its folder in the spec, and those of other calls of this function; all unless
    /// said.
    pub fn api(mut self, name: impl Into<String>) -> Self {
        self.apis.get_or_insert_default().push(name.into());
        self
    }

    /// Its time: real, and from now on, unless said.
    ///
    /// What is made from the spec is about the time when this clock started; without one, always about the
    /// same time, so that it is the same in every run.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// What answers calls from a state of its own: an exchange with accounts and orders unless said.
    pub fn handlers(mut self, handlers: impl StatefulHandlers + 'static) -> Self {
        self.handlers = Some(Arc::new(handlers));
        self
    }

    /// Opens the market only when the exchanges in New York are open. It is open day and night otherwise,
    /// so that programs can be tried at any time.
    pub fn market_hours(mut self) -> Self {
        self.hours = Hours::Exchange;
        self
    }

    /// Time between two heartbeats of a stream; 5 seconds unless said.
    pub fn heartbeat(mut self, period: Duration) -> Self {
        self.periods.heartbeat = period.max(Duration::from_millis(1));
        self
    }

    /// How long a stream's connection may be without a subscription; 30 seconds unless said.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.periods.idle = timeout;
        self
    }

    /// How long the client of a stream has to answer a goodbye; 5 seconds unless said.
    pub fn goodbye_timeout(mut self, timeout: Duration) -> Self {
        self.periods.goodbye = timeout;
        self
    }

    /// How long access tokens live; 24 hours unless said.
    pub fn token_lifetime(self, lifetime: Duration) -> Self {
        self.tokens.set_lifetime(lifetime);
        self
    }

    /// Gives access tokens to this client, and those of other calls of this function; to everybody unless
    /// said.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.clients.push((id.into(), secret.into()));
        self
    }

    /// What goes wrong, from a file.
    pub fn faults(mut self, file: impl Into<PathBuf>) -> Self {
        self.faults = Some(file.into());
        self
    }

    /// Answers every well-formed request with what is made from the spec, whatever it asks for.
    ///
    /// Checked is only what the vendor's own description says in a form that machines read, because its
    /// tests know no more: no rules between fields, no tokens of pages, no days, times and values of enums
    /// in queries. And nothing optional is left out, because older clients may still require it.
    pub fn stateless(mut self) -> Self {
        self.stateless = true;
        self
    }

    /// What generated answers follow from: servers with the same seed answer the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many of the last requests are kept for [`MockServer::received`]: 10,000 unless said.
    pub fn keep(mut self, requests: usize) -> Self {
        self.kept = requests;
        self
    }

    /// Is told every request once it is answered.
    pub fn log(mut self, log: impl Fn(&Received) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If the spec cannot be read or has no such API, if the file of faults cannot be read or used, or if
    /// the address cannot be listened on.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let mut apis = match &self.spec {
            Some(dir) => read(dir)?,
            None => spec::apis()?,
        };
        if let Some(wanted) = &self.apis {
            if let Some(unknown) = wanted.iter().find(|name| !apis.iter().any(|api| api.name == **name)) {
                return Err(StartError::NoSuchApi(unknown.clone()));
            }
            apis.retain(|api| wanted.contains(&api.name));
        }
        let faults = Faults::new(&apis);
        if let Some(path) = &self.faults {
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|source| StartError::Unreadable { path: path.clone(), source })?;
            faults.read(&shown, &text)?;
        }
        let tokens = self.tokens;
        // It knows nothing of what came before, so it knows no token either.
        tokens.accept_others(self.stateless);
        if !self.clients.is_empty() {
            tokens.set_clients(self.clients);
        }
        let moment = match &self.clock {
            Some(clock) => clock.start(),
            None => Timestamp::from_second(MOMENT).unwrap_or_default(),
        };
        let clock = self.clock.unwrap_or_default();
        let journal = Journal::new(clock.clone());
        let handlers: Option<Arc<dyn StatefulHandlers>> = match self.handlers {
            _ if self.stateless => None,
            None => {
                let (clock, journal) = (clock.clone(), journal.clone());
                Some(Arc::new(ExchangeHandlers::new(&apis, self.seed, self.hours, clock, journal)))
            }
            handlers => handlers,
        };
        let calls = Calls {
            routes: Routes::new(apis),
            moment,
            seed: self.seed,
            fullness: if self.stateless { Fullness::Everything } else { Fullness::Most },
            strictness: if self.stateless { Strictness::Loose } else { Strictness::Full },
            record: Record::new(self.kept),
            hooks: Hooks::default(),
            log: self.log,
            requests: AtomicU64::new(0),
        };
        let around = Surroundings { tokens, faults, clock, periods: self.periods, journal, handlers };
        let service = Service::new(calls, around);
        let listen = self.listen;
        MockServer::listen(service, listen).await.map_err(|source| StartError::Listen { listen, source })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listen, spec, apis, seed, stateless, .. } = self;
        f.debug_struct("Builder")
            .field("listen", listen)
            .field("spec", spec)
            .field("apis", apis)
            .field("seed", seed)
            .field("stateless", stateless)
            .finish_non_exhaustive()
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The spec cannot be read, or has errors.
    #[error("the spec: {0}")]
    Spec(#[from] Unreadable),
    /// The spec has no API of this name.
    #[error("the spec has no API `{0}`")]
    NoSuchApi(String),
    /// The file of faults cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file of faults asks for what there is not; its text says where.
    #[error(transparent)]
    Fault(#[from] InvalidFault),
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}
