//! Where the examples run: against a mock of Clear Street inside themselves, or, with `--live`,
//! against Clear Street.
#![allow(dead_code, reason = "each example uses a part of it")]

use std::env;
use std::error::Error;
use std::time::Duration;

use clear_street::trading::accounts::AccountId;
use clear_street::{studio, trading};
use clear_street_mock::MockServer;
use clear_street_mock::clock::Clock;

/// What an example fails with.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Variables that credentials of Clear Street are taken from.
const CREDENTIALS: [&str; 2] = ["CLEAR_STREET_API_KEY", "CLEAR_STREET_CLIENT_ID"];

/// A server to try things against.
pub(crate) struct Setting {
    /// None: Clear Street itself.
    pub(crate) mock: Option<MockServer>,
}

impl Setting {
    /// The mock, unless the program was told `--live`.
    pub(crate) async fn choose() -> Result<Self, Failure> {
        // A morning on which time goes on only when it is told to, so that every run is the same.
        Self::choose_at(Clock::standing_at("2025-10-31T14:30:00Z".parse()?)).await
    }

    /// The same with a mock that has another time.
    pub(crate) async fn choose_at(clock: Clock) -> Result<Self, Failure> {
        if env::args().any(|argument| argument == "--live") {
            println!("This is Clear Street: what is ordered is ordered.");
            return Ok(Self { mock: None });
        }
        if let Some(variable) = CREDENTIALS.iter().find(|variable| env::var_os(variable).is_some()) {
            println!("There are credentials in {variable}; say `-- --live` to use them.");
        }
        println!("This is the mock: nothing is real.");
        Ok(Self { mock: Some(MockServer::builder().clock(clock).start().await?) })
    }

    /// A client of the Trading API.
    pub(crate) fn trading(&self) -> clear_street::Result<trading::Client> {
        match &self.mock {
            None => trading::Client::from_env(),
            Some(mock) => trading::Client::builder().api_key("mock").base_url(mock.trading_url()).build(),
        }
    }

    /// A client of the Studio API.
    pub(crate) fn studio(&self) -> clear_street::Result<studio::Client> {
        let Some(mock) = &self.mock else { return studio::Client::from_env() };
        let client = studio::Client::builder().credentials("mock", "mock").base_url(mock.studio_url());
        match mock.token_url() {
            Some(url) => client.token_url(url).build(),
            None => client.build(),
        }
    }

    /// Lets time go on in the market of the mock, fifty times as fast as it does elsewhere by itself.
    pub(crate) fn let_time_pass(&self) {
        let Some(clock) = self.mock.as_ref().map(|mock| mock.clock().clone()) else { return };
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                clock.advance(Duration::from_secs(1));
            }
        });
    }

    /// Waits a second, which is over at once on the mock.
    pub(crate) async fn wait_a_second(&self) {
        match &self.mock {
            Some(mock) => mock.clock().advance(Duration::from_secs(1)),
            None => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

/// The account that an example trades with.
pub(crate) async fn first_account(client: &trading::Client) -> Result<AccountId, Failure> {
    let accounts = client.accounts().get_accounts().send().await?.data;
    Ok(accounts.first().ok_or("there is no account")?.id)
}
