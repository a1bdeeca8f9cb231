//! Tests of the decision: its tables, and properties that always hold.

use std::time::Duration;

use proptest::prelude::*;

use super::decision::{AttemptOutcome, RetryCause, RetryDecision, Situation, StopReason, decide};
use super::{Limits, RetrySettings};
use crate::operation::Repeat;

const CLASSES: [Repeat; 4] = [Repeat::Read, Repeat::Idempotent, Repeat::Keyed, Repeat::Never];

fn limits(class: Repeat) -> Limits {
    match class {
        Repeat::Read | Repeat::Idempotent => Limits::reads(),
        Repeat::Keyed | Repeat::Never => Limits::orders(),
    }
}

/// The first attempt has ended; the draw is in the middle; there are time and budget.
fn first(class: Repeat, happened: AttemptOutcome, limits: &Limits) -> Situation<'_> {
    let left = limits.call_timeout;
    Situation { class, attempt: 1, outcome: happened, budget: 100, left, limits, random: 1 << 31 }
}

fn answered(status: u16) -> AttemptOutcome {
    AttemptOutcome::Answered { status, retry_after: None }
}

fn asked(status: u16, seconds: u64) -> AttemptOutcome {
    AttemptOutcome::Answered { status, retry_after: Some(Duration::from_secs(seconds)) }
}

fn repeat(millis: u64, cause: RetryCause) -> RetryDecision {
    RetryDecision::Retry { after: Duration::from_millis(millis), cause }
}

#[test]
fn every_class_repeats_what_it_may() {
    use RetryCause::{Lost, NotSent, ServerError, Throttled};
    use RetryDecision::Stop;
    use StopReason::{MaybeDone, NotAdmitted, NotWaiting, RetryAfter, Settled};

    let settled = [Stop(Settled); 4];
    let in_doubt = |reads: RetryDecision| [reads, reads, Stop(MaybeDone), Stop(MaybeDone)];
    let turned_away = |reads: RetryDecision| [reads, reads, Stop(NotWaiting), Stop(NotWaiting)];
    // In the order of the classes: read, idempotent, keyed, never.
    let rows: &[(AttemptOutcome, [RetryDecision; 4])] = &[
        (AttemptOutcome::NotAdmitted, [Stop(NotAdmitted); 4]),
        (AttemptOutcome::Refused, settled),
        (
            AttemptOutcome::NotSent,
            [repeat(50, NotSent), repeat(50, NotSent), repeat(25, NotSent), repeat(25, NotSent)],
        ),
        (AttemptOutcome::MaybeSent, in_doubt(repeat(50, Lost))),
        (answered(200), settled),
        (answered(207), settled),
        (answered(302), settled),
        (answered(400), settled),
        (answered(401), settled),
        (answered(403), settled),
        (answered(404), settled),
        (answered(409), settled),
        (asked(409, 0), settled),
        (answered(422), settled),
        (answered(408), in_doubt(repeat(50, ServerError))),
        (answered(500), in_doubt(repeat(50, ServerError))),
        (answered(501), in_doubt(Stop(Settled))),
        (answered(502), in_doubt(repeat(50, ServerError))),
        (answered(503), in_doubt(repeat(50, ServerError))),
        (answered(504), in_doubt(repeat(50, ServerError))),
        (answered(429), turned_away(repeat(500, Throttled))),
        (asked(429, 1), turned_away(repeat(1050, Throttled))),
        (asked(429, u64::MAX), turned_away(Stop(RetryAfter))),
        (asked(503, 0), in_doubt(repeat(50, Throttled))),
        (asked(503, 2), in_doubt(repeat(2050, Throttled))),
        (asked(502, 3), in_doubt(repeat(3050, ServerError))),
    ];
    for (happened, expected) in rows {
        for (class, expected) in CLASSES.into_iter().zip(expected) {
            let found = decide(&first(class, *happened, &limits(class)));
            assert_eq!(found, *expected, "{class:?} {happened:?}");
        }
    }
}

#[test]
fn attempts_are_counted() {
    for (class, happened, most) in [
        (Repeat::Read, AttemptOutcome::NotSent, 3),
        (Repeat::Read, AttemptOutcome::MaybeSent, 3),
        (Repeat::Idempotent, answered(503), 3),
        (Repeat::Keyed, AttemptOutcome::NotSent, 3),
        (Repeat::Keyed, answered(429), 1),
        (Repeat::Keyed, asked(503, 1), 1),
        (Repeat::Keyed, AttemptOutcome::MaybeSent, 1),
        (Repeat::Never, AttemptOutcome::NotSent, 3),
        (Repeat::Never, answered(429), 1),
        (Repeat::Never, AttemptOutcome::MaybeSent, 1),
    ] {
        let limits = limits(class);
        for attempt in 1..5 {
            let decision = decide(&Situation { attempt, ..first(class, happened, &limits) });
            let repeats = matches!(decision, RetryDecision::Retry { .. });
            assert_eq!(repeats, attempt < most, "{class:?} {happened:?} {attempt}");
        }
    }
}

#[test]
fn settings_change_the_numbers() {
    let second = Duration::from_secs(1);
    let decided = |class, happened, settings: RetrySettings| {
        let mut limits = limits(class);
        settings.apply(&mut limits);
        decide(&first(class, happened, &limits))
    };
    let settings = RetrySettings::new;
    for happened in [AttemptOutcome::NotSent, AttemptOutcome::MaybeSent, answered(503), asked(429, 0)] {
        let found = decided(Repeat::Read, happened, settings().max_attempts_if_not_sent(9).max_attempts(1));
        assert_eq!(found, RetryDecision::Stop(StopReason::Attempts), "{happened:?}");
    }
    for (class, happened, settings, expected) in [
        (
            Repeat::Read,
            answered(503),
            settings().backoff(second, 3 * second),
            repeat(500, RetryCause::ServerError),
        ),
        (
            Repeat::Read,
            answered(503),
            settings().backoff(second, second / 2),
            repeat(250, RetryCause::ServerError),
        ),
        (
            Repeat::Read,
            answered(429),
            settings().throttled_backoff(3 * second),
            repeat(1500, RetryCause::Throttled),
        ),
        (
            Repeat::Never,
            asked(429, 2),
            settings().wait_if_throttled(true).max_retry_after(3 * second),
            repeat(2025, RetryCause::Throttled),
        ),
        (Repeat::Never, answered(429), settings().wait_if_throttled(true), repeat(25, RetryCause::Throttled)),
        (
            Repeat::Never,
            asked(503, 1),
            settings().wait_if_throttled(true),
            RetryDecision::Stop(StopReason::MaybeDone),
        ),
        (Repeat::Read, answered(503), settings().statuses([502]), RetryDecision::Stop(StopReason::Settled)),
        (Repeat::Read, answered(502), settings().statuses([502]), repeat(50, RetryCause::ServerError)),
        (Repeat::Read, answered(409), settings().statuses([409]), RetryDecision::Stop(StopReason::Settled)),
        (
            Repeat::Never,
            answered(500),
            settings().statuses([500]),
            RetryDecision::Stop(StopReason::MaybeDone),
        ),
        (
            Repeat::Keyed,
            answered(502),
            settings().statuses([502]),
            RetryDecision::Stop(StopReason::MaybeDone),
        ),
        (Repeat::Read, answered(503), settings().cost(101, 0), RetryDecision::Stop(StopReason::Budget)),
        (Repeat::Read, answered(429), settings().cost(101, 100), repeat(500, RetryCause::Throttled)),
    ] {
        assert_eq!(
            decided(class, happened, settings.clone()),
            expected,
            "{class:?} {happened:?} {settings:?}"
        );
    }
}

#[test]
fn budget_and_time_are_kept() {
    let limits = Limits::reads();
    let situation = first(Repeat::Read, AttemptOutcome::MaybeSent, &limits);
    for (budget, left, expected) in [
        (14, 51, repeat(50, RetryCause::Lost)),
        (13, 51, RetryDecision::Stop(StopReason::Budget)),
        (14, 50, RetryDecision::Stop(StopReason::Deadline)),
        (14, 0, RetryDecision::Stop(StopReason::Deadline)),
    ] {
        let left = Duration::from_millis(left);
        assert_eq!(decide(&Situation { budget, left, ..situation.clone() }), expected);
    }
    let throttled = Situation { budget: 5, outcome: answered(429), ..situation.clone() };
    assert_eq!(decide(&throttled), repeat(500, RetryCause::Throttled));
    assert_eq!(decide(&Situation { budget: 4, ..throttled }), RetryDecision::Stop(StopReason::Budget));
    // 30 seconds are allowed, but the call has no more than 30 for everything.
    let late = Situation { outcome: asked(429, 30), ..situation };
    assert_eq!(decide(&late), RetryDecision::Stop(StopReason::Deadline));
}

fn any_class() -> impl Strategy<Value = Repeat> {
    (0usize..4).prop_map(|index| CLASSES[index])
}

fn any_happening() -> impl Strategy<Value = AttemptOutcome> {
    prop_oneof![
        Just(AttemptOutcome::NotSent),
        Just(AttemptOutcome::MaybeSent),
        (prop::sample::select(&[200u16, 401, 408, 409, 429, 500, 502, 503, 504][..]), any::<Option<u16>>())
            .prop_map(|(status, seconds)| AttemptOutcome::Answered {
                status,
                retry_after: seconds.map(|seconds| Duration::from_secs(seconds.into())),
            }),
    ]
}

proptest! {
    #[test]
    fn a_call_ends_within_its_time(
        class in any_class(),
        attempts in 1u32..50,
        first: Duration,
        most: Duration,
        deadline in 1u64..100_000,
        happenings in prop::collection::vec((any_happening(), 0u64..10_000, any::<u32>()), 50),
    ) {
        let mut limits = limits(class);
        RetrySettings::new().max_attempts(attempts).backoff(first, most).apply(&mut limits);
        limits.max_retry_after = most;
        let deadline = Duration::from_millis(deadline);
        let (mut waited, mut passed) = (Duration::ZERO, Duration::ZERO);
        let mut ended = false;
        for (attempt, (happened, took, random)) in (1..).zip(happenings) {
            passed += Duration::from_millis(took).min(deadline - passed);
            let left = deadline - passed;
            let situation =
                Situation { class, attempt, outcome: happened, budget: 100, left, limits: &limits, random };
            let RetryDecision::Retry { after, .. } = decide(&situation) else {
                ended = true;
                break;
            };
            if let AttemptOutcome::Answered { retry_after: Some(asked), .. } = happened {
                prop_assert!(after >= asked);
            }
            waited += after;
            passed += after;
            prop_assert!(passed < deadline);
        }
        prop_assert!(ended, "there are never more attempts than allowed");
        prop_assert!(waited < deadline);
    }

    #[test]
    fn what_may_have_been_done_is_not_done_twice(
        happened in any_happening(), attempt in 1u32..5, random: u32
    ) {
        for class in [Repeat::Keyed, Repeat::Never] {
            let mut limits = limits(class);
            RetrySettings::new().max_attempts(9).wait_if_throttled(true).statuses(100..600).apply(&mut limits);
            let situation = Situation { attempt, random, ..first(class, happened, &limits) };
            if let RetryDecision::Retry { .. } = decide(&situation) {
                let is_without_effect = match happened {
                    AttemptOutcome::NotSent => true,
                    AttemptOutcome::Answered { status: 429, .. } => class == Repeat::Never,
                    _ => false,
                };
                prop_assert!(is_without_effect);
            }
        }
    }
}
