//! How models that are sent are made: the names of their constructors and setters.

use crate::ir::{Constructor, Model, Setter};
use crate::names::free;

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
        let taken =
            |name: &str| taken(name, &constructors) || setters.iter().any(|setter| setter.rust == name);
        setters.push(Setter { rust: free(field.rust.clone(), taken), field: index });
    }
    model.constructors = constructors;
    model.setters = setters;
}
