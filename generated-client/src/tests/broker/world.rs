//! A client that submits rows to the broker of a script, and what it is told.

use std::sync::Arc;
use std::time::Duration;

use clear_street_test_support::KEY;
use rust_decimal::Decimal;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout};

use super::script::{Kind, Script};
use super::server::Broker;
use crate::authentication::CredentialsConfig;
use crate::call::Call;
use crate::client::Settings;
use crate::error::{Delivery, Error};
use crate::keyed::{Rows, SubmissionFuture};
use crate::operation::Operation;
use crate::options::RequestOptions;
use crate::record::Value;
use crate::retry::{RetrySettings, SystemTime};
use crate::trading::accounts::AccountId;
use crate::trading::instruments::InstrumentId;
use crate::trading::orders::{NewOrder, Order, RequestTimeInForce, Side, SubmitOrders};
use crate::trading::positions::{
    PositionInstruction, PositionInstructionSubmissionRequest, PositionInstructionType,
    SubmitPositionInstructions,
};
use crate::{RowOutcome, Submission};

/// Longer than anything may take.
const EVER: Duration = Duration::from_secs(90);

/// A run, and what the caller was told.
pub(super) struct World {
    pub(super) broker: Arc<Broker>,
    pub(super) began: Instant,
    /// The keys in the order in which they were submitted.
    pub(super) keys: Vec<String>,
    /// Without an end: the call did not come to one.
    pub(super) call: Option<CallReport>,
    pub(super) resolves: Vec<ResolveReport>,
}

pub(super) struct CallReport {
    pub(super) took: Duration,
    pub(super) told: Result<Vec<RowReport>, CallError>,
}

/// One call of `resolve()`.
pub(super) struct ResolveReport {
    pub(super) took: Duration,
    /// Without an end: it did not come to one.
    pub(super) outcome: Option<Result<bool, String>>,
    pub(super) told: Vec<RowReport>,
    /// Everything works.
    pub(super) last: bool,
}

/// A row of a submission.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowReport {
    pub(super) key: String,
    pub(super) outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Accepted(RowView),
    Refused(RowView),
    Unknown,
}

/// A row as the caller has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowView {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) status: String,
}

#[derive(Debug)]
#[expect(dead_code, reason = "the message is printed")]
pub(super) struct CallError {
    pub(super) delivery: Delivery,
    pub(super) status: Option<u16>,
    pub(super) message: String,
}

impl World {
    /// Runs a script in simulated time.
    pub(super) fn play(script: &Script) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            match script.kind {
                Kind::Orders => {
                    let orders = script.rows.iter().enumerate().map(|(index, row)| {
                        let price = Decimal::new(4170, 2);
                        let day = RequestTimeInForce::Day;
                        let order = NewOrder::limit("KLMN", Side::Buy, Decimal::new(25, 0), price, day);
                        if row.given { order.id(script.key(index)) } else { order }
                    });
                    let rows = Rows::new(&SubmitOrders::OPERATION, orders.collect());
                    run::<Order>(script, &SubmitOrders::OPERATION, rows).await
                }
                Kind::Instructions => {
                    let instructions = script.rows.iter().enumerate().map(|(index, row)| {
                        let contract = InstrumentId::new("01900000-0000-7000-8000-00000000000a");
                        let exercise = PositionInstructionType::Exercise;
                        let new = PositionInstructionSubmissionRequest::new(contract, exercise, Decimal::ONE);
                        if row.given { new.instruction_id(script.key(index)) } else { new }
                    });
                    let rows = Rows::new(&SubmitPositionInstructions::OPERATION, instructions.collect());
                    run::<PositionInstruction>(script, &SubmitPositionInstructions::OPERATION, rows).await
                }
            }
        })
    }
}

async fn run<T: Value + Send + Serialize + 'static>(
    script: &Script,
    operation: &'static Operation,
    rows: Rows<impl Value>,
) -> World {
    let broker = Arc::new(Broker::new(script));
    let mut settings = Settings::new(operation.api, "http://127.0.0.1:9");
    settings.credentials = Some(CredentialsConfig::Key(KEY.into()));
    settings.time = Arc::new(SystemTime::new(fastrand::Rng::with_seed(script.seed)));
    settings.transport.memory = Some(Arc::<Broker>::clone(&broker));
    let mut options = RequestOptions::new();
    if script.client.per_request {
        options.timeout = script.client.timeout.map(Duration::from_millis);
        options.retries = retries(script);
    } else {
        settings.order_timeout = script.client.timeout.map(Duration::from_millis);
        settings.order_retries = retries(script);
    }
    let mut call = Call::new(&settings.build().unwrap(), operation);
    call.set(0, AccountId::new(super::server::ACCOUNT).view());
    call.configure(options);
    let keys = rows.keys().to_vec();
    let began = Instant::now();
    let outcome = timeout(EVER, SubmissionFuture::<T>::new(call, rows)).await;
    let mut world = World { broker, began, keys, call: None, resolves: Vec::new() };
    let took = began.elapsed();
    match outcome {
        Err(_) => {}
        Ok(Err(error)) => world.call = Some(CallReport { took, told: Err(failed(&error)) }),
        Ok(Ok(mut submission)) => {
            world.call = Some(CallReport { took, told: Ok(told(&submission)) });
            for pause in &script.resolves {
                sleep(Duration::from_millis(*pause)).await;
                world.resolves.push(resolve(&mut submission).await);
            }
            world.broker.recover();
            // Nothing is under way any more.
            sleep(EVER).await;
            world.resolves.push(ResolveReport { last: true, ..resolve(&mut submission).await });
        }
    }
    // Whatever waits in a queue arrives.
    sleep(EVER).await;
    world
}

fn retries(script: &Script) -> RetrySettings {
    let client = &script.client;
    let mut settings = RetrySettings::new().wait_if_throttled(client.wait);
    if let Some(attempts) = client.max_attempts {
        settings = settings.max_attempts(attempts);
    }
    match client.resend {
        Some(in_flight) => settings.assume_known_keys_refused(Duration::from_millis(in_flight)),
        None => settings,
    }
}

async fn resolve<T: Value + Send + Serialize + 'static>(submission: &mut Submission<T>) -> ResolveReport {
    let began = Instant::now();
    let outcome = timeout(EVER, submission.resolve()).await.ok();
    let outcome = outcome.map(|outcome| outcome.map_err(|error| error.to_string()));
    ResolveReport { took: began.elapsed(), outcome, told: told(submission), last: false }
}

fn failed(error: &Error) -> CallError {
    CallError { delivery: error.delivery(), status: error.status(), message: error.to_string() }
}

fn told<T: Value + Send + Serialize + 'static>(submission: &Submission<T>) -> Vec<RowReport> {
    let rows = submission.rows().iter().map(|row| RowReport {
        key: row.key.clone(),
        outcome: match &row.outcome {
            RowOutcome::Accepted(row) => Outcome::Accepted(shown(row)),
            RowOutcome::Refused(row) => Outcome::Refused(shown(row)),
            RowOutcome::Unknown { .. } => Outcome::Unknown,
        },
    });
    rows.collect()
}

fn shown(row: &impl Serialize) -> RowView {
    let row = serde_json::to_value(row).unwrap();
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let key =
        if row["instruction_id"].is_string() { text("instruction_id") } else { text("client_order_id") };
    RowView { id: text("id"), key, status: text("status") }
}
