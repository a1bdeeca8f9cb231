//! `cargo xtask smoke` starts the program of the `tests` package, as `replay` does; the program
//! reads the arguments.

use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

pub(crate) fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["run", "--quiet", "--package", "clear-street-tests", "--bin", "smoke", "--"])
        .args(arguments)
        .status()?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        None => ExitCode::FAILURE,
    })
}
