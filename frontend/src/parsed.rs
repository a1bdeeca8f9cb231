//! Texts with a grammar of their own. They are parsed when they are decoded, and nowhere else.

use std::ops::Deref;

use serde::{Deserialize, Deserializer};

use crate::diagnostic::Diagnostic;
use crate::same_schema::same_schema;
use crate::source::Spanned;

/// What a text can mean.
pub trait Parse: Sized {
    /// # Errors
    ///
    /// What is wrong with the text.
    fn parse(text: Spanned<&str>) -> Result<Self, Box<Diagnostic>>;
}

/// A text with its meaning.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    text: Spanned<String>,
    meaning: Result<T, Box<Diagnostic>>,
}

impl<T> Parsed<T> {
    /// The meaning, or what is wrong with the text.
    pub fn get(&self) -> Result<&T, Box<Diagnostic>> {
        self.meaning.as_ref().map_err(Clone::clone)
    }

    /// The meaning, if the text has one.
    pub fn ok(&self) -> Option<&T> {
        self.meaning.as_ref().ok()
    }

    /// The meaning; reports what is wrong with the text, unless it stands in for a key that is missing.
    pub(crate) fn check(&self, out: &mut Vec<Diagnostic>) -> Option<&T> {
        if let Err(problem) = &self.meaning
            && !self.text.stands_in()
        {
            out.push(Diagnostic::clone(problem));
        }
        self.ok()
    }
}

impl<T> Deref for Parsed<T> {
    type Target = Spanned<String>;

    fn deref(&self) -> &Spanned<String> {
        &self.text
    }
}

impl<'de, T: Parse> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { meaning: T::parse(text.as_spanned()), text })
    }
}

same_schema!([T] Parsed<T>, String);
