//! Listening, and what a connection's requests are answered.

mod builder;
mod calls;
mod connection;
mod service;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clear_street_spec::ir::Authentication;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::builder::{Builder, StartError};
use self::service::Service;
use crate::clock::Clock;
use crate::faults::{InvalidFault, RequestFault, StreamFault, Tapped};
use crate::handlers::StatefulHandlers;
use crate::hooks::{Expect, NoSuchOperation, Respond, Target, Unmet};
use crate::journal::Journal;
use crate::received::Received;
use crate::tokens::Tokens;

/// A server of the APIs of the spec. It ends when it is dropped.
pub struct MockServer {
    service: Arc<Service>,
    address: SocketAddr,
    ending: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl MockServer {
    /// Starts a server with all APIs on a free port of this machine.
    ///
    /// # Errors
    ///
    /// If the spec cannot be read, or if there is no port.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A server with settings of your own.
    pub fn builder() -> Builder {
        Builder::new()
    }

    async fn listen(service: Service, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let service = Arc::new(service);
        let (ending, ended) = watch::channel(false);
        if let Some(handlers) = &service.around.handlers {
            tokio::spawn(keep_time(handlers.clone(), service.around.clock.clone(), ended.clone()));
        }
        let accepting = tokio::spawn(connection::accept(listener, service.clone(), ended));
        Ok(Self { service, address, ending, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base URL of the Trading API.
    pub fn trading_url(&self) -> String {
        self.url_of("trading")
    }

    /// Base URL of the Studio API.
    pub fn studio_url(&self) -> String {
        self.url_of("studio")
    }

    fn url_of(&self, api: &str) -> String {
        format!("http://{}{}", self.address, self.service.calls.routes.base(api).unwrap_or_default())
    }

    /// The environment variables that lead programs to it, with their values.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        for api in self.service.calls.routes.apis() {
            variables.push((api.base_url_variable.clone(), self.url_of(&api.name)));
            // Whatever it is, it is let in.
            match &api.authentication {
                Authentication::ApiKey { variable } => {
                    variables.push((variable.clone(), "mock.key".to_owned()));
                }
                Authentication::ClientCredentials {
                    id_variable,
                    secret_variable,
                    token_url_variable,
                    ..
                } => {
                    variables.push((id_variable.clone(), "mock".to_owned()));
                    variables.push((secret_variable.clone(), "secret".to_owned()));
                    variables.extend(self.token_url().map(|url| (token_url_variable.clone(), url)));
                }
            }
        }
        variables
    }

    /// Where Studio's tokens are fetched.
    pub fn token_url(&self) -> Option<String> {
        self.service.token_endpoints.first().map(|it| format!("http://{}{}", self.address, it.path))
    }

    /// Where Studio's streams are.
    pub fn stream_url(&self) -> Option<String> {
        self.service.streams.first().map(|streams| format!("ws://{}{}", self.address, streams.path))
    }

    /// The access tokens that Studio accepts.
    pub fn tokens(&self) -> &Tokens {
        &self.service.around.tokens
    }

    /// What was told on a channel: `activity`. What is appended to it, its subscribers are told.
    pub fn journal(&self, channel: &str) -> Option<&Journal> {
        self.service.streams.iter().find_map(|streams| streams.journal(channel))
    }

    /// From now on this goes wrong with requests, too.
    ///
    /// # Errors
    ///
    /// If the spec has no operation of this name.
    pub fn fault(&self, fault: RequestFault) -> Result<(), InvalidFault> {
        self.service.around.faults.add_request(fault)
    }

    /// From now on this goes wrong with the messages of streams, too.
    ///
    /// # Errors
    ///
    /// If the spec has no channel of this name.
    pub fn stream_fault(&self, fault: StreamFault) -> Result<(), InvalidFault> {
        self.service.around.faults.add_stream(fault)
    }

    /// From now on nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.service.around.faults.clear();
    }

    /// Its time.
    pub fn clock(&self) -> &Clock {
        &self.service.around.clock
    }

    /// The requests that it received, oldest first; the last 10,000 unless [`Builder::keep`] says another
    /// number.
    pub fn received(&self) -> Vec<Received> {
        self.service.calls.record.all()
    }

    /// The requests for an operation that it received: `get_orders`, or `trading/get_orders` where
    /// several APIs have one of that name.
    pub fn received_for(&self, operation: &str) -> Vec<Received> {
        let target = Target::parse(operation);
        let is_for = |received: &Received| {
            let api = received.api.as_deref().unwrap_or_default();
            received.operation.as_deref().is_some_and(|operation| target.is(api, operation))
        };
        self.service.calls.record.all().into_iter().filter(is_for).collect()
    }

    /// Answers calls of an operation otherwise than the server would.
    ///
    /// # Errors
    ///
    /// If there is no such operation.
    pub fn respond(&self, operation: &str) -> Result<Respond<'_>, NoSuchOperation> {
        Ok(Respond::new(&self.service.calls.hooks, self.service.calls.target(operation)?))
    }

    /// Expects calls of an operation; [`verify`](Self::verify) says whether they came.
    ///
    /// # Errors
    ///
    /// If there is no such operation.
    pub fn expect(&self, operation: &str) -> Result<Expect<'_>, NoSuchOperation> {
        Ok(Expect::new(&self.service.calls.hooks, self.service.calls.target(operation)?))
    }

    /// Whether all that was expected has happened.
    ///
    /// # Errors
    ///
    /// If something was not called as often as expected, or more often.
    pub fn verify(&self) -> Result<(), Unmet> {
        self.service.calls.hooks.verify()
    }

    /// Forgets what was received, expected and to be answered.
    pub fn forget(&self) {
        self.service.calls.record.clear();
        self.service.calls.hooks.clear();
    }

    /// Serves one connection that is not TCP, such as a pipe in simulated time, until it ends.
    pub fn serve<I>(&self, io: I) -> impl Future<Output = ()> + Send + use<I>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Pipes know no resets.
        connection::serve(Tapped::new(io, |_| {}), self.service.clone(), self.ending.subscribe())
    }

    /// Ends it: no connection is accepted any more, and what was begun is finished.
    pub async fn stop(self) {
        self.ending.send_replace(true);
        // An error is a panic, which the test has seen already.
        let Self { accepting, .. } = self;
        let _ = accepting.await;
    }
}

impl fmt::Debug for MockServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockServer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Lets handlers know that time goes on, until the server ends.
async fn keep_time(handlers: Arc<dyn StatefulHandlers>, clock: Clock, mut ended: watch::Receiver<bool>) {
    loop {
        let advanced = clock.advanced();
        handlers.advance();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = advanced => {}
            _ = ended.changed() => return,
        }
    }
}
