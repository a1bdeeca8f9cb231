//! Access tokens: given, accepted, and refused when their time is over.

mod endpoint;
mod request;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

pub(crate) use self::endpoint::Endpoint;
use crate::lock::lock;

/// How long a token lives unless said: what the vendor gives.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What its own tokens begin with, and are known by when their time is over and they are forgotten.
const PREFIX: &str = "mock-";

/// The access tokens of a server. Clones are the same.
///
/// They live by tokio's clock, as clients count their time, and not by the time of the market, which
/// tests may move.
#[derive(Clone)]
pub struct Tokens(Arc<Mutex<State>>);

struct State {
    issued: HashMap<String, IssuedToken>,
    count: u64,
    lifetime: Duration,
    /// Identifiers with their secrets; `None`: everybody gets tokens.
    clients: Option<HashMap<String, String>>,
    accepts_others: bool,
}

struct IssuedToken {
    /// When it ends, told to whoever waits for it.
    expires: watch::Sender<Instant>,
    is_revoked: bool,
}

/// How long a token that was accepted is good.
pub(crate) struct Life(Option<watch::Receiver<Instant>>);

impl Tokens {
    pub(crate) fn new() -> Self {
        let state = State {
            issued: HashMap::new(),
            count: 0,
            lifetime: LIFETIME,
            clients: None,
            accepts_others: false,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Gives a token, as the token endpoint does.
    pub fn issue(&self) -> String {
        let mut state = self.state();
        let now = Instant::now();
        // Nobody need remember what is refused either way.
        state.issued.retain(|_, given| !given.is_over());
        state.count += 1;
        let token = format!("{PREFIX}{}-{:016x}", state.count, fastrand::u64(..));
        let expires = watch::Sender::new(now + state.lifetime);
        state.issued.insert(token.clone(), IssuedToken { expires, is_revoked: false });
        token
    }

    /// Whether a request or a subscription with this token is accepted.
    pub fn accepts(&self, token: &str) -> bool {
        self.life(token).is_some()
    }

    /// Whether a request with this bearer is let in: any key is, but no token of its own whose time is
    /// over.
    pub(crate) fn admits(&self, bearer: &str) -> bool {
        self.accepts(bearer) || !bearer.starts_with(PREFIX)
    }

    /// How long a token is good, if it is accepted.
    pub(crate) fn life(&self, token: &str) -> Option<Life> {
        let state = self.state();
        match state.issued.get(token) {
            Some(given) => {
                (!given.is_revoked && !given.is_over()).then(|| Life(Some(given.expires.subscribe())))
            }
            None => {
                let is_other = !token.is_empty() && !token.starts_with(PREFIX);
                (state.accepts_others && is_other).then_some(Life(None))
            }
        }
    }

    /// Takes a token back: it is refused from now on. Streams that were subscribed to with it go on.
    pub fn revoke(&self, token: &str) {
        if let Some(given) = self.state().issued.get_mut(token) {
            given.is_revoked = true;
        }
    }

    /// Ends the life of a token: it is refused from now on, and streams that were subscribed to with
    /// it end as they do when their time is over.
    pub fn expire(&self, token: &str) {
        if let Some(given) = self.state().issued.get(token) {
            given.end();
        }
    }

    /// Ends the life of all tokens that were given so far.
    pub fn expire_all(&self) {
        self.state().issued.values().for_each(IssuedToken::end);
    }

    /// How long tokens live that are given from now on; 24 hours unless said.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.state().lifetime = lifetime;
    }

    /// Gives tokens only to these clients, by identifier and secret; to everybody unless said.
    pub fn set_clients<I: Into<String>, S: Into<String>>(&self, clients: impl IntoIterator<Item = (I, S)>) {
        let clients = clients.into_iter().map(|(id, secret)| (id.into(), secret.into())).collect();
        self.state().clients = Some(clients);
    }

    /// Whether tokens are accepted that were never given; they are not unless said.
    pub fn accept_others(&self, accept: bool) {
        self.state().accepts_others = accept;
    }

    fn lifetime(&self) -> Duration {
        self.state().lifetime
    }

    fn knows(&self, id: &str, secret: &str) -> bool {
        let state = self.state();
        state.clients.as_ref().is_none_or(|clients| clients.get(id).is_some_and(|known| known == secret))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl IssuedToken {
    fn is_over(&self) -> bool {
        *self.expires.borrow() <= Instant::now()
    }

    fn end(&self) {
        self.expires.send_replace(Instant::now());
    }
}

impl Life {
    /// Waits until it is over. Safe to cancel.
    pub(crate) async fn over(&mut self) {
        let Some(expires) = &mut self.0 else { return std::future::pending().await };
        loop {
            let end = *expires.borrow_and_update();
            tokio::select! {
                () = sleep_until(end) => return,
                changed = expires.changed() => match changed {
                    Ok(()) => {}
                    // Only what is over is forgotten.
                    Err(_) => return,
                },
            }
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Tokens")
            .field("issued", &state.count)
            .field("lifetime", &state.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_accepted_until_its_time_is_over() {
        let tokens = Tokens::new();
        let token = tokens.issue();
        assert!(tokens.accepts(&token));
        tokio::time::advance(LIFETIME - Duration::from_secs(1)).await;
        assert!(tokens.accepts(&token));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!tokens.accepts(&token));
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_was_given_is_accepted_unless_all_is() {
        let tokens = Tokens::new();
        assert!(!tokens.accepts("made-up"));
        tokens.accept_others(true);
        assert!(tokens.accepts("made-up"));
        assert!(!tokens.accepts(""));
        let token = tokens.issue();
        tokens.revoke(&token);
        assert!(!tokens.accepts(&token));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_the_end_is_told_of_an_early_one() {
        let tokens = Tokens::new();
        let (first, second) = (tokens.issue(), tokens.issue());
        let begun = Instant::now();
        let mut life = tokens.life(&first).unwrap();
        tokio::join!(life.over(), async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            tokens.revoke(&first);
            tokens.expire(&second);
            tokio::time::sleep(Duration::from_secs(5)).await;
            tokens.expire_all();
        });
        assert_eq!(begun.elapsed(), Duration::from_secs(10));
        tokens.set_lifetime(Duration::from_secs(7));
        tokens.life(&tokens.issue()).unwrap().over().await;
        assert_eq!(begun.elapsed(), Duration::from_secs(17));
    }
}
