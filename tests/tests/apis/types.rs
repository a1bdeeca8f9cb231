//! Every type of the generated crate, with values made from the spec.

use clear_street_tests::arbitrary::Values;
use clear_street_tests::cases::{TypeCase, studio, trading};
use clear_street_tests::replay::{Tree, differences};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// Runs a property over values of every type.
fn for_every_type(property: impl Fn(&TypeCase, Value) -> Result<(), TestCaseError>) {
    let apis = clear_street_tests::apis();
    for api in &apis {
        let values = Values::new(api);
        let cases = match api.name.as_str() {
            "studio" => studio::types(),
            "trading" => trading::types(),
            other => panic!("the API `{other}` has no cases"),
        };
        assert!(!cases.is_empty(), "{} has no types", api.name);
        for case in &cases {
            let mut runner =
                TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
            if let Err(error) = runner.run(&values.of(case.name), |value| property(case, value)) {
                panic!("{}: {error}", case.name);
            }
        }
    }
}

fn survives(case: &TypeCase, before: &str) -> Result<(), TestCaseError> {
    let after = (case.recode)(before).map_err(|error| TestCaseError::fail(format!("{before}: {error}")))?;
    let parse = |text: &str| Tree::parse(text).map_err(|error| TestCaseError::fail(error.to_string()));
    let lost = differences(&parse(before)?, &parse(&after)?);
    prop_assert!(lost.is_empty(), "{before} became {after}: {lost:?}");
    Ok(())
}

#[test]
fn every_value_survives_a_decode_and_an_encode() {
    for_every_type(|case, value| survives(case, &value.to_string()));
}

#[test]
fn unknown_fields_are_tolerated() {
    for_every_type(|case, value| {
        let before = (case.recode)(&value.to_string())
            .map_err(|error| TestCaseError::fail(format!("{value}: {error}")))?;
        let Value::Object(mut fields) = value else { return Ok(()) };
        if fields.len() < 2 {
            return Ok(()); // a keyed union has one property only
        }
        fields.insert("a_field_of_tomorrow".to_owned(), json!({ "deep": [1, { "x": null }] }));
        let text = Value::Object(fields).to_string();
        let after = (case.recode)(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        // Only an unknown variant of a union keeps what it does not know.
        prop_assert!(after == before || after.contains("a_field_of_tomorrow"));
        Ok(())
    });
}

#[test]
fn a_truncated_text_is_an_error_and_never_a_panic() {
    for_every_type(|case, value| {
        let text = value.to_string();
        for (end, _) in text.char_indices() {
            let head = &text[..end];
            if serde_json::from_str::<Value>(head).is_err() {
                prop_assert!((case.recode)(head).is_err(), "{head} decoded");
            }
        }
        Ok(())
    });
}
