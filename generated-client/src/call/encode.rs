//! Paths and queries.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::api::ListEncoding;
use crate::error::{SHORT, shown_up_to};
use crate::operation::Parameter;
use crate::record::{self, Encoding, Invalid, View};

/// Everything but the unreserved characters of RFC 3986, so that nothing in a value can be taken
/// for a separator.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stands between the items of a list that is one parameter.
const SEPARATOR: char = ',';

/// Text of a parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    One(String),
    List(Vec<String>),
}

impl Argument {
    /// The text of a parameter's value; none if the value is absent.
    ///
    /// A list without items, and an empty item, look on the wire like no restriction at all: they
    /// are refused. So is an item with the separator of the list: most servers decode before they
    /// split, and would see two.
    pub(crate) fn new(
        parameter: &Parameter,
        value: View<'_>,
        encoding: &Encoding,
        list: ListEncoding,
    ) -> Result<Option<Self>, Invalid> {
        let Parameter { name, bounds, sensitive, .. } = parameter;
        record::check_bounds(name, value, bounds, encoding).map_err(|Invalid { path, message }| Invalid {
            path: format!("{name}{}", path.trim_start_matches('$')),
            message,
        })?;
        let mut texts = record::texts(value, encoding);
        let is_list = matches!(value, View::List(_));
        if is_list && (texts.is_empty() || texts.iter().any(String::is_empty)) {
            let what = if texts.is_empty() { "is a list without items" } else { "has an empty item" };
            let message = format!("`{name}` {what}, which the server would take for no restriction");
            return Err(Invalid { path: (*name).to_owned(), message });
        }
        let separates = |text: &String| is_list && list == ListEncoding::Comma && text.contains(SEPARATOR);
        if let Some((index, item)) = texts.iter().enumerate().find(|(_, text)| separates(text)) {
            let item = if *sensitive { "which is personal".into() } else { shown_up_to(item, SHORT) };
            let message = format!(
                "item {index} of `{name}` ({item}) contains `{SEPARATOR}`, which separates the items of this list"
            );
            return Err(Invalid { path: format!("{name}[{index}]"), message });
        }
        Ok(if is_list { Some(Self::List(texts)) } else { texts.pop().map(Self::One) })
    }
}

/// Puts values into the placeholders of a path, each as one segment.
pub(crate) fn path<'a>(
    template: &str,
    mut value: impl FnMut(&str) -> Option<&'a str>,
) -> Result<String, (String, &'static str)> {
    let mut path = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, placeholder)) = rest.split_once('{') {
        let (name, after) = placeholder.split_once('}').unwrap_or((placeholder, ""));
        path.push_str(before);
        let value = value(name).ok_or_else(|| (name.to_owned(), "is missing"))?;
        path.push_str(&segment(value).map_err(|message| (name.to_owned(), message))?);
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

/// Encodes a value as one segment of a path.
///
/// URLs are resolved before they are sent, and dots count even when they are percent-encoded: no
/// encoding keeps such a segment, so it is refused.
fn segment(value: &str) -> Result<String, &'static str> {
    match value {
        "" => Err("is empty"),
        "." | ".." => Err("must not be `.` or `..`: it would address something else"),
        _ => Ok(utf8_percent_encode(value, ESCAPED).to_string()),
    }
}

/// Appends a parameter to a query that is empty or begins with `?`.
pub(crate) fn query(query: &mut String, name: &str, argument: &Argument, list: ListEncoding) {
    match argument {
        Argument::One(value) => pair(query, name, [value]),
        Argument::List(values) => match list {
            ListEncoding::Comma => pair(query, name, values),
            ListEncoding::Repeat => values.iter().for_each(|value| pair(query, name, [value])),
        },
    }
}

fn pair<'a>(query: &mut String, name: &str, values: impl IntoIterator<Item = &'a String>) {
    query.push(if query.is_empty() { '?' } else { '&' });
    query.extend(utf8_percent_encode(name, ESCAPED));
    query.push('=');
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            query.push(SEPARATOR);
        }
        query.extend(utf8_percent_encode(value, ESCAPED));
    }
}

/// Checks a path that the caller wrote out, encoded already.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    let Some(segments) = path.strip_prefix('/') else {
        return Err("must begin with `/`");
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte);
    if !path.bytes().all(plain) {
        return Err("must be percent-encoded and have no query or fragment");
    }
    let dots =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if segments.split('/').any(dots) {
        return Err("must not contain the segments `.` or `..`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::Value;

    fn one(value: &str) -> Result<String, (String, &'static str)> {
        path("/a/{id}/b", |_| Some(value))
    }

    #[test]
    fn placeholders_are_filled_by_name() {
        let filled = path("/v1/{a}/x/{b}", |name| Some(if name == "a" { "1" } else { "2" }));
        assert_eq!(filled.unwrap(), "/v1/1/x/2");
        assert_eq!(path("/v1/{a}", |_| None).unwrap_err(), ("a".to_owned(), "is missing"));
    }

    #[test]
    fn awkward_ids_stay_one_segment() {
        for (value, encoded) in [
            ("AAPL  251219C00150000", "/a/AAPL%20%20251219C00150000/b"),
            ("../..", "/a/..%2F../b"),
            ("a/b?c#d%", "/a/a%2Fb%3Fc%23d%25/b"),
            ("%2e%2e", "/a/%252e%252e/b"),
            ("...", "/a/.../b"),
            ("ü", "/a/%C3%BC/b"),
            ("a\\b", "/a/a%5Cb/b"),
        ] {
            assert_eq!(one(value).unwrap(), encoded);
        }
        for value in ["", ".", ".."] {
            assert_eq!(one(value).unwrap_err().0, "id");
        }
    }

    #[test]
    fn lists_are_written_as_the_api_writes_them() {
        let list = Argument::List(vec!["a&b".to_owned(), "c d".to_owned()]);
        for (encoding, expected) in
            [(ListEncoding::Comma, "?x=1&l=a%26b,c%20d"), (ListEncoding::Repeat, "?x=1&l=a%26b&l=c%20d")]
        {
            let mut written = String::new();
            query(&mut written, "x", &Argument::One("1".to_owned()), encoding);
            query(&mut written, "l", &list, encoding);
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn an_item_with_the_separator_is_refused_where_one_parameter_holds_all() {
        let parameter = Parameter::query("l");
        let argument = |items: &[&str], list| {
            let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
            Argument::new(&parameter, items.view(), &Encoding::TEXT, list)
        };
        for items in [["a", "b,c"], ["a", ",b"], ["a", "b,"], ["a", ","]] {
            let invalid = argument(&items, ListEncoding::Comma).unwrap_err();
            assert_eq!(invalid.path, "l[1]");
            assert!(invalid.message.contains("`l`") && invalid.message.contains(items[1]), "{invalid:?}");
            assert!(argument(&items, ListEncoding::Repeat).unwrap().is_some());
        }
        let one = "a,b".to_owned();
        let argument = Argument::new(&parameter, one.view(), &Encoding::TEXT, ListEncoding::Comma);
        assert_eq!(argument.unwrap(), Some(Argument::One(one)));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for path in ["/v1/new-thing", "/", "/a%20b/c:d@e", "/a..b", "/..."] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for path in [
            "", "v1", "@host/", "/a?b", "/a#b", "/a b", "/..", "/a/../b", "/%2E%2e/", "/.%2e", "/\\a",
            "/\u{e9}",
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_value_comes_back_from_the_url(value in ".+") {
            prop_assume!(value != "." && value != "..");
            let mut written = String::new();
            query(&mut written, "q", &Argument::One(value.clone()), ListEncoding::Comma);
            let url = format!("http://localhost{}{written}", one(&value).unwrap());
            let url: crate::transport::Url = url.parse().unwrap();
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 3);
            let decoded = percent_encoding::percent_decode_str(segments[1]).decode_utf8().unwrap();
            prop_assert_eq!(&*decoded, value.as_str());
            let pairs: Vec<_> = url.query_pairs().collect();
            prop_assert_eq!(pairs.len(), 1);
            prop_assert_eq!(&*pairs[0].1, value.as_str());
            prop_assert_eq!(url.fragment(), None);
        }
    }
}
