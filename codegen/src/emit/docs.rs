//! Documentation and other attributes.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::Deprecation;

/// Columns of a line of documentation, with its indentation and slashes.
const WIDTH: usize = 100;

/// Documentation of an item at the outermost level.
pub(super) fn item(text: &str) -> TokenStream {
    doc(text, WIDTH - "/// ".len())
}

/// Documentation of a field, value or method.
pub(super) fn member(text: &str) -> TokenStream {
    doc(text, WIDTH - "    /// ".len())
}

/// Documentation of a module, as text.
pub(super) fn module(text: &str) -> String {
    let mut lines = String::new();
    for line in wrap(text, WIDTH - "//! ".len()) {
        lines.push_str(if line.is_empty() { "//!" } else { "//! " });
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

/// The name on the wire, for whoever searches the documentation for it, unless it differs from
/// the Rust name in nothing but case and punctuation.
pub(super) fn alias(wire: &str, rust: &str) -> TokenStream {
    let letters = |name: &str| -> String {
        name.trim_start_matches("r#")
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    // rustdoc accepts neither an empty alias nor one with quotes or space at its ends.
    let acceptable = !wire.is_empty() && wire.trim() == wire && !wire.contains(['"', '\'']);
    if letters(wire) == letters(rust) || !acceptable {
        TokenStream::new()
    } else {
        quote!(#[doc(alias = #wire)])
    }
}

/// Passes a deprecation on.
pub(super) fn deprecated(deprecation: Option<&Deprecation>) -> TokenStream {
    let Some(Deprecation { since, note }) = deprecation else { return TokenStream::new() };
    // The attribute's own `since` is for versions of the crate, not for releases of the API.
    let note = format!("since {since}: {note}");
    quote!(#[deprecated(note = #note)])
}

/// A blank line before a method: see [`crate::format`].
pub(super) fn blank_line() -> TokenStream {
    quote!(#[comment = ""])
}

/// Methods with blank lines between them.
pub(super) fn spaced(methods: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    let mut spaced = TokenStream::new();
    for (index, method) in methods.into_iter().enumerate() {
        if index > 0 {
            spaced.extend(blank_line());
        }
        spaced.extend(method);
    }
    spaced
}

fn doc(text: &str, width: usize) -> TokenStream {
    let lines =
        wrap(text, width).into_iter().map(|line| if line.is_empty() { line } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// Fills the lines of each paragraph; leaves code blocks, tables and what is indented alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut paragraph = String::new();
    let mut code = false;
    for line in text.trim_end().lines() {
        let line = line.trim_end();
        let fence = line.trim_start().starts_with("```");
        let verbatim = code || fence || line.is_empty() || line.starts_with([' ', '|']);
        let begins = line.split(' ').next().is_some_and(means_something_first);
        if verbatim || begins {
            fill(&mut paragraph, width, &mut lines);
        }
        if verbatim {
            lines.push(line.to_owned());
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line);
        }
        code ^= fence;
    }
    fill(&mut paragraph, width, &mut lines);
    lines
}

/// Moves a paragraph into lines, broken between words.
fn fill(paragraph: &mut String, width: usize, lines: &mut Vec<String>) {
    if paragraph.is_empty() {
        return;
    }
    // What belongs to an entry of a list stands below its text, not below its bullet.
    let indent = if paragraph.starts_with("- ") || paragraph.starts_with("* ") { "  " } else { "" };
    let mut line = String::new();
    let mut columns = 0;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if !line.is_empty() && columns + 1 + length > width && !means_something_first(word) {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
            columns = indent.len();
        } else if !line.is_empty() {
            line.push(' ');
            columns += 1;
        }
        line.push_str(word);
        columns += length;
    }
    lines.push(line);
    paragraph.clear();
}

/// Whether Markdown takes a line that begins with `word` for a list, title, quote or table.
fn means_something_first(word: &str) -> bool {
    word.starts_with(['-', '+', '*', '#', '>', '|', '=', '~'])
        || word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(['.', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words() {
        assert_eq!(
            wrap("one two three\n\n```\nfour five six\n```", 8),
            ["one two", "three", "", "```", "four five six", "```"]
        );
        assert_eq!(wrap("- one two three", 9), ["- one two", "  three"]);
        assert_eq!(wrap("more than - 1", 10), ["more than -", "1"]);
        assert_eq!(wrap("one\ntwo\n- a\n- b\n", 10), ["one two", "- a", "- b"]);
        assert_eq!(wrap("", 10), Vec::<String>::new());
    }

    #[test]
    fn only_names_that_differ_have_an_alias() {
        assert!(alias("buttonId", "button_id").is_empty());
        assert!(alias("type", "r#type").is_empty());
        assert!(!alias("SELL", "Ask").is_empty());
    }
}
