//! What the public interface adds: goodbyes, and what the streams of a client share.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::day::open;
use super::server::Server;
use super::stage::{in_simulation, simulate};
use super::{Activity, DAY, MINUTE, begin};
use crate::builder::ApiClient;
use crate::client;
use crate::stream::machine::{ResumePoint, Settings, State};

#[test]
fn a_close_waits_until_the_server_was_told() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        stage.caller.handle().wait_until_live(MINUTE).await.unwrap();
        let began = Instant::now();
        let stream = stage.caller.stream().take().unwrap();
        session.beside(stream.close()).await;
        assert!(began.elapsed() < Duration::from_secs(1), "the server answers at once");
        assert_eq!(session.read().await, None);
    });
}

#[test]
fn a_close_has_begun_when_it_is_asked_for() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        drop(stage.caller.handle().close());
        session.beside(stage.caller.saw("end")).await;
        assert_eq!(stage.caller.handle().state(), State::Closed);
    });
}

#[test]
fn a_server_that_does_not_answer_is_waited_for_so_long() {
    simulate(async |stage| {
        let _mute = stage.begin([1]).await;
        let began = Instant::now();
        stage.caller.stream().take().unwrap().close().await;
        assert_eq!(began.elapsed().as_secs(), Settings::default().close_timeout.as_secs());
    });
}

#[test]
fn all_streams_of_a_client_are_paced_by_one_limit() {
    in_simulation(async || {
        let mut settings =
            client::Settings::new(<crate::studio::Client as ApiClient>::api(), "https://api.example.com");
        settings.stream_path = Some("/ws");
        settings.credentials = Some(crate::authentication::Given::Key("key".into()));
        let client = settings.build().unwrap();
        let server = Server::new(DAY);
        let streams: Vec<Activity> = (0..25)
            .map(|_| {
                let client = client.clone();
                let shared = client.streams().unwrap().shared();
                let tokens = server.tokens.clone();
                begin(server.clone(), tokens, Settings::default(), shared, ResumePoint::default())
            })
            .collect();
        sleep(Duration::from_millis(500)).await;
        assert_eq!(server.dials().len(), 20);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(server.dials().len(), 25);
        drop(streams);
    });
}

#[test]
fn whoever_gives_up_waiting_loses_nothing() {
    in_simulation(async || {
        let server = Server::new(DAY);
        server.write(50);
        let mut caller = open(&server, Settings::default());
        let handle = caller.handle().clone();
        let began = Instant::now();
        while caller.delivered.len() < 100 {
            assert!(began.elapsed() < DAY, "{:?}", caller.delivered);
            // Each is polled, and dropped.
            _ = timeout(Duration::ZERO, handle.wait_until_live(MINUTE)).await;
            _ = timeout(Duration::ZERO, handle.statistics()).await;
            _ = timeout(Duration::ZERO, handle.resume_point()).await;
            _ = timeout(Duration::ZERO, handle.states().next()).await;
            caller.take(Duration::ZERO).await;
            sleep(Duration::from_millis(1)).await;
            if caller.delivered.len() >= 50 {
                server.write(1);
            }
        }
        caller.take(MINUTE).await;
        caller.assert_got(&server.said());
        caller.leave().await;
    });
}
