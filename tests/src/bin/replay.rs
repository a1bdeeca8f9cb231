//! `cargo xtask replay DIR`: a program of its own, so that `cargo xtask codegen` does not need a
//! client that compiles.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clear_street_tests::api::Api;
use clear_street_tests::replay::replay;

/// Decodes recorded bodies, encodes them again, and reports what does not survive.
#[derive(Parser)]
#[command(name = "cargo xtask replay", bin_name = "cargo xtask replay")]
struct Arguments {
    /// Folder with `<operation>/<status>/<name>.json`
    dir: PathBuf,
    /// Which API answered them
    #[arg(long, value_enum, default_value_t)]
    api: Api,
}

fn main() -> ExitCode {
    let Arguments { dir, api } = Arguments::parse();
    match replay(&dir, api.operations()) {
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
