//! When a connection is replaced because its token ends.

use std::time::Duration;

use super::backoff;
use super::settings::Settings;
use super::time::Moment;

/// What is known of the token of a connection. The token itself is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which token it is; a newer one has a greater number.
    pub generation: u64,
    /// When it ends, if that is known.
    pub expires: Option<Moment>,
}

/// When to begin with the replacement of a connection whose token came at `obtained`.
///
/// `single`: the old connection has to be closed before the new one is dialled.
pub(super) fn begin(
    settings: &Settings,
    obtained: Moment,
    expires: Moment,
    single: bool,
    rng: &mut fastrand::Rng,
) -> Moment {
    let life = expires.since(obtained);
    let lead = match single {
        true => settings.rotation_single,
        false => {
            let (least, most) = settings.rotation_bounds;
            let lead = percent(life, settings.rotation_percent).min(most).max(least);
            let less = backoff::between(Duration::ZERO, percent(lead, settings.rotation_jitter_percent), rng);
            lead.saturating_sub(less)
        }
    };
    expires.before(lead.min(percent(life, 50))).max(obtained.after(settings.token_pace))
}

fn percent(of: Duration, percent: u32) -> Duration {
    of.saturating_mul(percent).checked_div(100).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_follows_the_life_of_the_token() {
        let settings = Settings::default();
        let obtained = Moment::at(Duration::from_secs(1_000));
        // Life, earliest and latest begin, and the begin with one connection only; in seconds.
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
                begin(&settings, obtained, expires, single, &mut rng).since(obtained).as_secs()
            };
            for seed in 0..100 {
                assert!((earliest..=latest).contains(&at(seed, false)), "{life}: {}", at(seed, false));
            }
            assert_eq!(at(0, true), single, "{life}");
        }
    }
}
