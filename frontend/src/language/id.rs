//! What an id is on the wire.

use crate::diagnostic::{Code, Diagnostic};
use crate::parsed::Parse;
use crate::source::Spanned;

/// What an id is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdRepr {
    I64,
    Text,
}

impl Parse for IdRepr {
    fn parse(text: Spanned<&str>) -> Result<Self, Box<Diagnostic>> {
        match text.value {
            "i64" => Ok(Self::I64),
            "string" => Ok(Self::Text),
            other => {
                let message = format!("an id cannot be of type `{other}`");
                let problem =
                    Diagnostic::new(Code::BadId, text.span, message).note("an id is `i64` or `string`");
                Err(problem.suggest(other, ["i64", "string"]).boxed())
            }
        }
    }
}
