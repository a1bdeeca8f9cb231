//! The token of a client, shared by its requests and renewed in time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::Instrument;

use super::refresh::{Next, Outcome, Refresh, Step};
use super::token::NoToken;
use super::{CachedToken, TokenError, TokenRequest, TokenSource};
use crate::retry::TimeSource;

/// The token of a client.
pub(crate) struct Tokens {
    shared: Arc<Shared>,
}

struct Shared {
    source: Arc<dyn TokenSource>,
    request: TokenRequest,
    time: Arc<dyn TimeSource>,
    refresh: Mutex<Refresh>,
}

/// Longest time that a source is given.
const LONGEST: Duration = Duration::from_secs(60);

impl Tokens {
    pub(crate) fn new(source: Arc<dyn TokenSource>, base_url: &str, time: Arc<dyn TimeSource>) -> Self {
        let request = TokenRequest { base_url: base_url.to_owned() };
        Self { shared: Arc::new(Shared { source, request, time, refresh: Mutex::default() }) }
    }

    /// A token that is good; waits if it must be fetched.
    pub(super) async fn get(&self) -> Result<Arc<CachedToken>, NoToken> {
        // A fetch may end with the runtime that it was on; then it is begun anew on this one.
        for _ in 0..2 {
            let step = self.shared.refresh().get(self.shared.now());
            if let Some(outcome) = self.follow(step).await {
                // To its end the old one is better than none.
                return outcome.or_else(|error| self.shared.refresh().alive(self.shared.now()).ok_or(error));
            }
        }
        Err(NoToken::new(TokenError::new("its source ended without an answer")))
    }

    /// A token that is newer than this one, which the server refused; none if there may be no other.
    pub(super) async fn renew(&self, generation: u64) -> Option<Arc<CachedToken>> {
        let step = self.shared.refresh().renew(generation, self.shared.now())?;
        self.follow(step).await?.ok()
    }

    /// The same without waiting.
    pub(super) fn begin_renewal(&self, generation: u64) {
        let step = self.shared.refresh().renew(generation, self.shared.now());
        if let Some(Step { begin: Some(sender), .. }) = step {
            self.begin(sender);
        }
    }

    /// Those that may be on their way.
    pub(super) fn recent(&self) -> Vec<Arc<CachedToken>> {
        self.shared.refresh().recent()
    }

    /// None if the fetch ended without an outcome.
    async fn follow(&self, Step { begin, next }: Step) -> Option<Result<Arc<CachedToken>, NoToken>> {
        if let Some(sender) = begin {
            self.begin(sender);
        }
        match next {
            Next::Ready(held) => Some(Ok(held)),
            Next::Failed(error) => Some(Err(error)),
            Next::Wait(mut fetching) => fetching.wait_for(Option::is_some).await.ok()?.clone(),
        }
    }

    /// In a task of its own: it goes on when whoever needed the token first has given up.
    fn begin(&self, sender: watch::Sender<Outcome>) {
        let fetch = Fetch { shared: Arc::clone(&self.shared), sender };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(fetch.run().instrument(tracing::debug_span!(parent: None, "clear_street_token")));
        }
    }
}

impl Shared {
    fn refresh(&self) -> MutexGuard<'_, Refresh> {
        self.refresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Without the tokens of this client.
    fn scrub(&self, error: TokenError) -> TokenError {
        let recent = self.refresh().recent();
        let secrets: Vec<&str> = recent.iter().map(|held| held.text.expose_secret()).collect();
        error.scrubbed(&secrets)
    }

    fn now(&self) -> Instant {
        self.time.now()
    }
}

/// The only fetch of a client at a time.
struct Fetch {
    shared: Arc<Shared>,
    sender: watch::Sender<Outcome>,
}

impl Fetch {
    async fn run(self) {
        let Shared { source, request, .. } = &*self.shared;
        let began = self.shared.now();
        let fetched = timeout(LONGEST, source.fetch(request))
            .await
            .unwrap_or_else(|_| Err(TokenError::new(format!("its source had no answer within {LONGEST:?}"))))
            .map_err(|error| self.shared.scrub(error));
        let outcome = self.shared.refresh().settle(fetched, began, self.shared.now());
        match &outcome {
            Ok(held) => tracing::debug!(generation = held.generation, "there is a new token"),
            Err(error) => tracing::warn!(%error, "there is no new token"),
        }
        self.sender.send_replace(Some(outcome));
    }
}

/// Also if it did not come to its end.
impl Drop for Fetch {
    fn drop(&mut self) {
        self.shared.refresh().ended();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Token, TokenFuture};
    use super::*;
    use crate::tests::time::ScriptedTime;

    /// Never has an answer.
    struct Silent;

    impl TokenSource for Silent {
        fn fetch<'a>(&'a self, _: &'a TokenRequest) -> TokenFuture<'a> {
            Box::pin(std::future::pending())
        }
    }

    /// Repeats a token that it gave before.
    struct Echo(Mutex<Vec<&'static str>>);

    impl TokenSource for Echo {
        fn fetch<'a>(&'a self, _: &'a TokenRequest) -> TokenFuture<'a> {
            let next = self.0.lock().unwrap().pop();
            Box::pin(async move {
                next.map(Token::new).ok_or_else(|| TokenError::new("neither planted-1 nor planted-2"))
            })
        }
    }

    fn tokens(source: impl TokenSource) -> (Tokens, Arc<ScriptedTime>) {
        let time = Arc::new(ScriptedTime::default());
        (Tokens::new(Arc::new(source), "https://api.example.com", Arc::clone(&time) as _), time)
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_has_a_minute() {
        let (tokens, _) = tokens(Silent);
        let began = tokio::time::Instant::now();
        let error = tokens.get().await.unwrap_err();
        assert_eq!(error.to_string(), "its source had no answer within 60s");
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test]
    async fn errors_of_a_source_are_without_the_last_two_tokens() {
        let (tokens, time) = tokens(Echo(Mutex::new(vec!["planted-2", "planted-1"])));
        assert_eq!(tokens.get().await.unwrap().generation, 1);
        assert_eq!(tokens.renew(1).await.unwrap().generation, 2);
        time.sleep(Duration::from_secs(31)).await;
        let step = tokens.shared.refresh().renew(2, tokens.shared.now()).unwrap();
        let error = tokens.follow(step).await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "neither [redacted] nor [redacted]");
        assert!(!format!("{error:?}").contains("planted"));
    }
}
