//! The target of a redirect, for the text of an error.

use super::text::shown_up_to;
use crate::headers::Headers;

/// Longest part of the target that is shown, in bytes.
const LONGEST: usize = 110;

/// What is said of a redirect: its target without query and credentials.
pub(crate) fn redirection(headers: &Headers) -> String {
    match headers.get("location").and_then(target) {
        Some(target) => {
            let target = shown_up_to(target.as_str(), LONGEST).into_owned();
            format!("the server redirects to {target}, which is not followed: check the base URL")
        }
        None => "the server redirects elsewhere, which is not followed: check the base URL".to_owned(),
    }
}

/// Scheme, host and path; the path alone where there is no more.
fn target(location: &str) -> Option<String> {
    let location = location.trim().split(['?', '#']).next()?;
    let Some((scheme, rest)) = location.split_once("//").filter(|(scheme, _)| is_scheme(scheme)) else {
        return location.starts_with('/').then(|| location.to_owned());
    };
    let (authority, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next()?;
    Some([scheme, "//", host, path].concat())
}

fn is_scheme(text: &str) -> bool {
    text.is_empty()
        || text.strip_suffix(':').is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_no_query_and_no_credentials() {
        for (location, expected) in [
            ("https://api.depot.example/v2/x?key=kx1", Some("https://api.depot.example/v2/x")),
            ("https://u:p@api.depot.example:444#f", Some("https://api.depot.example:444")),
            ("https://u:p@a@api.depot.example/@me", Some("https://api.depot.example/@me")),
            (" //u:p@api.depot.example/v2 ", Some("//api.depot.example/v2")),
            ("/v2/x?key=kx1", Some("/v2/x")),
            ("/a//b@c", Some("/a//b@c")),
            ("https:u:p@api.depot.example", None),
            ("u:p@x//y", None),
            ("?key=kx1", None),
            ("", None),
        ] {
            assert_eq!(target(location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn it_is_short() {
        let long = format!("https://api.depot.example/{}", "é\u{1b}".repeat(5000));
        let message = redirection(&Headers::from_iter([("location", long)]));
        assert!(message.chars().count() <= 200 && message.contains("api.depot.example/é"), "{message}");
        assert!(redirection(&Headers::default()).contains("redirects elsewhere"));
    }
}
