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
            self.values.insert(field.wire.clone(), value.clone());
            if let Some(id) = id_of(api, &field.ty) {
                let given = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                for ty in std::iter::once(&id.rust).chain(id.accepts.iter().map(|name| &name.rust)) {
                    self.ids.entry(ty.clone()).or_insert_with(|| given.clone());
                }
            }
        }
    }

    /// What was said of a field: of a list of choices, one for each index.
    pub(super) fn said(&self, field: &ir::Field, index: usize) -> Option<Value> {
        let value = self.values.get(&field.wire)?;
        let is_list = matches!(bare(&field.ty), Type::List(_));
        if is_list {
            Some(value).filter(|value| value.is_array()).cloned()
        } else {
            choice(value, index).cloned()
        }
    }

    /// The symbol that was said.
    pub(super) fn symbol(&self, index: usize) -> Option<&str> {
        let (_, value) = self.values.iter().find(|(name, _)| is_symbol(name))?;
        choice(value, index)?.as_str()
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

/// A value, or of a list of choices the one for an index.
fn choice(value: &Value, index: usize) -> Option<&Value> {
    value.as_array().map_or(Some(value), |choices| at(choices, index))
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
