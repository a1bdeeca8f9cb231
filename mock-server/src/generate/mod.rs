//! Answers made from the spec alone.
//!
//! Every value follows from the seed of the server, from what it is, and from what the request says:
//! never from what was asked before. So an order of a list is the same as that order by itself, and two
//! servers with the same seed say the same.

mod instruments;
mod scalars;
mod scope;
mod seed;
mod subject;
mod words;

use clear_street_spec::ir::{self, Bounds, Definition, Outcome, Rule, Type};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::scope::{Scope, id_of};
use self::seed::Seed;
use self::subject::Subject;
use crate::call::{Answer, Call};
use crate::frame::bare;
use crate::validate::{Strictness, Validator, applies, is_present};

/// How many things of a kind there are, where a request does not say which it wants.
const THINGS: usize = 60;
/// How many there are in a list that does not come in pages.
const LIST: usize = 3;
/// How deep optional values are made; below, only what is required is there.
const DEPTH: usize = 5;
/// One of so many optional values is left out.
const LEFT_OUT: usize = 16;

/// How many optional values there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fullness {
    /// All of them.
    Everything,
    /// All but a few, as in real answers.
    Most,
}

/// Makes answers for one API.
#[derive(Debug)]
pub(crate) struct Generator<'a> {
    api: &'a ir::Api,
    seed: Seed,
    /// The moment that answers are about; what they tell happened before it.
    now: Timestamp,
    fullness: Fullness,
}

/// Where a value is made.
#[derive(Clone, Copy)]
struct At<'a> {
    scope: &'a Scope,
    subject: &'a Subject,
    /// Randomness of this value.
    seed: Seed,
    /// Name of the field that holds it.
    name: &'a str,
    bounds: &'a Bounds,
    depth: usize,
    /// Its place, or that of the object that holds it, in a list.
    index: usize,
    /// Its own place in a list.
    nth: usize,
    /// Whether what the request says is about this.
    asked_for: bool,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(api: &'a ir::Api, seed: u64, now: Timestamp, fullness: Fullness) -> Self {
        Self { api, seed: Seed::new(seed), now, fullness }
    }

    /// An answer of success to a call.
    pub(crate) fn answer(&self, call: &Call<'_>) -> Answer {
        let operation = call.operation;
        let scope = Scope::new(self.api, operation, &call.parameters, call.body.as_ref());
        match &operation.result {
            Outcome::Nothing => Answer::Nothing,
            Outcome::Page(item) => {
                let total = self.asked_for(item, &scope).unwrap_or(THINGS);
                let (start, size) = call.page.map_or((0, total), |page| (page.start, page.size));
                let indices = start..(start + size).min(total);
                let items = indices.map(|index| self.top(item, index, &scope)).collect();
                Answer::Window { items, total }
            }
            Outcome::Value(ty) => Answer::Value(match bare(ty) {
                Type::List(item) => self.list(item, operation, call.body.as_ref(), &scope),
                ty => self.top(ty, 0, &scope),
            }),
        }
    }

    /// A value of a type that no request is about.
    pub(crate) fn sample(&self, ty: &Type) -> Value {
        self.top(ty, 0, &Scope::default())
    }

    /// A list that does not come in pages: a row for each of the body's, one for each thing asked for, or
    /// some.
    fn list(&self, item: &Type, operation: &ir::Operation, body: Option<&Value>, scope: &Scope) -> Value {
        let rows = body.and_then(Value::as_array).zip(operation.body.as_ref());
        if let Some((rows, ir::Body { ty: Type::List(row_type), .. })) = rows {
            let scopes = rows.iter().map(|row| scope.with_row(self.api, row_type, row));
            return scopes.enumerate().map(|(index, scope)| self.top(item, index, &scope)).collect();
        }
        let count = self.asked_for(item, scope).unwrap_or(LIST);
        (0..count).map(|index| self.top(item, index, scope)).collect()
    }

    /// How many items a request asks for by their identifiers, if it does.
    fn asked_for(&self, item: &Type, scope: &Scope) -> Option<usize> {
        let model = self.model_of(item)?;
        let identity = subject::identity(self.api, model);
        let fields = identity.into_iter().chain(model.fields.iter().filter(|field| field.required));
        fields.filter_map(|field| id_of(self.api, &field.ty)).find_map(|id| match scope.count(&id.rust) {
            Some(count) if count > 1 => Some(count),
            _ => None,
        })
    }

    fn model_of(&self, ty: &Type) -> Option<&'a ir::Model> {
        match bare(ty) {
            Type::Named(name) => match self.api.definition(name) {
                Some(Definition::Model(model)) => Some(model),
                _ => None,
            },
            _ => None,
        }
    }

    /// A value that is an answer, or an item of one.
    fn top(&self, ty: &Type, index: usize, scope: &Scope) -> Value {
        let subject = Subject::of_answer(self, scope, index);
        let seed = self.seed.with("answer").at(index);
        let bounds = &Bounds::default();
        let name = "";
        let at =
            At { scope, subject: &subject, seed, name, bounds, depth: 0, index, nth: 0, asked_for: true };
        self.value(ty, at)
    }

    fn value(&self, ty: &Type, at: At<'_>) -> Value {
        match ty {
            Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner) => self.value(inner, at),
            Type::List(inner) => {
                let usual = if at.depth < DEPTH { LIST } else { 0 };
                let least = at.bounds.min_items.unwrap_or_default() as usize;
                let most = at.bounds.max_items.map_or(usize::MAX, |most| most as usize);
                let bounds = &Bounds { min_items: None, max_items: None, ..at.bounds.clone() };
                let item = |index| {
                    let seed = at.seed.at(index);
                    self.value(inner, At { seed, index, nth: index, bounds, asked_for: false, ..at })
                };
                (0..usual.max(least).min(most)).map(item).collect()
            }
            Type::Map(inner) => {
                let entry = |index: usize| {
                    let seed = at.seed.at(index);
                    let value = self.value(inner, At { seed, index, asked_for: false, ..at });
                    (format!("key_{}", index + 1), value)
                };
                Value::Object((0..2).map(entry).collect())
            }
            Type::Named(name) => match self.api.definition(name) {
                Some(Definition::Id(id)) => at.subject.id(self, id, at.scope, at.index),
                Some(Definition::Enum(item)) => enumerated(item, at.seed),
                Some(Definition::Model(model)) => self.model(model, at),
                Some(Definition::Union(union)) => self.union(union, at),
                None => Value::Null,
            },
            scalar => scalars::value(self.api.encodings, scalar, &at),
        }
    }

    fn model(&self, model: &ir::Model, at: At<'_>) -> Value {
        let subject = &Subject::of_model(self, model, &at);
        let at = At { subject, seed: subject.seed, ..at };
        let mut values = Map::new();
        for field in &model.fields {
            let seed = at.seed.with(&field.wire);
            if field.required || !self.leaves_out(field, seed, at.depth) {
                values.insert(field.wire.clone(), self.field(field, at));
            }
        }
        for rule in &model.rules {
            self.obey(rule, model, at, &mut values);
        }
        Value::Object(values)
    }

    fn leaves_out(&self, field: &ir::Field, seed: Seed, depth: usize) -> bool {
        // What is deprecated, clients may still require.
        let by_chance = || self.fullness == Fullness::Most && field.deprecated.is_none();
        depth >= DEPTH || (by_chance() && seed.below(LEFT_OUT) == 0)
    }

    fn field(&self, field: &ir::Field, at: At<'_>) -> Value {
        let seed = at.seed.with(&field.wire);
        if let Some(own) = at.subject.own_id(&field.wire) {
            return own.clone();
        }
        // An identifier is known by its type: another of the same name is another thing.
        let said = at.asked_for && id_of(self.api, &field.ty).is_none();
        let said = if said { at.scope.said(field, at.index) } else { None };
        if let Some(value) = said.filter(|value| self.is_valid(field, value)) {
            return value;
        }
        let depth = at.depth + 1;
        self.value(&field.ty, At { seed, name: &field.wire, bounds: &field.bounds, depth, nth: 0, ..at })
    }

    fn is_valid(&self, field: &ir::Field, value: &Value) -> bool {
        let mut validator = Validator::new(self.api, Strictness::Full);
        validator.value(&field.ty, &field.bounds, value, "");
        validator.finish().is_empty()
    }

    /// Adds and removes what a rule demands.
    fn obey(&self, rule: &Rule, model: &ir::Model, at: At<'_>, values: &mut Map<String, Value>) {
        let (require, forbid) = match rule {
            Rule::ExactlyOne(fields) | Rule::AtMostOne(fields) => {
                let kept = fields.iter().find(|name| is_present(values, name)).or(fields.first());
                let require = kept.filter(|_| matches!(rule, Rule::ExactlyOne(_)));
                let forbid = fields.iter().filter(|name| Some(*name) != kept).collect();
                (require.into_iter().collect(), forbid)
            }
            Rule::AtLeastOne(fields) => (fields.first().into_iter().collect::<Vec<_>>(), Vec::new()),
            Rule::When { conditions, require, forbid } if applies(conditions, values) => {
                (require.iter().collect(), forbid.iter().collect())
            }
            Rule::When { .. } => return,
        };
        for name in require {
            let missing = model.fields.iter().find(|field| field.wire == *name);
            if let Some(field) = missing.filter(|_| !is_present(values, name)) {
                values.insert(name.clone(), self.field(field, at));
            }
        }
        for name in forbid {
            values.remove(name);
        }
    }

    fn union(&self, union: &ir::Union, at: At<'_>) -> Value {
        // In a list every variant has its turn.
        let index = if at.depth < DEPTH { at.index % union.variants.len() } else { 0 };
        let variant = &union.variants[index];
        let depth = at.depth + 1;
        let payload = match (&union.tagging, &variant.ty) {
            (ir::Tagging::Shape, Type::Decimal) => self.value(&Type::Number, At { depth, ..at }),
            (_, ty) => self.value(ty, At { depth, ..at }),
        };
        match (&union.tagging, payload) {
            (ir::Tagging::Tag(tag), Value::Object(mut values)) => {
                values.insert(tag.clone(), json!(variant.wire));
                Value::Object(values)
            }
            (ir::Tagging::Keyed, payload) => json!({ variant.wire.as_str(): payload }),
            (_, payload) => payload,
        }
    }
}

/// A listed value, not one that says nothing if there are others.
fn enumerated(item: &ir::Enum, seed: Seed) -> Value {
    let current = || item.values.iter().filter(|value| value.deprecated.is_none());
    let telling: Vec<_> = current().filter(|value| !words::is_catch_all(&value.wire)).collect();
    let value = telling.get(seed.below(telling.len())).copied().or(item.values.first());
    value.map_or(Value::Null, |value| json!(value.wire))
}

#[cfg(test)]
mod tests;
