//! Where in a JSON value something is.

use std::fmt::Write;

/// A way into a JSON value, gathered while returning from it: the innermost step comes first, so
/// that nothing is done for it unless there is an error.
#[derive(Debug, Default)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// A field of a model.
    Field(&'static str),
    /// A key of a map, which may be personal.
    Key(Box<str>),
    /// An item of a list.
    Index(usize),
    /// A key that is not shown.
    Hidden,
}

impl Path {
    pub(super) fn field(&mut self, name: &'static str) {
        self.steps.push(Step::Field(name));
    }

    pub(super) fn key(&mut self, key: &str) {
        self.steps.push(Step::Key(key.into()));
    }

    pub(super) fn index(&mut self, index: usize) {
        self.steps.push(Step::Index(index));
    }

    /// Hides the keys of maps gathered so far.
    pub(super) fn redact(&mut self) {
        for step in &mut self.steps {
            if matches!(step, Step::Key(_)) {
                *step = Step::Hidden;
            }
        }
    }
}

impl std::fmt::Display for Path {
    /// `$.data[3].legs[0].price`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('$')?;
        for step in self.steps.iter().rev() {
            match step {
                Step::Field(name) => step_into(f, name)?,
                Step::Key(key) => step_into(f, key)?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Hidden => f.write_str("[…]")?,
            }
        }
        Ok(())
    }
}

/// `.name`, or `["a name"]` where that would be unclear.
fn step_into(f: &mut std::fmt::Formatter<'_>, name: &str) -> std::fmt::Result {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(plain) {
        write!(f, ".{name}")
    } else {
        let shown: String = name.chars().take(64).collect();
        write!(f, "[{shown:?}]")
    }
}
