//! When a connection is replaced because its token expires.

use std::time::Duration;

use super::retry::between;
use super::time::Moment;

/// A token of a connection, without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which token it is; a newer one has a greater number.
    pub generation: u64,
    /// When it expires, if known.
    pub expires: Option<Moment>,
}

/// The shortest time between two tokens, whatever the server says about their life.
pub(in crate::stream) const TOKEN_PACE: Duration = Duration::from_secs(10);
/// The lead of a rotation, in percent of the token's life, and its bounds.
const LEAD_PERCENT: u32 = 5;
const LEAD: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(1_800));
/// How much of the lead is left to chance, so that not all streams rotate at once.
const JITTER_PERCENT: u32 = 20;
/// The lead where the old connection is closed first.
const LEAD_SINGLE: Duration = Duration::from_secs(60);

/// When to replace a connection whose token was fetched at `obtained`. `single`: the old connection
/// is closed before the new one is dialled.
pub(super) fn begin(obtained: Moment, expires: Moment, single: bool, rng: &mut fastrand::Rng) -> Moment {
    let life = expires.since(obtained);
    let lead = if single {
        LEAD_SINGLE
    } else {
        let lead = percent(life, LEAD_PERCENT).clamp(LEAD.0, LEAD.1);
        lead.saturating_sub(between(Duration::ZERO, percent(lead, JITTER_PERCENT), rng))
    };
    expires.before(lead.min(percent(life, 50))).max(obtained.after(TOKEN_PACE))
}

fn percent(of: Duration, percent: u32) -> Duration {
    of.saturating_mul(percent).checked_div(100).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_follows_the_life_of_the_token() {
        let obtained = Moment::at(Duration::from_secs(1_000));
        // Life, earliest and latest rotation, and that with one connection only; in seconds.
        for (life, earliest, latest, single) in [
            (86_400, 84_600, 84_960, 86_340),
            (3_600, 3_420, 3_456, 3_540),
            (600, 480, 504, 540),
            (100, 50, 50, 50),
            (12, 10, 10, 10),
            (0, 10, 10, 10),
        ] {
            let expires = obtained.after(Duration::from_secs(life));
            let at = |seed, single| {
                let mut rng = fastrand::Rng::with_seed(seed);
                begin(obtained, expires, single, &mut rng).since(obtained).as_secs()
            };
            for seed in 0..100 {
                assert!((earliest..=latest).contains(&at(seed, false)), "{life}: {}", at(seed, false));
            }
            assert_eq!(at(0, true), single, "{life}");
        }
    }
}
