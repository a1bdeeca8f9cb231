//! Small scripts of servers, each with what the caller must see: a table, and tests of those cases that a script
//! alone does not say. `hold-nothing` is a test of the settings.
//!
//! [`World::act`] lists what can happen. Unless a script says otherwise, the server has a journal, answers
//! every subscription with it, and sends a heartbeat every second. After an empty line another script begins.

use std::time::Duration;

use super::super::*;
use super::script::{Scripted, messages, seconds, variants};
use super::server::{Body, MALFORMED};
use super::world::{Client, World};
use crate::studio::activity::ActivityMessage;

fn new() -> World {
    let mut world = World::new(0, Settings::default());
    (world.server.period, world.server.latency) = (Some(1), 5..6);
    world
}

fn play(scripts: &str) {
    scripts.split("\n\n").flat_map(variants).for_each(|script| new().play(&script));
}

/// The cases whose scripts say all. A line with `#` begins one.
const CASES: &str = r#"
# roll-same-first
has 1p 2..100; wait 1s; journal; say-every 20ms 1p 2..60n; wait 19s
say-every 20ms 61..65n; wait 10s; is dials ..3
-> lossy epoch, gap 100..?, disconnected NumbersBeganAnew, 1p, 2..9n, caught up, 10..65n

// Past the last number of the old day.
has 1p 2..100; wait 1s; journal; say-every 20ms 1p 2..205n; wait 10s; is dials ..3
-> lossy epoch, gap 100..?, disconnected NumbersBeganAnew, 1p, 2..9n, caught up, 10..205n

// And that before any replay can tell.
has 1p 2..5; wait 1s; journal; say 1p; wait 20ms; say 2..30n; wait 10s; is dials ..3
-> lossy epoch, gap 5..?, disconnected NumbersBeganAnew, 1p, 2..30n, caught up

# roll-same-first-long
has 1p 2..3000; wait 1s; journal; say-every 20ms 1p 2..40n; wait 9s
-> lossy epoch, gap 3000..?, disconnected NumbersBeganAnew, 1p, 2..40n, caught up
wait 6s; say-every 20ms 41..45n; wait 5s; is dials ..3 -> 41..45n

# roll-away
has 1p 2..1500; journal 1p 2..1600n; restart; wait 10s
-> lossy epoch, gap 1500..?, disconnected NumbersBeganAnew, 1p, 2..1600n, caught up

has 1p 2..1500; journal 1..5n; restart; wait 10s
-> lossy epoch, gap 1500..?, disconnected NumbersBeganAnew, 1..5n, caught up

# roll-plain
has 1..100; wait 1s; journal; say 1..3n; wait 5ms -> epoch, 1..3n
wait 5s; is dials 0 ->

# stale-replay
has 1..10; behind 1 3; cut; within 1s subscribed; silent 11; wait 300ms
-> disconnected Closed(Reset), disconnected ReplayBehind
wait 30s; is live; is dials ..2 -> 11, caught up

# rewritten
for $1 in reversed, spaced, escaped, with-more
has 1..30; say-every 10ms 31..35; cut; spell $1; wait 5s; say 36; wait 5s
is dials 1 -> 31..35, disconnected Closed(Reset), caught up, 36

# corrected-middle
has 1..20; cut; correct 7; wait 5s; is dials 1 -> disconnected Closed(Reset), l7, caught up

# tail-lost
audit 10s; has 1..5; wait 1s; silent 6; wait 12s; is dials ..2 -> 6
wait 50s; is dials ..5 ->

# tail-lost-heartbeat
has 1..5; beat last; wait 3s; silent 6; wait 3s -> 6
wait 30s; is dials ..1 ->

# heartbeat-numbers
has 1..3; beat own
10 times: wait 1s; append 1; wait 1s; is current
wait 10s; is dials ..5
-> gap 3..5, 5, gap 5..8, 8, gap 8..11, 11, holes, 14, 17, 20, 23, 26, 29, 32

# three-losses
has 1..3; say-every 1500ms 5 7 9 -> gap 3..5, 5, gap 5..7, 7, gap 7..9, 9
say-every 5ms 10..209; silent 210; say 211; wait 20s -> 10..211
journal 1..300n; restart; wait 15s -> .. 1..300n, caught up
silent 301n; say 302n; wait 20s -> 301..302n

# stride-ten
stride-ten

stride 10; has
5 times: append 1; wait 1s; is current
5 times: append 1; wait 100ms; is current; wait 900ms
is dials ..5
-> 10, gap 10..20, 20, gap 20..30, 30, holes, 40, 50, 60, 70, 80, 90, 100

# late-in-replay
stride-ten; silent 190; say 200; wait 5s; cut; wait 5s
is dials 1 -> 200, disconnected Closed(Reset), l190, caught up

# sparse-swap
stride-ten; say 200 190; wait 3s; say 220 210; wait 3s; say 240 230; wait 3s
is dials 0 -> 200, l190, 220, l210, 240, l230

# refused-from-the-start
streams 1; refuse 200 Invalid token; wait 60s; is dials ..5 -> .. failed Unauthorized("Invalid token")

# token-ends-in-the-queue
// The limit allows a dial in 6 s.
streams 1; life 4s; permits -5; wait 7s; is dials 1 -> caught up
cut; permits -5; wait 7s; is dials 1 -> disconnected Closed(Reset), caught up
cut; wait 60s; no failed

# few-heartbeats
has; period none; wait 250s; is live; is dials 0 ->

audit 10000s; period 90; streams 1; wait 600s; is live; is dials 1 -> caught up

# heartbeats-stop
period 5; streams 1; wait 60s; period none; wait 15s -> caught up
within 45s disconnected Mute

# long-message
period 5; has 1..3; wait 12s; period none
520 times: part; wait 100ms
say 4; wait 10ms; period 5; wait 20s; is live; is dials 0 -> 4

period 5; endless on; journal 1..3; streams 1; wait 12s; period none
520 times: part; wait 100ms
say 4; done; wait 10ms; period 5; wait 20s; is live; is dials 1 -> 1..4, caught up

# no-replay-complete
journal 1..5; endless on; streams 1; wait 30s; append 1; wait 1s; is current; wait 14s; is live
-> 1..5, disconnected ReplayStalled, 6, caught up
2 times: append 1; wait 1s; is current; wait 29s
is dials ..2 -> 7..8
"#;

#[test]
fn every_case_is_as_it_must_be() {
    for case in CASES.split("\n# ").skip(1) {
        let (name, scripts) = case.split_once('\n').expect("scripts");
        scripts
            .split("\n\n")
            .flat_map(variants)
            .for_each(|script| new().play(&format!("// {name}\n{script}")));
    }
}

/// The words of the messages with a number, late ones too.
fn numbered(client: &mut Client) -> Vec<String> {
    let mut words = client.seen();
    words.retain(|word| word.trim_start_matches('l').starts_with(|it: char| it.is_ascii_digit()));
    words
}

#[test]
fn case_number_unreadable() {
    play(
        "journal 1x 6x 11x 16x 21x 26x 31x 36x 41x 46x 51x 56x 61x 66x 71x; streams 1; wait 30s; is dials 1
        -> 1x, 6x, 11x, 16x, 21x, 26x, 31x, 36x, 41x, 46x, 51x, 56x, 61x, 66x, 71x, caught up

        journal 2x 1..3 3x 4..6 4x 7..9 5x 10..15; streams 1; wait 30s; is dials 1
        -> 2x, 1..3, 3x, 4..6, 4x, 7..9, 5x, 10..15, caught up",
    );
    for content in MALFORMED..MALFORMED + 5 {
        let text = Body { content, ..Body::default() }.text("compact");
        let error = crate::stream::decode::<ActivityMessage>(&text).unwrap_err();
        assert_eq!(error.path(), "$.sequence", "{text}");
    }
}

/// After a cut and refusals of 20 s the stream comes back; it said why it waits, and waits longer and longer.
fn comes_back(times: u32, refusal: &str) {
    let mut world = new();
    world.play(&format!("has 1..5; refuse {times} {refusal}; cut; wait 20s"));
    world.server.refusals.clear();
    world.play("say 6; wait 40s; no failed");
    let delays = world.clients[0].taken.iter().filter_map(|event| match event {
        Event::Connection(Connection::Retrying { delay, cause }) => {
            format!("{cause:?}").contains(refusal).then_some(*delay)
        }
        _ => None,
    });
    let delays: Vec<_> = delays.collect();
    assert!(delays.len() >= 3 && delays.last() > delays.first(), "{delays:?}");
    assert_eq!(numbered(&mut world.clients[0]), ["6"]);
}

#[test]
fn case_refused_later() {
    comes_back(200, "Internal error, please retry");
    comes_back(200, "Account service is temporarily unavailable");
}

#[test]
fn case_upgrade_403() {
    comes_back(3, "403");
}

#[test]
fn case_flapping() {
    let mut world = new();
    world.play("has 1..3");
    let mut waits = Vec::new();
    for _ in 0..30 {
        world.play("wait 7s; cut");
        let cut = world.now;
        world.play("within 3s caught up -> ..");
        waits.push(world.now.since(cut));
    }
    waits.sort();
    assert!(waits[15] <= seconds(1), "{waits:?}");
}

#[test]
fn case_unnumbered_rotation() {
    // 500 a second, on every connection at the same moment; and 15 a second, the older connection 60 ms behind.
    for (count, pause, behind) in [(20_000, 2, 5), (600, 66, 65)] {
        let mut world = new();
        world.play("has 1..199");
        for content in 1..=count {
            if content % (count / 5) == count / 10 {
                let pipes = world.server.pipes.values_mut();
                pipes.for_each(|pipe| pipe.latency = Duration::from_millis(behind));
                world.play("rotate");
            }
            world.play(&format!("unnumbered 1 {pause}ms"));
        }
        world.play("wait 3s");
        let words = world.seen();
        // New tokens are paced, so the fifth may be late.
        assert!(words.iter().filter(|word| *word == "rotated").count() >= 4);
        let mut taken: Vec<u64> =
            words.iter().filter_map(|word| word.strip_prefix('u')?.parse().ok()).collect();
        taken.sort_unstable();
        assert!(taken.iter().copied().eq(1..=count), "{} of {count}", taken.len());
    }
}

#[test]
fn case_one_connection() {
    // One process.
    play(
        "has 1..5; exclusive; wait 5s; rotate; wait 300ms; say 6..9; wait 20s
        -> 6..9, u0, disconnected Notice(\"Subscribed elsewhere\"), caught up",
    );
    // Two processes.
    let mut world = new();
    world.play("journal 1..5; exclusive; one-account; streams 2; say-every 1s 6..185; is dials ..30");
    for client in &mut world.clients {
        let elsewhere = Cause::Notice("Subscribed elsewhere".into());
        assert!(client.taken.contains(&Event::Connection(Connection::Disconnected(elsewhere))));
        let words = numbered(client);
        let numbers: Vec<u64> =
            words.iter().flat_map(|word| messages(&[word])).map(|(number, _)| number).collect();
        assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{words:?}");
    }
}

#[test]
fn case_twenty_streams() {
    play(
        "streams 20; wait 5s; is live; wait 25s; cut; wait 5s; is live

        // Begun and dropped, and then one more.
        streams 1
        20 times: wait 20ms; restart
        wait 2s; is live

        // A hundred. The world counts the dials of a minute.
        streams 100; wait 100s; is live",
    );
}
