//! Plain values where the spec gives one for a field: defaults and what constructors set.

use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Enum, IdRepr, Literal, TypeText};
use crate::scope::Resolved;
use crate::source::Spanned;

/// Reports a value that a field of this type cannot have.
pub(super) fn check(
    ty: &Resolved<'_>,
    text: &TypeText,
    literal: &Spanned<Literal>,
    code: Code,
    what: &str,
    out: &mut Vec<Diagnostic>,
) {
    let fits = match (ty.required(), &literal.value) {
        (Resolved::Enum(item, definition), Literal::Text(text)) => {
            return out.extend(unlisted(item, Spanned::new(text, literal.span), definition.name));
        }
        (Resolved::Id(repr, _), Literal::Int(_)) => *repr == IdRepr::I64,
        (Resolved::Id(repr, _), Literal::Text(_)) => *repr == IdRepr::Text,
        (Resolved::BuiltIn(ty), Literal::Int(value)) => holds(ty, *value),
        (Resolved::BuiltIn(ty), Literal::Bool(_)) => **ty == Type::Bool,
        (Resolved::BuiltIn(ty), Literal::Text(_)) => match code {
            // Documentation only: `30d`, `now`.
            Code::BadDefault => !matches!(ty, Type::Bool | Type::I32 | Type::I64 | Type::U32 | Type::U64),
            _ => **ty == Type::String,
        },
        // Documentation only: several values in one text.
        (Resolved::List(_), Literal::Text(_)) => code == Code::BadDefault,
        _ => false,
    };
    if !fits {
        let message = format!("{what} does not fit the type");
        let place = text.ok().map_or(text.span, |ty| ty.name().span);
        out.push(Diagnostic::new(code, literal.span, message).also(place, "the type"));
    }
}

/// Whether a whole number can be a value of a built-in type.
fn holds(ty: &Type, value: i64) -> bool {
    match ty {
        Type::I32 => i32::try_from(value).is_ok(),
        Type::U32 => u32::try_from(value).is_ok(),
        Type::U64 => u64::try_from(value).is_ok(),
        Type::I64 | Type::Decimal | Type::Number => true,
        _ => false,
    }
}

/// A value that is not one of those of the enum `name`.
pub(super) fn unlisted(item: &Enum, value: Spanned<&String>, name: &str) -> Option<Diagnostic> {
    if item.values.contains_key(value.as_str()) {
        return None;
    }
    let message = format!("`{}` is not a value of `{name}`", value.value);
    let values = item.values.keys().map(|value| value.as_str());
    Some(Diagnostic::new(Code::UnknownValue, value.span, message).suggest(value.value, values))
}
