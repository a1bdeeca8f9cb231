//! Type expressions: `T`, `T?`, `list<T>`, `map<T>`, and for results also `page<T>` and `nothing`.

use crate::diagnostic::{Code, Diagnostic};
use crate::parsed::Parse;
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

impl TypeExpr {
    /// The name of the type that it is made of.
    pub fn name(&self) -> &Spanned<String> {
        match self {
            Self::Name(name) => name,
            Self::Option(inner) | Self::List(inner) | Self::Map(inner) => inner.name(),
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

impl Parse for TypeExpr {
    fn parse(text: Spanned<&str>) -> Result<Self, Box<Diagnostic>> {
        parse(text, text.value, 0)
    }
}

impl Parse for ResultExpr {
    fn parse(text: Spanned<&str>) -> Result<Self, Box<Diagnostic>> {
        let trimmed = text.value.trim();
        if trimmed == "nothing" {
            return Ok(Self::Nothing);
        }
        match trimmed.strip_prefix("page<") {
            Some(rest) => parse(text, inside(text, rest, trimmed, "page<")?, "page<".len()).map(Self::Page),
            None => TypeExpr::parse(text).map(Self::Value),
        }
    }
}

/// Parses a part of a text, which begins at `at`.
fn parse(text: Spanned<&str>, part: &str, at: usize) -> Result<TypeExpr, Box<Diagnostic>> {
    let at = at + part.len() - part.trim_start().len();
    let part = part.trim();
    let whole = text.part(at..at + part.len());
    if part.matches('<').count() > MAX_NESTING {
        return Err(Diagnostic::new(Code::TypeSyntax, whole, "this type is nested too deeply").boxed());
    }
    if let Some(inner) = part.strip_suffix('?') {
        if inner.ends_with('?') {
            let extra = text.part(at + inner.len()..at + part.len());
            let message = "an optional type cannot be optional again";
            return Err(Diagnostic::new(Code::TypeSyntax, extra, message)
                .fix("remove one `?`", extra, "")
                .boxed());
        }
        return Ok(TypeExpr::Option(Box::new(parse(text, inner, at)?)));
    }
    for (prefix, make) in [("list<", TypeExpr::List as fn(_) -> _), ("map<", TypeExpr::Map)] {
        if let Some(rest) = part.strip_prefix(prefix) {
            let inner = inside(text, rest, part, prefix)?;
            return Ok(make(Box::new(parse(text, inner, at + prefix.len())?)));
        }
    }
    if !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(TypeExpr::Name(Spanned::new(part.to_owned(), whole)));
    }
    Err(not_a_type(part, whole).boxed())
}

/// What stands between `prefix` and the closing `>`.
fn inside<'a>(
    text: Spanned<&str>,
    rest: &'a str,
    part: &str,
    prefix: &str,
) -> Result<&'a str, Box<Diagnostic>> {
    rest.strip_suffix('>').ok_or_else(|| {
        let message = format!("`{part}` has no `>` for its `{prefix}`");
        Diagnostic::new(Code::TypeSyntax, text.span, message).boxed()
    })
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
            assert_eq!(TypeExpr::parse(spanned(text)).unwrap(), expected, "{text}");
        }
        let result = |text| ResultExpr::parse(spanned(text)).unwrap();
        assert_eq!(result("page<Order>"), ResultExpr::Page(name("Order")));
        assert_eq!(result("nothing"), ResultExpr::Nothing);
    }

    #[test]
    fn a_name_knows_its_place_within_quotes() {
        let text = Spanned::new("list<Order>", Span::new(FileId(0), 10..23));
        assert_eq!(TypeExpr::parse(text).unwrap().name().span.range(), 16..21);
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["", "Order??", "list<Order", "Order[]", "[Order]", "Or der", "page<Order>", "list<>"] {
            assert!(TypeExpr::parse(spanned(text)).is_err(), "{text}");
        }
    }
}
