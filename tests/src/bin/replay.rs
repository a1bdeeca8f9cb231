//! `cargo xtask replay DIR`: a program of its own, so that `cargo xtask codegen` does not need a
//! client that compiles.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

use std::path::PathBuf;
use std::process::ExitCode;

use clear_street_tests::replay::replay;

fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: replay DIR, with DIR/<operation>/<status>/<name>.json");
        return ExitCode::from(2);
    };
    match replay(&dir, clear_street::trading::OPERATIONS) {
        Ok(report) => {
            println!("{report}");
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("replay: cannot read {}: {error}", dir.display());
            ExitCode::from(2)
        }
    }
}
