//! The language as a JSON Schema, for editors that complete and check YAML.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use crate::language::{Api, Group};

/// One schema for all files of a spec: what has a `version` is an `api.yaml`, the rest are groups.
///
/// Draft 7, the newest that yaml-language-server knows completely.
pub fn schema() -> String {
    let without_null = RecursiveTransform(without_null);
    let mut generator = SchemaSettings::draft07().with_transform(without_null).into_generator();
    let api = generator.subschema_for::<Api>();
    let group = generator.subschema_for::<Group>();
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Spec of an API, see spec/README.md",
        "type": "object",
        "if": { "required": ["version"] },
        "then": api,
        "else": group,
        "definitions": Value::Object(generator.take_definitions(true)),
    });
    format!("{schema:#}\n")
}

/// What is optional is left out: a key without a value is an error.
fn without_null(schema: &mut Schema) {
    let null = Value::from("null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|ty| *ty != null);
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&null));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str) -> Value {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        schema["definitions"][name].clone()
    }

    #[test]
    fn every_reference_is_defined() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(entries) => {
                    for (key, value) in entries {
                        match value {
                            Value::String(target) if key == "$ref" => found.push(target.clone()),
                            _ => references(value, found),
                        }
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let mut found = Vec::new();
        references(&schema, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for target in found {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(schema.pointer(pointer).is_some(), "{target} is not defined");
        }
    }

    #[test]
    fn what_the_decoder_requires_is_required() {
        let required = |name| definition(name)["required"].clone();
        assert_eq!(required("Operation"), json!(["http", "doc", "result", "repeat"]));
        assert_eq!(required("Group"), json!(["doc"]));
        assert_eq!(required("FieldLong"), json!(["type"]));
        assert_eq!(definition("Group")["additionalProperties"], json!(false));
    }

    #[test]
    fn a_field_is_a_text_or_a_mapping() {
        let field = &definition("Model")["properties"]["fields"]["additionalProperties"];
        assert_eq!(field["anyOf"], json!([{ "type": "string" }, { "$ref": "#/definitions/FieldLong" }]));
    }

    #[test]
    fn no_key_stands_without_a_value() {
        assert!(!schema().contains("\"null\""));
    }

    #[test]
    fn editors_show_what_a_key_means() {
        let repeat = &definition("Operation")["properties"]["repeat"];
        assert!(
            repeat["description"].as_str().unwrap().starts_with("What may happen after a failure"),
            "{repeat}"
        );
    }
}
