//! Rows of the fault table, and the interface, in simulated time.

use clear_street_test_support::frames::frame;
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};

use super::caller::Caller;
use super::server::Answer::{self, *};
use super::server::{CLOSE, Order, Server, numbered};
use super::*;
use crate::stream::DialFailure;
use crate::stream::machine::{NoToken, SlowCaller, Stage, State};
use crate::studio::Client;

/// There are never more than 80 dials within a minute.
pub(super) fn assert_paced(dials: &[Instant]) {
    for dials in dials.windows(81) {
        assert!(dials[80] - dials[0] >= MINUTE, "{:?}", dials[80] - dials[0]);
    }
}

fn tokens_live_an_hour(server: &Server, _: &mut Settings) {
    server.state().token_life = Some(HOUR);
}

fn status(status: u16, retry_after: Option<u64>) -> Answer {
    let retry_after = retry_after.map(Duration::from_secs);
    Fail(DialFailure::Status { status, retry_after })
}

/// What happens to a live stream, and what the caller sees until it is live again, after so many seconds.
#[test]
fn rows_03_05_06_11_15_16_18_19_37_a_stream_is_live_again_in_time_after_each_failure() {
    let ends = |cause| format!("disconnected {cause}, retrying {cause}, ");
    let notice = |details, cause| {
        (Order::Close(Some(details), 1000), Live, format!("notice {details}, {}", ends(cause)))
    };
    let fails =
        |answer, cause: &str| (Order::End, answer, format!("{}connecting, retrying {cause}, ", ends("Eof")));
    let stops = |answer, at: &str, cause| {
        (Order::End, answer, format!("{}connecting, connected, {at}{}", ends("Eof"), ends(cause)))
    };
    when_live(by_default, async |server, caller| {
        for (number, ((order, answer, seen), within)) in (2..).zip([
            ((Order::Mute, Live, ends("Mute")), 15..=21),
            ((Order::Freeze, Live, ends("NoPong")), 20..=25),
            (notice("Idled too long; please reconnect", "Idle"), 0..=1),
            (notice("Auth expired; please reconnect", "AuthExpired"), 0..=0),
            (fails(Fail(DialFailure::Failed(Stage::Resolve)), "Failed(Resolve)"), 0..=2),
            (fails(status(503, Some(77)), "status 503"), 77..=87),
            (fails(status(403, None), "status 403"), 0..=2),
            (stops(Deny("no"), "", "Refused(\"no\")"), 0..=2),
            (stops(NoAck, "", "AckTimeout"), 10..=13),
            (stops(Behind, "subscribed, ", "ReplayBehind"), 2..=5),
            (stops(Stall, "subscribed, ", "ReplayStalled"), 15..=18),
        ]) {
            sleep(MINUTE).await;
            server.state().token_requests.clear();
            let began = Instant::now();
            server.answer([answer]);
            server.order(order);
            server.write_silently();
            caller.saw(format!("{seen}{}", again(&format!("r{number}, ")))).await;
            assert!(within.contains(&began.elapsed().as_secs()), "{seen}: {:?}", began.elapsed());
            let renewed = seen.contains("AuthExpired").then_some(1);
            assert_eq!(server.state().token_requests[0], renewed, "{seen}");
        }
    });
}

#[test]
fn row_21_no_token_for_the_next_connection() {
    // For so many seconds there is none, or no answer. The longest wait after that is over in time.
    for (seconds, hangs, requests) in [(3_560, false, 4), (3_460, true, 1)] {
        when_live(tokens_live_an_hour, async |server, caller| {
            server.state().no_token = Some(NoToken::Unavailable(None));
            server.state().token_hangs = hangs;
            assert_eq!(caller.take(seconds * SECOND).await, ["rotating"]);
            server.state().no_token = None;
            server.state().token_hangs = false;
            let requested = std::mem::take(&mut server.state().token_requests);
            assert!(requested.len() > requests && requested[1..].iter().all(|newer| *newer == Some(1)));
            server.write(1);
            caller.saw("2, rotated").await;
            assert!(server.dials()[0].elapsed() < HOUR + 10 * SECOND);
        });
    }
}

#[test]
fn rows_11_15_22_what_is_refused_for_good_ends_the_stream() {
    type Refuse = fn(&Server);
    let refusals: [(Refuse, &str); 3] = [
        (|server| server.state().usual = status(401, None), "the upgrade was answered with status 401"),
        (|server| server.state().usual = Deny("no"), "no"),
        (|server| server.state().no_token = Some(NoToken::Refused("revoked".into())), "revoked"),
    ];
    for (refuse, words) in refusals {
        when_live(tokens_live_an_hour, async |server, caller| {
            refuse(server);
            let seen = caller.take(2 * HOUR).await.join(", ");
            assert!(seen.starts_with("rotating, "), "{seen}");
            assert!(seen.ends_with(&format!("failed Unauthorized({words:?}), end")), "{seen}");
        });
    }
}

#[test]
fn row_24_a_server_that_refuses_a_second_connection() {
    when_live(tokens_live_an_hour, async |server, caller| {
        server.answer([status(409, None), status(409, None)]);
        let replaced = format!("rotating, disconnected Replaced, retrying Replaced, {}", again(""));
        caller.saw(format!("rotating, {replaced}")).await;
        // From now on the old one is closed first.
        caller.saw(replaced).await;
    });
}

/// What the caller gets of messages that are lost or odd.
#[test]
fn rows_25_26_27_28_29_30_41_messages_that_are_lost_or_odd() {
    when_live(by_default, async |server, caller| {
        // The replay has it.
        server.write_silently();
        server.write(2);
        caller.saw("r2, 3, 4").await;
        // No replay has it.
        server.state().last += 1;
        server.write(2);
        caller.saw("gap 4..6, r6, r7").await;
        let statistics = caller.statistics().await;
        assert_eq!((statistics.recoveries, statistics.gaps, statistics.disconnects), (2, 1, 0));
        // Odd ones with a number are the next ones, once the connection that was replaced is gone.
        caller.take(3 * SECOND).await;
        server.write_silently();
        server.say(r#"{"sequence":8,"new":[1],"payload":{"type":"of tomorrow","data":{"a":1}}}"#);
        server.write_silently();
        server.say(r#"{"sequence":9,"payload":{"type":"order-update","data":{"quantity":[]}}}"#);
        server.say(r#"{"payload":{"type":"news","data":"unnumbered"}}"#);
        ["{", "{", "[1]"].iter().for_each(|text| server.say(text));
        caller.saw("unknown of tomorrow, ?$.payload.data.quantity, unnumbered, ?$, ?$, ?$").await;
        let binary = server.write_silently();
        server.order(Order::Bytes(frame(0x82, binary.as_bytes())));
        server.order(Order::Bytes(frame(0x82, b"\xff\xfe")));
        caller.saw("10, ?$").await;
    });
}

#[test]
fn row_35_the_day_rolls() {
    when_live(by_default, async |server, caller| {
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
fn rows_38_45_a_server_that_ends_every_connection_at_once() {
    for usual in [EndInReplay, Close(1000)] {
        simulate(by_default, async |server, caller| {
            server.write(3);
            server.state().usual = usual;
            while server.dials().len() < 1_000 {
                caller.take(MINUTE).await;
            }
            let dials = server.dials();
            let within = |time| dials.iter().filter(|at| **at - dials[0] < time).count();
            assert!((7..=14).contains(&within(MINUTE)), "{} in the first minute", within(MINUTE));
            assert!((100..=160).contains(&within(31 * MINUTE)), "{} in half an hour", within(31 * MINUTE));
            server.state().usual = Live;
            caller.take(MINUTE).await;
            assert_eq!(caller.handle.state(), State::Live);
        });
    }
}

#[test]
fn row_44_a_slow_caller_gets_what_a_fast_one_gets() {
    let parks = "lagging, connecting, connected, subscribed, caught up, recovered";
    for (slow_caller, state, open, seen) in
        [(SlowCaller::Park, State::Recovering, 0, parks), (SlowCaller::Block, State::Live, 1, "")]
    {
        let change = |_: &Server, settings: &mut Settings| {
            (settings.slow_caller, settings.buffer_events) = (slow_caller, 64);
        };
        when_live(change, async |server, caller| {
            for _ in 0..10 {
                server.write(100);
                sleep(3 * SECOND).await;
            }
            // For hours nobody takes anything.
            sleep(6 * HOUR).await;
            let statistics = caller.statistics().await;
            assert!(statistics.delivered <= 1 + 128, "{statistics:?}");
            assert_eq!((server.dials().len(), server.state().open, caller.handle.state()), (1, open, state));
            let mut words = caller.take(MINUTE).await;
            words.retain(|word| word.trim_start_matches('r').parse::<u64>().is_err());
            assert_eq!((words.join(", "), caller.handle.state()), (seen.to_owned(), State::Live));
            server.write(1);
            caller.saw("1002").await;
        });
    }
}

/// How far a stream is: what is to happen before it begins, what the caller sees then, and what is to
/// happen next.
type Stop = (fn(&Server), &'static str, fn(&Server, &Caller));

const STOPS: [Stop; 9] = [
    (|server| server.state().no_token = Some(NoToken::Unavailable(None)), "retrying NoToken", |_, _| {}),
    (|server| server.answer([Hang]), "connecting", |_, _| {}),
    (|server| server.answer([NoAck]), "connecting, connected", |_, _| {}),
    (|server| server.answer([Stall]), "connecting, connected, subscribed", |_, _| {}),
    (|_| {}, LIVE, |_, _| {}),
    (|_| {}, LIVE, |server, _| server.order(Order::Freeze)),
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
fn rows_49_50_nothing_is_left_of_a_stream_that_is_closed_or_dropped() {
    for (stop, drops) in STOPS.into_iter().flat_map(|stop| [(stop, false), (stop, true)]) {
        simulate(by_default, async |server, caller| {
            bring(server, caller, stop).await;
            let (from, dials) = (Instant::now(), server.dials().len());
            // It waits for the server, but not for ever.
            let open = server.state().open;
            let frozen = server.state().frozen.len() as u32;
            let time = match open {
                _ if drops => Duration::ZERO,
                0 => frozen * 5 * SECOND,
                _ => CLOSE,
            };
            if drops {
                caller.stream = None;
            } else {
                // It has begun when it is asked for.
                drop(caller.handle.close());
                caller.take_until("end").await;
            }
            let handle = caller.handle.clone();
            handle.close().await;
            assert!((time..time + millis(5)).contains(&from.elapsed()), "{:?}", from.elapsed());
            assert_eq!(handle.state(), State::Closed);
            let error = handle.wait_until_live(MINUTE).await.unwrap_err();
            assert_eq!(error.to_string(), "the stream was closed");
            assert_eq!(handle.statistics().await.is_none(), drops);
            assert_eq!(handle.resume_point().await.is_none(), drops);
            // Nothing brings it back.
            handle.reconnect_now();
            handle.rotate_now();
            sleep(HOUR).await;
            assert_eq!((server.dials().len(), server.state().open), (dials, 0));
            assert_eq!(Handle::current().metrics().num_alive_tasks(), usize::from(!drops));
        });
    }
}

#[test]
fn row_50_the_runtime_is_shut_down_first() {
    for stop in STOPS {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let mut caller = runtime.block_on(async {
            let server = Server::default();
            let mut caller = call(&server, Settings::default(), &shared());
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
    when_live(by_default, net::end_by_a_stuck_write);
}

#[test]
fn row_51_twenty_and_a_hundred_accounts_that_lose_their_connections_together() {
    for (accounts, seconds) in [(20, 5), (100, 100)] {
        in_simulation(async |_| {
            let (client, server) =
                (Client::builder().access_token("token").build().unwrap(), Server::default());
            // Clones of a client have one limit.
            let one = |client: Client| call(&server, Settings::default(), &client.streams.shared);
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
    let change = |server: &Server, settings: &mut Settings| {
        server.state().token_life = Some(7 * HOUR);
        *settings = Settings { buffer_events: 256, ..Settings::default() };
    };
    simulate(change, async |server, caller| {
        let mut words = Vec::new();
        for second in (0..86_400).step_by(10) {
            match second {
                3_600 | 40_000 => server.order(Order::End),
                // The server restarts.
                20_000 => {
                    server.answer(vec![status(503, None); 4]);
                    server.order(Order::Close(None, 1012));
                }
                // The server is not at its best.
                50_000 | 70_000 => drop(server.write_silently()),
                51_000 => server.repeat(5),
                52_000 => server.write_crossed(),
                53_000 => {
                    server.order(Order::End);
                    server.state().no_token = Some(NoToken::Unavailable(None));
                    words.extend(caller.take(30 * SECOND).await);
                    server.state().no_token = None;
                }
                // The network is cut, and nobody says so.
                60_000 => server.order(Order::Freeze),
                _ => {}
            }
            server.write(1);
            // For an hour the caller does something else.
            match second {
                30_000..33_600 => sleep(10 * SECOND).await,
                _ => words.extend(caller.take(10 * SECOND).await),
            }
        }
        words.extend(caller.take(MINUTE).await);
        // An audit may be under way.
        for _ in 0..60 {
            if server.state().open == 1 {
                break;
            }
            words.extend(caller.take(SECOND).await);
        }
        assert_eq!((caller.handle.state(), server.state().open), (State::Live, 1));
        let count = |begin: &str| words.iter().filter(|word| word.starts_with(begin)).count();
        let kinds = ["gap", "epoch", "lossy", "holes", "failed", "end", "lagging", "recovered"];
        assert_eq!(kinds.map(count), [0, 0, 0, 0, 0, 0, 1, 1], "{words:?}");
        let statistics = caller.statistics().await;
        assert_eq!((statistics.disconnects, statistics.gaps), (5, 0));
        let (recoveries, audits) = (statistics.recoveries, statistics.audits);
        assert!(count("rotated") >= 2 && recoveries >= 2 && audits > 80, "{statistics:?}");
    });
}

#[test]
fn row_53_the_last_message_of_the_day_is_found_by_an_audit() {
    let audits = |_: &Server, settings: &mut Settings| settings.audit_interval = 15 * MINUTE;
    when_live(audits, async |server, caller| {
        server.write_silently();
        caller.saw("r2").await;
        let statistics = caller.statistics().await;
        assert_eq!((statistics.audits, statistics.disconnects, statistics.gaps), (1, 0, 0));
        assert!(server.dials()[0].elapsed() < 16 * MINUTE);
    });
}

#[test]
fn a_caller_who_gives_up_waiting_loses_nothing() {
    simulate(by_default, async |server, caller| {
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
