//! What goes wrong on demand: with requests and their answers, and with the messages of streams.

mod file;
mod line;
mod plan;
mod request;
mod stream;
mod turn;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use clear_street_spec::ir::Api;
use fastrand::Rng;
use http::HeaderMap;

pub(crate) use self::line::{Ending, Line, Tapped};
use self::plan::Plan;
pub use self::request::RequestFault;
pub use self::stream::{Disturbance, During, StreamFault};
use self::turn::Armed;
use crate::lock::lock;

/// Name of the token endpoint among operations.
pub(crate) const TOKEN: &str = "token";
/// Name of the upgrade to a WebSocket among operations.
pub(crate) const STREAM: &str = "stream";
/// Header with what is to go wrong with its request.
const REQUEST_HEADER: &str = "x-mock-fault";
/// Header of an upgrade with what is to go wrong with the messages of the connection.
const STREAM_HEADER: &str = "x-mock-stream-fault";

/// What is to go wrong. Clones are the same.
#[derive(Clone)]
pub(crate) struct Faults {
    names: Arc<Names>,
    state: Arc<Mutex<State>>,
}

struct State {
    requests: Vec<Armed<RequestFault>>,
    streams: Vec<Armed<StreamFault>>,
    random: Rng,
}

/// What faults may name.
struct Names {
    operations: BTreeSet<String>,
    channels: BTreeSet<String>,
}

/// Why something cannot go wrong as it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFault(String);

impl Faults {
    pub(crate) fn new(apis: &[Api]) -> Self {
        let groups = || apis.iter().flat_map(|api| &api.groups);
        let own = [TOKEN, STREAM].map(str::to_owned);
        let operations = groups().flat_map(|group| &group.operations).map(|operation| operation.name.clone());
        let channels = groups().flat_map(|group| &group.channels).map(|channel| channel.name.clone());
        let names = Names { operations: operations.chain(own).collect(), channels: channels.collect() };
        let state = State { requests: Vec::new(), streams: Vec::new(), random: Rng::with_seed(0) };
        Self { names: Arc::new(names), state: Arc::new(Mutex::new(state)) }
    }

    /// Adds those of a file; `path` is what messages call it.
    pub(crate) fn read(&self, path: &str, text: &str) -> Result<(), InvalidFault> {
        let file = file::read(path, text, &self.names)?;
        let mut state = self.state();
        if let Some(seed) = file.seed {
            state.random.seed(seed);
        }
        state.requests.extend(file.requests.into_iter().map(|fault| Armed::new(fault.turn, fault)));
        state.streams.extend(file.streams.into_iter().map(|fault| Armed::new(fault.turn, fault)));
        Ok(())
    }

    pub(crate) fn add_request(&self, fault: RequestFault) -> Result<(), InvalidFault> {
        self.names.check(fault.operation.as_deref(), &self.names.operations, "operation")?;
        self.state().requests.push(Armed::new(fault.turn, fault));
        Ok(())
    }

    pub(crate) fn add_stream(&self, fault: StreamFault) -> Result<(), InvalidFault> {
        self.names.check(fault.channel.as_deref(), &self.names.channels, "channel")?;
        self.state().streams.push(Armed::new(fault.turn, fault));
        Ok(())
    }

    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.requests.clear();
        state.streams.clear();
    }

    /// What is to go wrong with a call of this operation.
    fn plan(&self, operation: &str, headers: &HeaderMap) -> Result<Plan, InvalidFault> {
        let mut plan = Plan::default();
        for text in lines(headers, REQUEST_HEADER)? {
            plan.add(&file::read_request(REQUEST_HEADER, text, &self.names)?);
        }
        let State { requests, random, .. } = &mut *self.state();
        for armed in requests {
            if armed.fault.concerns(operation) && armed.is_due(random) {
                plan.add(&armed.fault);
            }
        }
        Ok(plan)
    }

    /// What goes wrong with the messages of one connection: what goes wrong with all of them, and what
    /// its upgrade asked for.
    pub(crate) fn of_connection(&self, headers: &HeaderMap) -> Result<ConnectionFaults, InvalidFault> {
        let read = |text| {
            file::read_stream(STREAM_HEADER, text, &self.names).map(|fault| Armed::new(fault.turn, fault))
        };
        let own = lines(headers, STREAM_HEADER)?.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(ConnectionFaults { all: self.clone(), own: Arc::new(Mutex::new(own)) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// What goes wrong with the messages of one connection. Clones are the same.
#[derive(Clone)]
pub(crate) struct ConnectionFaults {
    all: Faults,
    own: Arc<Mutex<Vec<Armed<StreamFault>>>>,
}

impl ConnectionFaults {
    /// What goes wrong with the message that is next; the first that is due.
    pub(crate) fn next(&self, channel: &str, account: &str, during: During) -> Option<Disturbance> {
        let State { streams, random, .. } = &mut *self.all.state();
        let mut own = lock(&self.own);
        // All of them count the message.
        let due: Vec<_> = streams
            .iter_mut()
            .chain(own.iter_mut())
            .filter(|armed| armed.fault.concerns(channel, account, during))
            .filter_map(|armed| armed.is_due(random).then_some(armed.fault.disturbance))
            .collect();
        due.first().copied()
    }
}

impl Names {
    fn check(&self, name: Option<&str>, known: &BTreeSet<String>, what: &str) -> Result<(), InvalidFault> {
        match name.filter(|name| !known.contains(*name)) {
            None => Ok(()),
            Some(unknown) => Err(InvalidFault(format!("the spec has no {what} `{unknown}`"))),
        }
    }
}

fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Result<Vec<&'a str>, InvalidFault> {
    let text = |value: &'a http::HeaderValue| {
        value.to_str().map_err(|_| InvalidFault(format!("`{name}` is no text")))
    };
    headers.get_all(name).iter().map(text).collect()
}
