//! Rust names from names on the wire.
//!
//! - Words are found by `heck`: `buttonId`, `BUTTON_ID` and `button-id` are all `button_id`.
//! - A keyword becomes a raw identifier, `r#type`; `self`, `Self`, `super` and `crate`, which
//!   cannot be raw, get an underscore at their end.
//! - A name that begins with a digit gets an underscore before it: `_1Day`.
//! - What Rust does not allow in a name separates words; a name that has nothing else is spelled
//!   by its code points, `*` as `u2a`, and an empty text is `empty`.
//! - A name that is taken gets an underscore at its end, see [`free`].
//!
//! No name made by [`snake`] or [`camel`] ends in an underscore unless by these rules, so what
//! was made unique stays unique.

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::language::{Enum, Text, Value};

/// The name of a field, parameter, operation, module or constructor.
pub(crate) fn snake(text: &str) -> String {
    escape(&words(text).to_snake_case())
}

/// The name of an enum's value, a union's variant, a request builder or a group's handle.
pub(crate) fn camel(text: &str) -> String {
    escape(&words(text).to_upper_camel_case())
}

/// The name of the type that is an operation's request.
pub(crate) fn request(operation: &str, given_name: Option<&Text>) -> String {
    given_name.map_or_else(|| camel(operation), |rust| given(rust))
}

/// The name of the enum of a channel's messages.
pub(crate) fn enum_name(channel: &str) -> String {
    format!("{}Message", camel(channel))
}

/// The name of a union's variant, or of the variant of a message.
pub(crate) fn variant_name(wire: &str, rust: Option<&Text>) -> String {
    let name = rust.map_or_else(|| camel(wire), |rust| given(rust));
    free(name, |name| name == "Unknown")
}

/// The name of an enum's value.
pub(crate) fn value_name(item: &Enum, wire: &str, value: &Value) -> String {
    let name = value.rust().map_or_else(|| camel(wire), |rust| given(rust));
    free(name, |name| item.closed.is_none() && name == "Unrecognized")
}

/// A name that the spec gives for Rust: the name of a type, or `rust: …`.
pub(crate) fn given(text: &str) -> String {
    let allowed = |c: char| c == '_' || unicode_ident::is_xid_continue(c);
    if !text.is_empty() && text.chars().all(allowed) { escape(text) } else { camel(text) }
}

/// Appends underscores to `name` until `taken` says no.
pub(crate) fn free(name: String, taken: impl Fn(&str) -> bool) -> String {
    let mut name = name;
    while taken(&name) {
        name = match name.strip_prefix("r#") {
            Some(plain) => format!("{plain}_"),
            None => format!("{name}_"),
        };
    }
    name
}

/// `text` with nothing but what a name may hold, and something in any case.
fn words(text: &str) -> String {
    let words: String =
        text.chars().map(|c| if unicode_ident::is_xid_continue(c) { c } else { ' ' }).collect();
    if words.chars().any(char::is_alphanumeric) {
        words
    } else if text.is_empty() {
        "empty".to_owned()
    } else {
        let points: Vec<String> = text.chars().map(|c| format!("u{:x}", u32::from(c))).collect();
        points.join(" ")
    }
}

fn escape(name: &str) -> String {
    match name {
        "self" | "Self" | "super" | "crate" | "_" => format!("{name}_"),
        _ if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ if name.starts_with(|c| c == '_' || unicode_ident::is_xid_start(c)) => name.to_owned(),
        _ => format!("_{name}"),
    }
}

/// Strict and reserved keywords of edition 2024 that can be raw identifiers.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        for (wire, field, value) in [
            ("account_id", "account_id", "AccountId"),
            ("buttonId", "button_id", "ButtonId"),
            ("PARTIALLY_FILLED", "partially_filled", "PartiallyFilled"),
            ("omni.account_data", "omni_account_data", "OmniAccountData"),
            ("type", "r#type", "Type"),
            ("self", "self_", "Self_"),
            ("1d", "_1d", "_1d"),
            ("", "empty", "Empty"),
            ("*", "u2a", "U2a"),
            (">=", "u3e_u3d", "U3eU3d"),
            ("prix_en_€", "prix_en", "PrixEn"),
            ("größe", "größe", "Größe"),
            ("値", "値", "値"),
            ("x²", "x", "X"),
        ] {
            assert_eq!((snake(wire).as_str(), camel(wire).as_str()), (field, value), "{wire}");
        }
        assert_eq!(given("OHLC"), "OHLC");
        assert_eq!(given("not a name"), "NotAName");
    }

    #[test]
    fn a_taken_name_is_made_free() {
        assert_eq!(free("send".to_owned(), |name| name == "send"), "send_");
        assert_eq!(free("r#type".to_owned(), |name| name == "r#type"), "type_");
    }

    proptest! {
        #[test]
        fn every_text_has_a_name(text in any::<String>()) {
            for name in [snake(&text), camel(&text), given(&text)] {
                prop_assert!(syn::parse_str::<syn::Ident>(&name).is_ok() || name == "r#gen", "{name:?}");
            }
        }
    }
}
