//! Decides when a token is fetched, without I/O.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::token::NoToken;
use super::{CachedToken, Token, TokenError};

/// What became of a fetch; none as long as it goes on.
pub(super) type Outcome = Option<Result<Arc<CachedToken>, NoToken>>;

/// What is known of a client's token.
#[derive(Default)]
pub(super) struct Refresh {
    held: Option<Arc<CachedToken>>,
    /// The one before: answers to it may be on their way.
    previous: Option<Arc<CachedToken>>,
    /// If one is being fetched.
    fetching: Option<watch::Receiver<Outcome>>,
    /// When a refused token was last the reason to fetch another.
    forced: Option<Instant>,
    /// Why the last fetch failed, and until when there is no other.
    failed: Option<(NoToken, Instant)>,
}

/// What to do now.
pub(super) struct Step {
    /// A fetch is to be begun, whose outcome goes here.
    pub(super) begin: Option<watch::Sender<Outcome>>,
    pub(super) next: Next,
}

/// What there is for the caller.
pub(super) enum Next {
    Ready(Arc<CachedToken>),
    Failed(NoToken),
    Wait(watch::Receiver<Outcome>),
}

impl From<Next> for Step {
    fn from(next: Next) -> Self {
        Self { begin: None, next }
    }
}

/// Shortest time between two fetches because of refused tokens.
const FORCED: Duration = Duration::from_secs(30);

/// How long nobody asks after the credentials were refused.
const REFUSED: Duration = Duration::from_secs(30);

/// How long nobody asks after another failure: a tenth of what the token has left, within these.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Refresh {
    /// A token is wanted.
    pub(super) fn get(&mut self, now: Instant) -> Step {
        let failed = self.failed.as_ref().filter(|(_, until)| now < *until).map(|(error, _)| error.clone());
        if let Some(held) = self.held.clone().filter(|held| held.is_fresh(now)) {
            let wanted = held.is_due(now) && self.fetching.is_none() && failed.is_none();
            let begin = wanted.then(|| self.begin().0);
            return Step { begin, next: Next::Ready(held) };
        }
        match (&self.fetching, failed) {
            (Some(fetching), _) => Next::Wait(fetching.clone()).into(),
            (None, Some(error)) => Next::Failed(error).into(),
            (None, None) => self.begin_and_wait(),
        }
    }

    /// The server refused the token of this generation. None if no other may be fetched now.
    pub(super) fn renew(&mut self, generation: u64, now: Instant) -> Option<Step> {
        if let Some(held) = self.held.clone().filter(|held| held.generation > generation) {
            return Some(Next::Ready(held).into());
        }
        if let Some(fetching) = &self.fetching {
            return Some(Next::Wait(fetching.clone()).into());
        }
        let long_ago = |then: Instant| now.saturating_duration_since(then) >= FORCED;
        let may =
            self.forced.is_none_or(long_ago) && self.failed.as_ref().is_none_or(|(_, until)| *until <= now);
        may.then(|| {
            self.forced = Some(now);
            self.begin_and_wait()
        })
    }

    /// What a fetch that was begun at a time has brought.
    pub(super) fn settle(
        &mut self,
        fetched: Result<Token, TokenError>,
        began: Instant,
        now: Instant,
    ) -> Result<Arc<CachedToken>, NoToken> {
        let generation = self.held.as_ref().map_or(0, |held| held.generation) + 1;
        let held = fetched.and_then(|token| {
            CachedToken::token(token, began, generation)
                .map_err(|fault| TokenError::refused(format!("the token that was given {fault}")))
        });
        match held {
            Ok(held) => {
                let held = Arc::new(held);
                self.previous = self.held.replace(Arc::clone(&held));
                self.failed = None;
                Ok(held)
            }
            Err(error) => {
                let pause = self.pause(&error, now);
                let error = NoToken::new(error);
                self.failed = now.checked_add(pause).map(|until| (error.clone(), until));
                Err(error)
            }
        }
    }

    /// The fetch has ended, whatever came of it.
    pub(super) fn ended(&mut self) {
        self.fetching = None;
    }

    /// A token that is better than none.
    pub(super) fn alive(&self, now: Instant) -> Option<Arc<CachedToken>> {
        self.held.clone().filter(|held| held.is_alive(now))
    }

    /// The last tokens, newest first.
    pub(super) fn recent(&self) -> Vec<Arc<CachedToken>> {
        self.held.iter().chain(&self.previous).cloned().collect()
    }

    fn begin(&mut self) -> (watch::Sender<Outcome>, watch::Receiver<Outcome>) {
        let (sender, receiver) = watch::channel(None);
        self.fetching = Some(receiver.clone());
        (sender, receiver)
    }

    fn begin_and_wait(&mut self) -> Step {
        let (sender, receiver) = self.begin();
        Step { begin: Some(sender), next: Next::Wait(receiver) }
    }

    /// How long nobody asks again.
    fn pause(&self, error: &TokenError, now: Instant) -> Duration {
        let (shortest, longest) = PAUSE;
        let left = self.held.as_ref().and_then(|held| held.expires);
        let left = left.map_or(Duration::ZERO, |expires| expires.saturating_duration_since(now));
        let pause = if error.is_refused() { REFUSED } else { (left / 10).clamp(shortest, longest) };
        pause.max(error.retry_after.unwrap_or_default().min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    /// Time that passes when it is told to.
    struct Desk {
        refresh: Refresh,
        now: Instant,
        fetches: usize,
    }

    impl Desk {
        fn new() -> Self {
            Self { refresh: Refresh::default(), now: Instant::now(), fetches: 0 }
        }

        fn pass(&mut self, seconds: u64) {
            self.now = self.now.checked_add(Duration::from_secs(seconds)).unwrap();
        }

        /// Takes a step; if a fetch is to be begun, it ends at once with this.
        fn follow(&mut self, step: Step, fetched: Result<Token, TokenError>) -> Result<u64, String> {
            let outcome = match (step.begin, step.next) {
                (Some(_), next) => {
                    self.fetches += 1;
                    let outcome = self.refresh.settle(fetched, self.now, self.now);
                    self.refresh.ended();
                    match next {
                        Next::Ready(held) => Ok(held),
                        _ => outcome,
                    }
                }
                (None, Next::Ready(held)) => Ok(held),
                (None, Next::Failed(error)) => Err(error),
                (None, Next::Wait(_)) => panic!("nothing is being fetched"),
            };
            outcome.map(|held| held.generation).map_err(|error| error.to_string())
        }

        fn get(&mut self, fetched: Result<Token, TokenError>) -> Result<u64, String> {
            let step = self.refresh.get(self.now);
            self.follow(step, fetched)
        }

        fn renew(
            &mut self,
            generation: u64,
            fetched: Result<Token, TokenError>,
        ) -> Option<Result<u64, String>> {
            let step = self.refresh.renew(generation, self.now)?;
            Some(self.follow(step, fetched))
        }
    }

    fn good() -> Result<Token, TokenError> {
        Ok(Token::new("text").expires_in(DAY))
    }

    fn bad() -> Result<Token, TokenError> {
        Err(TokenError::new("no"))
    }

    #[test]
    fn a_token_is_fetched_anew_in_the_background_and_in_time() {
        let mut desk = Desk::new();
        assert_eq!(desk.get(good()), Ok(1));
        desk.pass(69_119);
        assert_eq!((desk.get(good()), desk.fetches), (Ok(1), 1));
        desk.pass(1);
        // The old one is used while the new one is on its way.
        assert_eq!((desk.get(good()), desk.fetches), (Ok(1), 2));
        assert_eq!((desk.get(good()), desk.fetches), (Ok(2), 2));
        // Nobody asked for a day: it must be waited for.
        desk.pass(86_400);
        assert_eq!((desk.get(good()), desk.fetches), (Ok(3), 3));
    }

    #[test]
    fn a_token_that_is_good_is_kept_when_another_cannot_be_had() {
        let mut desk = Desk::new();
        assert_eq!(desk.get(good()), Ok(1));
        desk.pass(70_000);
        assert_eq!((desk.get(bad()), desk.fetches), (Ok(1), 2));
        // Not at every request: a tenth of what is left, but a minute at most.
        desk.pass(59);
        assert_eq!((desk.get(bad()), desk.fetches), (Ok(1), 2));
        desk.pass(1);
        assert_eq!((desk.get(bad()), desk.fetches), (Ok(1), 3));
        // Half a minute before its end it is waited for another, and then the old one is used.
        desk.pass(86_370 - 70_060);
        assert_eq!((desk.get(bad()).is_err(), desk.fetches), (true, 4));
        assert_eq!(desk.refresh.alive(desk.now).map(|held| held.generation), Some(1));
        desk.pass(30);
        assert!(desk.refresh.alive(desk.now).is_none());
    }

    #[test]
    fn failures_are_shared_for_a_while() {
        for (error, pause) in [
            (TokenError::new("no"), 1),
            (TokenError::refused("no"), 30),
            (TokenError::new("no").asking(Some(Duration::from_secs(7))), 7),
            (TokenError::new("no").asking(Some(DAY)), 60),
        ] {
            let mut desk = Desk::new();
            assert!(desk.get(Err(error)).is_err());
            desk.pass(pause - 1);
            assert_eq!((desk.get(good()), desk.fetches), (Err("no".to_owned()), 1));
            desk.pass(1);
            assert_eq!((desk.get(good()), desk.fetches), (Ok(1), 2));
        }
    }

    #[test]
    fn a_refused_token_is_renewed_once_and_not_often() {
        let mut desk = Desk::new();
        assert_eq!(desk.get(good()), Ok(1));
        assert_eq!(desk.renew(1, good()), Some(Ok(2)));
        // Everybody else who was refused takes the new one.
        assert_eq!((desk.renew(1, good()), desk.fetches), (Some(Ok(2)), 2));
        desk.pass(29);
        assert_eq!((desk.renew(2, good()), desk.fetches), (None, 2));
        desk.pass(1);
        assert_eq!((desk.renew(2, bad()), desk.fetches), (Some(Err("no".to_owned())), 3));
        desk.pass(29);
        assert_eq!((desk.renew(2, good()), desk.get(good()), desk.fetches), (None, Ok(2), 3));
        // The pause after a failure is longer than that between two of them.
        desk.pass(31);
        assert_eq!((desk.renew(2, good()), desk.fetches), (Some(Ok(3)), 4));
    }

    #[test]
    fn whoever_comes_while_one_is_fetched_waits_for_it() {
        let mut desk = Desk::new();
        let first = desk.refresh.get(desk.now);
        assert!(first.begin.is_some() && matches!(first.next, Next::Wait(_)));
        for _ in 0..3 {
            let other = desk.refresh.get(desk.now);
            assert!(other.begin.is_none() && matches!(other.next, Next::Wait(_)));
            let other = desk.refresh.renew(0, desk.now).unwrap();
            assert!(other.begin.is_none() && matches!(other.next, Next::Wait(_)));
        }
    }

    #[test]
    fn a_clock_that_goes_backwards_or_far_ahead_does_no_harm() {
        let mut desk = Desk::new();
        desk.pass(1_000_000);
        assert_eq!(desk.get(good()), Ok(1));
        desk.now = desk.now.checked_sub(Duration::from_secs(1_000_000)).unwrap();
        assert_eq!((desk.get(good()), desk.fetches), (Ok(1), 1));
        assert_eq!((desk.renew(1, good()), desk.fetches), (Some(Ok(2)), 2));
        desk.now = desk.now.checked_add(DAY * 10_000).unwrap();
        assert_eq!((desk.get(good()), desk.fetches), (Ok(3), 3));
    }

    #[test]
    fn a_text_that_is_no_token_is_an_error() {
        let mut desk = Desk::new();
        let error = desk.get(Ok(Token::new("a secret\n"))).unwrap_err();
        assert!(error.starts_with("the token that was given contains a space"), "{error}");
    }
}
