//! Rows of the fault table, and the interface, in simulated time.

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};

use super::caller::Caller;
use super::server::Answer::{self, *};
use super::server::{Order, Server, numbered};
use super::*;
use crate::stream::DialFailure;
use crate::stream::machine::{NoToken, SlowCaller, Stage, State};
use crate::studio::Client;

const EXPIRED: &str = "Auth expired; please reconnect";
const IDLE: &str = "Idled too long; please reconnect";
const LOST_BY_EXPIRY: &str = "notice Auth expired; please reconnect, disconnected AuthExpired";

/// There are never more than 80 dials within a minute.
pub(super) fn assert_paced(dials: &[Instant]) {
    for dials in dials.windows(81) {
        assert!(dials[80] - dials[0] >= MINUTE, "{:?}", dials[80] - dials[0]);
    }
}

fn status(status: u16, retry_after: Option<u64>) -> Answer {
    let retry_after = retry_after.map(Duration::from_secs);
    Fail(DialFailure::Status { status, retry_after })
}

#[test]
fn rows_03_05_18_19_however_a_connection_ends_nothing_is_lost() {
    let change = |settings: &mut Settings| settings.max_message = 1 << 10;
    simulate_with(change, async |server, caller| {
        let close = |notice| Order::Close(Some(notice), 1000);
        let more = [
            (Order::Mute, "disconnected Mute, retrying Mute".to_owned(), 15..=21),
            (close(IDLE), format!("notice {IDLE}, disconnected Idle, retrying Idle"), 0..=1),
            (close(EXPIRED), format!("{LOST_BY_EXPIRY}, retrying AuthExpired"), 0..=0),
            (Order::Freeze, "disconnected NoPong, retrying NoPong".to_owned(), 20..=25),
        ];
        end_by_each(server, caller, MINUTE, ends()).await;
        for (order, seen, within) in more {
            sleep(MINUTE).await;
            server.tokens.set().asked.clear();
            let began = Instant::now();
            server.order(order);
            caller.saw(format!("{seen}, {}", again(""))).await;
            assert!(within.contains(&began.elapsed().as_secs()), "{seen}: {:?}", began.elapsed());
            let renewed = (seen.contains("AuthExpired")).then_some(1);
            assert_eq!(server.tokens.set().asked, [renewed], "{seen}");
        }
    });
}

#[test]
fn rows_11_15_refused_from_the_start() {
    let denied = r#"Refused("Account not found")"#;
    for (answer, connected, why, words) in [
        (status(401, None), "", "status 401", "the upgrade was answered with status 401"),
        (status(403, None), "", "status 403", "the upgrade was answered with status 403"),
        (Deny("Account not found"), "connected, disconnected ", denied, "Account not found"),
    ] {
        simulate(async |server, caller| {
            let refused = if connected.is_empty() { String::new() } else { format!("{connected}{why}, ") };
            server.always(Some(answer));
            let tries = format!("connecting, {refused}retrying {why}, ").repeat(2);
            caller.saw(format!("{tries}connecting, {refused}failed Unauthorized({words:?}), end")).await;
            // One of them is tried with a new token.
            assert_eq!(server.tokens.set().asked, [None, Some(1), None]);
            sleep(HOUR).await;
            assert_eq!(server.dials().len(), 3);
        });
    }
}

#[test]
fn rows_11_15_refused_after_it_was_accepted() {
    for (answer, ends) in [(status(403, None), false), (Deny("no"), false), (Deny("no"), true)] {
        simulate(async |server, caller| {
            begin(server, caller, 1).await;
            server.always(Some(answer));
            server.order(Order::End);
            let words = caller.take(if ends { HOUR } else { 20 * SECOND }).await;
            assert!(words.len() > 10, "{words:?}");
            let dials = server.dials();
            if ends {
                assert!(words.ends_with(&[r#"failed Unauthorized("no")"#.into(), "end".into()]));
                let tried = dials[dials.len() - 1] - dials[0];
                assert!((560..640).contains(&tried.as_secs()), "{tried:?}");
            } else {
                server.always(None);
                caller.take_until("caught up").await;
            }
        });
    }
}

#[test]
fn row_21_no_token_for_the_next_connection() {
    // For so long, in seconds, there is none, or no answer.
    for (seconds, hangs) in [(3_580, false), (4_200, false), (3_460, true)] {
        simulate(async |server, caller| {
            server.tokens.set().life = Some(HOUR);
            begin(server, caller, 1).await;
            server.tokens.set().none = (!hangs).then_some(NoToken::Unavailable(None));
            server.tokens.set().hangs = hangs;
            server.tokens.set().asked.clear();
            let mut words = caller.take(Duration::from_secs(seconds)).await;
            server.write(1);
            (server.tokens.set().none, server.tokens.set().hangs) = (None, false);
            let asked = std::mem::take(&mut server.tokens.set().asked);
            assert!(hangs || asked.len() >= 5 && asked.iter().all(|asked| *asked == Some(1)), "{asked:?}");
            if seconds < 3_600 {
                assert_eq!(words, ["rotating"]);
                caller.saw("2, rotated").await;
                assert!(server.dials()[0].elapsed() < HOUR + 10 * SECOND);
            } else {
                let lost = words.split_off(1).join(", ");
                assert!(lost.starts_with(&format!("{LOST_BY_EXPIRY}, retrying NoToken, ")), "{lost}");
                caller.take_until("caught up").await;
            }
        });
    }
}

#[test]
fn row_22_credentials_are_revoked() {
    simulate(async |server, caller| {
        server.tokens.set().life = Some(HOUR);
        begin(server, caller, 1).await;
        server.tokens.set().none = Some(NoToken::Refused("revoked".into()));
        let words = caller.take(2 * HOUR).await.join(", ");
        assert!(words.starts_with(&format!("rotating, {LOST_BY_EXPIRY}, ")), "{words}");
        assert!(words.ends_with("failed Unauthorized(\"revoked\"), end"), "{words}");
    });
}

#[test]
fn row_24_a_server_that_refuses_a_second_connection() {
    simulate(async |server, caller| {
        server.tokens.set().life = Some(HOUR);
        begin(server, caller, 1).await;
        server.answer([status(409, None), status(409, None)]);
        let replaced = format!("rotating, disconnected Replaced, retrying Replaced, {}", again(""));
        caller.saw(format!("rotating, {replaced}")).await;
        // From now on the old one is closed first.
        let from = Instant::now();
        caller.saw(replaced).await;
        assert!(from.elapsed() > HOUR - 2 * MINUTE, "{:?}", from.elapsed());
    });
}

/// What the caller gets of messages that are odd; those with a number are the next ones.
#[test]
fn rows_25_26_27_28_41_odd_messages() {
    simulate(async |server, caller| {
        begin(server, caller, 1).await;
        server.write_silently();
        server.say(r#"{"sequence":2,"new":[1],"payload":{"type":"of tomorrow","data":{"a":1}}}"#);
        server.write_silently();
        server.say(r#"{"sequence":3,"payload":{"type":"order-update","data":{"quantity":[]}}}"#);
        server.say(r#"{"payload":{"type":"news","data":"unnumbered"}}"#);
        ["{", "{", "[1]"].iter().for_each(|text| server.say(text));
        caller.saw("unknown of tomorrow, ?$.payload.data.quantity, unnumbered, ?$, ?$, ?$").await;
        server.write_silently();
        server.order(Order::Bytes(frame(0x82, numbered(0, 4).as_bytes())));
        server.order(Order::Bytes(frame(0x82, b"\xff\xfe")));
        caller.saw("4, ?$").await;
    });
}

#[test]
fn rows_29_30_lost_messages() {
    simulate(async |server, caller| {
        begin(server, caller, 2).await;
        // The replay has it.
        server.write_silently();
        server.write(2);
        caller.saw("r3, 4, 5").await;
        let waited = (server.dials()[1] - server.dials()[0]).as_millis();
        assert!((249..300).contains(&waited), "{waited}");
        let statistics = caller.statistics().await;
        assert_eq!((statistics.recoveries, statistics.gaps, statistics.disconnects), (1, 0, 0));
        // No replay has it, and it is not said again.
        server.skip();
        server.write(2);
        caller.saw("gap 5..7, r7, r8").await;
        sleep(SECOND).await;
        server.order(Order::End);
        caller.saw(format!("disconnected Eof, retrying Eof, {}", again(""))).await;
        assert_eq!(caller.statistics().await.gaps, 1);
    });
}

#[test]
fn row_35_the_day_rolls() {
    simulate(async |server, caller| {
        begin(server, caller, 3).await;
        server.roll();
        server.write(2);
        caller.saw("epoch, 1', 2'").await;
        assert_eq!(server.dials().len(), 1);
        // While it is away, the replay is read again, from its start.
        server.order(Order::End);
        server.roll();
        server.write(1);
        let told = "disconnected Eof, retrying Eof, connecting, connected, subscribed, lossy epoch, gap 2..?, \
            disconnected NumbersBeganAnew, retrying NumbersBeganAnew, ";
        caller.saw(told.to_owned() + &again("r1'', ")).await;
    });
}

#[test]
fn row_38_disconnected_in_every_replay() {
    simulate(async |server, caller| {
        server.write(3);
        server.always(Some(EndInReplay));
        caller.take(20 * MINUTE).await;
        server.always(None);
        caller.take_until("caught up").await;
        let waits: Vec<_> = server.dials().windows(2).map(|dials| (dials[1] - dials[0]).as_secs()).collect();
        let mean = |waits: &[u64]| waits.iter().sum::<u64>() / waits.len() as u64;
        assert!(mean(&waits[..4]) < 2 && mean(&waits[20..]) > 8, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 40), "{waits:?}");
    });
}

#[test]
fn row_40_bytes_of_a_slow_message_keep_the_connection_alive() {
    simulate(async |server, caller| take_a_slow_message(server, caller, SECOND).await);
}

#[test]
fn row_44_a_slow_caller_gets_what_a_fast_one_gets() {
    for slow_caller in [SlowCaller::Park, SlowCaller::Block] {
        let change =
            |settings: &mut Settings| (settings.slow_caller, settings.buffer_events) = (slow_caller, 64);
        simulate_with(change, async |server, caller| {
            begin(server, caller, 1).await;
            for _ in 0..10 {
                server.write(100);
                sleep(3 * SECOND).await;
            }
            // For hours nobody takes anything, and there is no connection.
            sleep(6 * HOUR).await;
            let statistics = caller.statistics().await;
            assert!(statistics.delivered <= 1 + 128, "{statistics:?}");
            if slow_caller == SlowCaller::Park {
                assert_eq!((server.dials().len(), server.open()), (1, 0));
                assert_eq!(caller.handle.state(), State::Recovering);
                let mut words = caller.take_until("lagging").await;
                words.extend(caller.take_until("recovered").await);
                words.retain(|word| word.trim_start_matches('r').parse::<u64>().is_err());
                let seen = "lagging, connecting, connected, subscribed, caught up, recovered";
                assert_eq!(words.join(", "), seen);
            } else {
                caller.take_until("1001").await;
                assert_eq!(server.dials().len(), 1);
            }
            assert_eq!(caller.handle.state(), State::Live);
            server.write(1);
            caller.saw("1002").await;
        });
    }
}

/// How far a stream is: what is to happen before it begins, what the caller sees then, and what is to
/// happen next.
type Stop = (fn(&Server), &'static str, fn(&Server, &Caller));

const STOPS: [Stop; 8] = [
    (|server| server.tokens.set().none = Some(NoToken::Unavailable(None)), "retrying NoToken", |_, _| {}),
    (|server| server.answer([Hang]), "connecting", |_, _| {}),
    (|server| server.answer([NoAck]), "connecting, connected", |_, _| {}),
    (|server| server.answer([Stall]), "connecting, connected, subscribed", |_, _| {}),
    (|_| {}, LIVE, |_, _| {}),
    // A rotation, a recovery, and a wait.
    (|server| server.answer([Live, Stall]), LIVE, |_, caller| caller.handle.rotate_now()),
    (|server| server.answer([Live, Stall]), LIVE, |server, _| server.say(&numbered(0, 2))),
    (|server| server.answer([Live, status(503, Some(99))]), LIVE, |server, _| server.order(Order::End)),
];

const LIVE: &str = "connecting, connected, subscribed, caught up";

/// Brings a stream so far.
async fn bring(server: &Server, caller: &mut Caller, (before, seen, after): Stop) {
    before(server);
    caller.saw(seen).await;
    after(server, caller);
    caller.take(3 * SECOND).await;
}

#[test]
fn row_49_close_wins_over_whatever_is_under_way() {
    for stop in STOPS {
        simulate(async |server, caller| {
            bring(server, caller, stop).await;
            let (asked, dials) = (Instant::now(), server.dials().len());
            // It has begun when it is asked for.
            drop(caller.handle.close());
            caller.take_until("end").await;
            caller.handle.close().await;
            assert!(asked.elapsed() <= 5 * SECOND, "{:?}", asked.elapsed());
            assert_eq!(caller.handle.state(), State::Closed);
            let error = caller.handle.wait_until_live(MINUTE).await.unwrap_err();
            assert_eq!(error.to_string(), "the stream was closed");
            // Nothing brings it back.
            caller.handle.reconnect_now();
            caller.handle.rotate_now();
            assert_eq!(caller.take(HOUR).await, ["end"]);
            assert_eq!((server.dials().len(), server.open()), (dials, 0));
        });
    }
}

#[test]
fn row_49_a_close_waits_for_the_server_but_not_for_ever() {
    for (order, seconds) in [(Order::Bytes(Vec::new()), 0), (Order::Freeze, 5)] {
        simulate(async |server, caller| {
            begin(server, caller, 1).await;
            server.order(order);
            sleep(millis(1)).await;
            let began = Instant::now();
            caller.stream.take().unwrap().close().await;
            assert_eq!(began.elapsed().as_secs(), seconds);
        });
    }
}

#[test]
fn row_50_nothing_is_left_of_a_stream_that_is_dropped() {
    for stop in STOPS {
        simulate(async |server, caller| {
            bring(server, caller, stop).await;
            let (handle, dials) = (caller.handle.clone(), server.dials().len());
            caller.assert_got_all(server);
            drop(caller.stream.take());
            handle.reconnect_now();
            handle.close().await;
            assert!(handle.statistics().await.is_none() && handle.resume_point().await.is_none());
            assert!(handle.wait_until_live(DAY).await.is_err());
            assert_eq!(handle.state(), State::Closed);
            sleep(HOUR).await;
            assert_eq!((server.dials().len(), server.open()), (dials, 0));
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        });
    }
}

#[test]
fn row_50_the_runtime_is_shut_down_first() {
    for stop in STOPS {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let mut caller = runtime.block_on(async {
            let server = Server::default();
            let mut caller = call(&server, Settings::default(), &shared(), ResumePoint::default());
            bring(&server, &mut caller, stop).await;
            caller
        });
        drop(runtime);
        drop((caller.handle.close(), caller.stream.take()));
        let other = Builder::new_current_thread().enable_time().build().unwrap();
        assert!(other.block_on(caller.handle.statistics()).is_none());
        assert!(other.block_on(caller.handle.wait_until_live(MINUTE)).is_err());
    }
}

#[test]
fn rows_04_43_a_flood_of_pings_and_a_write_that_is_stuck() {
    simulate(async |server, caller| {
        let began = Instant::now();
        end_by_a_stuck_write(server, caller).await;
        assert!(began.elapsed() <= 7 * SECOND, "{:?}", began.elapsed());
    });
}

#[test]
fn rows_06_11_16_37_an_attempt_that_fails_is_repeated() {
    simulate(async |server, caller| {
        begin(server, caller, 5).await;
        server.order(Order::End);
        let failed = |cause| format!("connecting, retrying {cause}, ");
        let lost = |cause, at| format!("connecting, connected, {at}disconnected {cause}, retrying {cause}, ");
        // With the seconds until the next dial.
        let cases = [
            (Fail(DialFailure::Failed(Stage::Resolve)), failed("Failed(Resolve)"), 0..=1),
            (status(429, None), failed("status 429"), 2..=30),
            (status(503, Some(77)), failed("status 503"), 77..=85),
            (status(503, Some(9_999)), failed("status 503"), 300..=310),
            (NoAck, lost("AckTimeout", ""), 10..=40),
            (Behind(1), lost("ReplayBehind", "subscribed, "), 2..=40),
            (Stall, lost("ReplayStalled", "subscribed, "), 15..=45),
        ];
        let mut seen = "disconnected Eof, retrying Eof, ".to_owned();
        for (answer, words, _) in &cases {
            server.answer([answer.clone()]);
            seen += words;
        }
        caller.saw(seen + &again("")).await;
        for (dials, (answer, _, within)) in server.dials()[1..].windows(2).zip(cases) {
            let seconds = (dials[1] - dials[0]).as_secs();
            assert!(within.contains(&seconds), "{answer:?}: {seconds}");
        }
    });
}

#[test]
fn row_45_a_server_that_accepts_and_closes_a_thousand_times() {
    simulate(async |server, caller| {
        server.always(Some(Close(1000)));
        while server.dials().len() < 1_000 {
            caller.take(MINUTE).await;
        }
        let dials = server.dials();
        let within = |time| dials.iter().filter(|at| **at - dials[0] < time).count();
        assert!((7..=14).contains(&within(MINUTE)), "{} in the first minute", within(MINUTE));
        assert!((100..=160).contains(&within(31 * MINUTE)), "{} in half an hour", within(31 * MINUTE));
        server.always(None);
        caller.take(MINUTE).await;
        assert_eq!(caller.handle.state(), State::Live);
    });
}

#[test]
fn row_51_twenty_and_a_hundred_accounts_that_lose_their_connections_together() {
    for (accounts, seconds) in [(20, 5), (100, 100)] {
        in_simulation(async || {
            // Clones of a client have one limit.
            let client = Client::builder().access_token("token").build().unwrap();
            let server = Server::default();
            let one = |client: Client| {
                call(&server, Settings::default(), client.streams.shared(), ResumePoint::default())
            };
            let mut callers: Vec<_> = (0..accounts).map(|_| one(client.clone())).collect();
            for _ in 0..2 {
                sleep(seconds * SECOND).await;
                assert!(callers.iter().all(|caller| caller.handle.state() == State::Live), "{accounts}");
                sleep(30 * SECOND).await;
                server.order(Order::End);
                server.write_silently();
            }
            assert_paced(&server.dials());
            sleep(2 * MINUTE).await;
            for caller in &mut callers {
                caller.take(Duration::ZERO).await;
                caller.end(&server).await;
            }
        });
    }
}

#[test]
fn row_52_a_day_of_trading() {
    in_simulation(async || {
        let server = Server::default();
        server.tokens.set().life = Some(7 * HOUR);
        let settings = Settings { buffer_events: 256, ..Settings::default() };
        let mut caller = call(&server, settings, &shared(), ResumePoint::default());
        let mut words = Vec::new();
        for second in (0..86_400).step_by(10) {
            match second {
                // Three times the network is cut, once without anybody saying so.
                3_600 | 40_000 => server.order(Order::End),
                60_000 => server.order(Order::Freeze),
                // The server restarts.
                20_000 => {
                    server.answer(std::iter::repeat_n(status(503, None), 4));
                    server.order(Order::Close(None, 1012));
                }
                // It is not at its best.
                50_000 | 70_000 => server.write_silently(),
                51_000 => server.repeat(5),
                52_000 => server.write_crossed(),
                53_000 => {
                    server.tokens.set().none = Some(NoToken::Unavailable(None));
                    server.order(Order::End);
                }
                53_030 => server.tokens.set().none = None,
                _ => {}
            }
            server.write(1);
            // For an hour the caller does something else.
            match (30_000..33_600).contains(&second) {
                true => sleep(10 * SECOND).await,
                false => words.extend(caller.take(10 * SECOND).await),
            }
        }
        words.extend(caller.take(MINUTE).await);
        assert_eq!((caller.handle.state(), server.open()), (State::Live, 1));
        caller.assert_got_all(&server);
        let count = |begin: &str| words.iter().filter(|word| word.starts_with(begin)).count();
        let kinds = ["gap", "epoch", "lossy", "holes", "failed", "end", "lagging", "recovered"];
        assert_eq!(kinds.map(count), [0, 0, 0, 0, 0, 0, 1, 1], "{words:?}");
        let statistics = caller.statistics().await;
        assert_eq!((statistics.disconnects, statistics.gaps), (5, 0));
        let (recoveries, audits) = (statistics.recoveries, statistics.audits);
        assert!(count("rotated") >= 2 && recoveries >= 2 && audits > 80, "{statistics:?}");
        caller.leave().await;
    });
}

#[test]
fn row_53_the_last_message_of_the_day_is_found_by_an_audit() {
    let settings = |settings: &mut Settings| settings.audit_interval = 15 * MINUTE;
    simulate_with(settings, async |server, caller| {
        begin(server, caller, 100).await;
        server.write_silently();
        caller.saw("r101").await;
        let statistics = caller.statistics().await;
        assert_eq!((statistics.audits, statistics.disconnects, statistics.gaps), (1, 0, 0));
        assert!(server.dials()[0].elapsed() < 16 * MINUTE);
        caller.take(HOUR + 5 * MINUTE).await;
        assert_eq!((caller.statistics().await.audits, server.dials().len()), (5, 6));
    });
}

#[test]
fn a_caller_who_gives_up_waiting_loses_nothing() {
    simulate(async |server, caller| {
        server.write(50);
        let handle = caller.handle.clone();
        while caller.delivered.len() < 100 {
            // Each is polled, and dropped.
            _ = timeout(Duration::ZERO, handle.wait_until_live(MINUTE)).await;
            _ = timeout(Duration::ZERO, handle.statistics()).await;
            _ = timeout(Duration::ZERO, handle.resume_point()).await;
            _ = timeout(Duration::ZERO, handle.states().next()).await;
            caller.take(Duration::ZERO).await;
            sleep(millis(1)).await;
            if caller.delivered.len() >= 50 {
                server.write(1);
            }
        }
        caller.take(MINUTE).await;
    });
}
