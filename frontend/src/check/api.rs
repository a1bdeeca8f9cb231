//! `api.yaml`: servers, variables, statuses, and the groups of parameters.

use super::operations::{error_statuses, query_type};
use super::{access, fields};
use crate::diagnostic::{Code, Diagnostic};
use crate::language::Api;
use crate::scope::{Entry, Scope};

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let Some(api) = &scope.api.api else { return };
    servers(scope, api, out);
    frame(scope, api, out);
    access::check(scope, api, out);
    error_statuses(&api.errors, out);
    for group in api.parameters.values() {
        fields::check(scope, group, out);
        for (name, field) in group {
            let entry = Entry { name, field, through: None };
            query_type(scope, &entry, out);
        }
    }
}

fn servers(scope: &Scope<'_>, api: &Api, out: &mut Vec<Diagnostic>) {
    if api.servers.is_empty() && !scope.is_broken("servers") {
        out.push(Diagnostic::new(Code::BadServer, api.version.span, "this API has no servers"));
    }
    for server in api.servers.values() {
        let url = &server.url;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let message = match host {
            _ if url.stands_in() => continue,
            None => "a server's address begins with `https://`",
            Some("") => "this address has no host",
            Some(host) if host.ends_with('/') => {
                "a base URL has no slash at its end: every path begins with one"
            }
            Some(host) if host.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#' | '{')) => {
                "a base URL has no spaces, query, fragment or placeholders"
            }
            Some(_) => continue,
        };
        out.push(Diagnostic::new(Code::BadServer, url.span, message));
    }
}

fn frame(scope: &Scope<'_>, api: &Api, out: &mut Vec<Diagnostic>) {
    let problem = match (&api.envelope, &api.bare) {
        (Some(envelope), Some(bare)) => {
            Diagnostic::new(Code::BadFrame, bare.items.span, "this API says both `envelope` and `bare`")
                .also(envelope.data.span, "the envelope")
        }
        (None, None) if !scope.is_broken("envelope") && !scope.is_broken("bare") => {
            let message = "this API says neither `envelope` nor `bare`";
            Diagnostic::new(Code::BadFrame, api.version.span, message)
        }
        _ => return,
    };
    out.push(problem.help("every answer is in an envelope, or none is"));
}
