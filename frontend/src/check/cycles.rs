//! Types that contain themselves. Most may: lowering boxes them. Refused is what has no finite
//! value or no finite size.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic};
use crate::language::Text;
use crate::scope::{Kind, Scope};
use crate::type_expr::TypeExpr;

/// From a type to others, with the name as it is written there.
type Edges<'a> = BTreeMap<&'a str, Vec<&'a Text>>;

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let includes = includes(scope);
    report(scope, &includes, out, |name| {
        let message = format!("`{name}` includes itself");
        Diagnostic::new(Code::InfiniteType, name.span, message)
            .note("`include` copies fields, which would not end")
    });
    let in_cycle: BTreeSet<&str> =
        includes.keys().copied().filter(|name| reaches_itself(name, &includes)).collect();
    let infinite = infinite(scope, &in_cycle);
    report(scope, &infinite, out, |name| {
        let message = format!("`{name}` requires a value of itself, so that none can be complete");
        Diagnostic::new(Code::InfiniteType, name.span, message)
            .help("make one of the fields optional, or a list")
    });
    report(scope, &unions_of_unions(scope, &infinite), out, |name| {
        let message = format!("the union `{name}` holds itself without a model between");
        Diagnostic::new(Code::InfiniteType, name.span, message).help("put a model around one of the variants")
    });
}

fn includes<'a>(scope: &Scope<'a>) -> Edges<'a> {
    scope.models().map(|(name, model)| (name.as_str(), model.include.iter().collect())).collect()
}

/// The types without a finite value, each with those of its parts that have none.
fn infinite<'a>(scope: &Scope<'a>, skipped: &BTreeSet<&str>) -> Edges<'a> {
    let mut open: BTreeMap<&str, (bool, Vec<&Text>)> = BTreeMap::new();
    for definition in scope.definitions().filter(|definition| !skipped.contains(definition.name.as_str())) {
        let name = definition.name.as_str();
        match definition.kind {
            Kind::Model(model) => {
                let fields = scope.fields(model);
                let required = fields.entries.iter().filter_map(|entry| entry.field.ty().ok()?.as_name());
                open.insert(name, (true, required.collect()));
            }
            Kind::Union(union) => {
                let types = union.variants.values().filter_map(|variant| variant.ty().ok());
                let names: Vec<Option<&Text>> = types.map(TypeExpr::as_name).collect();
                // One variant that is finite is enough: it is as if the union required nothing.
                let required = if names.iter().any(Option::is_none) {
                    Vec::new()
                } else {
                    names.into_iter().flatten().collect()
                };
                open.insert(name, (false, required));
            }
            Kind::Id(_) | Kind::Enum(_) => {}
        }
    }
    loop {
        let is_open = |name: &&Text| open.contains_key(name.as_str());
        let finite: Vec<&str> = open
            .iter()
            .filter(|(_, (needs_all, parts))| {
                let mut parts = parts.iter();
                if *needs_all { !parts.any(is_open) } else { parts.len() == 0 || !parts.all(is_open) }
            })
            .map(|(name, _)| *name)
            .collect();
        if finite.is_empty() {
            break;
        }
        for name in finite {
            open.remove(name);
        }
    }
    let names: BTreeSet<&str> = open.keys().copied().collect();
    let still_open =
        |parts: Vec<&'a Text>| parts.into_iter().filter(|part| names.contains(part.as_str())).collect();
    open.into_iter().map(|(name, (_, parts))| (name, still_open(parts))).collect()
}

/// Unions with the unions that are their variants.
fn unions_of_unions<'a>(scope: &Scope<'a>, infinite: &Edges<'_>) -> Edges<'a> {
    let unions = scope.definitions().filter_map(|definition| match definition.kind {
        Kind::Union(union) if !infinite.contains_key(definition.name.as_str()) => {
            Some((definition.name.as_str(), union))
        }
        _ => None,
    });
    let is_union = |name: &&Text| matches!(scope.get(name).map(|it| it.kind), Some(Kind::Union(_)));
    let edges = unions.map(|(name, union)| {
        let types = union.variants.values().filter_map(|variant| variant.ty().ok());
        (name, types.filter_map(TypeExpr::as_name).filter(is_union).collect())
    });
    edges.collect()
}

/// Reports every cycle once, at the type that comes first in it by name.
fn report(
    scope: &Scope<'_>,
    edges: &Edges<'_>,
    out: &mut Vec<Diagnostic>,
    problem: impl Fn(&Text) -> Diagnostic,
) {
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for name in edges.keys() {
        let Some(definition) = scope.get(name).filter(|_| !reported.contains(name)) else { continue };
        let Some(way) = way_back(name, edges) else { continue };
        let mut diagnostic = problem(definition.name);
        for step in way {
            diagnostic = diagnostic.also(step.span, format!("leads to `{step}`"));
            reported.extend(edges.get_key_value(step.as_str()).map(|(name, _)| *name));
        }
        out.push(diagnostic);
    }
}

fn reaches_itself(name: &str, edges: &Edges<'_>) -> bool {
    way_back(name, edges).is_some()
}

/// The shortest way from a type back to itself, by the names as they are written.
fn way_back<'e>(start: &str, edges: &Edges<'e>) -> Option<Vec<&'e Text>> {
    let mut came_from: BTreeMap<&str, (&str, &Text)> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for &step in edges.get(at).into_iter().flatten() {
            if step.as_str() == start {
                let mut way = vec![step];
                let mut back = at;
                while let Some((before, step)) = came_from.get(back) {
                    way.push(step);
                    back = before;
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(step.as_str()) {
                came_from.insert(step, (at, step));
                open.push_back(step);
            }
        }
    }
    None
}
