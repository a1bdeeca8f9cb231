//! What a request says, for its answer to repeat.

use std::collections::BTreeMap;

use clear_street_spec::ir::{self, Definition, Type};
use serde_json::{Map, Value};

use super::words::is_symbol;
use crate::frame::bare;

/// What a request says: values by name, and identifiers by type.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    values: BTreeMap<String, Value>,
    ids: BTreeMap<String, Vec<Value>>,
    lists: BTreeMap<String, Vec<Value>>,
}

impl Scope {
    /// What parameters and the body's object say.
    pub(super) fn new(
        api: &ir::Api,
        operation: &ir::Operation,
        parameters: &Map<String, Value>,
        body: Option<&Value>,
    ) -> Self {
        let mut scope = Self::default();
        let fields = operation.parameters.iter().map(|parameter| &parameter.field);
        scope.add(api, fields, parameters);
        if let (Some(Value::Object(values)), Some(expected)) = (body, &operation.body) {
            scope.add_model(api, &expected.ty, values);
        }
        scope
    }

    /// The same with what a row of the body says.
    pub(super) fn with_row(&self, api: &ir::Api, ty: &Type, row: &Value) -> Self {
        let mut scope = self.clone();
        if let Value::Object(values) = row {
            scope.add_model(api, ty, values);
        }
        scope
    }

    fn add_model(&mut self, api: &ir::Api, ty: &Type, values: &Map<String, Value>) {
        if let Type::Named(name) = ty
            && let Some(Definition::Model(model)) = api.definition(name)
        {
            self.add(api, model.fields.iter(), values);
        }
    }

    fn add<'f>(
        &mut self,
        api: &ir::Api,
        fields: impl Iterator<Item = &'f ir::Field>,
        values: &Map<String, Value>,
    ) {
        for field in fields {
            let Some(value) = values.get(&field.wire).filter(|value| !value.is_null()) else { continue };
            let given = match value {
                Value::Array(items) => {
                    self.lists.insert(field.wire.clone(), items.clone());
                    items.clone()
                }
                value => {
                    self.values.insert(field.wire.clone(), value.clone());
                    vec![value.clone()]
                }
            };
            if let Some(id) = id_of(api, &field.ty) {
                for ty in std::iter::once(&id.rust).chain(id.accepts.iter().map(|name| &name.rust)) {
                    self.ids.entry(ty.clone()).or_insert_with(|| given.clone());
                }
            }
        }
    }

    /// What was said of a field: of a list of choices, one for each index.
    pub(super) fn said(&self, field: &ir::Field, index: usize) -> Option<Value> {
        let list = self.lists.get(&field.wire);
        match bare(&field.ty) {
            Type::List(_) => list.map(|list| Value::Array(list.clone())),
            _ => self.values.get(&field.wire).or_else(|| at(list?, index)).cloned(),
        }
    }

    /// The symbol that was said.
    pub(super) fn symbol(&self, index: usize) -> Option<&str> {
        let name = self.values.keys().chain(self.lists.keys()).find(|name| is_symbol(name))?;
        let value = self.values.get(name).or_else(|| at(self.lists.get(name)?, index));
        value.and_then(Value::as_str)
    }

    /// The identifier of a type that was asked for; of several, one for each index.
    pub(super) fn id(&self, ty: &str, index: usize) -> Option<&Value> {
        self.ids.get(ty).and_then(|ids| at(ids, index))
    }

    /// How many identifiers of a type were asked for.
    pub(super) fn count(&self, ty: &str) -> Option<usize> {
        self.ids.get(ty).map(Vec::len)
    }
}

fn at(list: &[Value], index: usize) -> Option<&Value> {
    list.get(index.checked_rem(list.len())?)
}

/// The identifier that a type or the type of its items is.
pub(super) fn id_of<'a>(api: &'a ir::Api, ty: &Type) -> Option<&'a ir::Id> {
    match ty {
        Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner) | Type::List(inner) => {
            id_of(api, inner)
        }
        Type::Named(name) => match api.definition(name) {
            Some(Definition::Id(id)) => Some(id),
            _ => None,
        },
        _ => None,
    }
}
