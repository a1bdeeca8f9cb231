//! Who sends requests, how many of them, and what stands around results.

use super::{Lowered, refused};
use crate::decode::ShortOrLong;
use crate::diagnostic::Code;
use crate::ir::{Authentication, Frame, RateLimit};
use crate::language::{Api, Scheme, Text};

pub(super) fn authentication(api: &Api) -> Lowered<Authentication> {
    let variable = |name: &Option<Text>| match name {
        Some(name) => Ok(name.value.clone()),
        None => {
            let place = api.environment.base_url.span;
            Err(refused(Code::BadAuthentication, place, "`environment` lacks a variable".to_owned()))
        }
    };
    let environment = &api.environment;
    Ok(match &api.authentication.value {
        ShortOrLong::Short(Scheme::Bearer) => {
            Authentication::ApiKey { variable: variable(&environment.api_key)? }
        }
        ShortOrLong::Long(credentials) => Authentication::ClientCredentials {
            token_url: credentials.token_url.value.clone(),
            token_url_variable: variable(&environment.token_url)?,
            audience: credentials.audience.value.clone(),
            id_variable: variable(&environment.client_id)?,
            secret_variable: variable(&environment.client_secret)?,
        },
    })
}

pub(super) fn frame(api: &Api) -> Lowered<Frame> {
    match (&api.bare, &api.envelope) {
        (Some(bare), _) => Ok(Frame::Bare { items: bare.items.value.clone(), error: bare.error.value }),
        (None, Some(envelope)) => Ok(Frame::Envelope {
            data: envelope.data.value.clone(),
            error: envelope.error.value.clone(),
            metadata: envelope.metadata.value.clone(),
        }),
        (None, None) => {
            let message = "this API says neither `envelope` nor `bare`".to_owned();
            Err(refused(Code::BadFrame, api.version.span, message))
        }
    }
}

pub(super) fn rate_limits(api: &Api) -> Vec<RateLimit> {
    let limits = api.rate_limits.iter().map(|(segment, limit)| RateLimit {
        segment: segment.value.clone(),
        per_second: limit.per_second.value,
        urgent: limit.urgent.iter().map(|name| name.value.clone()).collect(),
    });
    limits.collect()
}
