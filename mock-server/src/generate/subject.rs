//! What the values of one object are about: so that they fit each other.

use clear_street_spec::ir::{self, IdRepr, Type};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::instruments::Instrument;
use super::scope::{Scope, id_of};
use super::seed::Seed;
use super::{At, Generator, THINGS, words};
use crate::frame::bare;

/// How far things of a list lie apart.
const STEP: SignedDuration = SignedDuration::from_mins(37);

/// What the values of one object are about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) seed: Seed,
    /// Which of its kind it is.
    pub(super) index: usize,
    pub(super) instrument: Instrument,
    /// Whether its name is that of the instrument.
    pub(super) is_instrument: bool,
    /// The instrument that the request is about, if it is.
    requested: Option<RequestedInstrument>,
    pub(super) moment: Timestamp,
    /// Shares or contracts.
    pub(super) quantity: i64,
    /// The field with its own identifier, and the type of that.
    own: Option<(String, String)>,
    /// Identifiers by their types: its own, and those of what holds it.
    ids: Vec<(String, Value)>,
}

/// An instrument that a request is about.
#[derive(Clone, Debug)]
struct RequestedInstrument {
    instrument: Instrument,
    /// How the request calls it, if nobody knows that identifier.
    id: Option<Value>,
}

impl Subject {
    /// What an answer, or an item of one, is about.
    pub(super) fn of_answer(generator: &Generator<'_>, scope: &Scope, index: usize) -> Self {
        let requested = requested(generator, scope, index);
        let mut subject = Self {
            seed: generator.seed,
            index,
            instrument: Instrument::at(index),
            is_instrument: false,
            requested,
            moment: generator.now,
            quantity: 0,
            own: None,
            ids: Vec::new(),
        };
        subject.become_numbered(generator, index);
        subject
    }

    /// What an object is about: the thing that its identifier names, or else what holds it.
    pub(super) fn of_model(generator: &Generator<'_>, model: &ir::Model, at: &At<'_>) -> Self {
        let api = generator.api;
        let mut subject = at.subject.clone();
        subject.seed = at.seed.with(&model.rust);
        subject.is_instrument = model.fields.iter().any(|field| {
            words::is_symbol(&field.wire) || id_of(api, &field.ty).is_some_and(|id| Names::of(id).is_some())
        });
        subject.own = None;
        let identity = identity(api, model).and_then(|field| Some((field, id_of(api, &field.ty)?)));
        match identity {
            Some((field, id)) => subject.become_named(generator, field, id, at),
            None if !at.asked_for => {
                subject.moment = back(subject.moment, at.index);
                if subject.is_instrument && subject.requested.is_none() {
                    subject.instrument = Instrument::at(subject.index + at.index);
                }
            }
            None => {}
        }
        subject
    }

    /// Makes it the thing that an identifier names, which the field holds.
    fn become_named(&mut self, generator: &Generator<'_>, field: &ir::Field, id: &ir::Id, at: &At<'_>) {
        if !at.asked_for {
            self.become_numbered(generator, at.index);
        }
        let asked_for = if at.asked_for { at.scope.id(&id.rust, at.index) } else { None };
        let number = |value: &Value| (0..THINGS).find(|it| made_id(generator.seed, id, *it) == *value);
        let (value, index) = match (asked_for, Names::of(id)) {
            (Some(value), None) => (value.clone(), number(value)),
            (None, None) => (made_id(generator.seed, id, self.index), Some(self.index)),
            (_, Some(_)) => {
                let index = (0..THINGS).find(|index| Instrument::at(*index) == self.instrument);
                (self.id(generator, id, at.scope, at.index), index)
            }
        };
        // By the identifier alone: several models may tell of one thing.
        self.seed = generator.seed.with(&id.rust).with("told").with(&value.to_string());
        self.become_numbered(generator, index.unwrap_or(self.index));
        self.own = Some((field.wire.clone(), id.rust.clone()));
        self.ids.push((id.rust.clone(), value));
    }

    /// Makes it the one of this number.
    fn become_numbered(&mut self, generator: &Generator<'_>, index: usize) {
        self.index = index;
        self.instrument = match &self.requested {
            Some(requested) => requested.instrument.clone(),
            None => Instrument::at(index),
        };
        self.moment = back(generator.now, index);
        self.quantity = self.seed.with("quantity").rng().i64(1..=20) * 10;
    }

    /// Its own identifier, if a field holds that.
    pub(super) fn own_id(&self, field: &str) -> Option<&Value> {
        self.own.as_ref().filter(|(own, _)| own == field).and(self.ids.last()).map(|(_, value)| value)
    }

    /// An identifier of something else: of what holds it, of what the request names, or of the thing of
    /// the same number.
    pub(super) fn id(&self, generator: &Generator<'_>, id: &ir::Id, scope: &Scope, index: usize) -> Value {
        match Names::of(id) {
            Some(Names::Symbol) => return json!(self.instrument.symbol),
            Some(Names::Id) => {
                let unknown = self.requested.as_ref().and_then(|requested| requested.id.clone());
                return unknown
                    .unwrap_or_else(|| made_instrument_id(generator.seed, id, &self.instrument.symbol));
            }
            None => {}
        }
        if self.own.as_ref().is_some_and(|(_, own)| *own == id.rust) {
            return made_id(generator.seed, id, self.index + 1);
        }
        let of_holder = self.ids.iter().rev().find(|(ty, _)| *ty == id.rust).map(|(_, value)| value);
        match of_holder.or_else(|| scope.id(&id.rust, index)) {
            Some(value) => value.clone(),
            None => made_id(generator.seed, id, self.index),
        }
    }
}

/// The field that names an object: `id`, or that whose type is called after it.
pub(super) fn identity<'m>(api: &ir::Api, model: &'m ir::Model) -> Option<&'m ir::Field> {
    let own = format!("{}Id", model.rust);
    model.fields.iter().find(|field| {
        !matches!(bare(&field.ty), Type::List(_))
            && id_of(api, &field.ty).is_some_and(|id| id.rust == own || field.wire == "id")
    })
}

/// The instrument that a request is about, if it is about one.
fn requested(generator: &Generator<'_>, scope: &Scope, index: usize) -> Option<RequestedInstrument> {
    let ids = generator.api.groups.iter().flat_map(|group| &group.ids);
    let given =
        ids.filter(|id| Names::of(id).is_some()).find_map(|id| Some((id, scope.id(&id.rust, index)?)));
    let Some((id, Value::String(text))) = given else {
        return scope
            .symbol(index)
            .map(|symbol| RequestedInstrument { instrument: Instrument::called(symbol), id: None });
    };
    let same = |known: &Instrument| {
        known.symbol == *text || made_instrument_id(generator.seed, id, &known.symbol) == *text.as_str()
    };
    if let Some(instrument) = (0..THINGS).map(Instrument::at).find(same) {
        return Some(RequestedInstrument { instrument, id: None });
    }
    Some(match Names::of(id) {
        Some(Names::Symbol) => {
            RequestedInstrument { instrument: Instrument::called(text), id: Some(json!(text)) }
        }
        _ => {
            let some = generator.seed.with(text).below(THINGS);
            RequestedInstrument { instrument: Instrument::at(some), id: Some(json!(text)) }
        }
    })
}

/// How an identifier names an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// By its symbol.
    Symbol,
    /// By an identifier of its own.
    Id,
}

impl Names {
    /// `None` if it names something else.
    fn of(id: &ir::Id) -> Option<Self> {
        let words = words::words(&id.rust);
        let has = |wanted: &str| words.iter().any(|word| word == wanted);
        match (has("symbol"), has("instrument")) {
            (true, _) => Some(Self::Symbol),
            (false, true) => Some(Self::Id),
            (false, false) => None,
        }
    }
}

fn made_instrument_id(seed: Seed, id: &ir::Id, symbol: &str) -> Value {
    // One for all types that name instruments, so that they agree.
    made(seed.with("instrument").with(symbol), id)
}

/// The identifier of a type with a number.
fn made_id(seed: Seed, id: &ir::Id, index: usize) -> Value {
    made(seed.with(&id.rust).at(index), id)
}

fn made(seed: Seed, id: &ir::Id) -> Value {
    match id.repr {
        IdRepr::I64 => {
            let least = id.bounds.min.unwrap_or(100_000);
            json!(seed.rng().i64(least..=id.bounds.max.unwrap_or(least + 899_999)))
        }
        IdRepr::Text => {
            let text = uuid::Builder::from_random_bytes(seed.rng().u128(..).to_be_bytes()).into_uuid();
            let most = id.bounds.max_length.map_or(usize::MAX, |most| most as usize);
            json!(text.to_string().chars().take(most).collect::<String>())
        }
    }
}

fn back(moment: Timestamp, steps: usize) -> Timestamp {
    let steps = i32::try_from(steps).unwrap_or(i32::MAX);
    moment.saturating_sub(STEP.saturating_mul(steps)).unwrap_or(Timestamp::MIN)
}
