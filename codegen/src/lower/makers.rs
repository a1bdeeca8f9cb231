//! How models that are sent are made: the names of their constructors and setters.

use super::names::{free, snake};
use crate::ir::{Constructor, Model, Setter, Type};

/// Methods of models' traits that an own method would hide.
const METHODS: &[&str] = &["blank", "clone", "default", "into", "slot", "to_owned", "try_into", "view"];

/// Puts `new` before the named constructors and adds the setters.
pub(super) fn complete(model: &mut Model) {
    let taken = |name: &str, others: &[Constructor]| {
        name == "new" || METHODS.contains(&name) || others.iter().any(|other| other.rust == name)
    };
    let mut constructors = vec![Constructor {
        rust: "new".to_owned(),
        doc: "With what is required.".to_owned(),
        takes: (0..).zip(&model.fields).filter(|(_, f)| f.required).map(|(i, _)| i).collect(),
        sets: Vec::new(),
    }];
    for mut constructor in std::mem::take(&mut model.constructors) {
        constructor.rust = free(constructor.rust, |name| taken(name, &constructors));
        constructors.push(constructor);
    }
    let mut setters: Vec<Setter> = Vec::new();
    for (index, field) in model.fields.iter().enumerate().filter(|(_, field)| !field.required) {
        let taken = |name: &str| {
            taken(name, &constructors)
                || setters.iter().any(|s| s.rust == name || s.clear.as_deref() == Some(name))
        };
        let rust = free(field.rust.clone(), taken);
        let clear = matches!(field.ty, Type::Patch(_))
            .then(|| free(snake(&format!("clear_{}", field.rust.trim_start_matches("r#"))), taken));
        setters.push(Setter { rust, clear, field: index });
    }
    model.constructors = constructors;
    model.setters = setters;
}
