//! Streams that go on for long with a server that is left to itself.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::caller::Caller;
use super::server::Server;
use super::stage::in_simulation;
use super::{DAY, MINUTE, begin};
use crate::stream::dial_limit::DialLimit;
use crate::stream::machine::{NoToken, ResumePoint, Settings, State};
use crate::stream::supervisor::Shared;

const HOUR: u64 = 3_600;

/// A stream from this server, with its tokens.
pub(super) fn open(server: &Server, settings: Settings) -> Caller {
    let shared = Shared { limit: DialLimit::new(), clock: Instant::now() };
    let stream = begin(server.clone(), server.tokens.clone(), settings, &shared, ResumePoint::default());
    Caller::new(stream, DAY)
}

#[test]
fn a_plain_hour() {
    in_simulation(async || {
        let server = Server::new(DAY);
        server.write(100);
        let mut caller = open(&server, Settings::default());
        caller.handle().wait_until_live(MINUTE).await.unwrap();
        for _ in 0..60 {
            server.write(3);
            caller.take(MINUTE).await;
        }
        caller.assert_got(&server.said());
        let statistics = caller.statistics().await;
        assert_eq!((statistics.delivered, statistics.dials, statistics.disconnects), (280, 4, 0));
        assert_eq!(statistics.audits, 3);
        caller.leave().await;
    });
}

#[test]
fn row_53_the_last_message_of_the_day_is_found_by_an_audit() {
    in_simulation(async || {
        let server = Server::new(DAY);
        server.write(100);
        let mut caller = open(&server, Settings::default());
        caller.handle().wait_until_live(MINUTE).await.unwrap();
        server.write_silently();
        caller.take(16 * MINUTE).await;
        caller.assert_got(&server.said());
        let statistics = caller.statistics().await;
        assert_eq!((statistics.audits, statistics.disconnects, statistics.gaps), (1, 0, 0));
        caller.leave().await;
    });
}

#[test]
fn what_happens_while_the_connection_is_cut_comes_once() {
    in_simulation(async || {
        let server = Server::new(DAY);
        let mut caller = open(&server, Settings::default());
        for _ in 0..5 {
            server.write(10);
            caller.take(MINUTE).await;
            server.cut();
            server.write(10);
            caller.take(MINUTE).await;
        }
        caller.assert_got(&server.said());
        let statistics = caller.statistics().await;
        // From 10, 30, 50, 70 and 90 on, all that had been delivered was sent again.
        assert_eq!((statistics.dials, statistics.disconnects, statistics.duplicates), (6, 5, 250));
        caller.leave().await;
    });
}

#[test]
fn row_52_a_day_of_trading() {
    in_simulation(async || {
        let server = Server::new(Duration::from_secs(7 * HOUR));
        let mut caller = open(&server, Settings { buffer_events: 256, ..Settings::default() });
        let mut words = Vec::new();
        for second in (0..24 * HOUR).step_by(10) {
            match second {
                // Three times the network is cut, once without anybody saying so.
                3_600 | 40_000 => server.cut(),
                60_000 => server.freeze(),
                // The server restarts.
                20_000 => {
                    server.refuse(4, 503);
                    server.close(None, 1012);
                }
                // It is not at its best.
                50_000 | 70_000 => server.write_silently(),
                51_000 => server.repeat(5),
                52_000 => server.write_crossed(),
                53_000 => {
                    server.tokens.set(|tokens| tokens.none = Some(NoToken::Unavailable(None)));
                    server.cut();
                }
                53_030 => server.tokens.set(|tokens| tokens.none = None),
                _ => {}
            }
            server.write(1);
            // For an hour the caller does something else.
            match (30_000..33_600).contains(&second) {
                true => sleep(Duration::from_secs(10)).await,
                false => words.extend(caller.take(Duration::from_secs(10)).await),
            }
        }
        words.extend(caller.take(MINUTE).await);
        assert_eq!((caller.handle().state(), server.open()), (State::Live, 1));
        caller.assert_got(&server.said());
        assert!(caller.delivered.len() > 8_640);

        let count = |begin: &str| words.iter().filter(|word| word.starts_with(begin)).count();
        let kinds = ["gap", "epoch", "lossy", "holes", "lagging", "recovered", "rotated", "failed", "end"];
        assert_eq!(kinds.map(count)[..6], [0, 0, 0, 0, 1, 1], "{words:?}");
        assert_eq!(kinds.map(count)[7..], [0, 0]);
        let statistics = caller.statistics().await;
        assert_eq!((statistics.disconnects, statistics.gaps), (5, 0));
        assert!(count("rotated") >= 2 && statistics.recoveries >= 2 && statistics.audits > 80, "{statistics:?}");
        caller.leave().await;
    });
}
