//! Listening, and what a connection's requests are answered.

mod builder;
mod connection;
mod service;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::builder::{Builder, StartError};
use self::service::Service;
use crate::clock::Clock;
use crate::faults::{InvalidFault, RequestFault, StreamFault, Tapped};
use crate::journal::Journal;
use crate::tokens::Tokens;

/// A server of the APIs of the spec. It ends when it is dropped.
#[derive(Debug)]
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
        format!("http://{}{}", self.address, self.service.base_path(api))
    }

    /// Where Studio's tokens are fetched.
    pub fn token_url(&self) -> Option<String> {
        self.service.token_path().map(|path| format!("http://{}{path}", self.address))
    }

    /// Where Studio's streams are.
    pub fn stream_url(&self) -> Option<String> {
        self.service.stream_path().map(|path| format!("ws://{}{path}", self.address))
    }

    /// The access tokens that Studio accepts.
    pub fn tokens(&self) -> &Tokens {
        self.service.tokens()
    }

    /// What was told on a channel: `activity`. What is appended to it, its subscribers are told.
    pub fn journal(&self, channel: &str) -> Option<&Journal> {
        self.service.journal(channel)
    }

    /// From now on this goes wrong with requests, too.
    ///
    /// # Errors
    ///
    /// If the spec has no operation of this name.
    pub fn fault(&self, fault: RequestFault) -> Result<(), InvalidFault> {
        self.service.faults().add_request(fault)
    }

    /// From now on this goes wrong with the messages of streams, too.
    ///
    /// # Errors
    ///
    /// If the spec has no channel of this name.
    pub fn stream_fault(&self, fault: StreamFault) -> Result<(), InvalidFault> {
        self.service.faults().add_stream(fault)
    }

    /// From now on nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.service.faults().clear();
    }

    /// Its time.
    pub fn clock(&self) -> &Clock {
        self.service.clock()
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
