//! From the checked spec to the IR: everything that is decided is decided here.

mod api;
mod channels;
mod deprecations;
mod fields;
mod graph;
mod lookup;
mod makers;
mod models;
mod operations;
mod resolve;
mod types;

use std::collections::BTreeSet;

use crate::check::Checked;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{self, Type};
use crate::language::{Api, Deprecation, Map, Repeat, Text};
use crate::names::{self, camel};
use crate::scope::Scope;
use crate::source::Span;
use crate::spec::GroupSpec;
use resolve::Resolver;

/// What was lowered, or a problem that a check should have reported. Nothing is made up in its place.
type Lowered<T> = Result<T, Box<Diagnostic>>;

/// Every API of a spec that has been checked, with its types resolved.
///
/// # Errors
///
/// If the spec has an error: one of them.
pub fn lower(checked: &Checked<'_>) -> Result<Vec<ir::Api>, Box<Diagnostic>> {
    checked.scopes.iter().map(lower_api).collect()
}

fn refused(code: Code, place: Span, message: String) -> Box<Diagnostic> {
    Diagnostic::new(code, place, message).boxed()
}

fn lower_api(scope: &Scope<'_>) -> Lowered<ir::Api> {
    let spec = scope.api;
    let api = spec.api.as_ref().ok_or_else(|| {
        let message = format!("the API `{}` has no `api.yaml`", spec.name);
        refused(Code::Folder, Span::new(spec.file, 0..0), message)
    })?;
    let resolver = Resolver { scope, api };
    let mut lowered = ir::Api {
        name: spec.name.clone(),
        doc: description(&api.doc),
        version: api.version.value.clone(),
        groups: spec.groups.iter().map(|group| lower_group(&resolver, group)).collect::<Lowered<_>>()?,
        servers: servers(api),
        authentication: api::authentication(api)?,
        base_url_variable: api.environment.base_url.value.clone(),
        frame: api::frame(api)?,
        pagination: ir::Pagination {
            size: api.pagination.size.value.clone(),
            token: api.pagination.token.value.clone(),
            next: api.pagination.next.value.clone(),
            previous: api.pagination.previous.as_ref().map(|name| name.value.clone()),
        },
        encodings: api.encodings,
        errors: api.errors.iter().map(|status| status.value).collect(),
        rate_limits: api::rate_limits(api),
        layout: api.stream.as_ref().map(|stream| channels::layout(&stream.places)),
        source: format!("{}/api.yaml", spec.name),
    };
    graph::directions(&mut lowered);
    graph::boxes(&mut lowered);
    deprecations::note(&mut lowered);
    let models = spec.groups.iter().flat_map(|group| group.group.models.values());
    let included: BTreeSet<&str> =
        models.flat_map(|model| &model.include).map(|name| name.as_str()).collect();
    for group in &mut lowered.groups {
        group.models.retain(|model| {
            let direction = model.direction;
            direction.sent || direction.received || !included.contains(model.rust.as_str())
        });
        group.models.iter_mut().for_each(complete);
    }
    Ok(lowered)
}

/// Decides what depends on the direction of a model.
fn complete(model: &mut ir::Model) {
    if model.direction.received {
        for field in model.fields.iter_mut().filter(|field| field.deprecated.is_some()) {
            make_optional(field);
        }
    }
    if model.direction.sent {
        makers::complete(model);
    } else {
        model.constructors.clear();
    }
}

/// What is deprecated may be missing any day.
fn make_optional(field: &mut ir::Field) {
    if field.required {
        field.required = false;
        let ty = std::mem::replace(&mut field.ty, Type::Bool);
        field.ty = Type::Option(Box::new(ty));
    }
}

fn servers(api: &Api) -> Vec<ir::Server> {
    let servers = api.servers.iter().map(|(name, server)| ir::Server {
        name: name.value.clone(),
        rust: camel(name),
        url: server.url.value.clone(),
        stream: server.stream.as_ref().map(|url| url.value.clone()),
        doc: description(&server.doc),
    });
    servers.collect()
}

fn lower_group(resolver: &Resolver<'_, '_>, file: &GroupSpec) -> Lowered<ir::Group> {
    let group = &file.group;
    let operations = each(&group.operations, |name, it| operations::operation(resolver, name, it))?;
    Ok(ir::Group {
        name: names::snake(&file.name),
        rust: camel(&file.name),
        doc: description(&group.doc),
        source: file.source.clone(),
        example: example(&operations),
        deprecations: false,
        operations,
        ids: each(&group.ids, |name, id| types::id(resolver, name, id))?,
        enums: each(&group.enums, |name, item| Ok(types::enumeration(name, item)))?,
        models: each(&group.models, |name, model| models::model(resolver, name, model))?,
        unions: each(&group.unions, |name, union| types::union(resolver, name, union))?,
        channels: each(&group.channels, |name, channel| channels::channel(resolver, name, channel))?,
    })
}

fn each<T, L>(items: &Map<T>, lower: impl Fn(&Text, &T) -> Lowered<L>) -> Lowered<Vec<L>> {
    items.iter().map(|(name, item)| lower(name, item)).collect()
}

/// The first operation that reads, or else the first.
fn example(operations: &[ir::Operation]) -> Option<usize> {
    let of = |suits: fn(&ir::Operation) -> bool| {
        operations.iter().position(|operation| operation.deprecated.is_none() && suits(operation))
    };
    of(|operation| operation.repeat == Repeat::Read).or_else(|| of(|_| true))
}

/// A description without the line end of a block of text.
fn description(text: &str) -> String {
    text.trim().to_owned()
}

fn deprecation(deprecation: &Deprecation) -> ir::Deprecation {
    let note = deprecation.note.as_ref().map(|note| note.value.trim().to_owned());
    ir::Deprecation {
        since: deprecation.since.value.clone(),
        note: note.unwrap_or_else(|| "It will go away.".to_owned()),
    }
}

fn texts(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}
