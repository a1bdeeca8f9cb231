//! Syntax errors, and parts of YAML that specs do not use, explained to people who write specs.

use granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// The report of an error of the parser. `open` is the bracket that is open there.
pub(super) fn diagnostic(error: &ScanError, at: Span, open: Option<Span>, text: &str) -> Diagnostic {
    let problem = |message: &str| Diagnostic::new(Code::Syntax, at, message);
    let diagnostic = match error.kind() {
        ErrorKind::DirectiveDisallowed => {
            return Diagnostic::new(Code::YamlFeature, at, "directives are not part of the spec language");
        }
        ErrorKind::RecursionLimitExceeded => {
            let message = "so deep a nesting is not part of the spec language";
            return Diagnostic::new(Code::YamlFeature, at, message);
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            return problem("a tab, where YAML is indented with spaces").help("indent with spaces");
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed => {
            problem("a key and its value are not allowed here").help("put a text that holds `: ` into quotes")
        }
        ErrorKind::UnclosedQuotedScalar => return problem("this quote is not closed"),
        ErrorKind::UnclosedFlowCollection { open } => {
            return problem(&format!("this `{open}` is not closed"));
        }
        ErrorKind::InvalidIndentation => problem("this is not indented like what stands above it"),
        ErrorKind::SimpleKeyExpected => problem("a key without `:`"),
        ErrorKind::UnexpectedCharacter { character } => {
            problem(&format!("a text without quotes cannot begin with `{character}`"))
                .help("put it into quotes")
        }
        _ => problem(&error.info()),
    };
    // What is wrong is often above the place where the parser notices.
    let diagnostic = match tab(text, at) {
        Some(tab) => diagnostic.also(tab, "a tab; YAML is indented with spaces"),
        None => diagnostic,
    };
    match open {
        Some(open) => diagnostic.also(open, "this is not closed"),
        None => diagnostic,
    }
}

/// What the language leaves out of YAML.
pub(super) fn not_allowed(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::YamlFeature, span, format!("{what} are not part of the spec language"))
}

/// The first tab that indents a line.
fn tab(text: &str, at: Span) -> Option<Span> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line.get(indent..).is_some_and(|rest| rest.starts_with('\t')) {
            let at_tab = offset + indent;
            return Some(Span::new(at.file, at_tab..at_tab + 1));
        }
        offset += line.len();
    }
    None
}
