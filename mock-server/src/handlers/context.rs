//! One call, the exchange that it is about, and what it says.

use std::collections::BTreeMap;

use clear_street_spec::ir;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::documents::Documents;
use super::encoder::SpecEncoder;
use super::field_values::{FieldValue, FieldValues};
use crate::call::{Answer, Call, Refusal};
use crate::encode;
use crate::exchange::Exchange;
use crate::exchange::account::Account;
use crate::exchange::index::{AccountIx, OrderIx};
use crate::exchange::listing::Instrument;
use crate::exchange::order::Order;

/// What a call is answered, or why it is refused.
pub(super) type Outcome = Result<Answer, Refusal>;

/// Answers one operation.
pub(super) type Handler = fn(&mut RequestContext<'_>) -> Outcome;

/// One call, and the state that it is about.
pub(super) struct RequestContext<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) exchange: &'a mut Exchange,
    pub(super) documents: &'a mut Documents,
    /// What is to be told on streams beside what happens on the exchange: account, type and fields.
    pub(super) told: Vec<(AccountIx, &'static str, FieldValues)>,
}

impl<'a> RequestContext<'a> {
    /// The parameters.
    pub(super) fn parameters(&self) -> Arguments<'a> {
        Arguments(Some(&self.call.parameters))
    }

    /// The body, if it is an object.
    pub(super) fn body(&self) -> Arguments<'a> {
        Arguments(self.call.body.as_ref().and_then(Value::as_object))
    }

    /// The rows of the body, if it is a list.
    pub(super) fn rows(&self) -> Vec<Arguments<'a>> {
        objects(self.call.body.as_ref())
    }

    /// The account of the path or the body, by whatever the API calls it.
    pub(super) fn account(&self) -> Result<&Account, Refusal> {
        let parameters = self.parameters();
        let arguments = if parameters.has("account_id") { parameters } else { self.body() };
        let number = arguments.int("account_id").or_else(|| {
            let name = arguments.text("account_id")?;
            // Studio has the digits as the identifier, and `CS` before eight of them as the number.
            name.strip_prefix("CS").unwrap_or(name).parse().ok()
        });
        let account = number.and_then(|number| self.exchange.account_by_number(number));
        account.ok_or_else(|| self.refusal(&[404, 403, 422, 400], "there is no such account"))
    }

    /// The order of the path, if the account of the path has it.
    pub(super) fn order(&self) -> Result<&Order, Refusal> {
        let account = self.account()?.ix;
        let order = self.parameters().text("order_id").and_then(|id| self.exchange.order_by_id(id));
        let own = order.filter(|order| order.account == account);
        own.ok_or_else(|| self.refusal(&[404], "there is no such order"))
    }

    /// The instrument that a parameter names.
    pub(super) fn instrument(&self, parameter: &str) -> Result<&Instrument, Refusal> {
        let instrument = self.parameters().text(parameter).and_then(|id| self.exchange.instrument_called(id));
        instrument.ok_or_else(|| self.refusal(&[404], "there is no such instrument"))
    }

    /// The document of a kind that a parameter names, with its number.
    pub(super) fn document<'d, T>(
        &self,
        documents: &'d BTreeMap<u64, T>,
        parameter: &str,
    ) -> Result<(u64, &'d T), Refusal> {
        let number = self.parameters().text(parameter).and_then(|id| self.exchange.document_by_id(id));
        let document = number.and_then(|number| Some((number, documents.get(&number)?)));
        let kind = parameter.trim_end_matches("_id").replace('_', " ");
        document.ok_or_else(|| self.refusal(&[404], format!("there is no such {kind}")))
    }

    /// Cancels those open orders of an account that are meant.
    pub(super) fn cancel_all(
        &mut self,
        account: AccountIx,
        is_meant: impl Fn(&Self, &Order) -> bool,
    ) -> Vec<OrderIx> {
        let open = self.exchange.account(account).open.iter().copied();
        let meant: Vec<OrderIx> = open.filter(|ix| is_meant(self, self.exchange.order(*ix))).collect();
        for ix in &meant {
            // They are open, so nothing is against it.
            _ = self.exchange.cancel(*ix);
        }
        meant
    }

    /// A refusal with the first of these statuses that the operation is documented to have.
    pub(super) fn refusal(&self, statuses: &[u16], message: impl Into<String>) -> Refusal {
        let documented = statuses.iter().find(|status| self.call.operation.errors.contains(status));
        let status = documented.or(statuses.first()).and_then(|status| StatusCode::from_u16(*status).ok());
        Refusal::new(status.unwrap_or(StatusCode::BAD_REQUEST), message)
    }

    /// An answer with one value.
    pub(super) fn value(&self, value: impl Into<FieldValue>) -> Outcome {
        Ok(match &self.call.operation.result {
            ir::Outcome::Value(ty) => Answer::Value(self.encoder().value(ty, &value.into())),
            ir::Outcome::Page(_) | ir::Outcome::Nothing => Answer::Nothing,
        })
    }

    /// An answer with those items of a list that are wanted.
    pub(super) fn list<T, F: Into<FieldValue>>(&self, items: &[T], fields: impl Fn(&T) -> F) -> Outcome {
        let ir::Outcome::Page(ty) = &self.call.operation.result else {
            return self.value(items.iter().map(fields).collect::<FieldValue>());
        };
        let (start, size) = self.call.page.map_or((0, items.len()), |window| (window.start, window.size));
        let shown = items.iter().skip(start).take(size).map(|item| fields(item).into());
        let shown = shown.map(|fields| self.encoder().value(ty, &fields)).collect();
        Ok(Answer::Window { items: shown, total: items.len() })
    }

    fn encoder(&self) -> SpecEncoder<'a> {
        SpecEncoder::new(self.call.api, self.exchange.now())
    }
}

/// The fields of an object that a caller sent.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(Option<&'a Map<String, Value>>);

impl<'a> Arguments<'a> {
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether it is there, be it as null.
    pub(super) fn has_key(self, name: &str) -> bool {
        self.0.is_some_and(|fields| fields.contains_key(name))
    }

    pub(super) fn object(self, name: &str) -> Self {
        Self(self.get(name).and_then(Value::as_object))
    }

    pub(super) fn objects(self, name: &str) -> Vec<Self> {
        objects(self.get(name))
    }

    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    pub(super) fn int(self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    pub(super) fn bool(self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    pub(super) fn texts(self, name: &str) -> Option<Vec<&'a str>> {
        Some(self.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect())
    }

    pub(super) fn decimal(self, name: &str) -> Option<Decimal> {
        match self.get(name)? {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn time(self, name: &str) -> Option<Timestamp> {
        match self.get(name)? {
            Value::String(text) => text.parse().ok(),
            value => Timestamp::from_millisecond(value.as_i64()?).ok(),
        }
    }

    pub(super) fn date(self, name: &str) -> Option<Date> {
        match self.get(name)? {
            Value::String(text) => text.parse().ok(),
            value => encode::date_of_number(value.as_i64()?),
        }
    }

    /// What is none of these, to be kept for the caller.
    pub(super) fn besides(self, known: &[&str]) -> Map<String, Value> {
        let others = self.0.into_iter().flatten();
        let others = others.filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null());
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

fn objects(list: Option<&Value>) -> Vec<Arguments<'_>> {
    let rows = list.and_then(Value::as_array).into_iter().flatten();
    rows.map(|row| Arguments(row.as_object())).collect()
}
