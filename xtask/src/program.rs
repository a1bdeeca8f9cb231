//! Programs of other packages: each reads its arguments itself, so that `cargo xtask codegen` needs
//! nothing of what they are made of.

use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Runs a program with arguments, and ends as it ends.
pub(crate) fn run(
    root: &Path,
    package: &str,
    program: &str,
    arguments: &[OsString],
) -> Result<ExitCode, Box<dyn Error>> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["run", "--quiet", "--package", package, "--bin", program, "--"])
        .args(arguments)
        .status()?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        None => ExitCode::FAILURE,
    })
}
