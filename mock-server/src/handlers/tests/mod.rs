//! What the handlers answer, through both APIs, and what they tell the stream.

mod behaviour;
mod validity;

use std::time::Duration;

use clear_street_spec::ir::{self, Bounds, Outcome};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{ExchangeHandlers, StatefulHandlers};
use crate::call::{Answer, Call, Window};
use crate::clock::Clock;
use crate::exchange::calendar::Hours;
use crate::journal::Journal;
use crate::testing::api;
use crate::validate::{Strictness, Validator};

/// Handlers and everything around them.
struct Office {
    apis: [ir::Api; 2],
    clock: Clock,
    journal: Journal,
    handlers: ExchangeHandlers,
}

impl Office {
    /// On a Friday, an hour after the market opened.
    fn new() -> Self {
        let apis = [api("trading"), api("studio")];
        let clock = Clock::starting_at("2025-10-31T14:30:00Z".parse().unwrap());
        let journal = Journal::new(clock.clone());
        let handlers = ExchangeHandlers::new(&apis, 7, Hours::Exchange, clock.clone(), journal.clone());
        Self { apis, clock, journal, handlers }
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn operation(&self, name: &str) -> (&ir::Api, &ir::Operation) {
        let (api, name) = name.split_once('/').unwrap();
        let api = self.apis.iter().find(|known| known.name == api).unwrap();
        let operations = api.groups.iter().flat_map(|group| &group.operations);
        (api, operations.into_iter().find(|operation| operation.name == name).unwrap())
    }

    fn answer(&self, name: &str, parameters: Value, body: Value) -> Answer {
        let (api, operation) = self.operation(name);
        let Value::Object(mut parameters) = parameters else { panic!("{parameters} are no parameters") };
        let window = parameters.remove("window").map(|window| Window {
            start: window[0].as_u64().unwrap() as usize,
            size: window[1].as_u64().unwrap() as usize,
        });
        let body = Some(body).filter(|body| !body.is_null());
        let call =
            Call { api, operation, parameters, body, page: window, headers: &HeaderMap::new(), bearer: None };
        self.handlers.answer(&call).unwrap()
    }

    /// What is answered, which is valid.
    fn ask(&self, name: &str, parameters: Value, body: Value) -> Value {
        let (api, operation) = self.operation(name);
        let (value, ty) = match (self.answer(name, parameters, body), &operation.result) {
            (Answer::Value(value), Outcome::Value(ty)) => (value, ty.clone()),
            (Answer::Window { items, .. }, Outcome::Page(ty)) => {
                (Value::Array(items), ir::Type::List(Box::new(ty.clone())))
            }
            (Answer::Rows { rows, .. }, Outcome::Value(ty)) => (Value::Array(rows), ty.clone()),
            (Answer::Nothing, Outcome::Nothing) => return Value::Null,
            (answer, _) => panic!("{name} answers {answer:?}"),
        };
        let mut validator = Validator::new(api, Strictness::Full);
        validator.value(&ty, &Bounds::default(), &value, "");
        assert_eq!(validator.finish(), [], "{name} answers {value}");
        value
    }

    /// Status and field of a refusal.
    fn refused(&self, name: &str, parameters: Value, body: Value) -> (u16, Option<String>) {
        match self.answer(name, parameters, body) {
            Answer::Refused(refusal) => {
                let field = refusal.violations.first().map(|violation| violation.field.clone());
                (refusal.status.as_u16(), field)
            }
            answer => panic!("{name} answers {answer:?}"),
        }
    }

    fn submit(&self, rows: Value) -> Vec<Value> {
        let answer = self.ask("trading/submit_orders", json!({ "account_id": 100_000 }), rows);
        answer.as_array().unwrap().clone()
    }
}

fn order(symbol: &str, side: &str, quantity: &str) -> Value {
    json!({ "symbol": symbol, "side": side, "quantity": quantity, "order_type": "MARKET", "time_in_force": "DAY" })
}

fn limit(symbol: &str, side: &str, quantity: &str, price: &str) -> Value {
    let mut order = order(symbol, side, quantity);
    order["order_type"] = json!("LIMIT");
    order["limit_price"] = json!(price);
    order
}

fn path(order: &Value) -> Value {
    json!({ "account_id": 100_000, "order_id": order["id"] })
}
