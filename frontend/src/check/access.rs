//! Who sends requests, and how many of them: authentication, variables and rate limits.

use crate::decode::ShortOrLong;
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{Api, ClientCredentials, RateLimit, Text};
use crate::scope::Scope;
use crate::source::Span;

pub(super) fn check(scope: &Scope<'_>, api: &Api, out: &mut Vec<Diagnostic>) {
    variables(scope, api, out);
    if let ShortOrLong::Long(credentials) = &api.authentication.value {
        token(credentials, out);
    }
    for (segment, limit) in &api.rate_limits {
        rate_limit(scope, segment, limit, out);
    }
}

/// Each way to authenticate has its own.
fn variables(scope: &Scope<'_>, api: &Api, out: &mut Vec<Diagnostic>) {
    let environment = &api.environment;
    let with_key = matches!(api.authentication.value, ShortOrLong::Short(_));
    let with_client = !with_key;
    for (name, variable, is_needed) in [
        ("api_key", &environment.api_key, with_key),
        ("client_id", &environment.client_id, with_client),
        ("client_secret", &environment.client_secret, with_client),
        ("token_url", &environment.token_url, with_client),
    ] {
        match variable {
            Some(variable) if !is_needed && !scope.is_broken("authentication") => {
                let message = format!("`{name}` has no use with this `authentication`");
                Diagnostic::new(Code::BadAuthentication, variable.span, message)
                    .also(api.authentication.span, "what proves who sends a request")
                    .report(out);
            }
            Some(variable) => environment_variable(variable, out),
            None if is_needed && !scope.is_broken(name) && !scope.is_broken("authentication") => {
                let message = format!("`environment` does not name the variable with the {}", words(name));
                Diagnostic::new(Code::BadAuthentication, environment.base_url.span, message)
                    .help(format!("add `{name}: …`"))
                    .report(out);
            }
            None => {}
        }
    }
    environment_variable(&environment.base_url, out);
}

fn words(name: &str) -> String {
    name.replace("api_key", "API key").replace("_url", " URL").replace('_', " ")
}

fn environment_variable(name: &Text, out: &mut Vec<Diagnostic>) {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if !name.stands_in() && !name.chars().all(fits) {
        let message = format!("the environment variable `{name}` is not in UPPER_SNAKE_CASE");
        out.push(Diagnostic::new(Code::Convention, name.span, message));
    }
}

fn token(credentials: &ClientCredentials, out: &mut Vec<Diagnostic>) {
    let ClientCredentials { token_url, audience, .. } = credentials;
    let is_address = |url: &str| {
        url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.contains([' ', '#', '{']))
    };
    if !token_url.stands_in() && !is_address(token_url) {
        let message = "secrets are sent to an address such as `https://auth.example.com/oauth/token`";
        out.push(Diagnostic::new(Code::BadAuthentication, token_url.span, message));
    }
    if !audience.stands_in() && audience.trim().is_empty() {
        out.push(Diagnostic::new(Code::BadAuthentication, audience.span, "the audience is empty"));
    }
}

/// More than this a second is no limit that a client could reach.
const MOST: u32 = 10_000;

fn rate_limit(scope: &Scope<'_>, segment: &Text, limit: &RateLimit, out: &mut Vec<Diagnostic>) {
    let problem = |span: Span, message: String| Diagnostic::new(Code::BadRateLimit, span, message);
    let rate = &limit.per_second;
    if !(1..=MOST).contains(&rate.value) {
        out.push(problem(rate.span, format!("a rate limit is between 1 and {MOST} a second")));
    } else if rate.value == 1 && !limit.urgent.is_empty() {
        out.push(problem(rate.span, "with one request a second no room can be kept".to_owned()));
    }
    let is_covered =
        |path: &str| path.split('/').any(|part| part == segment.as_str() && !part.starts_with('{'));
    let mut covered = scope.operations().filter(|(.., operation)| is_covered(&operation.http));
    if covered.next().is_none() {
        out.push(problem(segment.span, format!("no operation has `{segment}` as a part of its path")));
        return;
    }
    for name in &limit.urgent {
        match scope.operation(name) {
            Some((.., operation)) if is_covered(&operation.http) => {}
            Some(_) => {
                let message =
                    format!("the path of `{name}` has no part `{segment}`: the limit is not its own");
                out.push(problem(name.span, message));
            }
            None if scope.is_broken(name) => {}
            None => {
                let known = scope.operations().map(|(_, name, _)| name.as_str());
                out.push(problem(name.span, format!("unknown operation `{name}`")).suggest(name, known));
            }
        }
    }
}
