//! Settings of a server.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clear_street_codegen::{Unreadable, read};

use super::MockServer;
use super::service::Service;
use crate::clock::Clock;
use crate::desk::Desk;

/// Settings of a server.
#[must_use]
pub struct Builder {
    listen: SocketAddr,
    spec: PathBuf,
    apis: Option<Vec<String>>,
    clock: Option<Clock>,
    desk: Option<Arc<dyn Desk>>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            spec: Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"),
            apis: None,
            clock: None,
            desk: None,
        }
    }

    /// Where it listens: a free port of this machine unless said.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Folder of the spec: that of this repository unless said.
    pub fn spec(mut self, dir: impl Into<PathBuf>) -> Self {
        self.spec = dir.into();
        self
    }

    /// Serves this API, by its folder in the spec, and those of other calls of this function; all unless
    /// said.
    pub fn api(mut self, name: impl Into<String>) -> Self {
        self.apis.get_or_insert_default().push(name.into());
        self
    }

    /// Its time: real, and from now on, unless said.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// What answers calls from a state of its own.
    pub fn desk(mut self, desk: impl Desk + 'static) -> Self {
        self.desk = Some(Arc::new(desk));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If the spec cannot be read or has no such API, or if the address cannot be listened on.
    pub async fn start(self) -> Result<MockServer, StartError> {
        let mut apis = read(&self.spec)?;
        if let Some(wanted) = &self.apis {
            if let Some(unknown) = wanted.iter().find(|name| !apis.iter().any(|api| api.name == **name)) {
                return Err(StartError::NoSuchApi(unknown.clone()));
            }
            apis.retain(|api| wanted.contains(&api.name));
        }
        let service = Service::new(apis, self.clock.unwrap_or_default(), self.desk);
        let listen = self.listen;
        MockServer::listen(service, listen).await.map_err(|source| StartError::Listen { listen, source })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listen, spec, apis, clock, desk } = self;
        f.debug_struct("Builder")
            .field("listen", listen)
            .field("spec", spec)
            .field("apis", apis)
            .field("clock", clock)
            .field("desk", &desk.is_some())
            .finish()
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
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}
