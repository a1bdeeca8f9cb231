//! Who sends requests, and how many of them.

use crate::decode::ShortOrLong;
use crate::ir::{Authentication, RateLimit};
use crate::language::{Api, Scheme, Text};

pub(super) fn authentication(api: &Api) -> Authentication {
    let environment = &api.environment;
    match &api.authentication.value {
        ShortOrLong::Short(Scheme::Bearer) => {
            Authentication::ApiKey { variable: variable(environment.api_key.as_ref()) }
        }
        ShortOrLong::Long(credentials) => Authentication::ClientCredentials {
            token_url: credentials.token_url.value.clone(),
            token_url_variable: variable(environment.token_url.as_ref()),
            audience: credentials.audience.value.clone(),
            id_variable: variable(environment.client_id.as_ref()),
            secret_variable: variable(environment.client_secret.as_ref()),
        },
    }
}

/// The check has seen that those are there which are needed.
fn variable(name: Option<&Text>) -> String {
    name.map(|name| name.value.clone()).unwrap_or_default()
}

pub(super) fn rate_limits(api: &Api) -> Vec<RateLimit> {
    let limits = api.rate_limits.iter().map(|(segment, limit)| RateLimit {
        segment: segment.value.clone(),
        per_second: limit.per_second.value,
        urgent: limit.urgent.iter().map(|name| name.value.clone()).collect(),
    });
    limits.collect()
}
