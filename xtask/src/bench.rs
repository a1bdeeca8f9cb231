//! `cargo xtask bench` starts the program of the package `benches`, where valgrind can run it.

use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::program;

pub(crate) fn run(root: &Path, check: bool) -> Result<ExitCode, Box<dyn Error>> {
    if !cfg!(target_os = "linux") {
        println!("skipped: instructions are counted on Linux only");
        return Ok(ExitCode::SUCCESS);
    }
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        return Err("valgrind counts the instructions and is not installed: apt-get install valgrind".into());
    }
    let arguments: &[OsString] = if check { &["--check".into()] } else { &[] };
    program::run(root, "clear-street-benches", "clear-street-benches", "release", arguments)
}
