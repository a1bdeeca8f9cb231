//! Whatever servers, networks and callers do: every message once and in order, or a gap.
//!
//! The machine has a larger test of the same promise; this one is of what is around it.

use std::iter::repeat_n;

use proptest::collection::vec;
use proptest::prelude::*;

use super::server::{Answer, Order};
use super::sim::assert_paced;
use super::*;
use crate::stream::DialFailure;
use crate::stream::machine::NoToken;
use crate::stream::machine::tests::model::runner;

/// What the server can make good, and from this kind on what it cannot.
const LOSSES: u8 = 45;

#[test]
fn every_message_comes_once_and_in_order_or_is_in_a_gap() {
    let (mut runner, seed) = runner(300);
    let actions = (any::<bool>(), vec((0..48u8, 0..2_000u32), 1..40));
    let outcome = runner.run(&actions, |(may_lose, mut actions)| {
        actions.retain(|(kind, _)| may_lose || *kind < LOSSES);
        in_simulation(async |_| play(may_lose, actions).await);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("with the seed {seed}: {failure}"));
}

/// In the end the stream is live, and the caller has everything or knows of it.
async fn play(may_lose: bool, actions: Vec<(u8, u32)>) {
    let server = Server::default();
    server.state().token_life = Some(20 * MINUTE);
    let settings = Settings { buffer_events: 24, hold_messages: 8, ..Settings::default() };
    let (mut caller, mut stalled) = (call(&server, settings, &shared()), false);
    // Something happens; each kind as often as it has numbers.
    for (kind, value) in actions {
        let (few, mut time) = (1 + value as usize % 8, Duration::ZERO);
        match kind {
            0..10 => time = millis(value.into()),
            10..13 => time = value % 90 * SECOND,
            13..23 => server.write(u64::from(1 + value % 20)),
            23..25 => drop(server.write_silently()),
            25..27 => server.write_crossed(),
            27..29 => server.repeat(few),
            29 => server.say(r#"{"payload":{"type":"news","data":"unnumbered"}}"#),
            30..32 => server.order(Order::End),
            32 => server.order(Order::Freeze),
            33..35 => {
                let details = [None, Some("Idled too long"), Some("Auth expired"), Some("Sorry")];
                let code = [1000, 1001, 1011, 1012, 4000][value as usize % 5];
                server.order(Order::Close(details[value as usize % 4], code));
            }
            35..37 => {
                let status = [429, 503, 302][value as usize % 3];
                let refused = Answer::Fail(DialFailure::Status { status, retry_after: None });
                server.answer(repeat_n(refused, few));
            }
            37..39 => {
                server.state().no_token = Some(NoToken::Unavailable(None));
                time = value % 90 * SECOND;
            }
            39..43 => stalled = value % 3 == 0,
            43 => caller.handle.rotate_now(),
            44 => caller.handle.reconnect_now(),
            LOSSES => server.state().last += 1,
            46 => server.say("{"),
            _ => server.trim(few),
        }
        match stalled {
            true => sleep(time).await,
            false => drop(caller.take(time).await),
        }
        server.state().no_token = None;
    }
    for _ in 0..2 {
        server.write(1);
        caller.take(10 * MINUTE).await;
    }
    caller.handle.wait_until_live(10 * MINUTE).await.unwrap();
    caller.take(SECOND).await;
    assert_paced(&server.dials());

    let (said, delivered, gaps) = (&server.state().said, &caller.delivered, &caller.gaps);
    assert!(may_lose || gaps.is_empty(), "{gaps:?}");
    assert!(delivered.is_sorted_by(|one, next| one < next), "not in order: {delivered:?}");
    assert!(delivered.iter().all(|message| said.contains(message)), "{delivered:?} of {said:?}");
    assert_eq!(delivered.last(), said.last());
    for missing in said.iter().filter(|message| !delivered.contains(message)) {
        let place = delivered.partition_point(|message| message < missing);
        let covered = gaps.iter().any(|(at, gap)| {
            *at == place
                && gap.after.is_none_or(|after| missing.1 > after)
                && gap.before.is_none_or(|before| missing.1 < before)
        });
        // What the first replay has forgotten was never promised.
        assert!(covered || may_lose && place == 0, "{missing:?} of {delivered:?}: {gaps:?}");
    }
}
