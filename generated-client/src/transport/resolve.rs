//! Name lookup.

use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// Whether the name is that of this machine: `localhost`, or a name below it (RFC 6761).
pub(crate) fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// The name to look up for a host. A name below `localhost` must not lead to another machine, whatever
/// a name server says.
pub(crate) fn looked_up(host: &str) -> &str {
    if is_localhost(host) { "localhost" } else { host }
}

/// The system's resolver.
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

impl Resolver {
    pub(super) fn new() -> Self {
        Self(GaiResolver::new())
    }
}

impl Service<Name> for Resolver {
    type Response = <GaiResolver as Service<Name>>::Response;
    type Error = <GaiResolver as Service<Name>>::Error;
    type Future = <GaiResolver as Service<Name>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let name = looked_up(name.as_str()).parse().unwrap_or(name);
        self.0.call(name)
    }
}
