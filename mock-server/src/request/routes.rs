//! Which operation a method and a path stand for.

use clear_street_spec::ir;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;

/// All paths of all APIs, below the path of their servers and without it.
#[derive(Debug)]
pub(crate) struct Routes {
    apis: Vec<ir::Api>,
    /// By API: the path of its servers, without a slash at its end.
    bases: Vec<String>,
    /// Those with fewer placeholders first, so that they win.
    routes: Vec<Route>,
}

#[derive(Debug)]
struct Route {
    api: usize,
    group: usize,
    operation: usize,
    segments: Vec<Segment>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Placeholder(String),
}

/// An operation, and what its path says.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) api: &'a ir::Api,
    pub(crate) operation: &'a ir::Operation,
    /// Values of the placeholders by name, decoded.
    pub(crate) path: Vec<(&'a str, String)>,
}

/// Why no operation was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    Path,
    /// The path has these methods only.
    Method(Vec<&'static str>),
}

impl Routes {
    pub(crate) fn new(apis: Vec<ir::Api>) -> Self {
        let bases: Vec<_> = apis.iter().map(base_path).collect();
        let mut routes = Vec::new();
        for (api, base) in bases.iter().enumerate() {
            for (group, of_group) in apis[api].groups.iter().enumerate() {
                for (operation, ir::Operation { path, .. }) in of_group.operations.iter().enumerate() {
                    let mut paths = vec![segments(&format!("{base}{path}")), segments(path)];
                    paths.dedup();
                    routes.extend(paths.into_iter().map(|segments| Route {
                        api,
                        group,
                        operation,
                        segments,
                    }));
                }
            }
        }
        // Literals come before placeholders; the sort is stable, so the rest stays as in the spec.
        routes.sort_by(|a, b| a.segments.cmp(&b.segments));
        Self { apis, bases, routes }
    }

    pub(crate) fn apis(&self) -> &[ir::Api] {
        &self.apis
    }

    /// Path of an API's servers, without a slash at its end.
    pub(crate) fn base(&self, name: &str) -> Option<&str> {
        let index = self.apis.iter().position(|api| api.name == name)?;
        Some(&self.bases[index])
    }

    /// The API that a path is for, as far as that can be told: what is unknown is refused in its manner.
    pub(crate) fn api_of(&self, path: &str) -> Option<&ir::Api> {
        let mut candidates: Vec<_> = self.apis.iter().zip(&self.bases).collect();
        candidates.sort_by_key(|(_, base)| std::cmp::Reverse(base.len()));
        let found = candidates.iter().find(|(_, base)| {
            path.strip_prefix(base.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        found.or(candidates.last()).map(|(api, _)| *api)
    }

    /// The operation of a method and a path as it came.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Result<Found<'_>, Missed> {
        let given: Vec<&str> = path.split('/').skip(1).collect();
        let mut methods = Vec::new();
        for route in &self.routes {
            let Some(path) = values(&route.segments, &given) else { continue };
            let api = &self.apis[route.api];
            let operation = &api.groups[route.group].operations[route.operation];
            if operation.method.as_str() == method.as_str() {
                return Ok(Found { api, operation, path });
            }
            methods.push(operation.method.as_str());
        }
        methods.sort_unstable();
        methods.dedup();
        Err(if methods.is_empty() { Missed::Path } else { Missed::Method(methods) })
    }
}

fn base_path(api: &ir::Api) -> String {
    let url = api.servers.first().and_then(|server| server.url.parse::<Uri>().ok());
    url.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}

fn segments(path: &str) -> Vec<Segment> {
    let segment = |text: &str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => Segment::Placeholder(name.to_owned()),
        None => Segment::Literal(text.to_owned()),
    };
    path.split('/').skip(1).map(segment).collect()
}

/// The values of placeholders, if the path is that of the segments; none is empty.
fn values<'a>(segments: &'a [Segment], given: &[&str]) -> Option<Vec<(&'a str, String)>> {
    if segments.len() != given.len() {
        return None;
    }
    let mut found = Vec::new();
    for (segment, given) in segments.iter().zip(given) {
        let given = percent_decode_str(given).decode_utf8_lossy();
        match segment {
            Segment::Literal(text) if *text == given => {}
            Segment::Placeholder(name) if !given.is_empty() => {
                found.push((name.as_str(), given.into_owned()))
            }
            Segment::Literal(_) | Segment::Placeholder(_) => return None,
        }
    }
    Some(found)
}
