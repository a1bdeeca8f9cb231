//! The text of macro calls, which `prettyplease` and rustfmt leave as they are.
//!
//! A call stands on one line if it fits. If not, each group that does not fit is opened: its items fill
//! the lines below it. Braces and parentheses around a single item stay where they are, and the groups in it are opened.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// Columns of a line.
const WIDTH: usize = 110;
const INDENT: usize = 4;

/// A call of a macro as an item: `name! { … }`. None if the tokens are anything else.
pub(crate) fn macro_call(tokens: &TokenStream) -> Option<String> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(_), TokenTree::Punct(bang), TokenTree::Group(group)]
            if bang.as_char() == '!' && group.delimiter() == Delimiter::Brace =>
        {
            let mut text = String::new();
            sequence(&trees, 0, 0, &mut text);
            Some(text)
        }
        _ => None,
    }
}

/// Writes trees that begin in the line's present column; what follows them in their last line has
/// `after` columns.
fn sequence(trees: &[TokenTree], indent: usize, after: usize, text: &mut String) {
    let flat = flat(trees);
    if column(text) + flat.chars().count() + after <= WIDTH {
        text.push_str(&flat);
        return;
    }
    for (index, tree) in trees.iter().enumerate() {
        if is_spaced(trees, index) {
            text.push(' ');
        }
        match tree {
            TokenTree::Group(group) => {
                let rest = if index + 1 == trees.len() { after } else { 2 };
                open(group, indent, rest, text);
            }
            other => text.push_str(&other.to_string()),
        }
    }
}

/// Writes a group, opened if it does not fit.
fn open(group: &Group, indent: usize, after: usize, text: &mut String) {
    let (begin, end) = delimiters(group.delimiter());
    let whole = flat(&[TokenTree::Group(group.clone())]);
    if group.stream().is_empty() || column(text) + whole.chars().count() + after <= WIDTH {
        text.push_str(&whole);
        return;
    }
    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
    let items = items(&trees);
    text.push_str(begin);
    let padding = match group.delimiter() {
        Delimiter::Brace => Some(" "),
        Delimiter::Parenthesis => Some(""),
        Delimiter::Bracket | Delimiter::None => None,
    };
    if let ([item], Some(padding)) = (items.as_slice(), padding)
        && item.iter().any(|tree| matches!(tree, TokenTree::Group(_)))
    {
        text.push_str(padding);
        sequence(item, indent, after + padding.len() + end.len(), text);
        text.extend([padding, end]);
        return;
    }
    let inner = indent + INDENT;
    break_line(inner, text);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
            let fits = column(text) + " ".len() + flat(item).chars().count() < WIDTH;
            if fits {
                text.push(' ');
            } else {
                break_line(inner, text);
            }
        }
        sequence(item, inner, 1, text);
    }
    if items.len() > 1 {
        text.push(',');
    }
    break_line(indent, text);
    text.push_str(end);
}

fn break_line(indent: usize, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
}

/// Columns of the last line.
fn column(text: &str) -> usize {
    text.rsplit('\n').next().unwrap_or_default().chars().count()
}

/// What stands between the commas, other than those of generic arguments.
fn items(trees: &[TokenTree]) -> Vec<&[TokenTree]> {
    let mut depth = 0_usize;
    let mut is_arrow = false;
    let mut items: Vec<&[TokenTree]> = trees
        .split(|tree| {
            match tree {
                TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
                TokenTree::Punct(punct) if punct.as_char() == '>' && !is_arrow => depth -= 1,
                _ => {}
            }
            is_arrow = is_joint(tree);
            depth == 0 && is_comma(tree)
        })
        .collect();
    if items.last().is_some_and(|item| item.is_empty()) {
        items.pop();
    }
    items
}

fn is_comma(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',')
}

/// Trees on one line.
fn flat(trees: &[TokenTree]) -> String {
    let mut text = String::new();
    for (index, tree) in trees.iter().enumerate() {
        if is_spaced(trees, index) {
            text.push(' ');
        }
        match tree {
            TokenTree::Group(group) => {
                let (begin, end) = delimiters(group.delimiter());
                let mut inner: Vec<TokenTree> = group.stream().into_iter().collect();
                inner.pop_if(|last| is_comma(last));
                let padding =
                    if group.delimiter() == Delimiter::Brace && !inner.is_empty() { " " } else { "" };
                text.extend([begin, padding, &flat(&inner), padding, end]);
            }
            other => text.push_str(&other.to_string()),
        }
    }
    text
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::None => ("", ""),
    }
}

/// Whether a space belongs before the tree at `index`.
fn is_spaced(trees: &[TokenTree], index: usize) -> bool {
    let (Some(left), Some(right)) = (index.checked_sub(1).and_then(|left| trees.get(left)), trees.get(index))
    else {
        return false;
    };
    match (left, right) {
        (TokenTree::Punct(left), TokenTree::Punct(right)) => {
            left.spacing() == Spacing::Alone
                && !matches!(left.as_char(), '&' | '<')
                && matches!(right.as_char(), '&' | '-' | '=')
        }
        (_, TokenTree::Punct(right)) => matches!(right.as_char(), '&' | '-' | '='),
        (TokenTree::Punct(left), _) => match left.as_char() {
            ':' => !index.checked_sub(2).and_then(|before| trees.get(before)).is_some_and(is_joint),
            '&' | '<' | '-' | '\'' => false,
            _ => true,
        },
        (TokenTree::Ident(_), TokenTree::Group(group)) => group.delimiter() != Delimiter::Parenthesis,
        _ => true,
    }
}

/// Whether it is the first half of an operator, such as `::`.
fn is_joint(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn what_fits_stands_on_one_line() {
        for (tokens, text) in [
            (
                quote!(record! { Leg { ratio: "ratio" min(-1), r#type: "type" optional } }),
                r#"record! { Leg { ratio: "ratio" min(-1), r#type: "type" optional } }"#,
            ),
            (
                quote!(
                    union! { A by Tag("t") { B: "b" } from [std::vec::Vec<super::b::B> => B, &str => B,] }
                ),
                r#"union! { A by Tag("t") { B: "b" } from [std::vec::Vec<super::b::B> => B, &str => B] }"#,
            ),
            (quote!(record! { Empty {} }), "record! { Empty {} }"),
        ] {
            assert_eq!(macro_call(&tokens).as_deref(), Some(text));
        }
        assert_eq!(
            macro_call(&quote!(
                struct A;
            )),
            None
        );
    }

    #[test]
    fn what_does_not_fit_fills_lines_below() {
        let long = "a".repeat(40);
        let tokens = quote! {
            record! { Leg { a: #long, b: #long optional, c: #long } rules [Rule::AtMostOne(&[#long, #long, #long])] }
        };
        let expected = format!(
            "record! {{ Leg {{\n    a: \"{long}\", b: \"{long}\" optional,\n    c: \"{long}\",\n}} rules [\n    \
             Rule::AtMostOne(&[\n        \"{long}\", \"{long}\",\n        \"{long}\",\n    ])\n] }}"
        );
        assert_eq!(macro_call(&tokens), Some(expected));
    }

    #[test]
    fn generic_arguments_are_no_items() {
        let long = "a".repeat(100);
        let tokens = quote!(request! { A: GET #long () {} -> Map<B, Vec<C>> });
        let expected = format!("request! {{ A: GET \"{long}\" () {{}} -> Map<B, Vec<C>> }}");
        assert_eq!(macro_call(&tokens), Some(expected));
    }
}
