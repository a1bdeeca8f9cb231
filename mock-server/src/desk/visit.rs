//! One call, the book that it is about, and what it says.

use clear_street_spec::ir;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::documents::Documents;
use super::fact::{Fact, Facts};
use super::shape::Shape;
use crate::book::Book;
use crate::book::account::AccountIx;
use crate::book::listing::Instrument;
use crate::book::order::{Order, OrderIx};
use crate::call::{Answer, Call, Refusal};

/// What a call is answered, or why it is refused.
pub(super) type Outcome = Result<Answer, Refusal>;

/// Answers one operation.
pub(super) type Handler = fn(&mut Visit<'_>) -> Outcome;

/// One call, and the state that it is about.
pub(super) struct Visit<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) book: &'a mut Book,
    pub(super) documents: &'a mut Documents,
    /// What is to be told on the stream beside what happens in the book.
    pub(super) told: Vec<(AccountIx, &'static str, Facts)>,
}

impl<'a> Visit<'a> {
    /// The parameters.
    pub(super) fn parameters(&self) -> Said<'a> {
        Said(Some(&self.call.parameters))
    }

    /// The body, if it is an object.
    pub(super) fn body(&self) -> Said<'a> {
        Said(self.call.body.as_ref().and_then(Value::as_object))
    }

    /// The rows of the body, if it is a list.
    pub(super) fn rows(&self) -> impl Iterator<Item = Said<'a>> + use<'a> {
        let rows = self.call.body.as_ref().and_then(Value::as_array);
        rows.into_iter().flatten().map(|row| Said(row.as_object()))
    }

    /// The account of the path, by whatever the API calls it.
    pub(super) fn account(&self) -> Result<AccountIx, Refusal> {
        let said = self.parameters();
        let said = if said.has("account_id") { said } else { self.body() };
        let number = said.int("account_id").or_else(|| super::account_number(said.text("account_id")?));
        let account = number.and_then(|number| self.book.account_by_number(number));
        account
            .map(|account| account.ix)
            .ok_or_else(|| self.refusal(&[404, 403, 422, 400], "there is no such account"))
    }

    /// An instrument by its identifier or symbol.
    pub(super) fn instrument(&self, name: &str) -> Option<&Instrument> {
        let by_id = self.book.identities().read_instrument(name).and_then(|ix| self.book.instrument(ix));
        by_id.or_else(|| self.book.listing().find(name))
    }

    /// Cancels those open orders of an account that are meant.
    pub(super) fn cancel_all(
        &mut self,
        account: AccountIx,
        is_meant: impl Fn(&Order) -> bool,
    ) -> Vec<OrderIx> {
        let open = self.book.account(account).map(|account| &account.open);
        let open = open.into_iter().flatten().copied();
        let meant: Vec<OrderIx> = open.filter(|ix| self.book.order(*ix).is_some_and(&is_meant)).collect();
        for ix in &meant {
            // They are open, so nothing is against it.
            _ = self.book.cancel(*ix);
        }
        meant
    }

    /// Tells the stream of an account something.
    pub(super) fn tell(&mut self, account: AccountIx, kind: &'static str, facts: Facts) {
        self.told.push((account, kind, facts));
    }

    /// The number of the document that a parameter names.
    pub(super) fn document(&self, parameter: &str) -> Option<u64> {
        self.book.identities().read_document(self.parameters().text(parameter)?)
    }

    /// A refusal with the first of these statuses that the operation is documented to have.
    pub(super) fn refusal(&self, statuses: &[u16], message: impl Into<String>) -> Refusal {
        let documented = statuses.iter().find(|status| self.call.operation.errors.contains(status));
        let status = documented.or(statuses.first()).and_then(|status| StatusCode::from_u16(*status).ok());
        Refusal::new(status.unwrap_or(StatusCode::BAD_REQUEST), message)
    }

    /// An answer with one value.
    pub(super) fn value(&self, fact: impl Into<Fact>) -> Outcome {
        Ok(match &self.call.operation.result {
            ir::Outcome::Value(ty) => Answer::Value(self.shape().value(ty, &fact.into())),
            ir::Outcome::Page(_) | ir::Outcome::Nothing => Answer::Nothing,
        })
    }

    /// An answer with those items of a list that are wanted.
    pub(super) fn list<T>(&self, items: &[T], facts: impl Fn(&Self, &T) -> Option<Fact>) -> Outcome {
        let (ty, window) = match &self.call.operation.result {
            ir::Outcome::Page(ty) => (ty, self.call.page),
            ir::Outcome::Value(_) | ir::Outcome::Nothing => {
                let all: Fact = items.iter().filter_map(|item| facts(self, item)).collect();
                return self.value(all);
            }
        };
        let (start, size) = window.map_or((0, items.len()), |window| (window.start, window.size));
        let shown = items.iter().skip(start).take(size).filter_map(|item| facts(self, item));
        let items_shown = shown.map(|fact| self.shape().value(ty, &fact)).collect();
        Ok(Answer::Window { items: items_shown, total: items.len() })
    }

    fn shape(&self) -> Shape<'a> {
        Shape::new(self.call.api, self.book.now())
    }
}

/// The fields of an object that a caller sent.
#[derive(Clone, Copy)]
pub(super) struct Said<'a>(Option<&'a Map<String, Value>>);

impl<'a> Said<'a> {
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether it is there, be it as null.
    pub(super) fn is_said(self, name: &str) -> bool {
        self.0.is_some_and(|fields| fields.contains_key(name))
    }

    pub(super) fn object(self, name: &str) -> Self {
        Self(self.get(name).and_then(Value::as_object))
    }

    pub(super) fn objects(self, name: &str) -> impl Iterator<Item = Self> {
        let rows = self.get(name).and_then(Value::as_array);
        rows.into_iter().flatten().map(|row| Self(row.as_object()))
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
            value => {
                let number = value.as_i64()?;
                let part = |part: i64| i8::try_from(part % 100).ok();
                let year = i16::try_from(number / 10_000).ok()?;
                Date::new(year, part(number / 100)?, part(number)?).ok()
            }
        }
    }

    /// What is none of these, to be kept for the caller.
    pub(super) fn besides(self, known: &[&str]) -> Option<Map<String, Value>> {
        let others =
            self.0?.iter().filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null());
        let others: Map<_, _> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
        (!others.is_empty()).then_some(others)
    }
}

/// The first day that either API knows.
pub(super) const FIRST_DAY: Date = date(2015, 1, 1);
