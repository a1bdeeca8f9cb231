//! Type expressions: `T`, `T?`, `list<T>`, `map<T>`, and for results also `page<T>` and `nothing`.

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

/// A type as it was written; every name keeps its own place.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeExpr {
    Name(Spanned<String>),
    Option(Box<TypeExpr>),
    List(Box<TypeExpr>),
    Map(Box<TypeExpr>),
}

/// What an operation answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ResultExpr {
    Value(TypeExpr),
    Page(TypeExpr),
    Nothing,
}

/// The types of the language that are not defined in a spec.
pub const BUILT_IN: &[&str] = &[
    "bool",
    "i32",
    "i64",
    "u32",
    "u64",
    "f64",
    "string",
    "decimal",
    "number",
    "date",
    "timestamp",
    "zoned",
    "duration",
    "uuid",
    "bytes",
    "json",
];

impl TypeExpr {
    /// Every name in it, with whether the value lies directly in the one that holds this type.
    pub fn names(&self) -> Vec<(&Spanned<String>, bool)> {
        let mut names = Vec::new();
        self.collect(true, &mut names);
        names
    }

    fn collect<'a>(&'a self, by_value: bool, names: &mut Vec<(&'a Spanned<String>, bool)>) {
        match self {
            Self::Name(name) => names.push((name, by_value)),
            Self::Option(inner) => inner.collect(by_value, names),
            Self::List(inner) | Self::Map(inner) => inner.collect(false, names),
        }
    }

    /// The type without `?`.
    pub fn required(&self) -> &TypeExpr {
        match self {
            Self::Option(inner) => inner,
            other => other,
        }
    }

    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Option(_))
    }

    /// The name, if it is nothing but a name.
    pub fn as_name(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// No sensible type is deeper, and a parser that recurses needs a bound.
const MAX_NESTING: usize = 8;

/// Parses a type.
pub fn parse(text: Spanned<&str>) -> Result<TypeExpr, Box<Diagnostic>> {
    Parser::new(text).ty(text.value, 0)
}

/// Parses the result of an operation.
pub fn parse_result(text: Spanned<&str>) -> Result<ResultExpr, Box<Diagnostic>> {
    let parser = Parser::new(text);
    let trimmed = text.value.trim();
    if trimmed == "nothing" {
        return Ok(ResultExpr::Nothing);
    }
    match trimmed.strip_prefix("page<") {
        Some(rest) => {
            let inner = parser.inside(rest, trimmed, "page<")?;
            parser.ty(inner, "page<".len()).map(ResultExpr::Page)
        }
        None => parser.ty(text.value, 0).map(ResultExpr::Value),
    }
}

struct Parser {
    span: Span,
    /// Where the text begins within the span, if it stands there byte by byte: plain or in quotes.
    offset: Option<usize>,
}

impl Parser {
    fn new(text: Spanned<&str>) -> Self {
        let offset = match text.span.range().len().checked_sub(text.value.len()) {
            Some(0) => Some(0),
            Some(2) => Some(1),
            _ => None,
        };
        Self { span: text.span, offset }
    }

    /// The place of a part of the text.
    fn place(&self, range: Range<usize>) -> Span {
        match self.offset {
            Some(offset) => {
                self.span.part(range.start.saturating_add(offset)..range.end.saturating_add(offset))
            }
            None => self.span,
        }
    }

    fn ty(&self, text: &str, at: usize) -> Result<TypeExpr, Box<Diagnostic>> {
        let at = at.saturating_add(text.len().saturating_sub(text.trim_start().len()));
        let text = text.trim();
        let whole = self.place(at..at.saturating_add(text.len()));
        if text.matches('<').count() > MAX_NESTING {
            return Err(Diagnostic::new(Code::TypeSyntax, whole, "this type is nested too deeply").boxed());
        }
        if let Some(inner) = text.strip_suffix('?') {
            if inner.ends_with('?') {
                let extra = self.place(at.saturating_add(inner.len())..at.saturating_add(text.len()));
                return Err(Diagnostic::new(
                    Code::TypeSyntax,
                    extra,
                    "an optional type cannot be optional again",
                )
                .fix("remove one `?`", extra, "")
                .boxed());
            }
            return Ok(TypeExpr::Option(Box::new(self.ty(inner, at)?)));
        }
        for (prefix, make) in [("list<", TypeExpr::List as fn(_) -> _), ("map<", TypeExpr::Map)] {
            if let Some(rest) = text.strip_prefix(prefix) {
                let inner = self.inside(rest, text, prefix)?;
                return Ok(make(Box::new(self.ty(inner, at.saturating_add(prefix.len()))?)));
            }
        }
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Ok(TypeExpr::Name(Spanned::new(text.to_owned(), whole)));
        }
        Err(not_a_type(text, whole).boxed())
    }

    /// What stands between `prefix` and the closing `>`.
    fn inside<'a>(&self, rest: &'a str, text: &str, prefix: &str) -> Result<&'a str, Box<Diagnostic>> {
        rest.strip_suffix('>').ok_or_else(|| {
            let message = format!("`{text}` has no `>` for its `{prefix}`");
            Diagnostic::new(Code::TypeSyntax, self.span, message).boxed()
        })
    }
}

fn not_a_type(text: &str, place: Span) -> Diagnostic {
    if text.is_empty() {
        return Diagnostic::new(Code::TypeSyntax, place, "a type is missing here");
    }
    let problem = Diagnostic::new(Code::TypeSyntax, place, format!("`{text}` is not a type"));
    let within =
        |before: &str, after: &str| text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    if within("page<", ">").is_some() {
        return problem.note("only the result of an operation is a page; other lists are `list<T>`");
    }
    if let Some(item) = within("", "[]").or_else(|| within("[", "]")).or_else(|| within("Vec<", ">")) {
        return problem.fix("a list is written", place, format!("list<{item}>"));
    }
    if let Some(value) = within("Option<", ">") {
        return problem.fix("what may be absent is written", place, format!("{value}?"));
    }
    problem.note("write `T`, `T?`, `list<T>` or `map<T>`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn name(text: &str) -> TypeExpr {
        TypeExpr::Name(Spanned::new(text.to_owned(), Span::default()))
    }

    fn spanned(text: &str) -> Spanned<&str> {
        Spanned::new(text, Span::new(FileId(0), 0..text.len()))
    }

    #[test]
    fn types_parse() {
        let option = |inner| TypeExpr::Option(Box::new(inner));
        let list = |inner| TypeExpr::List(Box::new(inner));
        let cases = [
            ("Order", name("Order")),
            ("decimal?", option(name("decimal"))),
            ("list<list<Order?>>?", option(list(list(option(name("Order")))))),
            ("map< json >", TypeExpr::Map(Box::new(name("json")))),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(spanned(text)).unwrap(), expected, "{text}");
        }
        assert_eq!(parse_result(spanned("page<Order>")).unwrap(), ResultExpr::Page(name("Order")));
        assert_eq!(parse_result(spanned("nothing")).unwrap(), ResultExpr::Nothing);
    }

    #[test]
    fn a_name_knows_its_place_within_quotes() {
        let text = Spanned::new("list<Order>", Span::new(FileId(0), 10..23));
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.names()[0].0.span.range(), 16..21);
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["", "Order??", "list<Order", "Order[]", "[Order]", "Or der", "page<Order>", "list<>"] {
            assert!(parse(spanned(text)).is_err(), "{text}");
        }
    }
}
