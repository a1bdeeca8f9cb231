//! Models with their rules and constructors.

use super::resolve::Resolver;
use super::{Lowered, deprecation, description, fields, refused, texts};
use crate::diagnostic::Code;
use crate::ir::{self, Fixed};
use crate::language::{Constructor, Literal, Model, Rule, Text};
use crate::names;
use crate::scope::{Entry, Resolved};
use crate::source::Spanned;

/// A model; its direction, and what depends on it, is decided later.
pub(super) fn model(resolver: &Resolver<'_, '_>, name: &Text, model: &Model) -> Lowered<ir::Model> {
    let written = resolver.scope.fields(model).entries;
    let fields = written.iter().map(|entry| fields::field(resolver, entry.name, entry.field));
    let constructors = model.constructors.iter().map(|(name, it)| constructor(resolver, &written, name, it));
    Ok(ir::Model {
        rust: names::given(name),
        doc: description(&model.doc),
        direction: ir::Direction::default(),
        rules: rules(&model.rules),
        constructors: constructors.collect::<Lowered<_>>()?,
        setters: Vec::new(),
        deprecated: model.deprecated.as_ref().map(deprecation),
        fields: fields.collect::<Lowered<_>>()?,
    })
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
    resolver: &Resolver<'_, '_>,
    fields: &[Entry<'_>],
    name: &Text,
    constructor: &Constructor,
) -> Lowered<ir::Constructor> {
    let index = |wire: &Text| {
        let index = fields.iter().position(|entry| entry.name == wire);
        index.ok_or_else(|| refused(Code::UnknownField, wire.span, format!("`{wire}` is not a field")))
    };
    let set = |(wire, literal): (&Text, &Spanned<Literal>)| {
        let index = index(wire)?;
        Ok((index, fixed(resolver.resolved(fields[index].field.ty())?, literal)?))
    };
    Ok(ir::Constructor {
        rust: names::snake(name),
        doc: description(&constructor.doc),
        takes: constructor.take.iter().map(index).collect::<Lowered<_>>()?,
        sets: constructor.set.iter().map(set).collect::<Lowered<_>>()?,
    })
}

/// The value of a field of this type.
fn fixed(ty: &Resolved<'_>, literal: &Spanned<Literal>) -> Lowered<Fixed> {
    Ok(match (&literal.value, ty.required()) {
        (Literal::Bool(value), _) => Fixed::Bool(*value),
        (Literal::Int(value), _) => Fixed::Int(*value),
        (Literal::Text(text), Resolved::Enum(item, definition)) => {
            let (wire, value) = item.values.get_key_value(text.as_str()).ok_or_else(|| {
                let message = format!("`{text}` is not a value of `{}`", definition.name);
                refused(Code::UnknownValue, literal.span, message)
            })?;
            Fixed::Value(definition.ir_name(ir::Kind::Enum), names::value_name(item, wire, value))
        }
        (Literal::Text(text), _) => Fixed::Text(text.clone()),
    })
}
