//! A token or key, ready to be sent.

use std::fmt;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::Token;
use crate::transport::Header;

/// A token or a key that is ready to be sent.
pub(crate) struct CachedToken {
    pub(crate) text: SecretString,
    pub(crate) header: Header,
    /// How many tokens there have been; a key is none.
    pub(crate) generation: u64,
    /// When it ends, if that is known.
    pub(crate) expires: Option<Instant>,
    /// From when on another one is fetched, while this one is used.
    due: Option<Instant>,
    /// From when on another one is waited for.
    stale: Option<Instant>,
}

/// How long before its end a token is no longer used by itself, at most.
const SAFETY: Duration = Duration::from_secs(60);

impl CachedToken {
    /// The error does not repeat the text.
    pub(super) fn new(text: SecretString, generation: u64) -> Result<Self, &'static str> {
        let exposed = text.expose_secret();
        if exposed.is_empty() {
            return Err("is empty");
        }
        if !exposed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("contains a space, a line break or a character that is not ASCII");
        }
        let header = Header::bearer(exposed).map_err(|_| "cannot be sent in a header")?;
        Ok(Self { text, header, generation, expires: None, due: None, stale: None })
    }

    /// A token that was asked for at this time.
    pub(super) fn token(token: Token, asked: Instant, generation: u64) -> Result<Self, &'static str> {
        let Token { text, life } = token;
        let held = Self::new(text, generation)?;
        // One that has no life left says nothing that could be relied on.
        let Some(life) = life.filter(|life| !life.is_zero()) else { return Ok(held) };
        let after = |time: Duration| asked.checked_add(time);
        let safety = (life / 10).min(SAFETY);
        Ok(Self { expires: after(life), due: after(life - life / 5), stale: after(life - safety), ..held })
    }

    /// Whether another one should be fetched.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Whether it can be used without trouble.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.stale.is_none_or(|stale| now < stale)
    }

    /// Whether it can be used if there is no other.
    pub(super) fn is_alive(&self, now: Instant) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl fmt::Debug for CachedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedToken")
            .field("text", &"[redacted]")
            .field("generation", &self.generation)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_has_its_stages() {
        let asked = Instant::now();
        // Life, due, stale, end.
        for (life, due, stale) in [(86_400, 69_120, 86_340), (600, 480, 540), (300, 240, 270), (10, 8, 9)] {
            let token = Token::new("text").expires_in(Duration::from_secs(life));
            let held = CachedToken::token(token, asked, 1).unwrap();
            let at = |seconds: u64| asked.checked_add(Duration::from_secs(seconds)).unwrap();
            let stages = |now| (held.is_due(now), held.is_fresh(now), held.is_alive(now));
            assert_eq!(stages(at(due - 1)), (false, true, true), "{life}");
            assert_eq!(stages(at(due)), (true, due < stale, true), "{life}");
            assert_eq!(stages(at(stale)), (true, false, true), "{life}");
            assert_eq!(stages(at(life)), (true, false, false), "{life}");
        }
    }

    #[test]
    fn a_life_that_says_nothing_has_no_end() {
        let asked = Instant::now();
        for token in [
            Token::new("text"),
            Token::new("text").expires_in(Duration::ZERO),
            Token::new("text").expires_in(Duration::MAX),
        ] {
            let held = CachedToken::token(token, asked, 1).unwrap();
            let later = asked.checked_add(Duration::from_secs(1_000_000)).unwrap();
            assert!(held.is_fresh(later) && held.is_alive(later) && !held.is_due(later));
        }
    }

    #[test]
    fn texts_that_cannot_be_sent_are_refused_without_being_shown() {
        for text in ["", "a secret", "secret\n", "s\u{e9}cret", "secret\0"] {
            assert!(!CachedToken::new(text.into(), 0).unwrap_err().contains("cret"));
        }
        let held = CachedToken::new("id.secret".into(), 0).unwrap();
        assert_eq!(held.header.value(), "Bearer id.secret");
        assert!(!format!("{held:?}").contains("secret"));
    }
}
