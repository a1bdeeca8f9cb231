//! Tokens from text.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt};

/// An identifier, raw if it begins with `r#`.
pub(super) fn ident(name: &str) -> TokenStream {
    name_token(name).into_token_stream()
}

/// A path such as `std::fmt`, also with an alias: `Value as _`.
pub(super) fn path(text: &str) -> TokenStream {
    let (segments, alias) = match text.split_once(" as ") {
        Some((segments, alias)) => (segments, Some(alias)),
        None => (text, None),
    };
    let mut tokens = TokenStream::new();
    for (index, segment) in segments.split("::").enumerate() {
        if index > 0 {
            tokens.extend(quote::quote!(::));
        }
        tokens.append(name_token(segment));
    }
    if let Some(alias) = alias {
        tokens.append(name_token("as"));
        tokens.append(name_token(alias));
    }
    tokens
}

/// A number without a suffix: `3`, not `3usize`.
pub(super) fn number(value: impl TryInto<i128>) -> TokenStream {
    // Every integer that the IR holds fits; the other arm is for the type checker alone.
    let value: i128 = value.try_into().unwrap_or_default();
    let digits = Literal::u128_unsuffixed(value.unsigned_abs());
    if value < 0 { quote::quote!(-#digits) } else { quote::quote!(#digits) }
}

fn name_token(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(plain) => Ident::new_raw(plain, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}
