//! Small scripts of servers, each with what the caller must see. `case_tail_lost` is the case `tail-lost`.

use std::fmt;
use std::time::Duration;

use super::super::*;
use super::server::{Beat, Body, MALFORMED, Manner, Refusal, Spelling, Wire, control};
use super::words::word;
use super::world::{Action, Client, World};
use crate::studio::activity::ActivityMessage;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An order.
fn o(number: u64) -> Body {
    Body { day: 1, number: Some(number), content: number }
}

/// Another order under the same number, on another day.
fn n(number: u64) -> Body {
    Body { day: 2, ..o(number) }
}

/// A position, which is the same every day.
fn p(number: u64) -> Body {
    Body { day: 0, ..o(number) }
}

/// A message without a number, or with one that is none.
fn u(content: u64) -> Body {
    Body { day: 1, number: None, content }
}

impl fmt::Display for Body {
    /// What stands behind the number in a [`word`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.day) {
            (None, _) => write!(f, "u{}", self.content),
            (_, 0) => f.write_str("p"),
            (_, 1) => f.write_str("o"),
            _ => f.write_str("n"),
        }
    }
}

/// What a caller saw, and when. Whether a message came in a replay makes no difference here.
fn seen(client: &Client) -> impl Iterator<Item = (Moment, String)> {
    client.taken.iter().map(|(at, event)| match event {
        Event::Message { origin: Origin::Replay, .. } => {
            (*at, word(event).trim_start_matches('r').to_owned())
        }
        _ => (*at, word(event)),
    })
}

/// The messages with a number.
fn messages(client: &Client) -> Vec<String> {
    let has_number =
        |word: &String| word.trim_start_matches('l').starts_with(|first: char| first.is_ascii_digit());
    seen(client).map(|(_, word)| word).filter(has_number).collect()
}

fn words(numbers: impl IntoIterator<Item = u64>, letter: &str) -> Vec<String> {
    numbers.into_iter().map(|number| format!("{number}{letter}")).collect()
}

/// A server with this journal, and a stream that begins.
fn begin(journal: impl IntoIterator<Item = Body>) -> World {
    begin_with(Settings::default(), journal)
}

fn begin_with(settings: Settings, journal: impl IntoIterator<Item = Body>) -> World {
    let manner = Manner { stride: 1, period: Some(1), ..Manner::default() };
    let mut world = World::new(manner, 0, settings);
    world.server.latency = 5..6;
    world.server.journal.extend(journal);
    world.begin();
    world
}

/// A server with this journal, and a stream that has delivered it.
fn live(journal: impl IntoIterator<Item = Body>) -> World {
    let mut world = begin(journal);
    world.wait(millis(200));
    assert_eq!(world.state(), State::Live);
    world
}

impl World {
    fn state(&self) -> State {
        self.clients[0].machine.state()
    }

    fn wait(&mut self, time: Duration) {
        self.pass(time).unwrap();
    }

    fn does(&mut self, action: Action) {
        self.act(&action).unwrap();
    }

    /// Messages enter the journal and are sent live, and after each so much time passes.
    fn says(&mut self, bodies: impl IntoIterator<Item = Body>, then: Duration) {
        for body in bodies {
            self.server.say(self.now, body, true);
            self.wait(then);
        }
    }

    /// The same, and each comes within a time.
    fn says_to_come_within(
        &mut self,
        bodies: impl IntoIterator<Item = Body>,
        then: Duration,
        within: Duration,
    ) {
        for body in bodies {
            let said = self.now;
            self.says([body], then);
            let came = self.first_at(&format!("{}{body}", body.number.unwrap()));
            assert!(came.since(said) <= within, "{body:?} took {:?}", came.since(said));
        }
    }

    /// A message enters the journal only.
    fn says_silently(&mut self, body: Body) {
        self.server.say(self.now, body, false);
    }

    fn messages(&self) -> Vec<String> {
        messages(&self.clients[0])
    }

    /// How often the caller saw something that begins with these words.
    fn count(&self, words: &str) -> usize {
        seen(&self.clients[0]).filter(|(_, word)| word.starts_with(words)).count()
    }

    fn first_at(&self, words: &str) -> Moment {
        let first = seen(&self.clients[0]).find(|(_, word)| word.starts_with(words));
        first.unwrap_or_else(|| panic!("no {words}, but {:?}", self.messages())).0
    }

    /// Forgets what was seen so far, and the dials.
    fn forget(&mut self) {
        self.dials.clear();
        self.clients[0].taken.clear();
    }

    fn assert_at_most(&self, gaps: usize, changes: usize, dials: usize) {
        let counts = (self.count("gap"), self.count("epoch") + self.count("lossy epoch"), self.dials.len());
        assert!(
            counts.0 <= gaps && counts.1 <= changes && counts.2 <= dials,
            "gaps, changes, dials: {counts:?}"
        );
    }
}

/// A new day begins as the last one did.
fn roll_to_the_same_first(last: u64) -> World {
    let mut world = live([p(1)].into_iter().chain((2..=last).map(o)));
    world.wait(seconds(1));
    world.forget();
    world.server.journal.clear();
    world.says([p(1)], millis(20));
    world
}

/// The new day is told, and comes in order; nothing of it as a correction of the old one.
fn assert_new_day(world: &World, last: u64) {
    let mut came = world.messages();
    came.retain(|word| word != "1p");
    assert_eq!(came, words(2..=last, "n"));
    assert_eq!(world.count("epoch") + world.count("lossy epoch"), 1);
    world.assert_at_most(1, 1, 3);
}

#[test]
fn case_roll_same_first() {
    let mut world = roll_to_the_same_first(100);
    world.says((2..=60).map(n), millis(20));
    world.wait(seconds(19));
    world.says((61..=65).map(n), millis(20));
    world.wait(seconds(10));
    assert_new_day(&world, 65);
    // Past the last number of the old day.
    let mut world = roll_to_the_same_first(100);
    world.says((2..=205).map(n), millis(20));
    world.wait(seconds(10));
    assert_new_day(&world, 205);
    // And that before any replay can tell.
    let mut world = roll_to_the_same_first(5);
    world.says((2..=30).map(n), Duration::ZERO);
    world.wait(seconds(10));
    assert_new_day(&world, 30);
}

#[test]
fn case_roll_same_first_long() {
    let mut world = roll_to_the_same_first(3_000);
    let begun = world.now;
    world.says((2..=40).map(n), millis(20));
    world.wait(seconds(15));
    world.says((41..=45).map(n), millis(20));
    world.wait(seconds(5));
    assert_new_day(&world, 45);
    assert!(world.first_at("2n").since(begun) < seconds(10));
}

#[test]
fn case_roll_away() {
    for (journal, first) in
        [([p(1)].into_iter().chain((2..=1_600).map(n)).collect::<Vec<_>>(), 2), ((1..=5).map(n).collect(), 1)]
    {
        let mut world = live([p(1)].into_iter().chain((2..=1_500).map(o)));
        world.forget();
        world.server.journal.clone_from(&journal);
        world.restart_processes();
        world.wait(seconds(10));
        let mut came = world.messages();
        came.retain(|word| word != "1p");
        assert_eq!(came, words(first..=journal.len() as u64, "n"));
        let mut rest = seen(&world.clients[0]).skip_while(|(_, word)| word != "lossy epoch");
        assert!(rest.nth(1).unwrap().1.starts_with("gap"));
    }
}

#[test]
fn case_roll_plain() {
    let mut world = live((1..=100).map(o));
    world.wait(seconds(1));
    world.forget();
    world.server.journal.clear();
    world.says_to_come_within((1..=3).map(n), millis(5), millis(5));
    world.wait(seconds(5));
    assert_eq!(world.messages(), words(1..=3, "n"));
    assert_eq!(world.count("epoch"), 1);
    world.assert_at_most(0, 1, 0);
}

#[test]
fn case_stale_replay() {
    let mut world = live((1..=10).map(o));
    world.forget();
    world.does(Action::Behind(1, 3));
    world.does(Action::Cut);
    while world.count("subscribed") == 0 {
        world.wait(millis(1));
    }
    world.says_silently(o(11));
    world.wait(millis(300));
    assert_eq!(world.count("caught up"), 0);
    assert_ne!(world.state(), State::Live);
    world.wait(seconds(30));
    assert_eq!((world.messages(), world.state()), (words([11], "o"), State::Live));
    world.assert_at_most(0, 0, 2);
}

#[test]
fn case_rewritten() {
    for spelling in [Spelling::Reversed, Spelling::Spaced, Spelling::Escaped, Spelling::WithMore] {
        let mut world = live((1..=30).map(o));
        world.says((31..=35).map(o), millis(10));
        world.does(Action::Cut);
        world.does(Action::Spell(spelling));
        world.wait(seconds(5));
        world.says([o(36)], seconds(5));
        assert_eq!(world.messages(), words(1..=36, "o"), "{spelling:?}");
        world.assert_at_most(0, 0, 2);
    }
}

#[test]
fn case_corrected_middle() {
    let mut world = live((1..=20).map(o));
    world.does(Action::Cut);
    world.server.journal[6].content = 100;
    world.wait(seconds(5));
    assert_eq!(world.messages(), [words(1..=20, "o"), vec!["l7o".into()]].concat());
    world.assert_at_most(0, 0, 2);
}

#[test]
fn case_tail_lost() {
    let mut world =
        begin_with(Settings { audit_interval: seconds(10), ..Settings::default() }, (1..=5).map(o));
    world.wait(seconds(1));
    world.forget();
    world.says_silently(o(6));
    world.wait(seconds(12));
    assert_eq!(world.messages(), ["6o"]);
    world.wait(seconds(50));
    assert_eq!(world.messages(), ["6o"]);
    world.assert_at_most(0, 0, 7);
}

#[test]
fn case_tail_lost_heartbeat() {
    let mut world = live((1..=5).map(o));
    world.server.manner.beat = Beat::Last;
    world.wait(seconds(3));
    world.forget();
    world.says_silently(o(6));
    world.wait(seconds(3));
    assert_eq!(world.messages(), ["6o"]);
    world.wait(seconds(30));
    world.assert_at_most(0, 0, 1);
}

#[test]
fn case_heartbeat_numbers() {
    let mut world = live((1..=3).map(o));
    world.forget();
    world.server.manner.beat = Beat::Own;
    world.server.next = 4;
    let mut numbers = Vec::new();
    for at in 0..10 {
        world.wait(seconds(1));
        numbers.push(world.server.next);
        let order = o(world.server.take_number());
        world.says_to_come_within([order], seconds(1), if at < 5 { seconds(10) } else { seconds(1) });
    }
    world.wait(seconds(10));
    assert_eq!(world.messages(), words(numbers, "o"));
    world.assert_at_most(4, 0, 5);
}

#[test]
fn case_three_losses() {
    let mut world = live((1..=3).map(o));
    world.forget();
    world.says([5, 7, 9].map(o), millis(1_500));
    assert_eq!(world.count("gap"), 3);
    world.says((10..=209).map(o), millis(5));
    world.says_silently(o(210));
    world.says([o(211)], seconds(20));
    assert_eq!(world.messages(), words([5, 7, 9].into_iter().chain(10..=211), "o"));
    assert_eq!(world.count("gap"), 3);
    world.server.journal = (1..=300).map(n).collect();
    world.restart_processes();
    world.wait(seconds(15));
    world.forget();
    world.says_silently(n(301));
    world.says([n(302)], seconds(20));
    assert_eq!(world.messages(), words([301, 302], "n"));
}

/// The numbers go up by ten, as far as 180.
fn stride_ten() -> World {
    let mut world = live((1..=10).map(|ten| o(ten * 10)));
    world.says_to_come_within((11..=18).map(|ten| o(ten * 10)), seconds(1), millis(100));
    world
}

#[test]
fn case_stride_ten() {
    let world = stride_ten();
    assert_eq!(world.messages(), words((10..=180).step_by(10), "o"));
    assert!(world.count("holes") <= 1);
    world.assert_at_most(0, 0, 1);

    let mut world = live([]);
    world.forget();
    world.says_to_come_within([10, 20, 30, 40, 50].map(o), seconds(1), seconds(1));
    world.says_to_come_within([60, 70, 80, 90, 100].map(o), seconds(1), millis(100));
    assert_eq!(world.messages(), words((10..=100).step_by(10), "o"));
    assert!(world.count("holes") <= 1);
    world.assert_at_most(4, 0, 5);
}

#[test]
fn case_late_in_replay() {
    let mut world = stride_ten();
    world.forget();
    world.says_silently(o(190));
    world.says([o(200)], seconds(5));
    world.does(Action::Cut);
    world.wait(seconds(5));
    assert_eq!(world.messages(), ["200o", "l190o"]);
    world.assert_at_most(0, 0, 1);
}

#[test]
fn case_sparse_swap() {
    let mut world = stride_ten();
    world.forget();
    for number in [190, 210, 230] {
        world.says([number + 10, number].map(o), Duration::ZERO);
        world.wait(seconds(3));
    }
    assert_eq!(world.messages(), ["200o", "l190o", "220o", "l210o", "240o", "l230o"]);
    world.assert_at_most(0, 0, 0);
}

#[test]
fn case_hold_nothing() {
    let settings = Settings { hold_messages: 0, ..Settings::default() };
    assert!(settings.check().unwrap_err().contains("`hold_messages`"));
}

#[test]
fn case_number_unreadable() {
    let above_all = (0..15).map(|at| u((MALFORMED - MALFORMED % 5) + 5 + at * 5)).collect::<Vec<_>>();
    let mut mixed: Vec<_> = (1..=15).map(o).collect();
    (0..4).for_each(|at| mixed.insert(at * 4, u(above_all[0].content + 1 + at as u64)));
    for journal in [above_all, mixed] {
        let mut world = begin(journal.clone());
        world.wait(seconds(30));
        let (mut bad, mut good) = (journal.clone(), journal);
        bad.retain(|body| body.number.is_none());
        good.retain(|body| body.number.is_some());
        let undecodable =
            seen(&world.clients[0]).filter_map(|(_, word)| Some(word.strip_prefix('?')?.to_owned()));
        assert!(undecodable.eq(bad.iter().map(Body::to_string)));
        let path = |text: &str| {
            crate::stream::decode::<ActivityMessage>(text).map_err(|error| error.path().to_owned())
        };
        assert!(bad.iter().all(|body| path(&body.text(Spelling::Compact)) == Err("$.sequence".into())));
        assert_eq!(world.messages(), words(1..=good.len() as u64, "o"));
        assert_eq!((world.count("caught up"), world.dials.len()), (1, 1));
    }
}

/// After a cut and refusals of 20 s the stream comes back; it said why it waits, and waits longer and longer.
fn comes_back(refusal: Refusal, times: u8, words: &str) {
    let mut world = live((1..=5).map(o));
    world.forget();
    world.does(Action::Refuse(times, refusal));
    let cut = world.now;
    world.does(Action::Cut);
    world.wait(seconds(20));
    world.server.refusals.clear();
    world.says([o(6)], seconds(60));
    assert_eq!(world.messages(), ["6o"]);
    assert!(world.first_at("6o").since(cut) <= seconds(60));
    let delays = world.clients[0].taken.iter().filter_map(|(_, event)| match event {
        Event::Connection(Connection::Retrying { delay, cause }) if format!("{cause:?}").contains(words) => {
            Some(*delay)
        }
        _ => None,
    });
    let delays: Vec<_> = delays.collect();
    assert!(delays.len() >= 3 && delays.last() > delays.first(), "{delays:?}");
    assert_eq!(world.count("failed"), 0);
}

#[test]
fn case_refused_later() {
    for words in ["Internal error, please retry", "Account service is temporarily unavailable"] {
        comes_back(Refusal::Ack(words), 200, words);
    }
}

#[test]
fn case_upgrade_403() {
    comes_back(Refusal::Status(403), 3, "403");
}

#[test]
fn case_refused_from_the_start() {
    let mut world = begin([]);
    world.does(Action::Refuse(200, Refusal::Ack("Invalid token")));
    world.wait(seconds(60));
    assert_eq!(world.count("failed Unauthorized(\"Invalid token\")"), 1);
    world.assert_at_most(0, 0, 5);
}

#[test]
fn case_token_ends_in_the_queue() {
    let mut world = begin([]);
    world.token_life = seconds(4);
    for _ in 0..2 {
        // The limit allows the next dial in 6 s.
        world.permits = -5.0;
        world.forget();
        world.wait(seconds(7));
        assert_eq!((world.count("caught up"), world.dials.len()), (1, 1));
        world.does(Action::Cut);
    }
    world.wait(seconds(60));
    assert_eq!(world.count("failed"), 0);
}

#[test]
fn case_few_heartbeats() {
    let mut world = live([]);
    world.server.manner.period = None;
    world.wait(seconds(250));
    assert_eq!((world.count("disconnected Mute"), world.dials.len()), (0, 1));

    let mut world = begin_with(Settings { audit_interval: seconds(10_000), ..Settings::default() }, []);
    world.server.manner.period = Some(90);
    world.wait(seconds(600));
    assert!(world.count("disconnected Mute") <= 1 && world.dials.len() <= 2);
    assert_eq!(world.state(), State::Live);
}

#[test]
fn case_heartbeats_stop() {
    let mut world = begin([]);
    world.server.manner.period = Some(5);
    world.wait(seconds(60));
    world.server.manner.period = None;
    let stopped = world.now;
    world.wait(seconds(60));
    let mute = world.first_at("disconnected Mute").since(stopped);
    assert!((15..=60).contains(&mute.as_secs()), "{mute:?}");
}

#[test]
fn case_long_message() {
    for in_replay in [false, true] {
        let mut world = begin((1..=3).map(o));
        world.server.manner.period = Some(5);
        world.server.endless = in_replay;
        world.wait(seconds(12));
        world.server.manner.period = None;
        for _ in 0..520 {
            world.server.send(world.now, &Wire::Frame(Frame::Part));
            world.wait(millis(100));
        }
        world.says([o(4)], Duration::ZERO);
        world.server.send(world.now, &control(r#"{"payload":{"type":"replay-complete"}}"#.into()));
        world.wait(millis(10));
        world.server.manner.period = Some(5);
        world.wait(seconds(20));
        assert_eq!(world.messages(), words(1..=4, "o"));
        assert_eq!((world.count("disconnected"), world.dials.len(), world.state()), (0, 1, State::Live));
    }
}

#[test]
fn case_no_replay_complete() {
    let mut world = begin((1..=5).map(o));
    world.server.endless = true;
    let begun = world.now;
    for number in 6..=8 {
        world.wait(seconds(30));
        world.says_to_come_within([o(number)], seconds(1), seconds(1));
    }
    assert!(world.first_at("caught up").since(begun) <= seconds(45));
    assert_eq!(world.messages(), words(1..=8, "o"));
    world.assert_at_most(0, 0, 2);
}

#[test]
fn case_flapping() {
    let mut world = live((1..=3).map(o));
    let mut waits = Vec::new();
    for _ in 0..30 {
        world.wait(seconds(7));
        world.forget();
        let cut = world.now;
        world.does(Action::Cut);
        world.wait(seconds(4));
        waits.push(world.first_at("caught up").since(cut));
        world.wait(seconds(3));
    }
    waits.sort();
    assert!(waits[15] <= seconds(1) && waits[29] <= seconds(3), "{waits:?}");
}

#[test]
fn case_unnumbered_rotation() {
    // 500 a second, on every connection at the same moment; and 15 a second, the older connection 60 ms behind.
    for (count, pause, behind) in [(20_000, 2, 5), (600, 66, 65)] {
        let mut world = live((1..=199).map(o));
        for k in 1..=count {
            if k % (count / 5) == count / 10 {
                world.server.pipes.values_mut().for_each(|pipe| pipe.latency = millis(behind));
                world.does(Action::Rotate);
            }
            world.server.tell(world.now, u(k));
            world.wait(millis(pause));
        }
        world.wait(seconds(3));
        // New tokens are paced, so the fifth may be late.
        assert!(world.count("rotated") >= 4);
        let mut taken: Vec<u64> =
            seen(&world.clients[0]).filter_map(|(_, word)| word.strip_prefix('u')?.parse().ok()).collect();
        taken.sort_unstable();
        assert!(taken.iter().copied().eq(1..=count), "{} of {count}", taken.len());
    }
}

#[test]
fn case_one_connection() {
    // One process.
    let mut world = live((1..=5).map(o));
    world.server.manner.exclusive = true;
    world.wait(seconds(5));
    world.does(Action::Rotate);
    world.wait(millis(300));
    world.says((6..=9).map(o), Duration::ZERO);
    world.wait(seconds(20));
    assert_eq!(world.messages(), words(1..=9, "o"));
    assert!(world.count("disconnected") <= 1);

    // Two processes.
    let mut world = live((1..=5).map(o));
    (world.server.manner.exclusive, world.server.one_account) = (true, true);
    world.begin();
    world.says((6..=185).map(o), seconds(1));
    assert!(world.dials.len() <= 30, "{} dials", world.dials.len());
    for client in &world.clients {
        assert!(seen(client).any(|(_, word)| word == "disconnected Notice(\"Subscribed elsewhere\")"));
        let came = messages(client);
        assert_eq!(came, words(1..=came.len() as u64, "o"));
    }
}

#[test]
fn case_twenty_streams() {
    let are_live = |world: &World| world.clients.iter().all(|client| client.machine.state() == State::Live);
    let mut world = begin([]);
    (1..20).for_each(|_| world.begin());
    world.wait(seconds(5));
    assert!(are_live(&world));
    world.wait(seconds(25));
    world.does(Action::Cut);
    world.wait(seconds(5));
    assert!(are_live(&world));

    // Begun and dropped, and then one more.
    let mut world = begin([]);
    for _ in 0..20 {
        world.wait(millis(20));
        world.restart_processes();
    }
    world.wait(seconds(2));
    assert!(are_live(&world));

    // A hundred. The world counts the dials of a minute.
    let mut world = begin([]);
    (1..100).for_each(|_| world.begin());
    world.wait(seconds(100));
    assert!(are_live(&world));
}
