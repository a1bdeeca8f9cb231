//! Method and path: `GET /v1/accounts/{account_id}`.

use crate::diagnostic::{Code, Diagnostic};
use crate::parsed::Parse;
use crate::source::Spanned;

/// The methods of HTTP that operations have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As in a request: `GET`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Where an operation is found.
#[derive(Clone, Debug)]
pub struct Route {
    pub method: Method,
    pub path: String,
    /// Names with the place of each.
    pub placeholders: Vec<Spanned<String>>,
}

impl Parse for Route {
    fn parse(line: Spanned<&str>) -> Result<Self, Box<Diagnostic>> {
        let Some((word, path)) = line.value.split_once(' ') else {
            let message = format!("`{line}` is not a method and a path");
            return Err(Diagnostic::new(Code::HttpLine, line.span, message)
                .help("write `GET /v1/clock`")
                .boxed());
        };
        let Some(method) = Method::ALL.into_iter().find(|method| method.as_str() == word) else {
            let known = Method::ALL.map(Method::as_str);
            let message = format!("unknown method `{word}`");
            let problem = Diagnostic::new(Code::HttpLine, line.part(0..word.len()), message);
            return Err(problem.suggest(word, known).note(format!("methods: {}", known.join(", "))).boxed());
        };
        let placeholders = placeholders(path, word.len() + 1, line)?;
        Ok(Self { method, path: path.to_owned(), placeholders })
    }
}

/// The placeholders of a path that begins at `at`.
fn placeholders(path: &str, at: usize, line: Spanned<&str>) -> Result<Vec<Spanned<String>>, Box<Diagnostic>> {
    let place = |start: usize, len: usize| line.part(at + start..at + start + len);
    let problem = |span, message: String| Diagnostic::new(Code::HttpLine, span, message).boxed();
    if !path.starts_with('/') {
        return Err(problem(place(0, path.len()), "a path begins with `/`".to_owned()));
    }
    if let Some(index) = path.find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
        let message = "a path has no spaces, query or fragment; parameters go into `query:`".to_owned();
        return Err(problem(place(index, path.len() - index), message));
    }
    let mut found: Vec<Spanned<String>> = Vec::new();
    let mut start = 0;
    for segment in path.split('/').skip(1) {
        start += 1;
        let span = place(start, segment.len());
        if segment.is_empty() {
            return Err(problem(place(start - 1, 1), "a part of the path is empty".to_owned()));
        }
        let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match inner {
            Some(name) if name.is_empty() || name.contains(['{', '}']) => {
                return Err(problem(span, format!("`{segment}` is not a placeholder")));
            }
            Some(name) if found.iter().any(|other| other.value == name) => {
                return Err(problem(span, format!("the placeholder `{name}` is there twice")));
            }
            Some(name) => found.push(Spanned::new(name.to_owned(), place(start + 1, name.len()))),
            None if segment.contains(['{', '}']) => {
                let message =
                    format!("in `{segment}`, a placeholder is not closed or not alone between slashes");
                return Err(problem(span, message));
            }
            None => {}
        }
        start += segment.len();
    }
    Ok(found)
}

impl Route {
    /// The path without the names of its placeholders.
    pub fn template(&self) -> String {
        let parts = self.path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}
