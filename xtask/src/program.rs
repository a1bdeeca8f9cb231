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
    profile: &str,
    arguments: &[OsString],
) -> Result<ExitCode, Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO"));
    // Not in the repository's folder: arguments may be paths from here.
    command.args(["run", "--quiet", "--manifest-path"]).arg(root.join("Cargo.toml"));
    command.args(["--package", package, "--bin", program, "--profile", profile, "--"]);
    end_as(command.args(arguments))
}

/// Becomes the program, so that Ctrl-C is its to answer.
#[cfg(unix)]
fn end_as(command: &mut Command) -> Result<ExitCode, Box<dyn Error>> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn end_as(command: &mut Command) -> Result<ExitCode, Box<dyn Error>> {
    Ok(match command.status()?.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        None => ExitCode::FAILURE,
    })
}
