//! Tokens for streams: those of the client, which its requests use, too.

use std::error::Error as _;
use std::sync::Arc;

use tokio::time::Instant;

use super::{Bearer, Bearers};
use crate::authentication;
use crate::client;
use crate::error::Error;
use crate::stream::machine::NoToken;

/// The tokens of a client. They are for the host of its base URL, and so are its streams.
#[derive(Debug)]
pub(crate) struct ClientBearers {
    client: client::Core,
}

impl ClientBearers {
    pub(crate) fn new(client: client::Core) -> Self {
        Self { client }
    }

    async fn held(&self) -> Result<Arc<authentication::Held>, NoToken> {
        let url = self.client.base_url().as_str();
        self.client.credentials().get(url).await.map_err(|error| why(&error))
    }
}

impl Bearers for ClientBearers {
    async fn bearer(&self, newer_than: Option<u64>) -> Result<Bearer, NoToken> {
        let credentials = self.client.credentials();
        let mut held = self.held().await?;
        if newer_than.is_some_and(|old| held.generation <= old) {
            if !credentials.is_renewable() {
                return Err(NoToken::Refused("the access token cannot be renewed".into()));
            }
            // Whether it worked is seen by what there is now.
            credentials.renew(held.generation).await;
            held = self.held().await?;
        }
        let expires = held.expires.map(Instant::from_std);
        Ok(Bearer { text: held.text.clone(), generation: held.generation, expires })
    }
}

fn why(error: &Error) -> NoToken {
    match error.source().and_then(|source| source.downcast_ref::<authentication::NoToken>()) {
        Some(none) if none.is_refused() => NoToken::Refused(none.to_string().into()),
        Some(none) => NoToken::Unavailable(none.retry_after()),
        // Not for this host: asking again does not help.
        None => NoToken::Refused(error.to_string().into()),
    }
}
