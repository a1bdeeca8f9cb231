//! Small scripts of servers, each with what the caller must see. All run in one test, by a table.

mod stage;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use self::stage::{Answer, BEAT, Stage, n, o, p, u};
use crate::stream::machine::*;

type Case = (&'static str, fn());

const CASES: [Case; 38] = [
    ("roll-same-first", || roll_same_first(65)),
    ("roll-same-first, past the last number of day 1", || roll_same_first(205)),
    ("roll-same-first, of a short day", roll_same_first_of_a_short_day),
    ("roll-same-first-long", roll_same_first_long),
    ("roll-away", || roll_away(1_600, true)),
    ("roll-away, another first message", || roll_away(5, false)),
    ("roll-plain", roll_plain),
    ("stale-replay", stale_replay),
    ("rewritten (a)", || rewritten(reversed)),
    ("rewritten (b)", || rewritten(|text| text.replace(':', " : ").replace(',', " ,"))),
    ("rewritten (c)", || rewritten(|text| text.replace("ABCD", "\\u0041BCD"))),
    ("rewritten (d)", || rewritten(|text| text.replace(r#""data":"#, r#""replayed":true,"data":"#))),
    ("corrected-middle", corrected_middle),
    ("tail-lost", tail_lost),
    ("tail-lost-heartbeat", tail_lost_heartbeat),
    ("heartbeat-numbers", heartbeat_numbers),
    ("three-losses", three_losses),
    ("stride-ten (a)", stride_ten_with_a_journal),
    ("stride-ten (b)", stride_ten_from_nothing),
    ("late-in-replay", late_in_replay),
    ("sparse-swap", sparse_swap),
    ("hold-nothing", hold_nothing),
    ("number-unreadable, all", || number_unreadable(false)),
    ("number-unreadable, some", || number_unreadable(true)),
    ("refused-later (a)", || refused_later("Internal error, please retry")),
    ("refused-later (b)", || refused_later("Account service is temporarily unavailable")),
    ("upgrade-403", upgrade_403),
    ("refused-from-the-start", refused_from_the_start),
    ("token-ends-in-the-queue", token_ends_in_the_queue),
    ("few-heartbeats (a)", no_heartbeats),
    ("few-heartbeats (b)", few_heartbeats),
    ("heartbeats-stop", heartbeats_stop),
    ("long-message", long_message),
    ("no-replay-complete", no_replay_complete),
    ("flapping", flapping),
    ("unnumbered-rotation", unnumbered_rotation),
    ("one-connection", one_connection),
    ("twenty-streams", twenty_streams),
];

#[test]
fn every_case_ends_as_it_must() {
    let failed: Vec<_> = CASES
        .iter()
        .filter(|(_, case)| catch_unwind(AssertUnwindSafe(case)).is_err())
        .map(|(name, _)| *name)
        .collect();
    assert!(failed.is_empty(), "{} of {} fail: {failed:#?}", failed.len(), CASES.len());
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn words(letter: &str, numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("{letter}{number}")).collect()
}

/// Each of these came once, in this order, among whatever else.
fn assert_once(stage: &Stage, expected: &[String]) {
    let came = stage.messages();
    let picked: Vec<_> = came.iter().filter(|word| expected.contains(word)).cloned().collect();
    assert_eq!(picked, expected);
}

/// Just these came.
fn assert_only(stage: &Stage, expected: &[String]) {
    assert_eq!(stage.messages(), expected);
}

/// A new day, which begins as the last one did.
fn begin_day(stage: &mut Stage) {
    stage.forget();
    stage.journal.clear();
    stage.say(p(1));
    stage.millis(20);
}

fn say_n(stage: &mut Stage, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        stage.say(n(number));
        stage.millis(20);
    }
}

/// The new day is told, and comes in order; nothing of it as a correction of the old one.
fn assert_new_day(stage: &Stage, last: u64) {
    assert_once(stage, &words("n", 2..=last));
    let odd: Vec<_> = stage.messages().into_iter().filter(|word| !word.starts_with('n') && word != "p1").collect();
    assert!(odd.is_empty(), "{odd:?}");
    let change = stage.at(|event| matches!(event, Event::EpochChanged { .. })).expect("a change");
    assert!(stage.message_at("n2").unwrap() >= change);
    assert_eq!(stage.epochs(), 1);
    assert!(stage.gaps() <= 1, "{} gaps", stage.gaps());
    assert!(stage.dials.len() <= 3, "{} dials", stage.dials.len());
}

fn roll_same_first(last: u64) {
    let mut stage = Stage::with([p(1)].into_iter().chain((2..=100).map(o)));
    stage.seconds(1);
    begin_day(&mut stage);
    if last > 65 {
        say_n(&mut stage, 2..=last);
    } else {
        say_n(&mut stage, 2..=60);
        stage.seconds(19);
        say_n(&mut stage, 61..=last);
    }
    stage.seconds(10);
    assert_new_day(&stage, last);
}

/// The new day passes the last number of the old one before any replay can tell.
fn roll_same_first_of_a_short_day() {
    let mut stage = Stage::with([p(1)].into_iter().chain((2..=5).map(o)));
    stage.seconds(1);
    begin_day(&mut stage);
    (2..=30).for_each(|number| stage.say(n(number)));
    stage.seconds(10);
    assert_new_day(&stage, 30);
}

fn roll_same_first_long() {
    let mut stage = Stage::with([p(1)].into_iter().chain((2..=3_000).map(o)));
    stage.seconds(1);
    begin_day(&mut stage);
    let begun = stage.now;
    say_n(&mut stage, 2..=40);
    stage.seconds(15);
    say_n(&mut stage, 41..=45);
    stage.seconds(5);
    assert_new_day(&stage, 45);
    assert!(stage.message_at("n2").unwrap().since(begun) < seconds(10));
}

fn roll_away(last: u64, same: bool) {
    let mut stage = Stage::with([p(1)].into_iter().chain((2..=1_500).map(o)));
    stage.forget();
    stage.journal = (1..=last).map(n).collect();
    if same {
        stage.journal[0] = p(1);
    }
    stage.restart();
    stage.seconds(10);
    let first = if same { 2 } else { 1 };
    assert_once(&stage, &words("n", first..=last));
    let seen: Vec<_> = stage.clients[0].seen.iter().map(|(_, event)| event).collect();
    let change = seen.iter().position(|event| matches!(event, Event::EpochChanged { lossless: false })).unwrap();
    assert!(matches!(seen[change + 1], Event::Gap(_)), "{:?}", seen[change + 1]);
    assert!(stage.messages().iter().all(|word| word == "p1" || word.starts_with('n')));
}

fn roll_plain() {
    let mut stage = Stage::with((1..=100).map(o));
    stage.seconds(1);
    stage.forget();
    stage.journal.clear();
    let begun = stage.now;
    (1..=3).for_each(|number| stage.say(n(number)));
    stage.seconds(5);
    assert_only(&stage, &words("n", 1..=3));
    assert_eq!(stage.message_at("n3").unwrap().since(begun), Duration::from_millis(5));
    assert_eq!((stage.gaps(), stage.dials.len()), (0, 0));
    assert_eq!(stage.count_of(|event| *event == Event::EpochChanged { lossless: true }), 1);
}

fn stale_replay() {
    let mut stage = Stage::with((1..=10).map(o));
    stage.forget();
    stage.answers.push_back(Answer::Behind(3));
    stage.cut();
    while stage.dials.is_empty() {
        stage.millis(1);
    }
    stage.millis(12);
    stage.journal.push(o(11));
    stage.millis(300);
    assert_eq!(stage.count_of(|event| *event == Event::CaughtUp), 0);
    assert!(stage.clients[0].machine.state() != State::Live);
    stage.seconds(30);
    assert_only(&stage, &words("o", [11]));
    assert_eq!((stage.epochs(), stage.gaps()), (0, 0));
    assert_eq!(stage.clients[0].machine.state(), State::Live);
}

fn reversed(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let data = value["payload"]["data"].as_object().unwrap();
    let members: Vec<_> = data.iter().rev().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!(
        r#"{{"timestamp":1790000000000,"sequence":{},"payload":{{"data":{{{}}},"type":{}}}}}"#,
        value["sequence"],
        members.join(","),
        value["payload"]["type"]
    )
}

fn rewritten(write: fn(&str) -> String) {
    let mut stage = Stage::with((1..=30).map(o));
    (31..=35).for_each(|number| stage.say(o(number)));
    stage.seconds(1);
    stage.cut();
    stage.journal.iter_mut().for_each(|text| *text = write(text));
    stage.seconds(5);
    stage.say(write(&o(36)));
    stage.seconds(5);
    assert_only(&stage, &words("o", 1..=36));
    assert_eq!((stage.epochs(), stage.gaps()), (0, 0));
}

fn corrected_middle() {
    let mut stage = Stage::with((1..=20).map(o));
    stage.cut();
    stage.journal[6] = stage.journal[6].replace(r#""filled_quantity":"0""#, r#""filled_quantity":"5""#);
    stage.seconds(5);
    let mut expected = words("o", 1..=20);
    expected.push("O7".into());
    assert_only(&stage, &expected);
    assert_eq!(stage.epochs(), 0);
}

fn tail_lost() {
    let mut stage = Stage::with_settings(|it| it.audit_interval = seconds(10), (1..=5).map(o));
    stage.seconds(1);
    stage.forget();
    stage.journal.push(o(6));
    stage.seconds(12);
    assert_only(&stage, &words("o", [6]));
    stage.seconds(50);
    assert!(stage.dials.len() <= 7, "{} dials", stage.dials.len());
    assert_only(&stage, &words("o", [6]));
}

fn beat(number: u64) -> String {
    format!(r#"{{"timestamp":1790000000000,"sequence":{number},"payload":{{"type":"heartbeat"}}}}"#)
}

fn tail_lost_heartbeat() {
    let mut stage = Stage::new(|_| {});
    stage.beats = Some((seconds(1), beat(5)));
    stage.journal.extend((1..=5).map(o));
    stage.live();
    stage.seconds(3);
    stage.forget();
    stage.journal.push(o(6));
    stage.beats = Some((seconds(1), beat(6)));
    stage.seconds(3);
    assert_only(&stage, &words("o", [6]));
    stage.seconds(30);
    assert_eq!((stage.gaps(), stage.dials.len()), (0, 1));
}

fn heartbeat_numbers() {
    let mut stage = Stage::with((1..=3).map(o));
    stage.forget();
    stage.beats = None;
    let (mut number, mut orders) = (4, Vec::new());
    for second in 1..=22 {
        stage.send(&beat(number));
        number += 1;
        if second % 2 == 0 && orders.len() < 10 {
            let said = stage.now;
            stage.say(o(number));
            orders.push(number);
            number += 1;
            stage.millis(999);
            if orders.len() > 5 {
                let came = stage.message_at(&format!("o{}", number - 1)).expect("within a second");
                assert!(came.since(said) <= seconds(1));
            }
        } else {
            stage.millis(999);
        }
    }
    stage.seconds(10);
    assert_only(&stage, &words("o", orders));
    assert!(stage.gaps() <= 4 && stage.dials.len() <= 5, "{} gaps, {} dials", stage.gaps(), stage.dials.len());
}

fn three_losses() {
    let mut stage = Stage::with((1..=3).map(o));
    stage.forget();
    for number in [5, 7, 9] {
        stage.say(o(number));
        stage.millis(1_500);
    }
    assert_eq!(stage.gaps(), 3);
    for number in 10..=209 {
        stage.say(o(number));
        stage.millis(5);
    }
    stage.journal.push(o(210));
    stage.say(o(211));
    stage.seconds(20);
    assert_only(&stage, &words("o", [5, 7, 9].into_iter().chain(10..=211)));
    let gaps: Vec<_> = stage.clients[0].seen.iter().filter(|(_, event)| matches!(event, Event::Gap(_))).collect();
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    stage.journal = (1..=300).map(n).collect();
    stage.restart();
    stage.seconds(15);
    stage.forget();
    stage.journal.push(n(301));
    stage.say(n(302));
    stage.seconds(20);
    assert_only(&stage, &words("n", [301, 302]));
}

/// Each of them comes within this time.
fn say_tens(stage: &mut Stage, tens: impl IntoIterator<Item = u64>, within: impl Fn(u64) -> Duration) {
    for number in tens {
        let said = stage.now;
        stage.say(o(number));
        stage.seconds(1);
        let came = stage.message_at(&format!("o{number}")).unwrap_or_else(|| panic!("{number} comes"));
        assert!(came.since(said) <= within(number), "{number} took {:?}", came.since(said));
    }
}

fn stride_ten_with_a_journal() {
    let mut stage = Stage::with((1..=10).map(|ten| o(ten * 10)));
    say_tens(&mut stage, (110..=180).step_by(10), |_| Duration::from_millis(100));
    assert_only(&stage, &words("o", (10..=180).step_by(10)));
    assert_eq!((stage.gaps(), stage.dials.len()), (0, 1));
    assert!(stage.count_of(|event| *event == Event::NumbersHaveHoles) <= 1);
}

fn stride_ten_from_nothing() {
    let mut stage = Stage::with([]);
    stage.forget();
    let within = |number| if number > 50 { Duration::from_millis(100) } else { seconds(1) };
    say_tens(&mut stage, (10..=100).step_by(10), within);
    assert_only(&stage, &words("o", (10..=100).step_by(10)));
    assert!(stage.gaps() <= 4 && stage.dials.len() <= 5, "{} gaps, {} dials", stage.gaps(), stage.dials.len());
    assert!(stage.count_of(|event| *event == Event::NumbersHaveHoles) <= 1);
}

fn late_in_replay() {
    let mut stage = Stage::with((1..=10).map(|ten| o(ten * 10)));
    say_tens(&mut stage, (110..=180).step_by(10), |_| seconds(1));
    stage.journal.push(o(190));
    stage.say(o(200));
    stage.seconds(5);
    stage.cut();
    stage.seconds(5);
    let mut expected = words("o", (10..=180).step_by(10));
    expected.extend(["o200".into(), "O190".into()]);
    assert_only(&stage, &expected);
    assert_eq!(stage.gaps(), 0);
}

fn sparse_swap() {
    let mut stage = Stage::with((1..=10).map(|ten| o(ten * 10)));
    say_tens(&mut stage, (110..=180).step_by(10), |_| seconds(1));
    stage.forget();
    let mut expected = Vec::new();
    for number in [190, 210, 230] {
        stage.journal.push(o(number));
        stage.say(o(number + 10));
        stage.send(&o(number));
        stage.seconds(3);
        expected.extend([format!("o{}", number + 10), format!("O{number}")]);
    }
    assert_only(&stage, &expected);
    assert_eq!((stage.gaps(), stage.dials.len()), (0, 0));
}

fn hold_nothing() {
    let mut settings = Settings::default();
    settings.hold_messages = 0;
    assert!(settings.check().unwrap_err().contains("`hold_messages`"));
}

fn number_unreadable(with_good: bool) {
    let order = |number: &str, id: usize| o(7).replace(":7,", &format!(":{number},")).replace("o-7", &format!("o-{id}"));
    let mut stage = Stage::new(|_| {});
    let bad: Vec<_> = if with_good {
        ["-3", "3.5", "true", "{}"].iter().enumerate().map(|(at, number)| order(number, 100 + at)).collect()
    } else {
        (0..15).map(|at| order(&(18_446_744_073_709_551_617u128 + at).to_string(), at as usize)).collect()
    };
    if with_good {
        stage.journal.extend((1..=15).map(o));
        for (at, bad) in bad.iter().enumerate() {
            stage.journal.insert(at * 3, bad.clone());
        }
    } else {
        stage.journal.clone_from(&bad);
    }
    stage.live();
    stage.seconds(30);
    let undecodable: Vec<_> = stage.clients[0]
        .seen
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Undecodable(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(undecodable, bad);
    let path = |text| crate::stream::decode::<crate::studio::activity::ActivityMessage>(text).unwrap_err().path().to_owned();
    assert!(undecodable.iter().all(|text| path(text) == "$.sequence"));
    assert_only(&stage, &words("o", if with_good { 1..=15 } else { 1..=0 }));
    assert_eq!((stage.count_of(|event| *event == Event::CaughtUp), stage.dials.len()), (1, 1));
}

/// Waits of `Retrying`, in order, and whether each says these words.
fn retries(stage: &Stage, words: &str) -> Vec<Duration> {
    let seen = stage.clients[0].seen.iter().filter_map(|(_, event)| match event {
        Event::Connection(Connection::Retrying { delay, cause }) => Some((*delay, format!("{cause:?}"))),
        _ => None,
    });
    seen.filter(|(_, cause)| cause.contains(words)).map(|(delay, _)| delay).collect()
}

fn assert_comes_back(stage: &mut Stage, words: &str, cut: Moment) {
    stage.seconds(60);
    assert_only(stage, &self::words("o", [6]));
    assert!(stage.message_at("o6").unwrap().since(cut) <= seconds(60));
    let delays = retries(stage, words);
    assert!(delays.len() >= 3, "{delays:?}");
    assert!(delays.last() > delays.first(), "{delays:?}");
    assert_eq!(stage.count_of(|event| matches!(event, Event::Failed(_))), 0);
}

fn refused_later(words: &'static str) {
    let mut stage = Stage::with((1..=5).map(o));
    stage.forget();
    stage.nack_until = Some((stage.now.after(seconds(20)), words));
    let cut = stage.now;
    stage.cut();
    stage.seconds(20);
    stage.say(o(6));
    assert_comes_back(&mut stage, words, cut);
}

fn upgrade_403() {
    let mut stage = Stage::with((1..=5).map(o));
    stage.forget();
    stage.statuses.extend([403, 403, 403]);
    let cut = stage.now;
    stage.cut();
    stage.millis(50);
    stage.journal.push(o(6));
    assert_comes_back(&mut stage, "403", cut);
}

fn refused_from_the_start() {
    let mut stage = Stage::new(|_| {});
    stage.nack_until = Some((stage.now.after(seconds(10_000)), "Invalid token"));
    let begun = stage.now;
    stage.seconds(60);
    let ends = stage.at(|event| matches!(event, Event::Failed(_))).expect("an end");
    assert!(ends.since(begun) <= seconds(60) && stage.dials.len() <= 5, "{} dials", stage.dials.len());
    assert_eq!(stage.count_of(|event| *event == Event::Failed(Failure::Unauthorized("Invalid token".into()))), 1);
}

fn token_ends_in_the_queue() {
    let mut stage = Stage::new(|_| {});
    stage.token_life = Some(seconds(4));
    stage.permit_waits.extend([seconds(6), seconds(6)]);
    stage.seconds(7);
    assert_eq!(stage.count_of(|event| *event == Event::CaughtUp), 1);
    stage.seconds(60);
    assert_eq!(stage.count_of(|event| matches!(event, Event::Failed(_))), 0);
}

fn mutes(stage: &Stage) -> usize {
    stage.count_of(|event| *event == Event::Connection(Connection::Disconnected(Cause::Mute)))
}

fn no_heartbeats() {
    let mut stage = Stage::new(|_| {});
    stage.beats = None;
    stage.live();
    stage.seconds(250);
    assert_eq!((mutes(&stage), stage.dials.len()), (0, 1));
}

fn few_heartbeats() {
    let mut stage = Stage::new(|it| it.audit_interval = seconds(10_000));
    stage.beats = Some((seconds(90), BEAT.into()));
    stage.live();
    stage.seconds(600);
    assert!(mutes(&stage) <= 1 && stage.dials.len() <= 2, "{} times mute", mutes(&stage));
    assert_eq!(stage.clients[0].machine.state(), State::Live);
}

fn heartbeats_stop() {
    let mut stage = Stage::new(|_| {});
    stage.beats = Some((seconds(5), BEAT.into()));
    stage.live();
    stage.seconds(60);
    stage.beats = None;
    let stopped = stage.now;
    stage.seconds(60);
    let mute = stage.at(|event| *event == Event::Connection(Connection::Disconnected(Cause::Mute))).unwrap();
    assert!((15..=60).contains(&mute.since(stopped).as_secs()), "{:?}", mute.since(stopped));
}

fn long_message() {
    let big = r#"{"timestamp":1790000000000,"sequence":4,"payload":{"type":"of-tomorrow","data":{"id":"big","x":"yyy"}}}"#;
    for in_replay in [false, true] {
        let mut stage = Stage::new(|_| {});
        stage.beats = Some((seconds(5), BEAT.into()));
        stage.journal.extend((1..=3).map(o));
        if in_replay {
            stage.never_done = true;
            stage.seconds(1);
        } else {
            stage.live();
            stage.seconds(12);
        }
        stage.beats = None;
        for _ in 0..520 {
            stage.part();
            stage.millis(100);
        }
        stage.send(big);
        stage.send(stage::DONE);
        stage.millis(10);
        stage.beats = Some((seconds(5), BEAT.into()));
        stage.seconds(20);
        assert_only(&stage, &[words("o", 1..=3), words("p", [4])].concat());
        assert_eq!(stage.dials.len(), 1);
        let ends = |event: &Event<_>| matches!(event, Event::Connection(Connection::Disconnected(_)));
        assert_eq!(stage.count_of(ends), 0);
    }
}

fn no_replay_complete() {
    let mut stage = Stage::new(|_| {});
    stage.never_done = true;
    stage.journal.extend((1..=5).map(o));
    let begun = stage.now;
    for number in 6..=8 {
        stage.seconds(30);
        stage.say(o(number));
        stage.seconds(1);
        assert!(stage.message_at(&format!("o{number}")).is_some(), "{number} within 1 s");
    }
    let caught_up = stage.at(|event| *event == Event::CaughtUp).expect("caught up");
    assert!(caught_up.since(begun) <= seconds(45), "{:?}", caught_up.since(begun));
    assert_only(&stage, &words("o", 1..=8));
    assert!(stage.dials.len() <= 2, "{} dials", stage.dials.len());
}

fn flapping() {
    let mut stage = Stage::with((1..=3).map(o));
    let mut waits = Vec::new();
    for _ in 0..30 {
        stage.seconds(7);
        stage.forget();
        let cut = stage.now;
        stage.cut();
        stage.seconds(4);
        let back = stage.at(|event| *event == Event::CaughtUp);
        waits.push(back.map_or(seconds(1_000), |back| back.since(cut)));
        stage.seconds(3);
    }
    waits.sort();
    assert!(waits[15] <= seconds(1) && waits[29] <= seconds(3), "{waits:?}");
}

/// How often each message without a number came.
fn unnumbered(stage: &Stage) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    for (_, event) in &stage.clients[0].seen {
        if let Event::Message { message, sequence: None, .. } = event {
            *times.entry(message.clone()).or_default() += 1;
        }
    }
    times
}

fn unnumbered_rotation() {
    // (a) 500 a second, on every connection at the same moment.
    let mut stage = Stage::with((1..=199).map(o));
    for k in 0..20_000 {
        if k % 4_000 == 2_000 {
            stage.command(Command::RotateNow);
        }
        stage.send(&u(k));
        stage.millis(2);
    }
    stage.seconds(3);
    let times = unnumbered(&stage);
    assert_eq!((times.len(), times.values().sum::<u32>()), (20_000, 20_000));

    // (b) 15 a second; the older connection is 60 ms behind.
    let mut stage = Stage::with((1..=199).map(o));
    for k in 0..600 {
        if k % 100 == 50 {
            stage.command(Command::RotateNow);
        }
        let subscribed = stage.subscribed.clone();
        for (at, (client, connection)) in subscribed.iter().enumerate() {
            let way = if at + 1 < subscribed.len() || at == 0 && k % 100 < 50 { 65 } else { 5 };
            stage.send_to(*client, *connection, &u(k), Duration::from_millis(way));
        }
        stage.millis(66);
    }
    stage.seconds(3);
    let times = unnumbered(&stage);
    assert_eq!((times.len(), times.values().sum::<u32>()), (600, 600));
}

fn one_connection() {
    // (a) One process.
    let mut stage = Stage::with((1..=5).map(o));
    stage.exclusive = true;
    stage.seconds(5);
    stage.command(Command::RotateNow);
    stage.millis(300);
    (6..=9).for_each(|number| stage.say(o(number)));
    stage.seconds(20);
    assert_only(&stage, &words("o", 1..=9));
    let ends = |event: &Event<_>| matches!(event, Event::Connection(Connection::Disconnected(_)));
    assert!(stage.count_of(ends) <= 1);

    // (b) Two processes.
    let mut stage = Stage::with((1..=5).map(o));
    stage.exclusive = true;
    stage.begin(ResumePoint::default());
    for number in 6..=185 {
        stage.say(o(number));
        stage.seconds(1);
    }
    assert!(stage.dials.len() <= 30, "{} dials", stage.dials.len());
    for client in 0..2 {
        let seen = &stage.clients[client].seen;
        let cause = Cause::Notice("Subscribed elsewhere".into());
        assert!(seen.iter().any(|(_, event)| *event == Event::Connection(Connection::Disconnected(cause.clone()))));
        let caught_up = seen.iter().rposition(|(_, event)| *event == Event::CaughtUp).unwrap();
        let until = seen[..=caught_up].iter().filter(|(_, event)| matches!(event, Event::Message { sequence: Some(_), .. }));
        let came = stage.messages_of(client);
        assert_eq!(came, words("o", 1..=came.len() as u64));
        assert!(until.count() <= came.len());
    }
}

fn twenty_streams() {
    let all_live = |stage: &Stage| stage.clients.iter().all(|client| client.machine.state() == State::Live);
    let mut stage = Stage::new(|_| {});
    (1..20).for_each(|_| _ = stage.begin(ResumePoint::default()));
    stage.seconds(5);
    assert!(all_live(&stage));
    stage.seconds(25);
    stage.cut();
    stage.seconds(5);
    assert!(all_live(&stage));

    // Begun and dropped, and then one more.
    let mut stage = Stage::new(|_| {});
    for client in 0..20 {
        stage.drop_client(client);
        stage.millis(20);
        stage.begin(ResumePoint::default());
    }
    stage.seconds(2);
    assert_eq!(stage.clients[20].machine.state(), State::Live);

    // A hundred.
    let mut stage = Stage::new(|_| {});
    (1..100).for_each(|_| _ = stage.begin(ResumePoint::default()));
    stage.seconds(100);
    assert!(all_live(&stage));
    let most = stage.dials.windows(81).all(|dials| dials[80].since(dials[0]) >= seconds(60));
    assert!(most, "more than 80 dials within a minute");
}
