//! Tokens from text.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::ToTokens;

/// An identifier, raw if it begins with `r#`.
pub(super) fn ident(name: &str) -> TokenStream {
    name_token(name).into_token_stream()
}

/// A path such as `std::fmt`.
pub(super) fn path(text: &str) -> TokenStream {
    let segments = text.split("::").map(name_token);
    quote::quote!(#(#segments)::*)
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
