//! What the public interface adds: goodbyes, and what the streams of a client share.

use super::*;
use crate::builder::ApiClient;
use crate::client;

#[tokio::test(start_paused = true)]
async fn a_close_waits_until_the_server_was_told() {
    let server = Server::new(DAY, None);
    let stream = open(&server);
    stream.handle().wait_until_live(MINUTE).await.unwrap();
    assert_eq!(server.open(), 1);
    let began = Instant::now();
    stream.close().await;
    assert!(began.elapsed() < Duration::from_secs(1), "the server answers at once");
    assert_eq!(server.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_close_has_begun_when_it_is_asked_for() {
    let server = Server::new(DAY, None);
    let mut stream = open(&server);
    stream.handle().wait_until_live(MINUTE).await.unwrap();
    drop(stream.handle().close());
    while stream.next().await.is_some() {}
    assert_eq!(stream.handle().state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_waited_for_so_long() {
    let server = Server::new(DAY, None);
    server.ignore_goodbyes();
    let stream = open(&server);
    stream.handle().wait_until_live(MINUTE).await.unwrap();
    let began = Instant::now();
    stream.close().await;
    assert_eq!(began.elapsed().as_secs(), Settings::default().close_timeout.as_secs());
}

#[tokio::test(start_paused = true)]
async fn all_streams_of_a_client_are_paced_by_one_limit() {
    let mut settings =
        client::Settings::new(<crate::studio::Client as ApiClient>::api(), "https://api.example.com");
    settings.stream_path = Some("/ws");
    settings.credentials = Some(crate::authentication::Given::Key("key".into()));
    let client = settings.build().unwrap();
    let server = Server::new(DAY, None);
    let streams: Vec<Activity> = (0..5)
        .map(|_| {
            let client = client.clone();
            let shared = client.streams().unwrap().shared();
            let subscription = ActivitySubscription::new(AccountId::new("100000"));
            let (dial, bearers) = (server.clone(), server.clone());
            start(subscription, dial, bearers, Settings::default(), shared, ResumePoint::default()).unwrap()
        })
        .collect();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(server.dials(), 3);
    sleep(Duration::from_secs(12)).await;
    assert_eq!(server.dials(), 5);
    drop(streams);
}
