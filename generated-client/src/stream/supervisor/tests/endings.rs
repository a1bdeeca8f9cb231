//! The end of a stream, whatever is under way.

use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};

use super::stage::{Stage, simulate};
use super::{DAY, MINUTE, again};
use crate::stream::machine::{NoToken, ResumePoint, Settings, State};

/// How far a stream is.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Token,
    Dial,
    Subscription,
    Replay,
    Live,
    Rotation,
    Recovery,
    Backoff,
}

const STOPS: [Stop; 8] = [
    Stop::Token,
    Stop::Dial,
    Stop::Subscription,
    Stop::Replay,
    Stop::Live,
    Stop::Rotation,
    Stop::Recovery,
    Stop::Backoff,
];

/// Brings a stream so far; what the server has of it by then, to be kept.
async fn bring(stage: &mut Stage, stop: Stop) -> Box<dyn Send> {
    match stop {
        Stop::Token => {
            stage.tokens.set(|tokens| tokens.none = Some(NoToken::Unavailable(None)));
            stage.caller.saw("retrying NoToken").await;
            Box::new(())
        }
        Stop::Dial => {
            let dialling = stage.dial().await;
            stage.caller.saw("connecting").await;
            Box::new(dialling)
        }
        Stop::Subscription => {
            let mut session = stage.accept().await;
            session.subscription().await;
            stage.caller.saw("connecting, connected").await;
            Box::new(session)
        }
        Stop::Replay => {
            let mut session = stage.accept().await;
            session.accept().await;
            session.say([1]).await;
            stage.caller.saw("connecting, connected, subscribed, r1").await;
            Box::new(session)
        }
        Stop::Live => Box::new(stage.begin([1]).await),
        Stop::Rotation | Stop::Recovery => {
            let mut old = stage.begin([1]).await;
            if matches!(stop, Stop::Rotation) {
                stage.caller.handle().rotate_now();
                stage.caller.saw("rotating").await;
            } else {
                old.text(&super::session::numbered(3, "")).await;
            }
            let mut new = stage.accept().await;
            new.accept().await;
            Box::new((old, new))
        }
        Stop::Backoff => {
            stage.begin([1]).await.end().await;
            stage.caller.saw("disconnected Eof, retrying Eof").await;
            Box::new(())
        }
    }
}

#[test]
fn row_49_close_wins_over_whatever_is_under_way() {
    for stop in STOPS {
        simulate(async |stage| {
            let _server = bring(stage, stop).await;
            let asked = Instant::now();
            let closed = stage.caller.handle().close();
            stage.caller.saw("end").await;
            closed.await;
            assert!(asked.elapsed() <= Duration::from_secs(5), "{stop:?}: {:?}", asked.elapsed());
            assert_eq!(stage.caller.handle().state(), State::Closed, "{stop:?}");
            assert!(stage.caller.handle().wait_until_live(MINUTE).await.is_err());
            // Nothing brings it back.
            stage.caller.handle().reconnect_now();
            stage.caller.handle().rotate_now();
            stage.no_dial(60 * MINUTE).await;
            assert_eq!(stage.caller.take(MINUTE).await, ["end"], "{stop:?}");
        });
    }
}

#[test]
fn row_49_a_goodbye_is_said_and_waited_for() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        let closed = stage.caller.handle().close();
        let (first, code) = session.read().await.expect("a close");
        assert_eq!((first, code), (0x88, 1000_u16.to_be_bytes().to_vec()));
        // What is still said is not for the caller, who has the end.
        session.text(&super::session::numbered(2, "")).await;
        session.frame(0x88, &1000_u16.to_be_bytes()).await;
        stage.caller.saw("end").await;
        closed.await;
        assert_eq!(session.read().await, None);
    });
}

#[test]
fn row_50_nothing_is_left_of_a_stream_that_is_dropped() {
    for stop in STOPS {
        simulate(async |stage| {
            let server = bring(stage, stop).await;
            assert_ne!(Handle::current().metrics().num_alive_tasks(), 0);
            let handle = stage.caller.handle().clone();
            drop(stage.caller.stream().take());
            sleep(Duration::from_millis(1)).await;
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "{stop:?}");
            drop(server);
            handle.reconnect_now();
            handle.close().await;
            assert!(handle.statistics().await.is_none() && handle.resume_point().await.is_none());
            assert!(handle.wait_until_live(DAY).await.is_err());
            assert_eq!(handle.state(), State::Closed);
            stage.no_dial(60 * MINUTE).await;
        });
    }
}

#[test]
fn row_50_the_runtime_is_shut_down_first() {
    for stop in STOPS {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (mut stage, server) = runtime.block_on(async {
            let mut stage = Stage::new(Settings::default());
            let server = bring(&mut stage, stop).await;
            (stage, server)
        });
        let handle = stage.caller.handle().clone();
        drop(runtime);
        drop(handle.close());
        drop((server, stage.caller.stream().take()));
        let other = Builder::new_current_thread().enable_time().build().unwrap();
        assert!(other.block_on(handle.statistics()).is_none(), "{stop:?}");
        assert!(other.block_on(handle.wait_until_live(MINUTE)).is_err(), "{stop:?}");
    }
}

#[test]
fn another_process_goes_on_where_one_stopped() {
    simulate(async |stage| {
        let mut session = stage.begin([1, 2]).await;
        session.say(3..=9).await;
        stage.caller.saw("3, 4, 5").await;
        let point = stage.caller.handle().resume_point().await.unwrap();
        let point: ResumePoint = serde_json::from_str(&serde_json::to_string(&point).unwrap()).unwrap();
        drop(stage.caller.stream().take());
        let mut next = stage.another(Settings::default(), point);
        let mut session = stage.accept().await;
        session.live(1..=10).await;
        next.saw(again("r6, r7, r8, r9, r10, ")).await;
        stage.caller.delivered.append(&mut next.delivered);
        next.leave().await;
    });
}

#[test]
fn a_stream_that_fails_says_so_once() {
    super::stage::simulate_with(|settings| settings.max_attempts = Some(2), async |stage| {
        stage.begin([1]).await.end().await;
        stage.caller.saw("disconnected Eof, retrying Eof").await;
        stage.refuse(crate::stream::DialFailure::Certificate).await;
        stage.caller.saw("connecting, failed GaveUp, end").await;
        assert_eq!(stage.caller.handle().state(), State::Failed);
        let again = timeout(MINUTE, stage.caller.stream().as_mut().unwrap().next()).await;
        assert!(matches!(again, Ok(None)), "{again:?}");
    });
}
