//! From the checked spec to the IR: everything that is decided is decided here.

mod api;
pub mod channels;
mod deprecations;
mod fields;
mod graph;
mod lookup;
mod makers;
mod models;
pub mod names;
mod operations;
mod resolve;
mod types;

use std::collections::BTreeSet;

use crate::ir::{self, Type};
use crate::language::{Api, Repeat, Text};
use crate::spec::{ApiSpec, Spec};
use names::camel;
use resolve::Resolver;

/// Every API of a spec that has been checked.
pub fn lower(spec: &Spec) -> Vec<ir::Api> {
    spec.apis.iter().filter_map(|spec| Some(lower_api(spec, spec.api.as_ref()?))).collect()
}

fn lower_api(spec: &ApiSpec, api: &Api) -> ir::Api {
    let resolver = Resolver::new(spec, api);
    let mut lowered = ir::Api {
        name: spec.name.clone(),
        doc: description(&api.doc),
        version: api.version.value.clone(),
        groups: groups(spec, &resolver),
        servers: servers(api),
        authentication: api::authentication(api),
        base_url_variable: api.environment.base_url.value.clone(),
        frame: frame(api),
        pagination: ir::Pagination {
            size: api.pagination.size.value.clone(),
            token: api.pagination.token.value.clone(),
            next: api.pagination.next.value.clone(),
            previous: api.pagination.previous.as_ref().map(|name| name.value.clone()),
        },
        encodings: ir::Encodings {
            decimal: api.encodings.decimal.value,
            timestamp: api.encodings.timestamp.value,
            date: api.encodings.date.value,
            list: api.encodings.list.value,
        },
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
    lowered
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

fn frame(api: &Api) -> ir::Frame {
    let name = |text: Option<&Text>| text.map(|text| text.value.clone()).unwrap_or_default();
    match &api.bare {
        Some(bare) => ir::Frame::Bare { items: bare.items.value.clone(), error: bare.error.value },
        None => {
            // The check has refused an API with neither.
            let envelope = api.envelope.as_ref();
            ir::Frame::Envelope {
                data: name(envelope.map(|it| &it.data)),
                error: name(envelope.map(|it| &it.error)),
                metadata: name(envelope.map(|it| &it.metadata)),
            }
        }
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

fn groups(spec: &ApiSpec, resolver: &Resolver<'_>) -> Vec<ir::Group> {
    let groups = spec.groups.iter().map(|file| {
        let group = &file.group;
        let operations: Vec<ir::Operation> = group
            .operations
            .iter()
            .map(|(name, operation)| operations::operation(resolver, name, operation))
            .collect();
        ir::Group {
            name: names::snake(&file.name),
            rust: camel(&file.name),
            doc: description(&group.doc),
            source: file.source.clone(),
            example: example(&operations),
            deprecations: false,
            operations,
            ids: group.ids.iter().map(|(name, id)| types::id(resolver, name, id)).collect(),
            enums: group.enums.iter().map(|(name, item)| types::enumeration(name, item)).collect(),
            models: group.models.iter().map(|(name, model)| models::model(resolver, name, model)).collect(),
            unions: group.unions.iter().map(|(name, union)| types::union(resolver, name, union)).collect(),
            channels: group
                .channels
                .iter()
                .map(|(name, item)| channels::channel(resolver, name, item))
                .collect(),
        }
    });
    groups.collect()
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
