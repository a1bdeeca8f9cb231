//! Routes of operations: their parameters, and that no two are the same.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::language::{Operation, Text};
use crate::route::{Method, Route};
use crate::scope::Scope;

/// Compares the placeholders with the entries of `path:`.
pub(super) fn parameters(scope: &Scope<'_>, route: &Route, operation: &Operation, out: &mut Vec<Diagnostic>) {
    let declared: Vec<&Text> = operation.path.keys().collect();
    let extra = |name: &Text| !route.placeholders.contains(name);
    // One that is written in two ways is one mistake.
    let mut misspelt: Vec<&str> = Vec::new();
    for name in &route.placeholders {
        if operation.path.contains_key(name.as_str()) || scope.is_broken(name) {
            continue;
        }
        let left_over = declared.iter().filter(|name| extra(name)).map(|name| name.as_str());
        let message = format!("the path parameter `{name}` has no type");
        let problem =
            Diagnostic::new(Code::MissingPathParameter, name.span, message).label("not among `path:`");
        let near =
            nearest(name, left_over).and_then(|near| declared.iter().find(|name| name.as_str() == near));
        out.push(match near {
            Some(near) => {
                misspelt.push(near.as_str());
                problem.fix(format!("did you mean this by `{near}`?"), near.span, name.as_str())
            }
            None => problem,
        });
    }
    for name in declared.iter().filter(|name| extra(name) && !misspelt.contains(&name.as_str())) {
        Diagnostic::new(Code::ExtraPathParameter, name.span, format!("`{name}` is not in the path"))
            .also(operation.http.span, "the path")
            .report(out);
    }
    order(&declared, route, operation, out);
}

fn order(declared: &[&Text], route: &Route, operation: &Operation, out: &mut Vec<Diagnostic>) {
    let wanted = &route.placeholders;
    let same_set = declared.len() == wanted.len() && wanted.iter().all(|name| declared.contains(&name));
    let misplaced = declared.iter().zip(wanted).find(|(name, wanted)| **name != *wanted);
    if let (true, Some((name, _))) = (same_set, misplaced) {
        let order: Vec<&str> = wanted.iter().map(|name| name.as_str()).collect();
        let message = "the path parameters are not in the order of the path";
        Diagnostic::new(Code::ExtraPathParameter, name.span, message)
            .also(operation.http.span, "the path")
            .note("they are the arguments of the method, in this order")
            .help(format!("write them in the order {}", order.join(", ")))
            .report(out);
    }
}

/// Reports operations that answer to the same method and path.
pub(super) fn doubles(routes: &[(&Text, &Operation, &Route)], out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<(Method, String), (&Text, &Operation)> = BTreeMap::new();
    for (name, operation, route) in routes {
        let key = (route.method, route.template());
        match seen.get(&key) {
            None => _ = seen.insert(key, (name, operation)),
            Some((first_name, first)) => {
                let message = format!("`{name}` and `{first_name}` have the same method and path");
                Diagnostic::new(Code::DuplicateRoute, operation.http.span, message)
                    .label("second operation")
                    .also(first.http.span, "first operation")
                    .report(out);
            }
        }
    }
}
