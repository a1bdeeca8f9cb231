//! `cargo xtask replay DIR` starts the program of the `tests` package: the maintainers' other
//! commands must work while the client does not compile.

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};

pub(crate) fn run(root: &Path, api: &str, dir: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let dir = std::path::absolute(dir)?;
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["run", "--quiet", "--package", "clear-street-tests", "--bin", "replay", "--"])
        .args(["--api", api])
        .arg(dir)
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
