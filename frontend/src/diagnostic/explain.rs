//! Codes as people see them.

use std::fmt;

use super::Code;

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What `cargo xtask explain E202` prints; `None` if there is no such code.
pub fn explain(code: &str) -> Option<String> {
    let code = Code::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(code))?;
    Some(format!("{code}: {}\n\n{}\n", code.summary(), code.more().trim()))
}
