//! What is wrong with a spec: where, why, and what to do.

mod codes;
mod explain;
mod render;
mod suggest;
mod table;

pub use codes::Severity;
pub use explain::explain;
pub use render::{Format, render};
pub use suggest::nearest;
pub use table::Code;

use crate::source::Span;

/// One problem.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub code: Code,
    pub message: String,
    pub span: Span,
    /// Says more at the place itself; may be empty.
    pub label: String,
    /// Other places that have to do with it.
    pub related: Vec<(Span, String)>,
    pub notes: Vec<String>,
    pub helps: Vec<Help>,
}

/// What to do about it.
#[derive(Clone, Debug)]
pub struct Help {
    pub text: String,
    /// The replacement of a place, if it can be told.
    pub fix: Option<(Span, String)>,
}

impl Diagnostic {
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push((span, text.into()));
        self
    }

    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(Help { text: text.into(), fix: None });
        self
    }

    #[must_use]
    pub fn fix(mut self, text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.helps.push(Help { text: text.into(), fix: Some((span, replacement.into())) });
        self
    }

    /// Adds "did you mean …?" if one of `known` is near.
    #[must_use]
    pub fn suggest<'a>(self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let span = self.span;
        match nearest(written, known) {
            Some(near) => {
                let near = near.to_owned();
                self.fix(format!("did you mean `{near}`?"), span, near)
            }
            None => self,
        }
    }

    /// Adds it to those that were found.
    pub fn report(self, out: &mut Vec<Self>) {
        out.push(self);
    }

    #[must_use]
    pub fn boxed(self) -> Box<Self> {
        Box::new(self)
    }

    pub fn is_error(&self) -> bool {
        self.code.severity() == Severity::Error
    }
}
