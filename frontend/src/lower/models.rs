//! Models with their rules and constructors.

use super::description;
use super::resolve::{Resolver, innermost, parse};
use super::{fields, names};
use crate::decode::ShortOrLong;
use crate::ir::{self, Fixed};
use crate::language::{Constructor, Field, Literal, Map, Model, Rule, Text};
use crate::source::Spanned;

/// A model; its direction, and what depends on it, is decided later.
pub(super) fn model(resolver: &Resolver<'_>, name: &Text, model: &Model) -> ir::Model {
    let written = all_fields(resolver, model);
    let fields: Vec<ir::Field> =
        written.iter().map(|(wire, field)| fields::field(resolver, wire, field)).collect();
    ir::Model {
        rust: names::given(name),
        doc: description(&model.doc),
        direction: ir::Direction::default(),
        rules: rules(&model.rules),
        constructors: model
            .constructors
            .iter()
            .map(|(name, item)| constructor(resolver, &written, name, item))
            .collect(),
        setters: Vec::new(),
        deprecated: model.deprecated.as_ref().map(fields::deprecation),
        fields,
    }
}

/// The fields of included models, then its own.
pub(super) fn all_fields<'a>(resolver: &Resolver<'a>, model: &'a Model) -> Vec<(&'a Text, &'a Field)> {
    let mut all = Vec::new();
    collect(resolver, model, &mut Vec::new(), &mut all);
    all
}

fn collect<'a>(
    resolver: &Resolver<'a>,
    model: &'a Model,
    within: &mut Vec<&'a str>,
    all: &mut Vec<(&'a Text, &'a Field)>,
) {
    for name in &model.include {
        // The check has refused a model that includes itself; this keeps the recursion finite.
        if within.contains(&name.as_str()) {
            continue;
        }
        if let Some(included) = resolver.model(name) {
            within.push(name);
            collect(resolver, included, within, all);
            within.pop();
        }
    }
    all.extend(&model.fields);
}

pub(super) fn rules(rules: &[Spanned<Rule>]) -> Vec<ir::Rule> {
    rules.iter().flat_map(|rule| rule_kinds(rule)).collect()
}

fn rule_kinds(rule: &Rule) -> Vec<ir::Rule> {
    let mut rules = Vec::new();
    for (fields, make) in [
        (&rule.exactly_one, ir::Rule::ExactlyOne as fn(_) -> _),
        (&rule.at_least_one, ir::Rule::AtLeastOne),
        (&rule.at_most_one, ir::Rule::AtMostOne),
    ] {
        if !fields.is_empty() {
            rules.push(make(texts(fields)));
        }
    }
    if !rule.when.is_empty() {
        rules.push(ir::Rule::When {
            conditions: rule
                .when
                .iter()
                .map(|(field, values)| (field.value.clone(), texts(values)))
                .collect(),
            require: texts(&rule.require),
            forbid: texts(&rule.forbid),
        });
    }
    rules
}

fn constructor(
    resolver: &Resolver<'_>,
    fields: &[(&Text, &Field)],
    name: &Text,
    constructor: &Constructor,
) -> ir::Constructor {
    let index = |wire: &str| fields.iter().position(|(name, _)| name.value == wire);
    ir::Constructor {
        rust: names::snake(name),
        doc: description(&constructor.doc),
        takes: constructor.take.iter().filter_map(|wire| index(wire)).collect(),
        sets: sets(resolver, fields, &constructor.set),
    }
}

fn sets(
    resolver: &Resolver<'_>,
    fields: &[(&Text, &Field)],
    set: &Map<Spanned<Literal>>,
) -> Vec<(usize, Fixed)> {
    let sets = set.iter().filter_map(|(wire, literal)| {
        let index = fields.iter().position(|(name, _)| *name == wire)?;
        let (_, field) = fields.get(index)?;
        let ty = match &field.value {
            ShortOrLong::Short(ty) => &Text::new(ty.clone(), field.span),
            ShortOrLong::Long(long) => &long.ty,
        };
        let fixed = match &literal.value {
            Literal::Bool(value) => Fixed::Bool(*value),
            Literal::Int(value) => Fixed::Int(*value),
            Literal::Text(text) => match resolver.value(innermost(&parse(ty)), text) {
                Some((name, value)) => Fixed::Value(name, value),
                None => Fixed::Text(text.clone()),
            },
        };
        Some((index, fixed))
    });
    sets.collect()
}

pub(super) fn texts(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}
