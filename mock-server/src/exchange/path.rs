//! The price of a symbol at any time.
//!
//! A walk that is the sum of walks with ever longer steps, as midpoint displacement makes one: how far
//! each goes grows with the square root of its step, as it does in a market. So the price at a time
//! costs a few dozen hashes, wherever the clock was before, and the sum of all ways is less than half
//! of what the walk began at: it is never negative. While the market is closed the price rests.

use jiff::Timestamp;

use super::amount::Price;
use super::calendar::Sessions;
use crate::chance;

/// Steps from one second to 97 days.
const LEVELS: u32 = 24;

/// How far the walk of one-second steps goes, in parts of 10^9.
const FIRST: i64 = 43_000;

/// The second whose price holds at a time: that time in a session, or the end of the last one.
pub(super) fn tick(time: Timestamp, today: &Sessions, previous_end: Timestamp) -> i64 {
    let trading = if time < today.begin { previous_end } else { time.min(today.end) };
    trading.as_second()
}

/// The price at a second, for a walk about `base`.
pub(super) fn price(base: Price, seed: u64, second: i64) -> Price {
    let way: i64 = (0..LEVELS).map(|level| displacement(seed, level, second)).sum();
    let moved = i128::from(base.units()) * i128::from(way) / 1_000_000_000;
    Price::rounded(base.units() + moved as i64)
}

/// Where the walk with steps of 2^level seconds is, in parts of 10^9.
fn displacement(seed: u64, level: u32, second: i64) -> i64 {
    let (step, begun) = (second >> level, second & ((1 << level) - 1));
    let [from, to] = [step, step + 1].map(|step| corner(seed, level, step));
    // From one corner to the next in a straight line.
    let height = from + (((to - from) * begun) >> level);
    (height * amplitude(level)) >> 15
}

/// The square root of 2^level, times that of the first.
const fn amplitude(level: u32) -> i64 {
    let even = FIRST << (level / 2);
    if level.is_multiple_of(2) { even } else { even * 1414 / 1000 }
}

/// From -2^15 to 2^15.
fn corner(seed: u64, level: u32, step: i64) -> i64 {
    chance::between(-(1 << 15), 1 << 15, &[seed, u64::from(level) << 56 ^ step.cast_unsigned()])
}

/// What an option is worth: what exercising it would give, and something for the time that is left.
///
/// The second part is that of Black and Scholes at the money for a volatility of some 37 %, and falls
/// off with the distance from the strike.
pub(super) fn option(underlying: Price, strike: Price, is_call: bool, days_left: i64) -> Price {
    let distance = underlying.units() - strike.units();
    let intrinsic = if is_call { distance } else { -distance }.max(0);
    let at_the_money = underlying.units() * (days_left.max(0) * 10_000).isqrt() * 78 / 1_000_000;
    let time =
        (at_the_money * at_the_money).checked_div(at_the_money + 2 * distance.abs()).unwrap_or_default();
    Price::rounded(intrinsic + time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_above_half_of_what_it_began_at() {
        let longest: i64 = (0..LEVELS).map(amplitude).sum();
        assert!(longest < 500_000_000, "{longest}");
    }

    #[test]
    fn moves_as_a_market_does() {
        let base = Price::from_cents(20_000);
        let at = |second: i64| price(base, 7, 1_761_921_000 + second).units();
        let moves: Vec<i64> = (0..1000).map(|second| (at(second + 1) - at(second)).abs()).collect();
        assert!(moves.iter().any(|way| *way > 0) && moves.iter().all(|way| *way < 2_000));
        let days: Vec<i64> = (0..100).map(|day| (at(86_400 * (day + 1)) - at(86_400 * day)).abs()).collect();
        let mean = days.iter().sum::<i64>() / 100;
        assert!((5_000..80_000).contains(&mean), "half a percent to four a day: {mean}");
    }

    #[test]
    fn options_are_worth_their_exercise_and_their_time() {
        let dollars = |dollars: i64| Price::from_cents(dollars * 100);
        let price = |strike, is_call, days| option(dollars(200), dollars(strike), is_call, days);
        assert_eq!(price(150, true, 0), dollars(50));
        assert_eq!(price(250, true, 0), Price::CENT);
        assert!(price(200, true, 30) > price(200, true, 7));
        assert!(price(250, false, 30) > dollars(50));
        assert_eq!(price(200, true, 30), price(200, false, 30));
    }
}
